//! Which rows name a choice that they cancel.
//!
//! Invariant: both maps hold the same pairs. An ordered set, so that any number of cancellations of one
//! choice costs no more than of many.

use std::collections::BTreeSet;

use hashbrown::HashMap;

use crate::Row;

/// The identifier of a choice, as bytes: a number of 16 bytes would be kept with 12 more beside a row.
pub(crate) type Choice = [u8; 16];

/// The links from cancellations to choices.
#[derive(Default)]
pub(crate) struct Links {
    by_choice: BTreeSet<(Choice, Row)>,
    by_row: HashMap<Row, Choice>,
}

impl Links {
    /// Sets the choice that a row names.
    pub(crate) fn set(&mut self, row: Row, choice: Option<Choice>) {
        let old = match choice {
            Some(choice) => self.by_row.insert(row, choice),
            None => self.by_row.remove(&row),
        };
        if old == choice {
            return;
        }
        if let Some(old) = old {
            self.by_choice.remove(&(old, row));
        }
        if let Some(choice) = choice {
            self.by_choice.insert((choice, row));
        }
    }

    /// The rows that name a choice.
    pub(crate) fn of(&self, choice: Choice) -> impl Iterator<Item = Row> {
        self.by_choice.range((choice, Row::new(0))..=(choice, Row::new(u32::MAX))).map(|(_, row)| *row)
    }

    /// All pairs, by choice.
    pub(crate) fn pairs(&self) -> impl ExactSizeIterator<Item = (Choice, Row)> {
        self.by_choice.iter().copied()
    }

    /// From pairs; `None` when a row names two choices.
    pub(crate) fn from_pairs(pairs: impl ExactSizeIterator<Item = (Choice, Row)> + Clone) -> Option<Self> {
        let by_row: HashMap<Row, Choice> = pairs.clone().map(|(choice, row)| (row, choice)).collect();
        let count = pairs.len();
        (by_row.len() == count).then(|| Self { by_choice: pairs.collect(), by_row })
    }

    /// Bytes held, about.
    pub(crate) fn memory_bytes(&self) -> usize {
        // A node of the tree is at least half full.
        self.by_row.allocation_size() + self.by_choice.len() * size_of::<(Choice, Row)>() * 3 / 2
    }
}
