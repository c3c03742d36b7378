//! An order of rows that is kept ready, and parts of it.
//!
//! Invariant: a row's rank is its place in `rows`; a row that is not there has none.

use crate::Row;
use crate::bitmap::Bitmap;
use crate::gallop::{merge_into, remove_at};
use crate::row::{at, put};

/// The rank of a row that has no place.
const NOWHERE: u32 = u32::MAX;
/// What it costs to visit a row of the order, and to give a found row its place, relative to each other.
const WALK_COST: usize = 2;
const PLACE_COST: usize = 3;

/// A part of an order, from its beginning or, descending, from its end.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    pub(crate) descending: bool,
    pub(crate) offset: usize,
    pub(crate) limit: usize,
}

/// Rows in an order.
#[derive(Default)]
pub(crate) struct Order {
    rows: Vec<Row>,
    ranks: Vec<u32>,
}

impl Order {
    /// The rows, in order.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// A stored order; `None` unless each row is below the count and there once.
    pub(crate) fn from_rows(rows: Vec<Row>, row_count: usize) -> Option<Self> {
        let mut ranks = vec![NOWHERE; row_count];
        for (rank, row) in (0u32..).zip(&rows) {
            let cell = ranks.get_mut(row.index())?;
            if *cell != NOWHERE {
                return None;
            }
            *cell = rank;
        }
        Some(Self { rows, ranks })
    }

    /// Takes out some rows that are there, each given once, and then takes in others, sorted, at the places
    /// that `before` tells: see [`merge_into`].
    pub(crate) fn change<P: Fn(&Row) -> bool>(
        &mut self,
        out: &[Row],
        into: &[Row],
        row_count: usize,
        before: impl Fn(Row) -> P,
    ) {
        let mut places: Vec<usize> = Vec::with_capacity(out.len());
        for row in out {
            places.push(at(&self.ranks, *row) as usize);
            put(&mut self.ranks, *row, NOWHERE);
        }
        places.sort_unstable();
        remove_at(&mut self.rows, &places);
        let inserted = merge_into(&mut self.rows, into, before);
        self.ranks.resize(row_count, NOWHERE);
        self.rank_from(places.first().map_or(inserted, |removed| inserted.min(*removed)));
    }

    /// Tells the rows from a place on their ranks.
    fn rank_from(&mut self, place: usize) {
        for (rank, row) in (0u32..).zip(&self.rows).skip(place) {
            put(&mut self.ranks, *row, rank);
        }
    }

    /// A part of the found rows, in order. All of them, `total`, have a place here.
    pub(crate) fn part(&self, found: &Bitmap, total: usize, part: Part) -> Vec<Row> {
        let wanted = part.limit.min(total.saturating_sub(part.offset));
        if wanted == 0 {
            return Vec::new();
        }
        let count = self.rows.len();
        let visits = ((part.offset + wanted) as u128 * count as u128 / total as u128) as usize;
        if total == count {
            self.slice(part, wanted)
        } else if visits * WALK_COST < total * PLACE_COST + count / 64 {
            self.walk(found, part, wanted)
        } else {
            self.place(found, part, wanted)
        }
    }

    /// The rows of a part when all rows are found.
    fn slice(&self, part: Part, wanted: usize) -> Vec<Row> {
        if part.descending {
            self.rows.iter().rev().skip(part.offset).take(wanted).copied().collect()
        } else {
            self.rows.iter().skip(part.offset).take(wanted).copied().collect()
        }
    }

    /// Goes along the order and keeps what is found.
    fn walk(&self, found: &Bitmap, part: Part, wanted: usize) -> Vec<Row> {
        let mut rows = Vec::with_capacity(wanted + BLOCK);
        let mut skip = part.offset;
        if part.descending {
            for block in self.rows.rchunks(BLOCK) {
                if keep_found(block.iter().rev(), found, &mut skip, wanted, &mut rows) {
                    break;
                }
            }
        } else {
            for block in self.rows.chunks(BLOCK) {
                if keep_found(block.iter(), found, &mut skip, wanted, &mut rows) {
                    break;
                }
            }
        }
        rows
    }

    /// Gives each found row its place among all ranks, and reads them off.
    fn place(&self, found: &Bitmap, part: Part, wanted: usize) -> Vec<Row> {
        let count = self.rows.len();
        let mut places = Bitmap::new(count);
        found.visit(0, usize::MAX, |row| {
            let rank = self.ranks.get(row).copied().unwrap_or_default() as usize;
            places.insert(if part.descending { count - 1 - rank } else { rank });
        });
        let mut rows = Vec::with_capacity(wanted);
        places.visit(part.offset, wanted, |place| {
            let rank = if part.descending { count - 1 - place } else { place };
            rows.extend(self.rows.get(rank));
        });
        rows
    }

    /// Bytes held.
    pub(crate) fn memory_bytes(&self) -> usize {
        4 * (self.rows.capacity() + self.ranks.capacity())
    }
}

const BLOCK: usize = 64;

/// Appends the found rows of a block; whether there are enough then.
fn keep_found<'a>(
    block: impl Iterator<Item = &'a Row>,
    found: &Bitmap,
    skip: &mut usize,
    wanted: usize,
    rows: &mut Vec<Row>,
) -> bool {
    let (mut kept, mut count) = ([Row::new(0); BLOCK], 0);
    for row in block {
        // Written without a branch: whether a row is found cannot be predicted.
        if let Some(cell) = kept.get_mut(count % BLOCK) {
            *cell = *row;
        }
        count += found.bit(row.index());
    }
    let kept = kept.get(..count).unwrap_or_default();
    let skipped = (*skip).min(count);
    *skip -= skipped;
    rows.extend_from_slice(kept.get(skipped..).unwrap_or_default());
    rows.truncate(wanted);
    rows.len() == wanted
}
