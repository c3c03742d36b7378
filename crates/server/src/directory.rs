//! What the answer forms offer, by organization: one JSON file, read again when it changes.
//!
//! Invariant: a file that cannot be read changes nothing: the last good one is served, and its problem told.
//! Accounts of the whole region get an empty directory: districts of different organizations share numbers,
//! so that a merged one would offer what is wrong for every one of them.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;
use chrono::{DateTime, Duration, Utc};
use parking_lot::Mutex;
use prikrep_domain::{Directory, Oid};

use crate::secret::sha256_hex;

const MAX_FILE_BYTES: u64 = 64 << 20;
const LOOK_EVERY: Duration = Duration::seconds(1);

/// An organization's directory, ready to be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryDocument {
    /// The `Directory` of the protocol, as JSON.
    pub json: Bytes,
    /// Its entity tag: weak, because the body may travel compressed.
    pub etag: String,
}

impl DirectoryDocument {
    fn of(directory: &Directory) -> Result<Self, serde_json::Error> {
        let json = serde_json::to_vec(directory)?;
        let etag = format!("W/\"{}\"", sha256_hex(&json).get(..32).unwrap_or_default());
        Ok(Self { json: json.into(), etag })
    }
}

/// The directories of all organizations.
#[derive(Debug)]
pub(crate) struct Directories {
    file: Option<PathBuf>,
    empty: DirectoryDocument,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    by_organization: HashMap<Oid, DirectoryDocument>,
    /// What the file looked like when it was last read.
    stamp: Option<(SystemTime, u64)>,
    looked_at: Option<DateTime<Utc>>,
    problem: Option<String>,
}

impl Directories {
    pub(crate) fn open(file: Option<PathBuf>, now: DateTime<Utc>) -> Result<Self, serde_json::Error> {
        let empty = DirectoryDocument::of(&Directory::default())?;
        let directories = Self { file, empty, state: Mutex::default() };
        directories.refresh(now);
        Ok(directories)
    }

    pub(crate) fn of(&self, organization: Option<&Oid>, now: DateTime<Utc>) -> DirectoryDocument {
        self.refresh(now);
        let state = self.state.lock();
        organization.and_then(|oid| state.by_organization.get(oid)).unwrap_or(&self.empty).clone()
    }

    /// How many organizations have a directory, and what is wrong with the file.
    pub(crate) fn condition(&self, now: DateTime<Utc>) -> (usize, Option<String>) {
        self.refresh(now);
        let state = self.state.lock();
        (state.by_organization.len(), state.problem.clone())
    }

    /// Reads the file again when it has changed; looks at most once a second.
    fn refresh(&self, now: DateTime<Utc>) {
        let Some(file) = &self.file else { return };
        let mut state = self.state.lock();
        let looked_lately = state.looked_at.is_some_and(|at| (now - at).abs() < LOOK_EVERY);
        if looked_lately {
            return;
        }
        state.looked_at = Some(now);
        let stamp = std::fs::metadata(file).and_then(|metadata| Ok((metadata.modified()?, metadata.len()))).ok();
        if stamp.is_some() && stamp == state.stamp {
            return;
        }
        state.stamp = stamp;
        match read(file) {
            Ok(by_organization) => {
                tracing::info!(organizations = by_organization.len(), "the directory was read");
                (state.by_organization, state.problem) = (by_organization, None);
            }
            Err(problem) => {
                if state.problem.as_ref() != Some(&problem) {
                    tracing::warn!(problem, "the directory cannot be read: the last good one is served");
                }
                state.problem = Some(problem);
            }
        }
    }
}

fn read(file: &Path) -> Result<HashMap<Oid, DirectoryDocument>, String> {
    let failed = |error: std::io::Error| format!("справочник не читается: {error}");
    let size = std::fs::metadata(file).map_err(failed)?.len();
    if size > MAX_FILE_BYTES {
        return Err(format!("справочник больше {} МиБ", MAX_FILE_BYTES >> 20));
    }
    parse(&std::fs::read(file).map_err(failed)?)
}

