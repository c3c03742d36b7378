//! What can go wrong with a store, in words for an administrator.

use std::path::PathBuf;

use crate::DiskTrouble;

/// A failure of the store, named by the step that failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder cannot be made or written.
    #[error("папка данных {} недоступна для записи", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process has the folder open.
    #[error("папка данных {} уже открыта другой программой", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// The key cannot be used.
    #[error("ключ хранилища: {0}")]
    Key(String),
    /// The store was written by a newer version.
    #[error(
        "хранилище записано более новой версией программы (схема {found}, эта версия понимает до {known}): установите новую версию"
    )]
    TooNew {
        /// The schema number found.
        found: u32,
        /// The newest known here.
        known: u32,
    },
    /// The database failed to read or write.
    #[error("ошибка базы данных при операции «{step}»")]
    Database {
        /// What was being done.
        step: &'static str,
        /// Why.
        source: sled::Error,
    },
    /// A file of the store failed to be read or written.
    #[error("ошибка файла {} при операции «{step}»", path.display())]
    File {
        /// What was being done.
        step: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A stored value is damaged.
    #[error("запись хранилища повреждена: {what}")]
    Damaged {
        /// Which one.
        what: String,
    },
    /// A value cannot be encoded.
    #[error("запись не удалось закодировать: {what}")]
    Encode {
        /// Which one.
        what: String,
    },
    /// The disk has refused a write, and the database could not be opened anew yet.
    #[error("хранилище ждёт, пока диск снова станет принимать запись")]
    Closed,
    /// A backup file cannot be used.
    #[error("резервная копия не подходит: {0}")]
    Backup(String),
}

impl StoreError {
    /// What it says of the disk, when the disk has refused something.
    #[must_use]
    pub fn disk_trouble(&self) -> Option<DiskTrouble> {
        match self {
            Self::Folder { source, .. }
            | Self::File { source, .. }
            | Self::Database { source: sled::Error::Io(source), .. } => Some(source.into()),
            Self::Database { .. }
            | Self::Locked { .. }
            | Self::Key(_)
            | Self::TooNew { .. }
            | Self::Damaged { .. }
            | Self::Encode { .. }
            | Self::Closed
            | Self::Backup(_) => None,
        }
    }

    /// Whether the error says that stored data is damaged, not only that the disk refuses.
    #[must_use]
    pub const fn is_damage(&self) -> bool {
        match self {
            Self::Damaged { .. } => true,
            Self::Database { source, .. } => match source {
                sled::Error::Corruption { .. } | sled::Error::ReportableBug(_) | sled::Error::CollectionNotFound(_) => {
                    true
                }
                sled::Error::Io(_) | sled::Error::Unsupported(_) => false,
            },
            Self::Folder { .. }
            | Self::Locked { .. }
            | Self::Key(_)
            | Self::TooNew { .. }
            | Self::File { .. }
            | Self::Encode { .. }
            | Self::Closed
            | Self::Backup(_) => false,
        }
    }
}
