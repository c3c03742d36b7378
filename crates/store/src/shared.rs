//! The parts of an open store and the order in which they are locked: writer, then outbox, then list; the
//! cache's handle for the time of a clone only.
//!
//! Invariant: readers never wait for the disk of a writer: the list and the outbox are locked for writing
//! only while memory is changed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use hashbrown::HashSet;
use parking_lot::{Mutex, RwLock};
use prikrep_domain::{JournalEntry, Moment};
use prikrep_worklist::{Row as RowNumber, Worklist};
use tokio::sync::watch;
use uuid::Uuid;

use crate::cache::{Cache, Position};
use crate::codec::encode;
use crate::columns::{self, SnapshotHead};
use crate::desk::{Change, Desk, Drawer};
use crate::disk::Disk;
use crate::folder::Folder;
use crate::journal::{Ends, Journal};
use crate::opening::CACHE;
use crate::outbox::{Outbox, remove_change};
use crate::{DamageReport, Key, StoreError};

/// Sequences are reserved on the desk in this many at a time: after a crash, numbers that a consumer may
/// have seen are never given again.
const RESERVED_SEQUENCES: u64 = 100_000;
pub(crate) const RESERVED: &[u8] = b"reserved sequences";
/// How many rows were durably in the cache: fewer after a restart mean that some are missing.
pub(crate) const FLOOR: &[u8] = b"cache floor";
const SNAPSHOT_AT_LEAST: usize = 50_000;

/// The ends of the journal.
pub(crate) const JOURNAL: &[u8] = b"journal ends";

/// What only one writer at a time may touch.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) position: Position,
    pub(crate) next_sequence: u64,
    pub(crate) reserved: u64,
    /// While the upstream's new epoch is read: the rows that it has shown.
    pub(crate) seen: Option<HashSet<RowNumber>>,
    /// Row changes that the snapshot does not contain.
    pub(crate) unsnapped: usize,
    /// Whether rows were written that are not yet durable.
    pub(crate) uncommitted: bool,
    /// The upstream's versions of rows, as far as they were needed: 0 where the row has to be read.
    pub(crate) versions: Vec<u64>,
    /// Rows that a failed publication has written and readers do not see: whatever comes for them is taken.
    pub(crate) unpublished: HashSet<RowNumber>,
    /// Rows written since the cache was opened.
    pub(crate) written: usize,
    /// Answers that the outbox has let go of: the desk keeps them until the base that settles them is durable.
    pub(crate) settled: Vec<u64>,
}

impl Writer {
    pub(crate) fn know_version(&mut self, row: RowNumber, version: u64) {
        let at = row.number() as usize;
        if self.versions.len() <= at {
            self.versions.resize(at + 1, 0);
        }
        if let Some(known) = self.versions.get_mut(at) {
            *known = version;
        }
    }
}

/// An open store.
pub(crate) struct Shared {
    pub(crate) folder: Folder,
    pub(crate) key: Key,
    pub(crate) zone: Tz,
    pub(crate) desk: Desk,
    pub(crate) journal: Journal,
    /// `None` only when it could not be opened anew.
    pub(crate) cache: RwLock<Option<Arc<Cache>>>,
    pub(crate) list: RwLock<Worklist>,
    pub(crate) outbox: RwLock<Outbox>,
    pub(crate) writer: Mutex<Writer>,
    /// Held from an entry's appending until the desk knows of it: the desk's word never goes back.
    pub(crate) journaling: Mutex<()>,
    /// The writer's epoch, for readers.
    pub(crate) epoch: RwLock<Uuid>,
    /// How many epochs of the upstream have begun since the store was opened: changed under the writer's lock.
    pub(crate) upstream_epoch: AtomicU64,
    /// Sequences below this one may have been given.
    pub(crate) given: AtomicU64,
    pub(crate) changes: watch::Sender<u64>,
    pub(crate) damage: Mutex<Vec<DamageReport>>,
    pub(crate) disk: Disk,
    /// The cache is damaged: the next writer sets it aside.
    pub(crate) cache_damaged: AtomicBool,
    /// The writer's position, for readers: the upstream was read to its end.
    pub(crate) complete: AtomicBool,
    pub(crate) closing: AtomicBool,
    pub(crate) drafts: AtomicUsize,
}

