//! Sorting many rows by a number: by its digits, the lowest first, in the same few passes whatever the order.

use crate::Row;

/// Below this many rows comparing is faster.
const FEW: usize = 1_024;
/// The counts of a digit fit in the nearest cache.
const MAX_DIGIT_BITS: u32 = 11;

/// Sorts rows; keeps its memory for the next time.
#[derive(Default)]
pub(crate) struct Sorter {
    /// Each a key and, in the lower half, its row; in order after a sorting.
    keys: Vec<u64>,
    spare: Vec<u64>,
}

impl Sorter {
    /// Sorts rows by a key; rows of the same key stay in their order.
    pub(crate) fn sort(&mut self, rows: &mut [Row], key: impl Fn(Row) -> u32) {
        self.keys.clear();
        self.keys.extend(rows.iter().map(|row| u64::from(key(*row)) << 32 | u64::from(row.number())));
        if rows.len() < FEW {
            self.keys.sort_by_key(|key| key >> 32);
        } else {
            self.sort_by_digits();
        }
        for (row, key) in rows.iter_mut().zip(&self.keys) {
            *row = row_of(*key);
        }
    }

    /// Visits the runs of rows that the last sorting found to have the same key.
    pub(crate) fn each_tie(&self, rows: &mut [Row], mut visit: impl FnMut(&mut [Row])) {
        let same = |pair: &[u64]| matches!(pair, [a, b] if a >> 32 == b >> 32);
        let mut from = 0;
        // Ties are few: to look for the next is faster than to part all keys into runs.
        while let Some(next) = self.keys.get(from..).and_then(|rest| rest.windows(2).position(same)) {
            from += next;
            let run = self.keys.get(from..).unwrap_or_default();
            let length = 1 + run.windows(2).take_while(|pair| same(pair)).count();
            if let Some(rows) = rows.get_mut(from..from + length) {
                visit(rows);
            }
            from += length;
        }
    }

    fn sort_by_digits(&mut self) {
        let first = self.keys.first().copied().unwrap_or_default();
        let differing = self.keys.iter().fold(0, |any, key| any | (key ^ first)) >> 32;
        let bits = differing.checked_ilog2().map_or(0, |highest| highest + 1);
        let passes = bits.div_ceil(MAX_DIGIT_BITS);
        self.spare.resize(self.keys.len(), 0);
        for pass in 0..passes {
            let digit_bits = bits.div_ceil(passes);
            sort_by_digit(&self.keys, &mut self.spare, 32 + pass * digit_bits, digit_bits);
            std::mem::swap(&mut self.keys, &mut self.spare);
        }
    }
}

fn sort_by_digit(keys: &[u64], sorted: &mut [u64], shift: u32, bits: u32) {
    let mut places = [0usize; 1 << MAX_DIGIT_BITS];
    for key in keys {
        if let Some(count) = places.get_mut(digit(*key, shift, bits)) {
            *count += 1;
        }
    }
    let mut before = 0;
    for place in &mut places {
        before += std::mem::replace(place, before);
    }
    for key in keys {
        if let Some(place) = places.get_mut(digit(*key, shift, bits)) {
            if let Some(cell) = sorted.get_mut(*place) {
                *cell = *key;
            }
            *place += 1;
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a digit has eleven bits")]
const fn digit(key: u64, shift: u32, bits: u32) -> usize {
    (key >> shift & ((1 << bits) - 1)) as usize
}

#[expect(clippy::cast_possible_truncation, reason = "the row is the lower half")]
const fn row_of(key: u64) -> Row {
    Row::new(key as u32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn rows_are_sorted_as_a_stable_sort_does(
            keys in proptest::collection::vec(prop_oneof![0u32..4, 0u32..70_000, any::<u32>()], 0..3_000),
            bits in 0u32..32,
            inverted in any::<bool>(),
        ) {
            let key = |row: Row| (if inverted { u32::MAX } else { 0 }) ^ keys[row.index()] >> bits;
            let mut rows: Vec<Row> = (0..u32::try_from(keys.len()).unwrap()).rev().map(Row::new).collect();
            let mut expected = rows.clone();
            expected.sort_by_key(|row| key(*row));
            let mut sorter = Sorter::default();
            sorter.sort(&mut rows, key);
            prop_assert_eq!(&rows, &expected);

            // Reversing each run of equal keys is what a stable sort of the reversed rows gives.
            sorter.each_tie(&mut rows, |same| same.reverse());
            expected.reverse();
            expected.sort_by_key(|row| key(*row));
            prop_assert_eq!(rows, expected);
        }
    }
}
