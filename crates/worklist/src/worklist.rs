//! The worklist: rows come, change and go.
//!
//! Invariant: a live row is in the index by its identifier, has a sequence, and is either settled or recent.

use std::borrow::Borrow;
use std::hash::BuildHasher;
use std::ops::ControlFlow;

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};
use prikrep_domain::{Application, ApplicationId, Oid, Standing};
use uuid::Uuid;

use crate::changes::ChangeLog;
use crate::columns::{Columns, Record, SnilsKey, seconds};
use crate::links::Links;
use crate::names::Names;
use crate::order::Order;
use crate::organizations::Organizations;
use crate::row::put;
use crate::{Row, UpsertError, tag};

/// The most rows; the greatest number is kept free.
const MAX_ROWS: usize = u32::MAX as usize;

/// A part of the changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// Rows in the order of their sequences, each once.
    pub rows: Vec<Row>,
    /// The sequence after which to read on; also past rows of other organizations and removed ones.
    pub up_to: u64,
    /// Whether there are more rows after it.
    pub has_more: bool,
}

/// The in-memory columns of a store.
#[derive(Default)]
pub struct Worklist {
    pub(crate) columns: Columns,
    pub(crate) names: Names,
    pub(crate) organizations: Organizations,
    pub(crate) changes: ChangeLog,
    pub(crate) links: Links,
    /// Live rows, by identifier.
    pub(crate) index: HashTable<u32>,
    pub(crate) hasher: DefaultHashBuilder,
    /// Rows that do not stand in the orders yet, each once; removed ones may be among them.
    pub(crate) recent: Vec<Row>,
    /// Settled rows, by date and identifier.
    pub(crate) by_created: Order,
    /// The same rows, by name, then by date and identifier.
    pub(crate) by_name: Order,
    /// Rows in the orders that are not settled there any more: removed, or recent. Each once.
    pub(crate) leftovers: Vec<Row>,
    /// Names that were replaced since unused parts were last swept out.
    pub(crate) names_replaced: usize,
    pub(crate) folded: Vec<u8>,
}

impl Worklist {
    /// An empty worklist.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Rows, removed ones included: the next new row's number.
    #[must_use]
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether there has never been a row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The row of an application; `None` when it is not here or was removed.
    #[must_use]
    pub fn row_of(&self, id: ApplicationId) -> Option<Row> {
        self.find_id(id.uuid().as_u128())
    }

    /// The application of a live row.
    #[must_use]
    pub fn id_of(&self, row: Row) -> Option<ApplicationId> {
        self.is_live(row).then(|| Uuid::from_u128(self.columns.id(row)).into())
    }

    /// The sequence of a live row's last change.
    #[must_use]
    pub fn sequence_of(&self, row: Row) -> Option<u64> {
        self.changes.sequence_of(row)
    }

    /// Adds a row (its number is then [`Self::len`]) or replaces a live one; anything about it may change.
    /// `sequence` is this hop's change number. Calls in the order of their sequences are the fast way; after
    /// others, reading changes is slower until [`Self::settle`].
    ///
    /// # Errors
    /// [`UpsertError`]; nothing that is shown has changed then.
    pub fn upsert<A: Borrow<Application>>(
        &mut self,
        row: Row,
        standing: &Standing<A>,
        sequence: u64,
    ) -> Result<(), UpsertError> {
        let application = standing.application.borrow();
        let old = self.replaced(row, application.id)?;
        let record = self.record_of(standing)?;
        match old {
            Some(old) => self.replace(row, old, record),
            None => self.add(row, record),
        }
        self.links.set(row, application.cancels.map(|choice| choice.uuid().into_bytes()));
        self.changes.record(row, sequence);
        Ok(())
    }

    /// Adds a row that is removed from the beginning: a number that must stay free.
    ///
    /// # Errors
    /// [`UpsertError::Full`].
    pub fn leave_hole(&mut self) -> Result<Row, UpsertError> {
        let row = self.next_row()?;
        let nothing = Record {
            id: 0,
            patient: 0.into(),
            snils: SnilsKey::new(None),
            created: 0,
            tag: 0,
            organization: 0,
            name: crate::names::NameKey { head: 0, tail: 0 },
        };
        self.columns.push(nothing);
        self.changes.add_row();
        Ok(row)
    }

    /// Removes a row: it is never shown again and its number is never used again. Does nothing when it is
    /// not live.
    pub fn remove(&mut self, row: Row) {
        if !self.is_live(row) {
            return;
        }
        let tag = self.columns.tag(row);
        self.drop_id(row);
        self.links.set(row, None);
        self.changes.forget(row);
        self.count_pending(self.columns.organization(row), tag, 0);
        put(&mut self.columns.tags, row, 0);
        if tag & tag::SETTLED != 0 {
            self.leftovers.push(row);
        }
    }

    /// Live rows whose application names this choice as the one that it cancels.
    pub fn cancellations_of(&self, choice: ApplicationId) -> impl Iterator<Item = Row> {
        self.links.of(choice.uuid().into_bytes())
    }

    /// Rows in the order of their last change, after a sequence, of one organization or of all. Rows of the
    /// same sequence are never parted: the limit gives way to that.
    #[must_use]
    pub fn changes_after(&self, sequence: u64, limit: usize, organization: Option<&Oid>) -> Changes {
        let only = organization.map(|oid| self.organizations.number(oid));
        let mut changes = Changes { rows: Vec::new(), up_to: sequence, has_more: false };
        let (mut before, mut last) = (sequence, None);
        self.changes.visit_after(sequence, |sequence, row| {
            if sequence != changes.up_to {
                before = std::mem::replace(&mut changes.up_to, sequence);
            }
            if only.is_some_and(|number| number != Some(self.columns.organization(row))) {
                return ControlFlow::Continue(());
            }
            if changes.rows.len() >= limit && last != Some(sequence) {
                changes.up_to = before;
                changes.has_more = true;
                return ControlFlow::Break(());
            }
            changes.rows.push(row);
            last = Some(sequence);
            ControlFlow::Continue(())
        });
        if !changes.has_more {
            changes.up_to = changes.up_to.max(self.newest_sequence());
        }
        changes
    }

