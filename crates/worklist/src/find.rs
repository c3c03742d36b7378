//! Finding: the rows that a query shows, in its order.

use std::cmp::Ordering;

use chrono_tz::Tz;
use prikrep_domain::{Query, Sort, SortColumn};

use crate::bitmap::Bitmap;
use crate::filter::Filter;
use crate::gallop::merge;
use crate::order::Part;
use crate::radix::Sorter;
use crate::{Row, Worklist, tag};

/// A period of less than this share of the rows is looked up by date; otherwise all are scanned.
const NARROW: usize = 64;

/// A part of what a query shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// How many rows there are in all.
    pub total: usize,
    /// The asked part of them, in the query's order.
    pub rows: Vec<Row>,
}

impl Worklist {
    /// All rows that a query shows, in its order.
    #[must_use]
    pub fn run(&self, query: &Query, zone: Tz) -> Vec<Row> {
        self.find(query, zone, 0, usize::MAX).rows
    }

    /// How many rows a query shows, and those of its order's part from `offset` on, at most `limit`.
    #[must_use]
    pub fn find(&self, query: &Query, zone: Tz, offset: usize, limit: usize) -> Page {
        let Some(filter) = Filter::of(query, zone, self) else {
            return Page { total: 0, rows: Vec::new() };
        };
        let found = self.settled(&filter);
        let total = found.count();
        let part = Part { descending: query.sort.descending, offset, limit };
        if self.recent.is_empty() {
            return Page { total, rows: self.ordered(&found, total, query.sort, part) };
        }
        let mut recent: Vec<Row> =
            self.recent.iter().copied().filter(|row| filter.admits(&self.columns, *row)).collect();
        recent.sort_unstable_by(|a, b| self.compare(query.sort, *a, *b));
        let head = Part { offset: 0, limit: offset.saturating_add(limit), ..part };
        let settled = self.ordered(&found, total, query.sort, head);
        let merged = merge(&settled, &recent, |row| move |other| self.compare(query.sort, *other, row).is_lt());
        Page { total: total + recent.len(), rows: merged.into_iter().skip(offset).take(limit).collect() }
    }

    /// The settled rows that a filter admits.
    fn settled(&self, filter: &Filter) -> Bitmap {
        // Rows that are no longer at their places would mislead a search by date.
        if !self.leftovers.is_empty() {
            return filter.scan(&self.columns, 0..self.len());
        }
        let dated = self.by_created.rows();
        let until = |second: u32| dated.partition_point(|row| self.columns.created(*row) < second);
        let period = until(filter.created.start)..until(filter.created.end);
        let rows = dated.get(period).unwrap_or_default();
        if rows.len() < dated.len() / NARROW {
            filter.pick(&self.columns, rows)
        } else if rows.len() < dated.len() / 2 {
            // Applications mostly arrive in the order of their dates: a period's rows stand together.
            let ends = |(first, last): (u32, u32), row: &Row| (first.min(row.number()), last.max(row.number()));
            let (first, last) = rows.iter().fold((u32::MAX, 0), ends);
            filter.scan(&self.columns, Row::new(first).index()..Row::new(last).index() + 1)
        } else {
            filter.scan(&self.columns, 0..self.len())
        }
    }

    /// A part of the found settled rows, in an order.
    fn ordered(&self, found: &Bitmap, total: usize, sort: Sort, part: Part) -> Vec<Row> {
        let columns = &self.columns;
        match sort.column {
            SortColumn::Name => self.by_name.part(found, total, part),
            SortColumn::CreatedAt => self.by_created.part(found, total, part),
            SortColumn::Kind => self.by_code(found, total, tag::KIND, part),
            SortColumn::Type => self.by_code(found, total, tag::TYPE, part),
            SortColumn::Status => self.by_code(found, total, tag::STATUS, part),
            SortColumn::Snils => {
                let high = |row| u32::from(columns.snils(row).high);
                self.dated_then(found, total, part, &[&|row| columns.snils(row).low, &high])
            }
        }
    }

    fn by_code(&self, found: &Bitmap, total: usize, field: tag::Field, part: Part) -> Vec<Row> {
        self.dated_then(found, total, part, &[&|row| u32::from(field.code(self.columns.tag(row)))])
    }

    /// A part of the found rows by some keys, the most important last, then by date.
    fn dated_then(&self, found: &Bitmap, total: usize, part: Part, keys: &[&dyn Fn(Row) -> u32]) -> Vec<Row> {
        let mut rows = self.by_created.part(found, total, Part { offset: 0, limit: total, ..part });
        let mut sorter = Sorter::default();
        for key in keys {
            // Descending, the rows are in the reverse order already, and equal ones remain in it.
            sorter.sort(&mut rows, |row| if part.descending { u32::MAX - key(row) } else { key(row) });
        }
        rows.truncate(part.offset.saturating_add(part.limit));
        rows.drain(..part.offset.min(rows.len()));
        rows
    }

    /// How two live rows stand in an order.
    pub(crate) fn compare(&self, sort: Sort, a: Row, b: Row) -> Ordering {
        let columns = &self.columns;
        let code = |field: tag::Field, row: Row| field.code(columns.tag(row));
        let by_column = match sort.column {
            SortColumn::Name => self.names.compare(columns.name(a), columns.name(b)),
            SortColumn::Snils => columns.snils(a).order().cmp(&columns.snils(b).order()),
            SortColumn::Kind => code(tag::KIND, a).cmp(&code(tag::KIND, b)),
            SortColumn::CreatedAt => Ordering::Equal,
            SortColumn::Type => code(tag::TYPE, a).cmp(&code(tag::TYPE, b)),
            SortColumn::Status => code(tag::STATUS, a).cmp(&code(tag::STATUS, b)),
        };
        let ascending = by_column.then_with(|| columns.compare_dates(a, b));
        if sort.descending { ascending.reverse() } else { ascending }
    }
}
