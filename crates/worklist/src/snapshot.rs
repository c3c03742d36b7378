//! A snapshot: the columns as one stream of bytes, and back.
//!
//! The stream: a header of counts, then whole columns in the machine's own byte order, which the header
//! tells. What can be computed from them is not in it. Invariant: whatever is read has been checked as far as
//! needed that no later call fails on it; a stream that is not a snapshot is an error.

use std::io;

use bytemuck::Pod;
use prikrep_domain::Oid;

use crate::changes::ChangeLog;
use crate::columns::Columns;
use crate::links::{Choice, Links};
use crate::names::Names;
use crate::order::Order;
use crate::organizations::Organizations;
use crate::row::put;
use crate::{BadSnapshot, Row, Worklist, tag};

/// The most bytes that are given to a snapshot's sink at once.
pub const MAX_CHUNK_BYTES: usize = 1 << 20;

/// Names the format, its version and the machine's byte order.
const MARK: u64 = u64::from_be_bytes(*b"prikwl01");

type Sink<'a> = &'a mut dyn FnMut(&[u8]) -> io::Result<()>;
type Chunks<'a> = &'a mut dyn Iterator<Item = io::Result<Vec<u8>>>;

impl Worklist {
    /// Writes the snapshot in chunks of at most [`MAX_CHUNK_BYTES`].
    ///
    /// # Errors
    /// What the sink says.
    pub fn write_snapshot(&self, sink: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let oids = self.organizations.oids().iter().map(Oid::as_str).collect::<Vec<_>>().join("\n");
        let (choices, cancellations): (Vec<Choice>, Vec<u32>) =
            self.links.pairs().map(|(choice, row)| (choice, row.number())).unzip();
        // Orders with rows that are not at their places are not worth keeping.
        let settled = self.recent.is_empty() && self.leftovers.is_empty();
        let ordered = |order: &Order| if settled { numbers(order.rows()) } else { Vec::new() };
        let (by_created, by_name) = (ordered(&self.by_created), ordered(&self.by_name));
        let header = [
            self.len(),
            self.names.bytes.len(),
            self.names.starts.len(),
            self.names.sorted.len(),
            oids.len(),
            choices.len(),
            self.changes.rows.len(),
            by_created.len(),
        ];
        let mut head = vec![MARK];
        head.extend(header.map(|count| count as u64));
        head.push(self.newest_sequence());
        write(sink, &head)?;
        let columns = &self.columns;
        write(sink, &columns.ids)?;
        write(sink, &columns.patients_folded)?;
        write(sink, &columns.patients_rest)?;
        write(sink, &columns.snils_low)?;
        write(sink, &columns.snils_high)?;
        write(sink, &columns.created)?;
        write(sink, &columns.tags)?;
        write(sink, &columns.organizations)?;
        write(sink, &columns.heads)?;
        write(sink, &columns.tails)?;
        write(sink, &self.names.bytes)?;
        write(sink, &self.names.starts)?;
        write(sink, &self.names.sorted)?;
        write(sink, oids.as_bytes())?;
        write(sink, &choices)?;
        write(sink, &cancellations)?;
        write(sink, &self.changes.sequences)?;
        write(sink, &self.changes.rows)?;
        write(sink, &by_created)?;
        write(sink, &by_name)
    }

    /// Reads a snapshot from its chunks, however they are cut. The result is settled.
    ///
    /// # Errors
    /// [`BadSnapshot`]; a snapshot is only a shortcut, to be thrown away then.
    pub fn read_snapshot(chunks: &mut dyn Iterator<Item = io::Result<Vec<u8>>>) -> Result<Self, BadSnapshot> {
        let mut source = Source { chunks, chunk: Vec::new(), at: 0 };
        let header = source.column::<u64>(10)?;
        let &[mark, rows, name_bytes, name_starts, names, oid_bytes, links, changes, ordered, newest] =
            header.as_slice()
        else {
            return Err(BadSnapshot::Length);
        };
        if mark != MARK {
            return Err(BadSnapshot::Version);
        }
        let columns = source.columns(rows)?;
        let names = Names::from_parts(source.column(name_bytes)?, source.column(name_starts)?, source.column(names)?)
            .ok_or(BadSnapshot::Damaged("имена"))?;
        let organizations = organizations(source.column(oid_bytes)?)?;
        let links = read_links(&source.column(links)?, &source.column(links)?)?;
        let changes = ChangeLog::from_entries(source.column(changes)?, source.column(changes)?, columns.len(), newest)
            .ok_or(BadSnapshot::Damaged("журнал изменений"))?;
        let by_created = read_order(source.column(ordered)?, columns.len())?;
        let by_name = read_order(source.column(ordered)?, columns.len())?;
        source.end()?;
        Self { columns, names, organizations, changes, links, by_created, by_name, ..Self::default() }.completed()
    }

    /// Checks that the parts agree, and computes what is not stored.
    fn completed(mut self) -> Result<Self, BadSnapshot> {
        self.check()?;
        self.index.reserve(self.len(), |_| 0);
        for row in self.columns.rows() {
            if !self.is_live(row) {
                self.changes.forget(row);
                continue;
            }
            if !self.insert_id(row) {
                return Err(BadSnapshot::Damaged("одно заявление в двух строках"));
            }
            if self.sequence_of(row).is_none() {
                return Err(BadSnapshot::Damaged("строка без номера изменения"));
            }
            self.count_pending(self.columns.organization(row), 0, self.columns.tag(row));
        }
        self.check_orders()?;
        self.settle();
        Ok(self)
    }

