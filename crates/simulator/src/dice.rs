//! Pseudo-random numbers that depend on a seed, a stream and an index only, so that any application can be
//! generated alone, in any order, on any machine.

/// The step of SplitMix64.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// The finalizer of SplitMix64: a bijection that spreads every bit.
pub(crate) const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// What a sequence of numbers is for: streams of one seed do not repeat each other.
#[derive(Clone, Copy)]
pub(crate) enum Stream {
    Links = 1,
    Time,
    Body,
    Fate,
    Id,
    Organization,
    Faults,
    Epoch,
}

/// A sequence of numbers (SplitMix64).
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64, stream: Stream, index: u64) -> Self {
        Self(mix(seed ^ mix((stream as u64).wrapping_mul(STEP) ^ mix(index.wrapping_add(STEP)))))
    }

    pub(crate) const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// A number below `bound`; 0 when the bound is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        // The product of two 64-bit numbers shifted by 64 has 64 bits.
        ((u128::from(self.roll()) * u128::from(bound)) >> 64) as u64
    }

    /// A number of `from..to`, as seconds and other signed quantities need it.
    pub(crate) fn between(&mut self, from: i64, to: i64) -> i64 {
        from.saturating_add_unsigned(self.below(to.abs_diff(from)))
    }

    /// From 0 up to, but without, 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        // 53 bits are exact as a double.
        (self.roll() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True so many times of a thousand.
    pub(crate) fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1_000) < per_mille
    }

    /// A place of a list that has `length` of them.
    pub(crate) fn place(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or_default()
    }

    /// One of a fixed table, which is never empty.
    pub(crate) fn pick<T: Copy + Default>(&mut self, table: &[T]) -> T {
        let place = self.place(table.len());
        table.get(place).copied().unwrap_or_default()
    }

    /// The value of one row of a table of values with weights.
    pub(crate) fn weighted<T: Copy + Default>(&mut self, table: &[(T, u64)]) -> T {
        let mut left = self.below(table.iter().map(|(_, weight)| weight).sum());
        for (value, weight) in table {
            match left.checked_sub(*weight) {
                None => return *value,
                Some(rest) => left = rest,
            }
        }
        T::default()
    }

    pub(crate) fn bytes16(&mut self) -> [u8; 16] {
        (u128::from(self.roll()) << 64 | u128::from(self.roll())).to_be_bytes()
    }
}

/// A list that is never empty.
#[derive(Clone, Debug)]
pub(crate) struct NonEmpty<T> {
    first: T,
    rest: Vec<T>,
}

impl<T> NonEmpty<T> {
    /// `length` items, at least one, each made from its place.
    pub(crate) fn build(length: usize, mut item: impl FnMut(usize) -> T) -> Self {
        Self { first: item(0), rest: (1..length).map(item).collect() }
    }

    /// `None` when the list is empty.
    pub(crate) fn from_list(list: Vec<T>) -> Option<Self> {
        let mut list = list.into_iter();
        list.next().map(|first| Self { first, rest: list.collect() })
    }

    pub(crate) fn first(&self) -> &T {
        &self.first
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.first).chain(&self.rest)
    }

    pub(crate) fn pick(&self, dice: &mut Dice) -> &T {
        let place = dice.place(self.rest.len() + 1);
        place.checked_sub(1).and_then(|place| self.rest.get(place)).unwrap_or(&self.first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_shares() {
        let mut dice = Dice::new(1, Stream::Body, 0);
        let heads = (0..10_000).filter(|_| dice.weighted(&[(1, 300), (2, 100)]) == 1).count();
        assert!((7_300..7_700).contains(&heads), "{heads}");
    }

    #[test]
    fn streams_and_indexes_differ() {
        let first = |stream, index| Dice::new(7, stream, index).roll();
        assert_ne!(first(Stream::Body, 1), first(Stream::Body, 2));
        assert_ne!(first(Stream::Body, 1), first(Stream::Fate, 1));
        assert_eq!(first(Stream::Body, 1), first(Stream::Body, 1));
    }
}