/// The floor of the cache as the desk keeps it: its name and the number of rows.
#[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Floor(pub(crate) Uuid, pub(crate) u32);

impl Shared {
    pub(crate) fn cache(&self) -> Result<Arc<Cache>, StoreError> {
        let cache = self.cache.read().clone();
        self.noticing(cache.ok_or_else(|| StoreError::Damaged { what: "кэш не открывается".into() }))
    }

    /// Opens the cache anew, after which a crash costs little: sled writes its own snapshot only when it
    /// opens, and reads all of its log behind that after a crash. Tells whether it did: not while somebody else
    /// holds on to it.
    pub(crate) fn renew_cache(&self, writer: &mut Writer) -> Result<bool, StoreError> {
        let mut slot = self.cache.write();
        match slot.take().map(alone) {
            Some(Ok(cache)) => {
                let path = cache.path().to_owned();
                drop(cache);
                *slot = Some(Arc::new(Cache::open(&path, &self.key)?));
                writer.written = 0;
                Ok(true)
            }
            Some(Err(busy)) => {
                *slot = Some(busy);
                // Not at the very next page again.
                writer.written /= 2;
                Ok(false)
            }
            None => {
                *slot = Some(Arc::new(Cache::open(&self.folder.path().join(CACHE), &self.key)?));
                Ok(true)
            }
        }
    }

    pub(crate) fn append_to_journal(
        &self,
        entries: &[JournalEntry],
        with: Option<(&str, &[u8])>,
    ) -> Result<u64, StoreError> {
        let _alone = self.journaling.lock();
        let ends = self.journal.append(entries)?;
        let with = with.map(|(name, value)| Change::Put(Drawer::Settings, name.as_bytes().to_vec(), value.to_vec()));
        let changes: Vec<Change> = std::iter::once(journal_ends(&ends)?).chain(with).collect();
        self.desk.write(&changes)?;
        Ok(ends.end.number)
    }

