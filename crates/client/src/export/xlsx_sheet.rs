//! A workbook for Excel and LibreOffice, written row by row.
//!
//! Invariant: a text is a text whatever it begins with. What does not fit a cell is cut or written as text,
//! so that one odd record does not cost the others. Rows wait for their place in the file on the disk that
//! the person chose, in a file without a name, and nowhere else.

use std::io::Write;
use std::path::Path;

use chrono::{Datelike, NaiveDate};
use rust_xlsxwriter::{Format, FormatBorder, IgnoreError, Workbook, Worksheet, XlsxError};

use super::row::{COLUMN_COUNT, COLUMNS, Cell};

/// Excel's limit, the header's row included.
const MOST_ROWS: u32 = 1_048_576;
/// How many applications a sheet holds.
pub(super) const MOST_APPLICATIONS: usize = MOST_ROWS as usize - 1;
/// Excel's limit, in UTF-16 units.
const MOST_TEXT: usize = 32_767;
const SHEET: &str = "Заявления";

pub(super) struct XlsxSheet {
    workbook: Workbook,
    formats: Formats,
    next_row: u32,
}

/// The sheet's last column, L.
const LAST_COLUMN: u16 = 11;

struct Formats {
    header: Format,
    date: Format,
    instant: Format,
}

impl XlsxSheet {
    /// `folder` is where rows wait.
    pub(super) fn new(folder: &Path) -> Result<Self, XlsxError> {
        let formats = Formats {
            header: Format::new().set_bold().set_border_bottom(FormatBorder::Thin),
            date: Format::new().set_num_format("dd.mm.yyyy"),
            instant: Format::new().set_num_format("dd.mm.yyyy hh:mm"),
        };
        let mut workbook = Workbook::new();
        workbook.set_tempdir(folder)?;
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(SHEET)?.set_freeze_panes(1, 0)?;
        for (at, column) in (0..).zip(COLUMNS) {
            sheet.set_column_width(at, column.width)?;
            sheet.write_string_with_format(0, at, column.header, &formats.header)?;
        }
        Ok(Self { workbook, formats, next_row: 1 })
    }

    pub(super) fn row(&mut self, cells: [Cell; COLUMN_COUNT]) -> Result<(), XlsxError> {
        let sheet = self.workbook.worksheet_from_index(0)?;
        for (at, cell) in (0..).zip(cells) {
            write(sheet, (self.next_row, at), cell, &self.formats)?;
        }
        self.next_row += 1;
        Ok(())
    }

    pub(super) fn finish(mut self, to: impl Write + Send) -> Result<(), XlsxError> {
        let last_row = self.next_row - 1;
        let sheet = self.workbook.worksheet_from_index(0)?;
        sheet.autofilter(0, 0, last_row, LAST_COLUMN)?;
        // A district is a name that happens to be a number.
        sheet.ignore_error_range(0, 0, last_row, LAST_COLUMN, IgnoreError::NumberStoredAsText)?;
        self.workbook.save_to_writer(to)
    }
}

fn write(sheet: &mut Worksheet, at: (u32, u16), cell: Cell, formats: &Formats) -> Result<(), XlsxError> {
    let (row, column) = at;
    match cell {
        Cell::Empty => Ok(()),
        Cell::Text(text) => sheet.write_string(row, column, fitting(text)).map(drop),
        Cell::Date(date) if is_known(date) => {
            sheet.write_datetime_with_format(row, column, date, &formats.date).map(drop)
        }
        Cell::Date(date) => sheet.write_string(row, column, date.format("%d.%m.%Y").to_string()).map(drop),
        Cell::Instant(instant) if is_known(instant.date()) => {
            sheet.write_datetime_with_format(row, column, instant, &formats.instant).map(drop)
        }
        Cell::Instant(instant) => {
            sheet.write_string(row, column, instant.format("%d.%m.%Y %H:%M").to_string()).map(drop)
        }
    }
}

/// The dates that Excel knows.
fn is_known(date: NaiveDate) -> bool {
    (1900..=9999).contains(&date.year())
}

fn fitting(text: String) -> String {
    // No text has more UTF-16 units than bytes.
    if text.len() <= MOST_TEXT {
        return text;
    }
    let mut units = 0;
    text.chars()
        .take_while(|letter| {
            units += letter.len_utf16();
            units <= MOST_TEXT
        })
        .collect()
}
