//! Settling: bringing recent rows to their places in the orders.
//!
//! Invariant afterwards: every live row is settled, and the orders hold exactly the live rows.

use crate::radix::Sorter;
use crate::row::put;
use crate::{Row, Worklist, tag};

/// Parts of names that are no longer in use are looked for when a quarter, and this many, were replaced.
const REPLACED_NAMES: usize = 1_024;

impl Worklist {
    /// Integrates recent upserts into the orders.
    pub fn settle(&mut self) {
        self.changes.settle();
        self.sweep_names();
        self.names.settle();
        if self.recent.is_empty() && self.leftovers.is_empty() {
            return;
        }
        let mut recent = std::mem::take(&mut self.recent);
        recent.retain(|row| self.is_live(*row));
        for row in &recent {
            let tag = self.columns.tag(*row);
            put(&mut self.columns.tags, *row, tag | tag::SETTLED);
        }
        self.place(recent);
        self.leftovers = Vec::new();
    }

    /// Takes the leftovers out of the orders and some rows into them.
    fn place(&mut self, mut rows: Vec<Row>) {
        let Self { columns, names, by_created, by_name, leftovers, .. } = self;
        let (columns, names) = (&*columns, &*names);
        let mut sorter = Sorter::default();
        sorter.sort(&mut rows, |row| columns.created(row));
        sorter.each_tie(&mut rows, |same| same.sort_unstable_by_key(|row| columns.id(*row)));
        by_created.change(leftovers, &rows, columns.len(), |row| {
            let key = columns.created(row);
            move |other| columns.created(*other).cmp(&key).then_with(|| columns.compare_ids(*other, row)).is_lt()
        });
        sorter.sort(&mut rows, |row| names.rank(columns.tail(row)));
        sorter.sort(&mut rows, |row| names.rank(columns.head(row)));
        by_name.change(leftovers, &rows, columns.len(), |row| {
            let key = (names.rank(columns.head(row)), names.rank(columns.tail(row)));
            move |other| {
                let by_name = names.rank(columns.head(*other)).cmp(&key.0);
                let by_name = by_name.then_with(|| names.rank(columns.tail(*other)).cmp(&key.1));
                by_name.then_with(|| columns.compare_dates(*other, row)).is_lt()
            }
        });
    }

    /// Sweeps out the parts of names that no row uses any more, when there may be many.
    fn sweep_names(&mut self) {
        if self.names_replaced <= self.names.count() / 4 + REPLACED_NAMES {
            return;
        }
        self.names_replaced = 0;
        let mut used = vec![false; self.names.count()];
        for part in self.columns.heads.iter().chain(&self.columns.tails) {
            if let Some(cell) = used.get_mut(*part as usize) {
                *cell = true;
            }
        }
        if used.iter().filter(|used| !**used).count() * 4 < used.len() {
            return;
        }
        let numbers = self.names.keep(&used);
        for part in self.columns.heads.iter_mut().chain(&mut self.columns.tails) {
            *part = numbers.get(*part as usize).copied().unwrap_or_default();
        }
    }
}