    /// The greatest sequence ever given, also to a row that was removed since; 0 before the first.
    #[must_use]
    pub fn newest_sequence(&self) -> u64 {
        self.changes.newest()
    }

    /// Live rows.
    #[must_use]
    pub fn applications(&self) -> usize {
        self.index.len()
    }

    /// Live rows that wait for an answer, of one organization or of all.
    #[must_use]
    pub fn pending(&self, organization: Option<&Oid>) -> usize {
        self.organizations.pending(organization)
    }

    /// Rows that are not integrated into the orders yet. Queries are right before that, but slower, and a
    /// snapshot is read slower: settle when they are a sixteenth of all, and after a pull.
    #[must_use]
    pub fn unsettled(&self) -> usize {
        self.recent.len()
    }

    /// Bytes of memory held, about.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.columns.memory_bytes()
            + self.names.memory_bytes()
            + self.organizations.memory_bytes()
            + self.changes.memory_bytes()
            + self.links.memory_bytes()
            + self.index.allocation_size()
            + self.by_created.memory_bytes()
            + self.by_name.memory_bytes()
            + 4 * (self.recent.capacity() + self.leftovers.capacity())
    }

    pub(crate) fn is_live(&self, row: Row) -> bool {
        self.columns.tag(row) & tag::LIVE != 0
    }

    pub(crate) fn find_id(&self, id: u128) -> Option<Row> {
        let same = |number: &u32| self.columns.id(Row::new(*number)) == id;
        self.index.find(self.hasher.hash_one(id), same).copied().map(Row::new)
    }

    /// Makes a row findable by its identifier; false when another one is.
    pub(crate) fn insert_id(&mut self, row: Row) -> bool {
        let Self { columns, hasher, index, .. } = self;
        let id = columns.id(row);
        let id_of = |number: &u32| columns.id(Row::new(*number));
        match index.entry(hasher.hash_one(id), |number| id_of(number) == id, |number| hasher.hash_one(id_of(number))) {
            Entry::Occupied(_) => false,
            Entry::Vacant(vacant) => {
                vacant.insert(row.number());
                true
            }
        }
    }

    /// Counts a change of one tag into another; 0 is the tag of no row.
    pub(crate) fn count_pending(&mut self, organization: u32, old: u16, new: u16) {
        if old & tag::PENDING != 0 {
            self.organizations.drop_pending(organization);
        }
        if new & tag::PENDING != 0 {
            self.organizations.add_pending(organization);
        }
    }

    fn drop_id(&mut self, row: Row) {
        let hash = self.hasher.hash_one(self.columns.id(row));
        if let Ok(entry) = self.index.find_entry(hash, |number| *number == row.number()) {
            entry.remove();
        }
    }

    fn next_row(&self) -> Result<Row, UpsertError> {
        let fits = self.len() < MAX_ROWS;
        u32::try_from(self.len()).ok().filter(|_| fits).map(Row::new).ok_or(UpsertError::Full)
    }

    /// The record that an upsert replaces, if any.
    fn replaced(&self, row: Row, id: ApplicationId) -> Result<Option<Record>, UpsertError> {
        if let Some(other) = self.row_of(id)
            && other != row
        {
            return Err(UpsertError::Duplicate { row: other });
        }
        if row.index() > self.len() {
            return Err(UpsertError::Gap { row, next: self.len() });
        }
        if row.index() == self.len() {
            return self.next_row().map(|_| None);
        }
        if self.is_live(row) { Ok(Some(self.columns.record(row))) } else { Err(UpsertError::Removed { row }) }
    }

    fn record_of<A: Borrow<Application>>(&mut self, standing: &Standing<A>) -> Result<Record, UpsertError> {
        let application = standing.application.borrow();
        self.folded.clear();
        prikrep_domain::collate::fold_into(&application.patient.name.full(), &mut self.folded);
        Ok(Record {
            id: application.id.uuid().as_u128(),
            patient: application.patient.guid.uuid().as_u128().into(),
            snils: SnilsKey::new(application.snils_digits()),
            created: seconds(application.created_at).min(u32::MAX - 1),
            tag: tag::of(standing),
            organization: self.organizations.intern(&application.organization.oid)?,
            name: self.names.intern(&self.folded)?,
        })
    }

    fn add(&mut self, row: Row, record: Record) {
        self.columns.push(record);
        self.changes.add_row();
        self.insert_id(row);
        self.count_pending(record.organization, 0, record.tag);
        self.recent.push(row);
    }

    fn replace(&mut self, row: Row, old: Record, record: Record) {
        self.count_pending(old.organization, old.tag, 0);
        self.count_pending(record.organization, 0, record.tag);
        if old.id != record.id {
            self.drop_id(row);
        }
        let same_place = (old.id, old.created, old.name) == (record.id, record.created, record.name);
        let mut record = record;
        if old.name != record.name {
            self.names_replaced += 1;
        }
        if old.tag & tag::SETTLED != 0 {
            if same_place {
                record.tag |= tag::SETTLED;
            } else {
                self.recent.push(row);
                self.leftovers.push(row);
            }
        }
        self.columns.set(row, record);
        if old.id != record.id {
            self.insert_id(row);
        }
    }
}
