//! One sled database, opened so that its damage cannot take the process down.
//!
//! sled 0.34 panics on damage and can hang while opening: opening runs on a thread of its own, where a
//! panic is caught, under a watchdog. Its `flush` ends in `sync_file_range`, which does not survive a loss
//! of power: [`Database::commit`] adds an fsync of the database's file.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use crate::StoreError;

const OPEN_WATCHDOG: Duration = Duration::from_secs(5);
const LOCK_TRIES: usize = 100;
const LOCK_WAIT: Duration = Duration::from_millis(10);
/// What Windows says of a file that somebody has open.
const SHARING_VIOLATION: i32 = 32;

/// Why a database does not open.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// The file is damaged, or sled thinks so.
    #[error("база повреждена: {0}")]
    Damaged(String),
    /// The folder cannot be used: nothing says that the data is damaged.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<OpenError> for StoreError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Store(error) => error,
            OpenError::Damaged(what) => Self::Damaged { what },
        }
    }
}

/// An open sled database.
#[derive(Debug)]
pub(crate) struct Database {
    sled: sled::Db,
    file: File,
    path: PathBuf,
}

impl Database {
    /// Opens or makes a database. `flush_ms` is how often sled writes by itself; `None` only on [`Self::commit`].
    pub(crate) fn open(path: &Path, cache_bytes: u64, flush_ms: Option<u64>) -> Result<Self, OpenError> {
        remove_half_snapshots(path);
        let config = sled::Config::new().path(path).cache_capacity(cache_bytes).flush_every_ms(flush_ms);
        let (result_sender, result) = mpsc::sync_channel(1);
        let opening = std::thread::Builder::new().name("store-open".into()).spawn(move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| open_when_free(&config)));
            // Nobody listens any more once the watchdog has given up.
            let _ = result_sender.send(outcome);
        });
        let folder_error = |source| StoreError::Folder { path: path.to_owned(), source };
        opening.map_err(folder_error)?;
        let sled = match result.recv_timeout(OPEN_WATCHDOG) {
            Ok(Ok(Ok(db))) => db,
            Ok(Ok(Err(sled::Error::Io(source)))) if is_of_the_folder(&source) => {
                return Err(folder_error(source).into());
            }
            Ok(Ok(Err(error))) => return Err(OpenError::Damaged(error.to_string())),
            Ok(Err(_panic)) => return Err(OpenError::Damaged("сбой при открытии".into())),
            Err(_) => return Err(OpenError::Damaged("не открылась за 5 секунд".into())),
        };
        // Windows syncs only what is open for writing.
        let own = |name| File::options().read(true).write(true).open(path.join(name)).map_err(folder_error);
        let file = own("db")?;
        // sled never syncs its settings, and a database whose settings were lost with the power does not open.
        own("conf")?.sync_all().map_err(folder_error)?;
        sync_folder(path);
        sync_name(path);
        Ok(Self { sled, file, path: path.to_owned() })
    }

    pub(crate) fn tree(&self, name: &str) -> Result<sled::Tree, StoreError> {
        guarded("открытие раздела", || self.sled.open_tree(name))
    }

    /// Makes everything written so far survive a loss of power.
    pub(crate) fn commit(&self) -> Result<(), StoreError> {
        guarded("запись на диск", || self.sled.flush())?;
        self.file.sync_data().map_err(|source| StoreError::File {
            step: "запись на диск",
            path: self.path.join("db"),
            source,
        })
    }
}

/// Runs an operation of sled; its panic on a damaged page becomes an error.
pub(crate) fn guarded<T>(step: &'static str, run: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => result.map_err(|source| StoreError::Database { step, source }),
        Err(_panic) => Err(StoreError::Damaged { what: step.into() }),
    }
}

/// A database that was closed a moment ago stays locked until its last thread has ended.
fn open_when_free(config: &sled::Config) -> sled::Result<sled::Db> {
    for _ in 0..LOCK_TRIES {
        match config.open() {
            Err(sled::Error::Io(error)) if is_locked(&error) => std::thread::sleep(LOCK_WAIT),
            opened => return opened,
        }
    }
    config.open()
}

/// Moves or removes what was closed a moment ago. The last thread of a database may still have its files open then, which
/// forbids it on Windows, and nowhere else.
///
/// # Errors
/// The act's own.
pub fn once_closed<T>(mut act: impl FnMut() -> std::io::Result<T>) -> std::io::Result<T> {
    use std::io::ErrorKind;
    for _ in 0..LOCK_TRIES {
        match act() {
            Err(error)
                if cfg!(windows)
                    && (matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::DirectoryNotEmpty)
                        || error.raw_os_error() == Some(SHARING_VIOLATION)) =>
            {
                std::thread::sleep(LOCK_WAIT);
            }
            acted => return acted,
        }
    }
    act()
}

/// sled says it in words only.
fn is_locked(error: &std::io::Error) -> bool {
    error.to_string().contains("could not acquire lock")
}

/// Errors that say nothing of the data: no rights, no room, open elsewhere.
fn is_of_the_folder(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    is_locked(error)
        || matches!(
            error.kind(),
            ErrorKind::PermissionDenied
                | ErrorKind::StorageFull
                | ErrorKind::QuotaExceeded
                | ErrorKind::ReadOnlyFilesystem
                | ErrorKind::WouldBlock
        )
}

/// sled writes its own snapshot at every opening, and takes one that a crash left half written for a damaged database.
/// It is only a shortcut: without it sled reads the former one and more of its log.
fn remove_half_snapshots(path: &Path) {
    let is_half = |file: &Path| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("snap.") && name.ends_with(".generating")
    };
    let files = std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    for half in files.filter(|file| is_half(file)) {
        if let Err(error) = std::fs::remove_file(half) {
            tracing::warn!(%error, "a half written snapshot could not be removed");
        }
    }
}

/// Makes the name of a file or a folder durable: without it a loss of power may take what is in it, too.
pub(crate) fn sync_name(path: &Path) {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => sync_folder(Path::new(".")),
        Some(folder) => sync_folder(folder),
        None => {}
    }
}

/// Makes the names of new files durable. Windows has no such call: NTFS writes its log of names before it ends a sync of
/// any file, and whoever names a file here goes on to sync another. Until then a loss of power may bring back what had the
/// name before, whole.
pub(crate) fn sync_folder(path: &Path) {
    #[cfg(unix)]
    if let Ok(folder) = File::open(path)
        && let Err(error) = folder.sync_all()
    {
        tracing::warn!(%error, "the folder could not be synced");
    }
    #[cfg(not(unix))]
    let _ = path;
}