    /// Marks the rows as settled if there are orders, otherwise as recent.
    fn check_orders(&mut self) -> Result<(), BadSnapshot> {
        let Self { columns, names, by_created, by_name, .. } = self;
        let dates = |row: &Row| columns.created(*row);
        let names = |row: &Row| (names.rank(columns.head(*row)), names.rank(columns.tail(*row)));
        let sorted = by_created.rows().is_sorted_by_key(dates) && by_name.rows().is_sorted_by_key(names);
        let live = |order: &Order| order.rows().iter().all(|row| columns.tag(*row) & tag::LIVE != 0);
        let stored = !by_created.rows().is_empty();
        let whole = !stored || by_created.rows().len() == self.index.len();
        if !sorted || !whole || !live(by_created) || !live(by_name) {
            return Err(BadSnapshot::Damaged("порядок строк"));
        }
        for row in columns.rows() {
            let tag = columns.tag(row) & !tag::SETTLED;
            let settled = if stored && tag & tag::LIVE != 0 { tag::SETTLED } else { 0 };
            put(&mut columns.tags, row, tag | settled);
            if !stored && tag & tag::LIVE != 0 {
                self.recent.push(row);
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), BadSnapshot> {
        let columns = &self.columns;
        let known = |column: &[u32], count: usize| column.iter().all(|number| (*number as usize) < count.max(1));
        if !columns.tags.iter().all(|tag| tag::is_possible(*tag)) {
            return Err(BadSnapshot::Damaged("значения полей"));
        }
        if !known(&columns.heads, self.names.count()) || !known(&columns.tails, self.names.count()) {
            return Err(BadSnapshot::Damaged("номера имён"));
        }
        if !known(&columns.organizations, self.organizations.oids().len()) {
            return Err(BadSnapshot::Damaged("номера организаций"));
        }
        let stray = |row: &Row| !self.is_live(*row);
        if self.links.pairs().any(|(_, row)| stray(&row)) {
            return Err(BadSnapshot::Damaged("отмены"));
        }
        Ok(())
    }
}

fn write<T: Pod>(sink: Sink<'_>, column: &[T]) -> io::Result<()> {
    bytemuck::cast_slice(column).chunks(MAX_CHUNK_BYTES).try_for_each(sink)
}

fn organizations(bytes: Vec<u8>) -> Result<Organizations, BadSnapshot> {
    let damaged = || BadSnapshot::Damaged("организации");
    let text = String::from_utf8(bytes).map_err(|_| damaged())?;
    let mut organizations = Organizations::default();
    for (number, oid) in text.split('\n').filter(|line| !line.is_empty()).enumerate() {
        let oid = Oid::parse(oid).map_err(|_| damaged())?;
        if organizations.intern(&oid).ok() != u32::try_from(number).ok() {
            return Err(damaged());
        }
    }
    Ok(organizations)
}

fn read_order(rows: Vec<u32>, row_count: usize) -> Result<Order, BadSnapshot> {
    let rows = rows.into_iter().map(Row::new).collect();
    Order::from_rows(rows, row_count).ok_or(BadSnapshot::Damaged("порядок строк"))
}

fn numbers(rows: &[Row]) -> Vec<u32> {
    rows.iter().map(|row| row.number()).collect()
}

fn read_links(choices: &[Choice], rows: &[u32]) -> Result<Links, BadSnapshot> {
    let pairs = choices.iter().copied().zip(rows.iter().copied().map(Row::new));
    Links::from_pairs(pairs).ok_or(BadSnapshot::Damaged("отмены"))
}

/// The stream of chunks as one run of bytes.
struct Source<'a> {
    chunks: Chunks<'a>,
    chunk: Vec<u8>,
    at: usize,
}

impl Source<'_> {
    fn column<T: Pod>(&mut self, count: u64) -> Result<Vec<T>, BadSnapshot> {
        let count = usize::try_from(count).map_err(|_| BadSnapshot::Memory)?;
        let mut column = bytemuck::allocation::try_zeroed_vec::<T>(count).map_err(|()| BadSnapshot::Memory)?;
        self.fill(bytemuck::cast_slice_mut(&mut column))?;
        Ok(column)
    }

    fn columns(&mut self, rows: u64) -> Result<Columns, BadSnapshot> {
        Ok(Columns {
            ids: self.column(rows)?,
            patients_folded: self.column(rows)?,
            patients_rest: self.column(rows)?,
            snils_low: self.column(rows)?,
            snils_high: self.column(rows)?,
            created: self.column(rows)?,
            tags: self.column(rows)?,
            organizations: self.column(rows)?,
            heads: self.column(rows)?,
            tails: self.column(rows)?,
        })
    }

    fn fill(&mut self, mut to: &mut [u8]) -> Result<(), BadSnapshot> {
        while !to.is_empty() {
            let rest = self.chunk.get(self.at..).unwrap_or_default();
            if rest.is_empty() {
                self.chunk = self.chunks.next().ok_or(BadSnapshot::Length)??;
                self.at = 0;
                continue;
            }
            let count = rest.len().min(to.len());
            let (now, later) = to.split_at_mut(count);
            now.copy_from_slice(rest.get(..count).unwrap_or_default());
            self.at += count;
            to = later;
        }
        Ok(())
    }

    fn end(mut self) -> Result<(), BadSnapshot> {
        let mut over = [0];
        match self.fill(&mut over) {
            Err(BadSnapshot::Length) => Ok(()),
            Ok(()) => Err(BadSnapshot::Length),
            Err(other) => Err(other),
        }
    }
}
