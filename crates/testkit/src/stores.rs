//! Stores in temporary folders, to be closed and opened again.

use std::path::Path;

use chrono::Utc;
use prikrep_store::{Key, Options, SledStore, StoreError};
use tempfile::TempDir;

use crate::ZONE;

/// A folder for one store, with its key. It is removed when this is dropped.
#[derive(Debug)]
pub struct StoreFolder {
    folder: TempDir,
    key: Key,
}

impl Default for StoreFolder {
    fn default() -> Self {
        Self { folder: TempDir::with_prefix("prikrep-test-").unwrap(), key: Key::generate().unwrap() }
    }
}

impl StoreFolder {
    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Opens the store, which is made at the first time.
    ///
    /// # Errors
    /// [`StoreError`], as the store gives it.
    pub fn open(&self) -> Result<SledStore, StoreError> {
        let options = Options { key: self.key.clone(), zone: ZONE, now: Utc::now(), scrub: false };
        SledStore::open(self.path(), options)
    }
}
