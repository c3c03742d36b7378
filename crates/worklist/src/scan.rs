//! Finding the settled rows that a filter admits, in blocks of 64 that the compiler turns into vector code.

use std::ops::Range;

use crate::bitmap::{Bitmap, Ones};
use crate::columns::Columns;
use crate::filter::{Filter, WordSet};
use crate::{Row, tag};

const BLOCK: usize = 64;

impl Filter {
    /// All settled rows that pass, of a range.
    pub(crate) fn scan(&self, columns: &Columns, rows: Range<usize>) -> Bitmap {
        let mut found = Bitmap::new(columns.len());
        let blocks = rows.start / BLOCK..rows.end.div_ceil(BLOCK);
        let words = found.words_mut().get_mut(blocks.clone()).unwrap_or_default();
        if let Some(patient) = self.patient {
            equal(part(&columns.patients_folded, &blocks), patient.folded, words);
        } else if let Some(snils) = self.snils {
            equal(part(&columns.snils_low, &blocks), snils.low, words);
        } else {
            self.scan_tags(part(&columns.tags, &blocks), part(&columns.created, &blocks), words);
            if let Some(organization) = self.organization {
                narrow(part(&columns.organizations, &blocks), organization, words);
            }
            for word_set in &self.names {
                word_set.narrow(part(&columns.heads, &blocks), part(&columns.tails, &blocks), words);
            }
            return found;
        }
        found.retain(|row| row_of(row).is_some_and(|row| self.admits_settled(columns, row)));
        found
    }

    /// Those of some rows that are settled and pass.
    pub(crate) fn pick(&self, columns: &Columns, rows: &[Row]) -> Bitmap {
        let mut found = Bitmap::new(columns.len());
        for row in rows {
            if self.admits_settled(columns, *row) {
                found.insert(row.index());
            }
        }
        found
    }

    fn admits_settled(&self, columns: &Columns, row: Row) -> bool {
        columns.tag(row) & tag::SETTLED != 0 && self.admits(columns, row)
    }

    fn scan_tags(&self, tags: &[u16], created: &[u32], words: &mut [u64]) {
        let (mask, wanted) = (self.mask | tag::SETTLED, self.wanted | tag::SETTLED);
        let (from, seconds) = (self.created.start, self.created.end.saturating_sub(self.created.start));
        let blocks = tags.chunks(BLOCK).zip(created.chunks(BLOCK));
        for ((tags, created), word) in blocks.zip(words) {
            let mut flags = [0; BLOCK];
            for ((tag, created), flag) in tags.iter().zip(created).zip(&mut flags) {
                *flag = u8::from(tag & mask == wanted) & u8::from(created.wrapping_sub(from) < seconds);
            }
            *word = pack(&flags);
        }
    }
}

impl WordSet {
    /// Leaves the rows whose names contain all words.
    fn narrow(&self, heads: &[u32], tails: &[u32], words: &mut [u64]) {
        let blocks = heads.chunks(BLOCK).zip(tails.chunks(BLOCK));
        for ((heads, tails), word) in blocks.zip(words) {
            if word.count_ones() > 16 {
                let mut flags = [0; BLOCK];
                for ((head, tail), flag) in heads.iter().zip(tails).zip(&mut flags) {
                    *flag = u8::from(self.admits(*head, *tail));
                }
                *word &= pack(&flags);
                continue;
            }
            for bit in Ones(*word) {
                let admitted = heads.get(bit).zip(tails.get(bit)).is_some_and(|(head, tail)| self.admits(*head, *tail));
                *word &= !(u64::from(!admitted) << bit);
            }
        }
    }
}

/// Some blocks of a column.
fn part<'a, T>(column: &'a [T], blocks: &Range<usize>) -> &'a [T] {
    column.get(blocks.start * BLOCK..column.len().min(blocks.end * BLOCK)).unwrap_or_default()
}

fn row_of(index: usize) -> Option<Row> {
    u32::try_from(index).ok().map(Row::new)
}

/// Where a column has a value.
fn equal(column: &[u32], value: u32, words: &mut [u64]) {
    for (block, word) in column.chunks(BLOCK).zip(words) {
        // Most blocks have none: that is asked first.
        if block.iter().fold(false, |any, cell| any | (*cell == value)) {
            *word = equal_in(block, value);
        }
    }
}

/// Leaves those where a column has a value.
fn narrow(column: &[u32], value: u32, words: &mut [u64]) {
    for (block, word) in column.chunks(BLOCK).zip(words) {
        if *word != 0 {
            *word &= equal_in(block, value);
        }
    }
}

fn equal_in(block: &[u32], value: u32) -> u64 {
    let mut flags = [0; BLOCK];
    for (cell, flag) in block.iter().zip(&mut flags) {
        *flag = u8::from(*cell == value);
    }
    pack(&flags)
}

/// Packs 64 zeros and ones into a word, the first into the lowest bit.
fn pack(flags: &[u8; BLOCK]) -> u64 {
    // The product brings the lowest bit of each byte into the highest byte, the first byte's lowest.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    flags
        .as_chunks()
        .0
        .iter()
        .enumerate()
        .fold(0, |word, (index, eight)| word | (u64::from_le_bytes(*eight).wrapping_mul(GATHER) >> 56) << (8 * index))
}
