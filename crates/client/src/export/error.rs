//! What can go wrong with an export, in words for the person who saves a file.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rust_xlsxwriter::XlsxError;

/// Why a list was not exported. The file that was there before is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The person cancelled.
    #[error("Выгрузка отменена")]
    Cancelled,
    /// More rows than a sheet holds.
    #[error("В книгу Excel помещается не больше {most} заявлений: сузьте период или сохраните в CSV")]
    TooMany {
        /// The most that a sheet holds, without its header.
        most: usize,
    },
    /// The path names no file.
    #[error("Укажите имя файла, а не папки: {}", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The folder is not there.
    #[error("Папки {} нет: выберите другую", path.display())]
    NoFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The folder may not be written.
    #[error("В папку {} нельзя записать: выберите другую", path.display())]
    NotWritable {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The disk is full.
    #[error("На диске не хватает места для {}: освободите место или выберите другой диск", path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file that was there cannot be replaced.
    #[error("Файл {} не заменяется: закройте его в Excel или выберите другое имя", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Writing failed in some other way.
    #[error("Не удалось записать {}: повторите или выберите другую папку", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The sheet could not be made.
    #[error("Не удалось составить книгу Excel: сохраните в CSV")]
    Sheet(#[source] XlsxError),
    /// The applications could not be read.
    #[error("Заявления не читаются из локального хранилища: повторите после обновления")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A failed write to a file.
#[allow(clippy::wildcard_enum_match_arm, reason = "a foreign enum that grows")]
pub(super) fn write_failed(path: &Path, source: std::io::Error) -> ExportError {
    let path = path.to_owned();
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            ExportError::DiskFull { path, source }
        }
        _ => ExportError::Write { path, source },
    }
}

/// A failure to begin a file in a folder.
#[allow(clippy::wildcard_enum_match_arm, reason = "a foreign enum that grows")]
pub(super) fn folder_failed(folder: &Path, source: std::io::Error) -> ExportError {
    let path = folder.to_owned();
    match source.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => ExportError::NoFolder { path },
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => ExportError::DiskFull { path, source },
        _ => ExportError::NotWritable { path, source },
    }
}

/// A failure to put the finished file in its place. Excel holds its files open against everybody.
pub(super) fn place_failed(path: &Path, source: std::io::Error) -> ExportError {
    if path.exists() { ExportError::InUse { path: path.to_owned(), source } } else { write_failed(path, source) }
}

/// A failure of the workbook's writer, which wraps those of the disk.
#[allow(clippy::wildcard_enum_match_arm, reason = "a foreign enum that grows")]
pub(super) fn sheet_failed(path: &Path, error: XlsxError) -> ExportError {
    match error {
        XlsxError::IoError(source) | XlsxError::TempFileError(_, source) => write_failed(path, source),
        // The zip writer keeps the disk's error inside its own.
        XlsxError::ZipError(error) => write_failed(path, std::io::Error::from(error)),
        other => ExportError::Sheet(other),
    }
}
