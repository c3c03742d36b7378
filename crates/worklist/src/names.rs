//! Folded full names, parted into family name and the rest, each part kept once.
//!
//! A million people share some hundred thousand parts, so that this is smaller than the names themselves,
//! and a search looks at parts instead of names. The family name keeps the space after it: joined, the parts
//! are the folded name, and pairs of parts compare as the joined names do. (A head that ends in a space has
//! no other space, so that no head is a proper prefix of such a one unless it is a whole name.)
//!
//! Invariant: parts stand in `bytes` in the order of their numbers, each followed by [`END`], which no
//! folded text contains.

use std::cmp::Ordering;
use std::hash::BuildHasher;

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};
use memchr::{memchr, memmem};

use crate::UpsertError;
use crate::gallop::{gallop, merge};

pub(crate) const END: u8 = 0xFF;

/// The parts of a name, by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NameKey {
    /// The family name and the space after it, or a name of one word.
    pub(crate) head: u32,
    /// The other words; empty for a name of one word.
    pub(crate) tail: u32,
}

/// The parts of all names.
pub(crate) struct Names {
    pub(crate) bytes: Vec<u8>,
    /// Where each part begins; then the length of `bytes`.
    pub(crate) starts: Vec<u32>,
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
    /// Parts in their order; those that came since the last settling are not there yet.
    pub(crate) sorted: Vec<u32>,
    /// The place of each part in that order.
    ranks: Vec<u32>,
}

impl Default for Names {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            starts: vec![0],
            numbers: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            sorted: Vec::new(),
            ranks: Vec::new(),
        }
    }
}

impl Names {
    /// Stored parts, and those of them that were settled, in order; `None` unless every part ends as it
    /// should, none is there twice, and the order is one.
    pub(crate) fn from_parts(bytes: Vec<u8>, starts: Vec<u32>, sorted: Vec<u32>) -> Option<Self> {
        let ends = starts.iter().skip(1).copied();
        let positions = memchr::memchr_iter(END, &bytes).map(|at| u32::try_from(at + 1).unwrap_or(u32::MAX));
        let whole = starts.last().copied() == u32::try_from(bytes.len()).ok();
        if starts.first() != Some(&0) || !positions.eq(ends) || !whole {
            return None;
        }
        let mut names = Self { bytes, starts, ..Self::default() };
        names.numbers.reserve(names.count(), |_| 0);
        for number in 0..u32::try_from(names.count()).ok()? {
            if !names.insert(number) {
                return None;
            }
        }
        // Strictly ascending below a number and as many as that: they are the numbers below it.
        let known = sorted.iter().all(|number| (*number as usize) < sorted.len().min(names.count()));
        let ascending = sorted.windows(2).all(|pair| matches!(pair, [a, b] if names.part(*a) < names.part(*b)));
        names.sorted = sorted;
        names.rank_all();
        (known && ascending).then_some(names)
    }

