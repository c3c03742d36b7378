//! A set of numbers below a limit, one bit each: the rows, or the ranks, that a query has found.

/// A set of numbers.
pub(crate) struct Bitmap(Vec<u64>);

impl Bitmap {
    /// The empty set of numbers below a limit.
    pub(crate) fn new(limit: usize) -> Self {
        Self(vec![0; limit.div_ceil(64)])
    }

    /// Sixty-four numbers a word, the smallest in the lowest bit.
    pub(crate) fn words_mut(&mut self) -> &mut [u64] {
        &mut self.0
    }

    pub(crate) fn insert(&mut self, number: usize) {
        if let Some(word) = self.0.get_mut(number / 64) {
            *word |= 1 << (number % 64);
        }
    }

    /// 1 when the number is in the set, otherwise 0.
    pub(crate) fn bit(&self, number: usize) -> usize {
        self.0.get(number / 64).map_or(0, |word| usize::from(word >> (number % 64) & 1 == 1))
    }

    pub(crate) fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Visits the numbers, ascending, without the first `skip`, at most `limit` of them.
    pub(crate) fn visit(&self, skip: usize, limit: usize, mut visit: impl FnMut(usize)) {
        let (mut skip, mut left) = (skip, limit);
        for (index, word) in self.0.iter().enumerate() {
            let ones = word.count_ones() as usize;
            if skip >= ones {
                skip -= ones;
                continue;
            }
            if skip == 0 && left >= ones {
                Ones(*word).for_each(|bit| visit(index * 64 + bit));
                left -= ones;
                continue;
            }
            Ones(*word).skip(skip).take(left).for_each(|bit| visit(index * 64 + bit));
            left -= left.min(ones - skip);
            skip = 0;
            if left == 0 {
                return;
            }
        }
    }

    /// Keeps the numbers that a test lets pass.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(usize) -> bool) {
        for (index, word) in self.0.iter_mut().enumerate() {
            for bit in Ones(*word) {
                if !keep(index * 64 + bit) {
                    *word &= !(1 << bit);
                }
            }
        }
    }
}

/// The positions of the ones of a word, ascending.
pub(crate) struct Ones(pub(crate) u64);

impl Iterator for Ones {
    type Item = usize;
    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let bit = self.0.trailing_zeros() as usize;
        self.0 &= self.0 - 1;
        Some(bit)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_what_was_inserted(
            numbers in proptest::collection::btree_set(0usize..300, 0..200),
            skip in 0usize..220,
            limit in 0usize..220,
            divisor in 1usize..4,
        ) {
            let mut bitmap = Bitmap::new(300);
            numbers.iter().for_each(|number| bitmap.insert(*number));
            prop_assert_eq!(bitmap.count(), numbers.len());
            prop_assert!((0..400).all(|number| bitmap.bit(number) == usize::from(numbers.contains(&number))));

            let mut visited = Vec::new();
            bitmap.visit(skip, limit, |number| visited.push(number));
            prop_assert_eq!(visited, numbers.iter().copied().skip(skip).take(limit).collect::<Vec<_>>());

            bitmap.retain(|number| number % divisor == 0);
            let mut visited = BTreeSet::new();
            bitmap.visit(0, usize::MAX, |number| assert!(visited.insert(number)));
            prop_assert_eq!(visited, numbers.into_iter().filter(|number| number % divisor == 0).collect::<BTreeSet<_>>());
        }
    }
}