    pub(crate) fn trim_journal(&self, older_than: DateTime<Utc>) -> Result<Option<u64>, StoreError> {
        let _alone = self.journaling.lock();
        let Some(ends) = self.journal.start_after(older_than)? else { return Ok(None) };
        self.desk.write(&[journal_ends(&ends)?])?;
        self.journal.forget_before(ends.start)?;
        Ok(Some(ends.start.number))
    }

    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        let mut writer = self.writer.lock();
        if self.cache_damaged.load(Ordering::SeqCst) {
            return Ok(());
        }
        self.keep_snapshot(&mut writer, true)?;
        let cache = self.cache()?;
        self.commit_cache(&mut writer, &cache)?;
        self.desk.commit()?;
        self.note_desk(&mut writer)
    }

    /// Notices in an error on its way out that the disk has refused something.
    pub(crate) fn hearing<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        result.inspect_err(|error| self.hear(error))
    }

    pub(crate) fn hear(&self, error: &StoreError) {
        if self.disk.hear(error) {
            self.wake();
        }
    }

    pub(crate) fn attend_disk(&self) {
        if self.disk.is_due() && self.disk.attend(self.folder.path(), || self.reopen()) {
            self.wake();
        }
    }

    pub(crate) fn epoch(&self) -> Uuid {
        *self.epoch.read()
    }

    pub(crate) const fn moment(&self, now: DateTime<Utc>) -> Moment {
        Moment { now, zone: self.zone }
    }

    /// Wakes everybody who waits for changes.
    pub(crate) fn wake(&self) {
        self.changes.send_modify(|number| *number = number.wrapping_add(1));
    }

    pub(crate) fn report(&self, found_at: DateTime<Utc>, words: impl Into<String>) {
        let words = words.into();
        tracing::error!(what = %words, "damage in the store");
        self.damage.lock().push(DamageReport { found_at, words });
    }

    /// Notices damage of the cache in an error on its way out.
    pub(crate) fn noticing<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if result.as_ref().is_err_and(StoreError::is_damage) && !self.cache_damaged.swap(true, Ordering::SeqCst) {
            self.report(Utc::now(), "Кэш заявлений повреждён: он будет отложен в сторону и прочитан заново.");
            self.wake();
        }
        result
    }

    /// The next sequences, `count` of them: the first.
    pub(crate) fn take_sequences(&self, writer: &mut Writer, count: usize) -> Result<u64, StoreError> {
        let first = writer.next_sequence;
        let next = first.saturating_add(count as u64);
        if next > writer.reserved {
            let reserved = next.saturating_add(RESERVED_SEQUENCES);
            self.desk.write(&[Change::Put(Drawer::Counters, RESERVED.to_vec(), encode(&reserved, "счётчик")?)])?;
            writer.reserved = reserved;
        }
        writer.next_sequence = next;
        self.given.store(next, Ordering::SeqCst);
        Ok(first)
    }

    /// Writes the snapshot when enough has changed since the last one, or whenever anything has.
    pub(crate) fn keep_snapshot(&self, writer: &mut Writer, at_any_change: bool) -> Result<(), StoreError> {
        let enough = SNAPSHOT_AT_LEAST.max(self.list.read().len() / 8);
        if writer.unsnapped == 0 || (!at_any_change && writer.unsnapped < enough) {
            return Ok(());
        }
        let cache = self.cache()?;
        self.commit_cache(writer, &cache)?;
        let list = self.list.read();
        let sequence = writer.next_sequence.saturating_sub(1);
        let rows = u32::try_from(list.len()).unwrap_or(u32::MAX);
        let head = SnapshotHead { epoch: writer.position.epoch, sequence, rows };
        columns::write(cache.path(), cache.sealer(), &head, &list).map_err(|source| StoreError::File {
            step: "запись снимка списка",
            path: cache.path().to_owned(),
            source,
        })?;
        drop(list);
        writer.unsnapped = 0;
        let position = Position { trimmed: sequence, ..writer.position.clone() };
        self.set_position(writer, position)?;
        cache.trim_journal(sequence)?;
        Ok(())
    }

    /// Makes the cache durable; then the desk is told how many rows it has at least, and forgets the answers
    /// that are settled there.
    pub(crate) fn commit_cache(&self, writer: &mut Writer, cache: &Cache) -> Result<(), StoreError> {
        if !writer.uncommitted {
            return Ok(());
        }
        cache.commit()?;
        let floor = Floor(cache.name, u32::try_from(self.list.read().len()).unwrap_or(u32::MAX));
        let floor = Change::Put(Drawer::Counters, FLOOR.to_vec(), encode(&floor, "счётчик")?);
        let settled = writer.settled.iter().map(|order| remove_change(*order));
        self.desk.write(&std::iter::once(floor).chain(settled).collect::<Vec<_>>())?;
        writer.settled.clear();
        writer.uncommitted = false;
        Ok(())
    }
}

fn journal_ends(ends: &Ends) -> Result<Change, StoreError> {
    Ok(Change::Put(Drawer::Counters, JOURNAL.to_vec(), encode(ends, "концы журнала")?))
}

/// The cache, when nobody else has it. Readers let go of it within milliseconds; for those who take longer,
/// such as a check of everything, it is left as it is.
fn alone(mut cache: Arc<Cache>) -> Result<Cache, Arc<Cache>> {
    for _ in 0..100 {
        match Arc::try_unwrap(cache) {
            Ok(cache) => return Ok(cache),
            Err(shared) => cache = shared,
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Err(cache)
}
