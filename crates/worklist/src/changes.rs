//! Which row changed when: the order in which a feed reads them.
//!
//! Invariant: an entry is current if and only if its row's place is the entry's index; a live row has
//! exactly one current entry, the last of its entries.

use std::ops::{ControlFlow, Range};

use crate::Row;
use crate::row::{at, put};

const NOWHERE: u32 = u32::MAX;
/// Entries that are not current are tolerated up to a quarter of the rows and this many.
const SLACK: usize = 4_096;

/// The log of changes.
#[derive(Default)]
pub(crate) struct ChangeLog {
    pub(crate) sequences: Vec<u64>,
    pub(crate) rows: Vec<u32>,
    places: Vec<u32>,
    newest: u64,
    /// So many entries from the beginning are in the order of their sequences.
    ordered: usize,
}

impl ChangeLog {
    /// A stored log of this many rows; `None` when an entry names a row beyond them.
    pub(crate) fn from_entries(sequences: Vec<u64>, rows: Vec<u32>, row_count: usize, newest: u64) -> Option<Self> {
        let mut places = vec![NOWHERE; row_count];
        for (index, row) in rows.iter().enumerate() {
            *places.get_mut(*row as usize)? = u32::try_from(index).ok()?;
        }
        let ordered = sequences.windows(2).position(|pair| !pair.is_sorted()).map_or(sequences.len(), |last| last + 1);
        let newest_entry = sequences.iter().copied().max().unwrap_or(0);
        (newest_entry <= newest).then_some(Self { sequences, rows, places, newest, ordered })
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

    /// Records that a row changed; nothing to do when that is its last change already.
    pub(crate) fn record(&mut self, row: Row, sequence: u64) {
        if self.sequence_of(row) == Some(sequence) {
            return;
        }
        if self.rows.len() > self.places.len() + self.places.len() / 4 + SLACK {
            self.compact();
        }
        let is_next = self.sequences.last().is_none_or(|last| *last <= sequence);
        if self.ordered == self.sequences.len() && is_next {
            self.ordered += 1;
        }
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
        let (first, entries) = self.tail_in_order();
        self.replace_from(first, &entries);
        self.ordered = self.sequences.len();
    }

    /// Visits the current entries after a sequence, in order, until told to stop.
    pub(crate) fn visit_after(&self, sequence: u64, mut visit: impl FnMut(u64, Row) -> ControlFlow<()>) {
        let (end, tail) = self.tail_in_order();
        let first = self.ordered_until(sequence).min(end);
        let tail = tail.into_iter().filter(|(known, _)| *known > sequence);
        for (sequence, row) in self.current(first..end).chain(tail) {
            if visit(sequence, row).is_break() {
                return;
            }
        }
    }

    /// How many of the ordered entries have a sequence of at most this one.
    fn ordered_until(&self, sequence: u64) -> usize {
        let ordered = self.sequences.get(..self.ordered).unwrap_or_default();
        ordered.partition_point(|known| *known <= sequence)
    }

    fn is_current(&self, index: usize, row: Row) -> bool {
        at(&self.places, row) as usize == index
    }

    /// The current ones of some entries.
    fn current(&self, entries: Range<usize>) -> impl Iterator<Item = (u64, Row)> {
        let sequences = self.sequences.get(entries.clone()).unwrap_or_default();
        let rows = self.rows.get(entries.clone()).unwrap_or_default();
        let entries =
            entries.zip(sequences.iter().zip(rows)).map(|(index, (sequence, row))| (index, *sequence, Row::new(*row)));
        entries.filter(|(index, _, row)| self.is_current(*index, *row)).map(|(_, sequence, row)| (sequence, row))
    }

    /// From which entry on they are not all in order, and the current ones from there, in order.
    fn tail_in_order(&self) -> (usize, Vec<(u64, Row)>) {
        let Some(least) = self.sequences.get(self.ordered..).unwrap_or_default().iter().min() else {
            return (self.ordered, Vec::new());
        };
        let first = self.ordered_until(*least);
        let mut entries: Vec<_> = self.current(first..self.sequences.len()).collect();
        entries.sort_by_key(|(sequence, _)| *sequence);
        (first, entries)
    }

    fn compact(&mut self) {
        let entries: Vec<_> = self.current(0..self.sequences.len()).collect();
        self.ordered = self.current(0..self.ordered).count();
        self.replace_from(0, &entries);
    }

    fn replace_from(&mut self, first: usize, entries: &[(u64, Row)]) {
        self.sequences.truncate(first);
        self.rows.truncate(first);
        for (index, (sequence, row)) in (first..).zip(entries) {
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
