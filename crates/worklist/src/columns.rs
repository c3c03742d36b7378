//! The columns: one value a row, in plain vectors.
//!
//! Invariant: all columns have the same length, the number of rows, removed ones included.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};

use crate::Row;
use crate::row::{at, put};

/// Seconds from 1970 to 2000, both UTC.
const EPOCH_SECS: i64 = 946_684_800;
/// The SNILS of a row that has none: greater than any eleven digits.
const NO_SNILS: u64 = (1 << 40) - 1;

/// Everything a row has, except its sequence.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) id: u128,
    pub(crate) patient: Patient,
    pub(crate) snils: SnilsKey,
    /// Whole seconds since 2000; never `u32::MAX`.
    pub(crate) created: u32,
    /// See [`crate::tag`].
    pub(crate) tag: u16,
    pub(crate) organization: u32,
    pub(crate) name: crate::names::NameKey,
}

/// A patient's GUID, parted so that a search need only scan 4 of its 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patient {
    /// All four words of the GUID, combined by exclusive or.
    pub(crate) folded: u32,
    /// The upper three of them.
    pub(crate) rest: [u32; 3],
}

impl From<u128> for Patient {
    #[expect(clippy::cast_possible_truncation, reason = "the GUID is cut into its words")]
    fn from(guid: u128) -> Self {
        let rest = [(guid >> 96) as u32, (guid >> 64) as u32, (guid >> 32) as u32];
        let [a, b, c] = rest;
        Self { folded: a ^ b ^ c ^ guid as u32, rest }
    }
}

/// The eleven digits of a SNILS in 5 bytes, so that a search need only scan 4 of them. Those without
/// eleven digits come last.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct SnilsKey {
    pub(crate) low: u32,
    pub(crate) high: u8,
}

impl SnilsKey {
    #[expect(clippy::cast_possible_truncation, reason = "eleven digits have 37 bits")]
    pub(crate) fn new(digits: Option<u64>) -> Self {
        let key = digits.map_or(NO_SNILS, |digits| digits.min(NO_SNILS));
        Self { low: key as u32, high: (key >> 32) as u8 }
    }

    pub(crate) fn order(self) -> u64 {
        u64::from(self.high) << 32 | u64::from(self.low)
    }
}

/// Whole seconds since 2000, held within what a column can keep: up to the year 2136.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range")]
pub(crate) fn seconds(at: DateTime<Utc>) -> u32 {
    (at.timestamp() - EPOCH_SECS).clamp(0, i64::from(u32::MAX)) as u32
}

/// The columns of all rows.
#[derive(Default)]
pub(crate) struct Columns {
    pub(crate) ids: Vec<u128>,
    pub(crate) patients_folded: Vec<u32>,
    pub(crate) patients_rest: Vec<[u32; 3]>,
    pub(crate) snils_low: Vec<u32>,
    pub(crate) snils_high: Vec<u8>,
    pub(crate) created: Vec<u32>,
    pub(crate) tags: Vec<u16>,
    pub(crate) organizations: Vec<u32>,
    pub(crate) heads: Vec<u32>,
    pub(crate) tails: Vec<u32>,
}

impl Columns {
    pub(crate) fn len(&self) -> usize {
        self.tags.len()
    }

    /// All rows, removed ones included.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row> + use<> {
        (0..u32::try_from(self.len()).unwrap_or(u32::MAX)).map(Row::new)
    }

    /// How two rows stand by date and, within a second, by identifier.
    pub(crate) fn compare_dates(&self, a: Row, b: Row) -> Ordering {
        self.created(a).cmp(&self.created(b)).then_with(|| self.compare_ids(a, b))
    }

    pub(crate) fn compare_ids(&self, a: Row, b: Row) -> Ordering {
        self.id(a).cmp(&self.id(b))
    }

    pub(crate) fn push(&mut self, record: Record) {
        append(&mut self.ids, record.id);
        append(&mut self.patients_folded, record.patient.folded);
        append(&mut self.patients_rest, record.patient.rest);
        append(&mut self.snils_low, record.snils.low);
        append(&mut self.snils_high, record.snils.high);
        append(&mut self.created, record.created);
        append(&mut self.tags, record.tag);
        append(&mut self.organizations, record.organization);
        append(&mut self.heads, record.name.head);
        append(&mut self.tails, record.name.tail);
    }

    pub(crate) fn set(&mut self, row: Row, record: Record) {
        put(&mut self.ids, row, record.id);
        put(&mut self.patients_folded, row, record.patient.folded);
        put(&mut self.patients_rest, row, record.patient.rest);
        put(&mut self.snils_low, row, record.snils.low);
        put(&mut self.snils_high, row, record.snils.high);
        put(&mut self.created, row, record.created);
        put(&mut self.tags, row, record.tag);
        put(&mut self.organizations, row, record.organization);
        put(&mut self.heads, row, record.name.head);
        put(&mut self.tails, row, record.name.tail);
    }

    pub(crate) fn id(&self, row: Row) -> u128 {
        at(&self.ids, row)
    }

    pub(crate) fn tag(&self, row: Row) -> u16 {
        at(&self.tags, row)
    }

    pub(crate) fn created(&self, row: Row) -> u32 {
        at(&self.created, row)
    }

    pub(crate) fn organization(&self, row: Row) -> u32 {
        at(&self.organizations, row)
    }

    pub(crate) fn patient(&self, row: Row) -> Patient {
        Patient { folded: at(&self.patients_folded, row), rest: at(&self.patients_rest, row) }
    }

    pub(crate) fn snils(&self, row: Row) -> SnilsKey {
        SnilsKey { low: at(&self.snils_low, row), high: at(&self.snils_high, row) }
    }

    pub(crate) fn head(&self, row: Row) -> u32 {
        at(&self.heads, row)
    }

    pub(crate) fn tail(&self, row: Row) -> u32 {
        at(&self.tails, row)
    }

    pub(crate) fn name(&self, row: Row) -> crate::names::NameKey {
        crate::names::NameKey { head: self.head(row), tail: self.tail(row) }
    }

    pub(crate) fn record(&self, row: Row) -> Record {
        Record {
            id: self.id(row),
            patient: self.patient(row),
            snils: self.snils(row),
            created: self.created(row),
            tag: self.tag(row),
            organization: self.organization(row),
            name: self.name(row),
        }
    }

    /// Bytes held.
    pub(crate) fn memory_bytes(&self) -> usize {
        16 * self.ids.capacity()
            + 12 * self.patients_rest.capacity()
            + self.snils_high.capacity()
            + 2 * self.tags.capacity()
            + [&self.patients_folded, &self.snils_low, &self.created, &self.organizations, &self.heads, &self.tails]
                .map(|column| 4 * column.capacity())
                .iter()
                .sum::<usize>()
    }
}

/// Pushes a value; unlike the vector's own growth, this leaves at most an eighth of the memory unused.
fn append<T>(column: &mut Vec<T>, value: T) {
    if column.len() == column.capacity() {
        column.reserve_exact(column.len() / 8 + 64);
    }
    column.push(value);
}
