//! Opening what a register stands on: the data folder, its key, its store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use prikrep_store::{Key, Options, SledStore, Store, StoreError};

use crate::Register;
use crate::accounts::AccountError;
use crate::config::Config;

/// Why the store of a register cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data folder cannot be made.
    #[error("папку данных {} не удалось создать: проверьте data_dir и права", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The store or its key.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The accounts in it.
    #[error(transparent)]
    Accounts(#[from] AccountError),
}

/// Reads the key of a register, or makes one with the data folder.
///
/// # Errors
/// [`OpenError`].
pub fn open_key(config: &Config) -> Result<Key, OpenError> {
    make_private(&config.data_dir).map_err(|source| OpenError::Folder { path: config.data_dir.clone(), source })?;
    let path = config.key_path();
    // A store that is there is sealed already: another key would only hide that its own is missing.
    if SledStore::is_in(&config.data_dir) && !path.exists() {
        let words = format!(
            "нет файла ключа {}: хранилище запечатано им; верните его из того места, где он сохранён отдельно",
            path.display()
        );
        return Err(StoreError::Key(words).into());
    }
    Ok(Key::from_file_or_create(&path)?)
}

/// Opens the store of a register; `scrub` reads all of it once in the background. Blocks on the disk.
///
/// # Errors
/// [`OpenError`].
pub fn open_store(config: &Config, scrub: bool, now: DateTime<Utc>) -> Result<Arc<dyn Store>, OpenError> {
    let options = Options { key: open_key(config)?, zone: config.timezone, now, scrub };
    Ok(Arc::new(SledStore::open(&config.data_dir, options)?))
}

/// Opens a register for an administrator's orders, without serving it. Blocks on the disk.
///
/// # Errors
/// [`OpenError`].
pub fn open_register(config: &Config, now: DateTime<Utc>) -> Result<Register, OpenError> {
    Ok(Register::open(open_store(config, false, now)?, config, now)?)
}

fn make_private(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
