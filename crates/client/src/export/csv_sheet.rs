//! CSV as the Russian Excel opens it by a double click: UTF-8 with a mark of its order, `;` between fields.
//!
//! Invariant: no field begins what Excel or LibreOffice takes for a formula.

use std::io::{self, Write};

use super::row::{COLUMN_COUNT, COLUMNS, Cell};

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

pub(super) struct CsvSheet<W: Write>(csv::Writer<W>);

impl<W: Write> CsvSheet<W> {
    pub(super) fn new(mut to: W) -> io::Result<Self> {
        to.write_all(BYTE_ORDER_MARK)?;
        let mut writer = csv::WriterBuilder::new().delimiter(b';').terminator(csv::Terminator::CRLF).from_writer(to);
        writer.write_record(COLUMNS.map(|column| column.header)).map_err(io::Error::from)?;
        Ok(Self(writer))
    }

    pub(super) fn row(&mut self, cells: [Cell; COLUMN_COUNT]) -> io::Result<()> {
        self.0.write_record(cells.map(field)).map_err(io::Error::from)
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn field(cell: Cell) -> String {
    match cell {
        Cell::Text(text) => harmless(text),
        Cell::Date(date) => date.format("%d.%m.%Y").to_string(),
        Cell::Instant(at) => at.format("%d.%m.%Y %H:%M").to_string(),
        Cell::Empty => String::new(),
    }
}

/// The full-width signs begin a formula for some input methods, too.
fn harmless(text: String) -> String {
    const SIGNS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    if text.starts_with(SIGNS) { format!("'{text}") } else { text }
}
