//! The folder of a store: one process at a time, one key, one schema.
//!
//! Invariant: nothing in it is ever deleted because it is damaged; it is set aside under another name.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use ring::digest;
use serde::{Deserialize, Serialize};

use crate::database::{once_closed, sync_folder, sync_name};
use crate::{Key, StoreError};

/// The schema that this version writes: 1 with plain rows, 2 with packed ones.
pub(crate) const SCHEMA: u32 = 2;

const LOCK: &str = "lock";
const LABEL: &str = "store.json";

/// The folder, locked for this process as long as the value lives.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    _lock: File,
}

#[derive(Serialize, Deserialize)]
struct Label {
    schema: u32,
    key_check: String,
    /// The first eight bytes of SHA-256 over `schema:key_check`: a flipped bit must not look like another key.
    sum: String,
}

impl Label {
    fn new(schema: u32, key_check: String) -> Self {
        let digest = digest::digest(&digest::SHA256, format!("{schema}:{key_check}").as_bytes());
        let sum = digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self { schema, key_check, sum }
    }

    fn read(text: &[u8]) -> Option<Self> {
        let label: Self = serde_json::from_slice(text).ok()?;
        let expected = Self::new(label.schema, label.key_check.clone());
        (expected.sum == label.sum).then_some(label)
    }
}

/// What the label said when the folder was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LabelState {
    /// A new folder: the label was written just now.
    New,
    /// The label fits the schema and the key.
    Known,
    /// The label could not be read. The key is proved by the desk's own records.
    Unreadable,
}

impl Folder {
    pub(crate) fn lock(path: &Path) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Folder { path: path.to_owned(), source };
        make_private(path).map_err(failed)?;
        sync_name(path);
        let lock = File::options().create(true).truncate(false).write(true).open(path.join(LOCK)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Checks the schema and the key of the folder, and labels a new one.
    pub(crate) fn check_label(&self, key: &Key) -> Result<LabelState, StoreError> {
        let path = self.path.join(LABEL);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !self.path.join("desk").exists() => {
                self.write_label(key)?;
                return Ok(LabelState::New);
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(LabelState::Unreadable),
            Err(source) => return Err(StoreError::File { step: "чтение", path, source }),
        };
        let Some(label) = Label::read(&text) else { return Ok(LabelState::Unreadable) };
        if label.schema > SCHEMA {
            return Err(StoreError::TooNew { found: label.schema, known: SCHEMA });
        }
        if label.key_check != key.check() {
            return Err(wrong_key());
        }
        if label.schema < SCHEMA {
            // From now on a program that knows less must not open it. Where the disk refuses the label, it refuses new
            // rows as well; should it take them later, an older program finds them damaged and reads them anew.
            drop(self.write_label(key));
        }
        Ok(LabelState::Known)
    }

    pub(crate) fn write_label(&self, key: &Key) -> Result<(), StoreError> {
        let path = self.path.join(LABEL);
        let label = Label::new(SCHEMA, key.check());
        let text = serde_json::to_vec(&label).map_err(|_| StoreError::Encode { what: LABEL.into() })?;
        write_durably(&path, &text).map_err(|source| StoreError::File { step: "запись", path, source })
    }

    /// Gives a damaged part another name, which is returned.
    pub(crate) fn set_aside(&self, part: &str, why: &str, now: DateTime<Utc>) -> Result<PathBuf, StoreError> {
        let stamp = now.format("%Y%m%dT%H%M%S%3f");
        let free = (0..1000)
            .map(|number| self.path.join(format!("{part}.{why}-{stamp}-{number}")))
            .find(|path| !path.exists());
        let path = free.unwrap_or_else(|| self.path.join(format!("{part}.{why}")));
        once_closed(|| fs::rename(self.path.join(part), &path)).map_err(|source| StoreError::File {
            step: "перенос повреждённых данных в сторону",
            path: path.clone(),
            source,
        })?;
        sync_folder(&self.path);
        Ok(path)
    }
}

/// Whether a store was made in a folder.
pub(crate) fn is_labelled(path: &Path) -> bool {
    path.join(LABEL).exists()
}

pub(crate) fn wrong_key() -> StoreError {
    StoreError::Key("это хранилище запечатано другим ключом: верните прежний файл ключа".into())
}

/// Replaces a file so that after a loss of power it is either the old one or the new one.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let temporary = path.with_extension("new");
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    sync_name(path);
    Ok(())
}

/// Only the owner comes in. On Windows a new folder takes the rights of the one above: in the profile of a person those
/// are the person's, the administrators' and the system's; other places are for the administrator to close.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
