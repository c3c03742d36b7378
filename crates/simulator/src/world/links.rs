//! Which index is a choice, a cancellation or a detachment, and which cancellation belongs to which choice.
//!
//! Indexes stand in blocks of twenty: fifteen choices, three cancellations, two detachments, in an order of
//! the block's own. Invariant: a cancellation's choice is of the same block, and the map holds both ways.

use crate::dice::{Dice, Stream};

/// How many indexes a block has.
pub(crate) const BLOCK: u64 = 20;
const CHOICES: u64 = 15;
/// As many as [`Block::orphans`] has.
const CANCELLATIONS: u64 = 3;
/// Of a thousand cancellations, those whose choice does not exist.
const ORPHANS: u64 = 40;
/// Numbers coprime to twenty with their inverses: each gives a permutation of the block.
const FACTORS: [(u64, u64); 8] = [(1, 1), (3, 7), (7, 3), (9, 9), (11, 11), (13, 17), (17, 13), (19, 19)];

/// What an index is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Choice { cancelled_by: Option<u64> },
    Cancellation { choice: Option<u64> },
    Detachment,
}

struct Block {
    start: u64,
    factor: u64,
    inverse: u64,
    shift: u64,
    orphans: [bool; 3],
}

impl Block {
    fn of(seed: u64, index: u64) -> Self {
        let block = index / BLOCK;
        let mut dice = Dice::new(seed, Stream::Links, block);
        let (factor, inverse) = dice.pick(&FACTORS);
        let shift = dice.below(BLOCK);
        Self { start: block * BLOCK, factor, inverse, shift, orphans: std::array::from_fn(|_| dice.chance(ORPHANS)) }
    }

    const fn place_of(&self, index: u64) -> u64 {
        (self.factor * (index - self.start) + self.shift) % BLOCK
    }

    const fn index_at(&self, place: u64) -> u64 {
        self.start + self.inverse * (place + BLOCK - self.shift) % BLOCK
    }

    /// Whether the cancellation of this number in the block has a choice.
    fn linked(&self, number: u64) -> bool {
        usize::try_from(number).ok().and_then(|number| self.orphans.get(number)) == Some(&false)
    }
}

/// What an index is. The linked index may be one that does not exist (yet): the caller knows which do.
pub(crate) fn role(seed: u64, index: u64) -> Role {
    let block = Block::of(seed, index);
    let place = block.place_of(index);
    match place.checked_sub(CHOICES) {
        None => {
            let linked = place < CANCELLATIONS && block.linked(place);
            Role::Choice { cancelled_by: linked.then(|| block.index_at(CHOICES + place)) }
        }
        Some(number) if number < CANCELLATIONS => {
            Role::Cancellation { choice: block.linked(number).then(|| block.index_at(number)) }
        }
        Some(_) => Role::Detachment,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_hold_both_ways_and_come_in_both_orders() {
        let (mut before, mut after, mut orphans) = (0, 0, 0);
        for index in 0..20_000 {
            match role(5, index) {
                Role::Choice { cancelled_by: Some(by) } => {
                    assert_eq!(role(5, by), Role::Cancellation { choice: Some(index) });
                    if by < index { before += 1 } else { after += 1 }
                }
                Role::Cancellation { choice: Some(choice) } => {
                    assert_eq!(role(5, choice), Role::Choice { cancelled_by: Some(index) });
                }
                Role::Cancellation { choice: None } => orphans += 1,
                Role::Choice { cancelled_by: None } | Role::Detachment => {}
            }
        }
        assert!(before > 1_000 && after > 1_000, "{before} {after}");
        assert!((60..200).contains(&orphans), "{orphans}");
    }
}
