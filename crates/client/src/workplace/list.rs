//! The worker that reads the list: it runs queries, loads the rows that are seen, and keeps the counters and
//! the outbox up to date.
//!
//! Invariant: the window never waits for it; what it shows meanwhile is the last that was read.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use prikrep_daemon::{DaemonStatus, stored_directory};
use prikrep_domain::{Query, Standing};
use prikrep_store::{Store, StoreError};
use prikrep_ui::{BLOCK_ROWS, Counts, DiskTrouble, List};
use tokio::sync::watch;

use super::hops::outbox_rows;
use super::inbox::{Inbox, Pace};
use super::published::Published;

/// Blocks beside those that are seen are kept this far.
const KEPT_BLOCKS: usize = 8;
/// A list that changes by itself is read anew at most this often.
const REREAD_EVERY: Duration = Duration::from_millis(250);

/// What the worker is told.
pub(crate) enum ListMessage {
    /// Run a query and begin at its top.
    Search(Query),
    /// Run it in another order.
    Reorder(Query),
    /// These rows are seen.
    Rows(Range<usize>),
    /// The store, or how the register stands, has changed.
    Changed,
    /// The directory may be another one.
    Directory,
}

/// The worker.
pub(crate) struct ListWorker {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) status: watch::Receiver<DaemonStatus>,
    pub(crate) published: Published,
}

struct State {
    query: Option<Arc<Query>>,
    search: u64,
    visible: Range<usize>,
    blocks: BTreeMap<usize, Arc<[Standing]>>,
    total: Option<usize>,
}

impl ListWorker {
    /// Works until nobody sends any more.
    pub(crate) fn run(self, inbox: &Inbox<ListMessage>) {
        let mut state = State { query: None, search: 0, visible: 0..BLOCK_ROWS, blocks: BTreeMap::new(), total: None };
        let mut changes = Pace::new(REREAD_EVERY);
        changes.ask();
        self.read_directory();
        while let Ok(messages) = inbox.take(changes.until()) {
            let mut asked = false;
            for message in messages {
                asked |= self.hear(&mut state, message, &mut changes);
            }
            let rereads = changes.take();
            if rereads {
                self.publish_counts();
            }
            if asked || rereads {
                self.read(&mut state, asked && !rereads);
            }
        }
    }

    /// Takes note of a message; whether rows are to be read for it at once.
    fn hear(&self, state: &mut State, message: ListMessage, changes: &mut Pace) -> bool {
        match message {
            ListMessage::Search(query) => {
                state.search += 1;
                state.begin(query);
                true
            }
            ListMessage::Reorder(query) => {
                state.begin(query);
                true
            }
            ListMessage::Rows(rows) => {
                state.visible = rows;
                true
            }
            ListMessage::Changed => {
                changes.ask();
                false
            }
            ListMessage::Directory => {
                self.read_directory();
                false
            }
        }
    }

    /// Reads the rows that are seen; with `only_missing` those that are loaded stay as they are.
    fn read(&self, state: &mut State, only_missing: bool) {
        let Some(query) = state.query.clone() else { return };
        match self.load(state, &query, only_missing) {
            Ok(()) => self.publish(state, None),
            Err(error) => {
                tracing::error!(%error, "the list cannot be read");
                self.publish(state, Some(error.to_string()));
            }
        }
    }

    fn load(&self, state: &mut State, query: &Query, only_missing: bool) -> Result<(), StoreError> {
        let wanted = blocks_of(&state.visible);
        let mut blocks = BTreeMap::new();
        for block in wanted.clone() {
            let known = state.blocks.get(&block).filter(|_| only_missing && state.total.is_some());
            if let Some(known) = known {
                blocks.insert(block, Arc::clone(known));
                continue;
            }
            let listed = self.store.list(query, block * BLOCK_ROWS, BLOCK_ROWS)?;
            state.total = Some(listed.total);
            if !listed.rows.is_empty() {
                blocks.insert(block, listed.rows.into());
            }
        }
        if only_missing {
            let near = wanted.start.saturating_sub(KEPT_BLOCKS)..wanted.end + KEPT_BLOCKS;
            let others = state.blocks.iter().filter(|(block, _)| near.contains(block));
            for (block, rows) in others {
                blocks.entry(*block).or_insert_with(|| Arc::clone(rows));
            }
        }
        state.blocks = blocks;
        Ok(())
    }

    fn publish(&self, state: &State, trouble: Option<String>) {
        let list = List {
            search: state.search,
            query: state.query.clone(),
            total: state.total,
            blocks: state.blocks.clone(),
            trouble,
        };
        self.published.edit(|work| work.list = list);
    }

    fn publish_counts(&self) {
        let census = self.store.census();
        let pushes = self.status.borrow().pushes.clone();
        let outbox = outbox_rows(&*self.store, &pushes);
        let counts = Counts {
            applications: census.applications,
            pending: census.pending,
            queued: census.queued,
            registered: census.delivered,
            rejected: census.rejected,
            quarantined: census.quarantined,
        };
        let disk = census.disk.as_ref().map(disk_trouble);
        let low_space = census.low_space().map(|bytes| bytes >> 20);
        let attention: Arc<[String]> = census.damage.into_iter().map(|damage| damage.words).collect();
        let complete = self.store.is_complete();
        self.published.edit(|work| {
            (work.counts, work.outbox, work.complete) = (counts, outbox, complete);
            // With the disk goes what it had refused: what is typed is kept with its next letter.
            if work.disk.is_some() && disk.is_none() {
                work.desk_trouble = None;
            }
            (work.attention, work.disk, work.low_space) = (attention, disk, low_space);
        });
    }

    fn read_directory(&self) {
        match stored_directory(&*self.store) {
            Ok(directory) => {
                let directory = Arc::new(directory.unwrap_or_default());
                self.published.edit(|work| work.directory = directory);
            }
            Err(error) => tracing::warn!(%error, "the directory cannot be read"),
        }
    }
}

impl State {
    fn begin(&mut self, query: Query) {
        self.query = Some(Arc::new(query));
        self.visible = 0..BLOCK_ROWS;
        self.blocks.clear();
        self.total = None;
    }
}

/// What the store's word on the disk is for a person.
pub(crate) const fn disk_trouble(trouble: &prikrep_store::DiskTrouble) -> DiskTrouble {
    match trouble {
        prikrep_store::DiskTrouble::Full => DiskTrouble::Full,
        prikrep_store::DiskTrouble::ReadOnly | prikrep_store::DiskTrouble::Failing(_) => DiskTrouble::Refusing,
    }
}

/// The blocks of some rows, with one more at each side: scrolling is seldom seen to load.
fn blocks_of(rows: &Range<usize>) -> Range<usize> {
    let first = (rows.start / BLOCK_ROWS).saturating_sub(1);
    let last = rows.end.saturating_sub(1).max(rows.start) / BLOCK_ROWS;
    first..(last + 2).min(first + 2 * KEPT_BLOCKS)
}