    /// How many parts there are.
    pub(crate) fn count(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The bytes of a part.
    pub(crate) fn part(&self, number: u32) -> &[u8] {
        part_of(&self.bytes, &self.starts, number)
    }

    /// The numbers of a folded name's parts, old or new.
    pub(crate) fn intern(&mut self, folded: &[u8]) -> Result<NameKey, UpsertError> {
        let (head, tail) = match memchr(b' ', folded) {
            Some(space) => folded.split_at(space + 1),
            None => (folded, [].as_slice()),
        };
        Ok(NameKey { head: self.intern_part(head)?, tail: self.intern_part(tail)? })
    }

    /// How two names compare: byte by byte, as `prikrep_domain::collate` orders them.
    pub(crate) fn compare(&self, a: NameKey, b: NameKey) -> Ordering {
        self.compare_parts(a.head, b.head).then_with(|| self.compare_parts(a.tail, b.tail))
    }

    fn compare_parts(&self, a: u32, b: u32) -> Ordering {
        match (self.ranks.get(a as usize), self.ranks.get(b as usize)) {
            (Some(a), Some(b)) => a.cmp(b),
            _ => self.part(a).cmp(self.part(b)),
        }
    }

    /// Sets a bit at every part that contains a text; whether there was any.
    pub(crate) fn mark_containing(&self, text: &memmem::Finder<'_>, bit: u8, marks: &mut [u8]) -> bool {
        let (mut from, mut part) = (0, 0);
        while let Some(found) = self.bytes.get(from..).and_then(|rest| text.find(rest)) {
            let ends = self.starts.get(part + 1..).unwrap_or_default();
            part += gallop(ends, |end| *end as usize <= from + found);
            if let Some(mark) = marks.get_mut(part) {
                *mark |= bit;
            }
            part += 1;
            from = self.starts.get(part).map_or(self.bytes.len(), |start| *start as usize);
        }
        from > 0
    }

    /// Where a settled part stands in the order of parts. Pairs of ranks, the head's first, compare as the
    /// names do.
    pub(crate) fn rank(&self, part: u32) -> u32 {
        self.ranks.get(part as usize).copied().unwrap_or_default()
    }

    /// Brings new parts to their places in the order of parts.
    pub(crate) fn settle(&mut self) {
        let count = u32::try_from(self.count()).unwrap_or(u32::MAX);
        let known = u32::try_from(self.sorted.len()).unwrap_or(u32::MAX);
        if known == count {
            return;
        }
        let few = count - known < count / 16;
        let names = &*self;
        let mut new: Vec<(u64, u32)> =
            (if few { known } else { 0 }..count).map(|number| (first_bytes(names.part(number)), number)).collect();
        new.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| names.part(a.1).cmp(names.part(b.1))));
        let new: Vec<u32> = new.into_iter().map(|(_, number)| number).collect();
        let before = |new: u32| {
            let part = names.part(new);
            move |other: &u32| names.part(*other) < part
        };
        self.sorted = if few { merge(&self.sorted, &new, before) } else { new };
        self.rank_all();
    }

    fn rank_all(&mut self) {
        self.ranks.resize(self.sorted.len(), 0);
        for (rank, number) in (0u32..).zip(&self.sorted) {
            if let Some(cell) = self.ranks.get_mut(*number as usize) {
                *cell = rank;
            }
        }
    }

    /// Keeps only the parts that are in use; returns the new number of each old part.
    pub(crate) fn keep(&mut self, used: &[bool]) -> Vec<u32> {
        let mut kept = Self::default();
        let mut numbers = Vec::with_capacity(used.len());
        for (number, used) in (0u32..).zip(used) {
            // There is room for a part of what there was room for.
            let part = if *used { kept.intern_part(self.part(number)).ok() } else { None };
            numbers.push(part.unwrap_or_default());
        }
        *self = kept;
        numbers
    }

    fn intern_part(&mut self, part: &[u8]) -> Result<u32, UpsertError> {
        let hash = self.hasher.hash_one(part);
        let same = |number: &u32| part_of(&self.bytes, &self.starts, *number) == part;
        if let Some(known) = self.numbers.find(hash, same) {
            return Ok(*known);
        }
        let number = u32::try_from(self.count()).map_err(|_| UpsertError::Full)?;
        let end = u32::try_from(self.bytes.len() + part.len() + 1).map_err(|_| UpsertError::Full)?;
        self.bytes.extend_from_slice(part);
        self.bytes.push(END);
        self.starts.push(end);
        self.insert(number);
        Ok(number)
    }

    /// Makes a part findable; false when its text is there already.
    fn insert(&mut self, number: u32) -> bool {
        let Self { bytes, starts, numbers, hasher, .. } = self;
        let part = part_of(bytes, starts, number);
        let same = |other: &u32| part_of(bytes, starts, *other) == part;
        let hash_of = |other: &u32| hasher.hash_one(part_of(bytes, starts, *other));
        match numbers.entry(hasher.hash_one(part), same, hash_of) {
            Entry::Occupied(_) => false,
            Entry::Vacant(vacant) => {
                vacant.insert(number);
                true
            }
        }
    }

    /// Bytes held.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.bytes.capacity()
            + 4 * (self.starts.capacity() + self.sorted.capacity() + self.ranks.capacity())
            + self.numbers.allocation_size()
    }
}

fn part_of<'a>(bytes: &'a [u8], starts: &[u32], number: u32) -> &'a [u8] {
    let number = number as usize;
    match (starts.get(number), starts.get(number + 1)) {
        (Some(start), Some(next)) => bytes.get(*start as usize..(*next as usize).saturating_sub(1)).unwrap_or_default(),
        _ => &[],
    }
}

/// The beginning of a part as a number: numbers that differ compare as the parts do.
fn first_bytes(part: &[u8]) -> u64 {
    let mut first = [0; 8];
    for (to, from) in first.iter_mut().zip(part) {
        *to = *from;
    }
    u64::from_be_bytes(first)
}
