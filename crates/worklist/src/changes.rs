//! Which row changed when: the order in which a feed reads them.
//!
//! Invariant: an entry is current if and only if its row's place is the entry's index; a live row has
//! exactly one current entry, the last of its entries.

use std::ops::ControlFlow;

use crate::Row;
use crate::row::{at, put};

const NOWHERE: u32 = u32::MAX;
/// Entries that are not current are tolerated up to a quarter of the rows and this many.
const SLACK: usize = 4_096;

/// The log of changes.
pub(crate) struct ChangeLog {
    pub(crate) sequences: Vec<u64>,
    pub(crate) rows: Vec<u32>,
    places: Vec<u32>,
    newest: u64,
    sorted: bool,
}

impl Default for ChangeLog {
    fn default() -> Self {
        Self { sequences: Vec::new(), rows: Vec::new(), places: Vec::new(), newest: 0, sorted: true }
    }
}

impl ChangeLog {
    /// A stored log of this many rows; `None` when an entry names a row beyond them.
    pub(crate) fn from_entries(sequences: Vec<u64>, rows: Vec<u32>, row_count: usize, newest: u64) -> Option<Self> {
        let mut places = vec![NOWHERE; row_count];
        for (index, row) in rows.iter().enumerate() {
            *places.get_mut(*row as usize)? = u32::try_from(index).ok()?;
        }
        let sorted = sequences.is_sorted();
        let newest_entry = sequences.iter().copied().max().unwrap_or(0);
        (newest_entry <= newest).then_some(Self { sequences, rows, places, newest, sorted })
    }

    /// The greatest sequence ever recorded.
    pub(crate) fn newest(&self) -> u64 {
        self.newest
    }

    /// Adds a row that has not changed yet.
    pub(crate) fn add_row(&mut self) {
        self.places.push(NOWHERE);
    }

    /// Whether a row has a sequence.
    pub(crate) fn sequence_of(&self, row: Row) -> Option<u64> {
        let place = self.places.get(row.index())?;
        self.sequences.get(*place as usize).copied()
    }

    /// Records that a row changed.
    pub(crate) fn record(&mut self, row: Row, sequence: u64) {
        if self.rows.len() > self.places.len() + self.places.len() / 4 + SLACK {
            self.compact();
        }
        self.sorted &= self.sequences.last().is_none_or(|last| *last <= sequence);
        self.newest = self.newest.max(sequence);
        put(&mut self.places, row, u32::try_from(self.rows.len()).unwrap_or(NOWHERE));
        self.sequences.push(sequence);
        self.rows.push(row.number());
    }

    /// Forgets a removed row.
    pub(crate) fn forget(&mut self, row: Row) {
        put(&mut self.places, row, NOWHERE);
    }

    /// Brings entries that came in another order into that of their sequences.
    pub(crate) fn settle(&mut self) {
        if !self.sorted {
            let entries = self.in_order();
            self.replace(&entries);
            self.sorted = true;
        }
    }

    /// Visits the current entries after a sequence, in order, until told to stop.
    pub(crate) fn visit_after(&self, sequence: u64, mut visit: impl FnMut(u64, Row) -> ControlFlow<()>) {
        if self.sorted {
            let first = self.sequences.partition_point(|known| *known <= sequence);
            for (index, (sequence, row)) in self.entries().enumerate().skip(first) {
                if self.is_current(index, row) && visit(sequence, row).is_break() {
                    return;
                }
            }
        } else {
            for (known, row) in self.in_order() {
                if known > sequence && visit(known, row).is_break() {
                    return;
                }
            }
        }
    }

    fn entries(&self) -> impl Iterator<Item = (u64, Row)> {
        self.sequences.iter().copied().zip(self.rows.iter().copied().map(Row::new))
    }

    fn is_current(&self, index: usize, row: Row) -> bool {
        at(&self.places, row) as usize == index
    }

    fn current(&self) -> Vec<(u64, Row)> {
        let current = |(index, (_, row)): &(usize, (u64, Row))| self.is_current(*index, *row);
        self.entries().enumerate().filter(current).map(|(_, entry)| entry).collect()
    }

    fn in_order(&self) -> Vec<(u64, Row)> {
        let mut entries = self.current();
        entries.sort_by_key(|(sequence, _)| *sequence);
        entries
    }

    fn compact(&mut self) {
        let entries = self.current();
        self.replace(&entries);
    }

    fn replace(&mut self, entries: &[(u64, Row)]) {
        self.sequences.clear();
        self.rows.clear();
        for (index, (sequence, row)) in entries.iter().enumerate() {
            put(&mut self.places, *row, u32::try_from(index).unwrap_or(NOWHERE));
            self.sequences.push(*sequence);
            self.rows.push(row.number());
        }
    }

    /// Bytes held.
    pub(crate) fn memory_bytes(&self) -> usize {
        8 * self.sequences.capacity() + 4 * (self.rows.capacity() + self.places.capacity())
    }
}
