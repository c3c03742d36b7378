//! The disk under a store: whether it takes what is written, and trying again when it has not.
//!
//! Invariant: a write that the disk refused is refused in words, and everything before it stays; when the disk
//! takes writes again, the databases are opened anew, because sled does nothing more after a failed write.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::StoreError;

/// How often a disk is tried that takes everything, and one that does not.
const WHEN_WELL: Duration = Duration::from_secs(60);
const WHEN_NOT: Duration = Duration::from_secs(1);
/// Less free space is told of before there is none: a register that reads everything again needs hundreds of megabytes.
const LOW_SPACE_BYTES: u64 = 1 << 30;
/// What is written to try it; and before the databases are opened anew, which need as much themselves.
const TRIAL_BYTES: usize = 4 << 10;
const OPENING_BYTES: usize = 2 << 20;
const TRIAL: &str = "disk.trial";

/// Why the disk takes nothing more.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiskTrouble {
    /// There is no room.
    Full,
    /// It may only be read.
    ReadOnly,
    /// Anything else, in the system's words.
    Failing(String),
}

impl From<&io::Error> for DiskTrouble {
    fn from(error: &io::Error) -> Self {
        use io::ErrorKind;
        if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
            Self::Full
        } else if matches!(error.kind(), ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied) {
            Self::ReadOnly
        } else {
            Self::Failing(error.to_string())
        }
    }
}

/// The disk as it was last found.
#[derive(Debug, Default)]
pub(crate) struct Disk(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    trouble: Option<DiskTrouble>,
    /// A database has failed to write: it has to be opened anew.
    failed: bool,
    tried: Option<Instant>,
    /// Free space when it was tried.
    free_bytes: Option<u64>,
}

impl Disk {
    pub(crate) fn trouble(&self) -> Option<DiskTrouble> {
        self.0.lock().trouble.clone()
    }

    /// Free space as it was last found; `None` before that, and where the system does not tell.
    pub(crate) fn free_bytes(&self) -> Option<u64> {
        self.0.lock().free_bytes
    }

    /// Hears of an error on its way out; tells whether it is news of the disk.
    pub(crate) fn hear(&self, error: &StoreError) -> bool {
        let Some(trouble) = error.disk_trouble() else { return false };
        let mut state = self.0.lock();
        state.failed |= matches!(error, StoreError::Database { .. });
        // The first refused write says more than those that fail after it.
        let is_news = state.trouble.is_none();
        if is_news {
            tracing::error!(?trouble, "the disk takes nothing more");
            state.trouble = Some(trouble);
        }
        is_news
    }

    /// Whether it is time to try it; from now on it is tried.
    pub(crate) fn is_due(&self) -> bool {
        let mut state = self.0.lock();
        let every = if state.trouble.is_some() { WHEN_NOT } else { WHEN_WELL };
        let is_due = state.tried.is_none_or(|tried| tried.elapsed() >= every);
        if is_due {
            state.tried = Some(Instant::now());
        }
        is_due
    }

    /// Tries it. When it takes everything and a database has failed, that is opened anew. Tells whether anything is
    /// another than before.
    pub(crate) fn attend(&self, folder: &Path, reopen: impl FnOnce() -> Result<(), StoreError>) -> bool {
        let failed = self.0.lock().failed;
        let tried = try_out(folder, if failed { OPENING_BYTES } else { TRIAL_BYTES }).map_err(|source| {
            StoreError::File { step: "запись на диск", path: folder.join(TRIAL), source }
        });
        let outcome = if failed { tried.and_then(|()| reopen()) } else { tried };
        let trouble = outcome
            .as_ref()
            .err()
            .map(|error| error.disk_trouble().unwrap_or_else(|| DiskTrouble::Failing(error.to_string())));
        let free_bytes = fs4::available_space(folder).ok();
        let mut state = self.0.lock();
        state.failed &= outcome.is_err();
        let space_is_news = state.free_bytes.is_some_and(is_low) != free_bytes.is_some_and(is_low);
        if space_is_news && free_bytes.is_some_and(is_low) {
            tracing::warn!(free_bytes, "little space is left on the disk");
        }
        state.free_bytes = free_bytes;
        let is_news = state.trouble != trouble;
        match (&trouble, is_news) {
            (None, true) => tracing::info!("the disk takes everything again"),
            (Some(trouble), true) => tracing::error!(?trouble, "the disk takes nothing more"),
            (_, false) => {}
        }
        state.trouble = trouble;
        is_news || space_is_news
    }
}

/// Whether so many free bytes are few.
pub(crate) const fn is_low(free_bytes: u64) -> bool {
    free_bytes < LOW_SPACE_BYTES
}

fn try_out(folder: &Path, bytes: usize) -> io::Result<()> {
    let path = folder.join(TRIAL);
    let tried = File::create(&path).and_then(|mut file| file.write_all(&vec![0; bytes]).and_then(|()| file.sync_all()));
    match (tried, fs::remove_file(&path)) {
        (Ok(()), removed) => removed,
        (Err(error), _) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Census;

    #[test]
    fn low_space_is_told_while_the_disk_takes_everything() {
        let of = |free_bytes, disk| Census { free_bytes, disk, ..Census::default() }.low_space();
        assert_eq!(of(Some(LOW_SPACE_BYTES - 1), None), Some(LOW_SPACE_BYTES - 1));
        assert_eq!(of(Some(LOW_SPACE_BYTES), None), None);
        assert_eq!(of(None, None), None);
        // There is a worse word for it.
        assert_eq!(of(Some(0), Some(DiskTrouble::Full)), None);
    }

    #[test]
    fn free_space_is_looked_at_when_the_disk_is_tried() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::default();
        assert_eq!(disk.free_bytes(), None);
        disk.attend(folder.path(), || Ok(()));
        let free = disk.free_bytes().unwrap();
        assert!(free > 0, "what is written here needs room");
        assert!(!disk.attend(folder.path(), || Ok(())), "nothing is another than before");
    }
}
