//! The list as a file for Excel and LibreOffice.
//!
//! Invariant: the file is written beside its place and takes it at the end, so that a failure leaves what was
//! there before. It holds personal data in the open: on unix only the person who saved it may read it.

mod csv_sheet;
mod error;
mod row;
#[cfg(test)]
mod tests;
mod xlsx_sheet;

use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono_tz::Tz;
use prikrep_domain::Standing;
use tempfile::NamedTempFile;

pub use error::ExportError;

use crate::dialogs::Kind;
use crate::durable::sync_folder;
use csv_sheet::CsvSheet;
use error::{folder_failed, place_failed, sheet_failed, write_failed};
use row::{COLUMN_COUNT, Cell, cells};
use xlsx_sheet::{MOST_APPLICATIONS, XlsxSheet};

/// Progress is told this often, in rows.
const PROGRESS_ROWS: usize = 500;

/// The form of an exported file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A workbook.
    Xlsx,
    /// Text with `;` between fields.
    Csv,
}

impl Format {
    /// What the save dialog offers.
    pub const KINDS: &'static [Kind] = &[
        Kind { name: "Книга Excel (*.xlsx)", extension: "xlsx" },
        Kind { name: "Таблица CSV (*.csv)", extension: "csv" },
    ];

    /// The form that a file's name asks for: CSV when it says so, otherwise a workbook.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        match path.extension() {
            Some(extension) if extension.eq_ignore_ascii_case("csv") => Self::Csv,
            Some(_) | None => Self::Xlsx,
        }
    }
}

/// Where and how to export.
#[derive(Clone, Copy)]
pub struct Export<'a> {
    /// The form of the file.
    pub format: Format,
    /// The file.
    pub path: &'a Path,
    /// The time zone of the medical organization.
    pub zone: Tz,
    /// Hears how many rows have been written, now and then and at the end.
    pub progress: &'a dyn Fn(usize),
    /// Ends the export when it becomes true.
    pub cancelled: &'a AtomicBool,
}

/// Exports what a source visits, in its order, and tells how many rows there were. The source is told to break
/// when the export ends early; `Store::visit` fits in: `|row| store.visit(&query, row)`.
///
/// It writes to the disk: never on the thread that draws.
///
/// # Errors
/// [`ExportError`] in words; what was there before is as it was.
pub fn export<E>(
    source: impl FnOnce(&mut dyn FnMut(Standing) -> ControlFlow<()>) -> Result<(), E>,
    to: Export<'_>,
) -> Result<usize, ExportError>
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let folder = folder_of(to.path)?;
    let file = NamedTempFile::new_in(folder).map_err(|error| folder_failed(folder, error))?;
    let out = Watched { to: BufWriter::new(file.as_file()), cancelled: to.cancelled };
    let rows = match to.format {
        Format::Csv => write_csv(source, to, out)?,
        Format::Xlsx => write_xlsx(source, to, out, folder, MOST_APPLICATIONS)?,
    };
    file.as_file().sync_all().map_err(|error| write_failed(to.path, error))?;
    // The last moment at which nothing has changed yet.
    to.go_on()?;
    file.persist(to.path).map_err(|error| place_failed(to.path, error.error))?;
    sync_folder(folder);
    Ok(rows)
}

fn folder_of(path: &Path) -> Result<&Path, ExportError> {
    match (path.file_name(), path.parent()) {
        (Some(_), Some(folder)) if !path.is_dir() => {
            Ok(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
        }
        _ => Err(ExportError::NotAFile { path: path.to_owned() }),
    }
}

fn write_csv<E>(
    source: impl FnOnce(&mut dyn FnMut(Standing) -> ControlFlow<()>) -> Result<(), E>,
    to: Export<'_>,
    out: Watched<'_, impl Write>,
) -> Result<usize, ExportError>
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let failed = |error| to.or_cancelled(write_failed(to.path, error));
    let mut sheet = CsvSheet::new(out).map_err(failed)?;
    let rows = fill(source, to, &mut |cells| sheet.row(cells).map_err(failed))?;
    sheet.finish().map_err(failed)?;
    Ok(rows)
}

fn write_xlsx<E>(
    source: impl FnOnce(&mut dyn FnMut(Standing) -> ControlFlow<()>) -> Result<(), E>,
    to: Export<'_>,
    mut out: Watched<'_, impl Write + Send>,
    folder: &Path,
    most: usize,
) -> Result<usize, ExportError>
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let failed = |error| to.or_cancelled(sheet_failed(to.path, error));
    let mut sheet = XlsxSheet::new(folder).map_err(failed)?;
    let mut left = most;
    let rows = fill(source, to, &mut |cells| {
        left = left.checked_sub(1).ok_or(ExportError::TooMany { most })?;
        sheet.row(cells).map_err(failed)
    })?;
    sheet.finish(&mut out).map_err(failed)?;
    out.flush().map_err(|error| to.or_cancelled(write_failed(to.path, error)))?;
    Ok(rows)
}

fn fill<E>(
    source: impl FnOnce(&mut dyn FnMut(Standing) -> ControlFlow<()>) -> Result<(), E>,
    to: Export<'_>,
    write: &mut dyn FnMut([Cell; COLUMN_COUNT]) -> Result<(), ExportError>,
) -> Result<usize, ExportError>
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (mut rows, mut failure) = (0_usize, None);
    let visited = source(&mut |standing| match to.go_on().and_then(|()| write(cells(standing, to.zone))) {
        Ok(()) => {
            rows += 1;
            if rows.is_multiple_of(PROGRESS_ROWS) {
                (to.progress)(rows);
            }
            ControlFlow::Continue(())
        }
        Err(error) => {
            failure = Some(error);
            ControlFlow::Break(())
        }
    });
    if let Some(error) = failure {
        return Err(error);
    }
    visited.map_err(|error| ExportError::Source(error.into()))?;
    (to.progress)(rows);
    Ok(rows)
}

impl Export<'_> {
    fn go_on(&self) -> Result<(), ExportError> {
        if self.cancelled.load(Ordering::Relaxed) { Err(ExportError::Cancelled) } else { Ok(()) }
    }

    /// A write that failed because it was cancelled is no failure of the disk.
    fn or_cancelled(&self, error: ExportError) -> ExportError {
        self.go_on().err().unwrap_or(error)
    }
}

/// Stops writing when the export is cancelled: packing a long workbook takes seconds.
struct Watched<'a, W> {
    to: W,
    cancelled: &'a AtomicBool,
}

impl<W: Write> Write for Watched<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(io::Error::other("cancelled"));
        }
        self.to.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
