//! The search of the screen. Applications are not kept, so that a search generates each one of the period;
//! memory holds only as many as the asked part needs.

use std::cmp::Ordering;

use prikrep_domain::{Found, Query, Standing};

use super::Gateway;
use crate::world::ZONE;

/// How far into a result one may page.
pub const MAX_OFFSET: usize = 100_000;

/// A search under way, so that a caller need not hold the gateway for all of it.
pub(crate) struct Search {
    query: Query,
    wanted: usize,
    total: usize,
    best: Vec<Standing>,
    next: u64,
}

impl Search {
    /// A search for the first `wanted`, in the query's order.
    pub(crate) const fn new(query: Query, wanted: usize) -> Self {
        Self { query, wanted, total: 0, best: Vec::new(), next: 0 }
    }

    /// Looks at the next `count` applications; false when there are no more.
    pub(crate) fn advance(&mut self, gateway: &Gateway, count: u64) -> bool {
        let end = gateway.total().min(self.next + count);
        let (from, until) = self.query.period.instants(ZONE);
        for ordinal in (self.next..end).filter_map(|ordinal| u32::try_from(ordinal).ok()) {
            let filed_at = gateway.world.filed_at(gateway.index(ordinal), gateway.filed(ordinal));
            if !(from..until).contains(&filed_at) || gateway.forgotten.contains(&ordinal) {
                continue;
            }
            let standing = gateway.standing_of(ordinal);
            if self.query.matches(&standing, ZONE) {
                self.total += 1;
                self.best.push(standing);
                self.drop_the_rest(2 * self.wanted + 1_000);
            }
        }
        self.next = end;
        end < gateway.total()
    }

    fn drop_the_rest(&mut self, most: usize) {
        if self.best.len() > most.max(self.wanted) {
            let query = &self.query;
            self.best.select_nth_unstable_by(self.wanted, |a, b| query.compare(a, b));
            self.best.truncate(self.wanted);
        }
    }

    /// What was found, without the first `offset`.
    pub(crate) fn finish(mut self, offset: usize) -> Found {
        let query = &self.query;
        self.best.sort_unstable_by(|a, b| -> Ordering { query.compare(a, b) });
        self.best.truncate(self.wanted);
        let items = self.best.into_iter().skip(offset).map(|standing| standing.application).collect();
        Found { total: self.total, items }
    }
}

impl Gateway {
    /// The applications that a query shows: all of them counted, and `limit` of them after the first `offset`
    /// (at most [`MAX_OFFSET`]) in the query's order.
    #[must_use]
    pub fn find_by(&self, query: Query, offset: usize, limit: usize) -> Found {
        let offset = offset.min(MAX_OFFSET);
        let mut search = Search::new(query, offset + limit);
        search.advance(self, self.total());
        search.finish(offset)
    }
}