pub(crate) fn parse(text: &[u8]) -> Result<HashMap<Oid, DirectoryDocument>, String> {
    let unfit = |error: serde_json::Error| format!("справочник не подходит: {error}");
    let directories: BTreeMap<String, Directory> = serde_json::from_slice(text).map_err(unfit)?;
    directories
        .into_iter()
        .map(|(key, directory)| {
            let oid = Oid::parse(&key).map_err(|error| format!("справочник, ключ «{key}»: {error}"))?;
            directory.check().map_err(|words| format!("справочник, ключ «{key}»: {words}"))?;
            Ok((oid, DirectoryDocument::of(&directory).map_err(unfit)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + secs, 0).unwrap()
    }

    fn text(reason: &str) -> String {
        format!(
            r#"{{"1.2.643.1": {{"departments": [], "districts": [], "doctors": [], "refusal_reasons": ["{reason}"]}}}}"#
        )
    }

    #[test]
    fn it_is_read_again_when_it_changes_and_the_last_good_one_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("directory.json");
        let oid = Oid::parse("1.2.643.1").unwrap();
        std::fs::write(&file, text("нет")).unwrap();
        let directories = Directories::open(Some(file.clone()), at(0)).unwrap();
        let first = directories.of(Some(&oid), at(0));
        assert!(String::from_utf8_lossy(&first.json).contains("\"нет\""));

        std::fs::write(&file, text("другая причина")).unwrap();
        assert_eq!(directories.of(Some(&oid), at(0)), first, "looked at already in this second");
        let second = directories.of(Some(&oid), at(1));
        assert!(String::from_utf8_lossy(&second.json).contains("другая причина"));
        assert_ne!(first.etag, second.etag);

        std::fs::write(&file, "{ broken").unwrap();
        assert_eq!(directories.of(Some(&oid), at(2)), second);
        let (organizations, problem) = directories.condition(at(2));
        assert_eq!(organizations, 1);
        assert!(problem.unwrap().contains("не подходит"));

        std::fs::remove_file(&file).unwrap();
        assert!(directories.condition(at(3)).1.unwrap().contains("не читается"));
        std::fs::write(&file, text("нет")).unwrap();
        assert_eq!(directories.of(Some(&oid), at(4)), first);
        assert_eq!(directories.condition(at(4)).1, None);
    }

    #[test]
    fn the_region_and_unknown_organizations_get_an_empty_one() {
        let directories = Directories::open(None, at(0)).unwrap();
        let empty: Directory = serde_json::from_slice(&directories.of(None, at(0)).json).unwrap();
        assert_eq!(empty, Directory::default());
        assert_eq!(directories.of(Oid::parse("1.2").ok().as_ref(), at(0)), directories.of(None, at(0)));
    }

    #[test]
    fn what_no_answer_could_say_is_not_offered() {
        let doctor = |letters| serde_json::json!({"full_name": "я".repeat(letters), "position": ""});
        let of = |number: &str, letters| {
            serde_json::json!({"1.2": {"departments": [], "doctors": [doctor(letters)], "refusal_reasons": [],
                "districts": [{"number": number, "kind": "dental", "doctor": doctor(letters)}]}})
        };
        let parsed = |number: &str, letters| parse(of(number, letters).to_string().as_bytes());
        assert!(parsed(&"1".repeat(32), 256).is_ok());
        assert!(parsed(&"1".repeat(33), 256).unwrap_err().contains("номер участка"));
        assert!(parsed("1", 257).unwrap_err().contains("ФИО"));
    }

    #[test]
    fn a_key_that_is_no_oid_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("directory.json");
        std::fs::write(&file, text("нет").replace("1.2.643.1", "ЦРБ")).unwrap();
        let directories = Directories::open(Some(file), at(0)).unwrap();
        assert!(directories.condition(at(0)).1.unwrap().contains("«ЦРБ»"));
    }
}
