//! Opening a store: the folder, the desk (salvaged when damaged), the cache (set aside when damaged), the
//! columns (from the snapshot and the journal behind it, or from all rows).
//!
//! Invariant: opening succeeds whatever the disk holds, unless the folder, the key or the schema forbid it;
//! everything found wrong is reported in words.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;

use chrono::{DateTime, Utc};
use hashbrown::HashSet;
use parking_lot::{Mutex, RwLock};
use prikrep_worklist::{Row as RowNumber, Worklist};
use tokio::sync::watch;
use uuid::Uuid;

use crate::cache::{self, Cache, Position};
use crate::codec::{decode, encode};
use crate::columns::{Snapshot, SnapshotHead};
use crate::database::OpenError;
use crate::desk::{Change, Desk, Drawer, Records};
use crate::disk::Disk;
use crate::folder::{Folder, LabelState, wrong_key};
use crate::journal::Journal;
use crate::outbox::Outbox;
use crate::salvage::{Salvaged, complete, puts, salvage};
use crate::shared::{FLOOR, Floor, JOURNAL, RESERVED, Shared, Writer};
use crate::{DamageReport, Key, Options, StoreError, columns};

const DESK: &str = "desk";
pub(crate) const CACHE: &str = "cache";
const LOST_END: &str =
    "Стол (ответы, черновики, учётные записи) потерял последние записи: проверьте учётные записи и очередь ответов.";
pub(crate) const JOURNAL_FOLDER: &str = "journal";

/// The desk as opened.
struct OpenedDesk {
    desk: Desk,
    records: Records,
    /// Counters may have gone back: our own epoch ends.
    salvaged: bool,
    /// What lies in its files, when it has opened.
    found: Option<Salvaged>,
}

/// Both databases as they opened.
struct Databases {
    desk: OpenedDesk,
    cache: Result<Cache, OpenError>,
    ahead: Option<ReadAhead>,
}

/// The snapshot as it was read before the cache was open.
pub(crate) struct ReadAhead {
    /// The cache whose snapshot it is, by the desk's word.
    of: Uuid,
    snapshot: Option<Snapshot>,
}

impl Shared {
    pub(crate) fn open(path: &Path, options: Options) -> Result<Self, StoreError> {
        let now = options.now;
        let folder = Folder::lock(path)?;
        let label = folder.check_label(&options.key)?;
        let mut damage = Vec::new();
        let Databases { desk: mut opened, cache, ahead } =
            open_databases(&folder, &options.key, label, now, &mut damage)?;
        if label == LabelState::Unreadable {
            folder.write_label(&options.key)?;
            damage
                .push(DamageReport {
                    found_at: now, words: "Файл store.json был повреждён и написан заново.".into()
                });
        }
        let cache = accept_cache(cache, &folder, &options.key, &opened.records, now, &mut damage)?;
        if let Some(found) = opened.found.take() {
            let heard = cache.position().map_or(0, |position| position.desk_stamp);
            if complete(&opened.desk, &mut opened.records, &found, heard)? {
                opened.salvaged = true;
                damage.push(DamageReport { found_at: now, words: LOST_END.into() });
            }
        }
        let outbox = Outbox::read(&opened.records)?;
        let known = counter(&opened.records, JOURNAL);
        let (journal, trouble) = Journal::open(&folder.path().join(JOURNAL_FOLDER), &options.key, known)?;
        damage.extend(trouble.map(|words| DamageReport { found_at: now, words }));
        let position =
            Position { epoch: Uuid::nil(), cursor: None, rereading: false, desk_stamp: 0, trimmed: 0, complete: false };
        let writer = Writer {
            position,
            next_sequence: 1,
            reserved: 0,
            seen: None,
            unsnapped: 0,
            uncommitted: false,
            written: 0,
            versions: Vec::new(),
            unpublished: HashSet::new(),
            settled: Vec::new(),
        };
        let drafts = opened.records.keys().filter(|(drawer, _)| *drawer == Drawer::Drafts).count();
        let shared = Self {
            folder,
            key: options.key,
            zone: options.zone,
            desk: opened.desk,
            journal,
            cache: RwLock::new(Some(Arc::new(cache))),
            list: RwLock::new(Worklist::new()),
            outbox: RwLock::new(outbox),
            writer: Mutex::new(writer),
            journaling: Mutex::new(()),
            epoch: RwLock::new(Uuid::nil()),
            upstream_epoch: AtomicU64::new(0),
            given: AtomicU64::new(0),
            changes: watch::Sender::new(0),
            damage: Mutex::new(damage),
            cache_damaged: AtomicBool::new(false),
            complete: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            disk: Disk::default(),
            drafts: AtomicUsize::new(drafts),
        };
        shared.take_up_desk(&opened.records, opened.salvaged, ahead, now)?;
        Ok(shared)
    }

    /// Goes on where the store was left: columns, sequences, position, answers on their way.
    fn take_up_desk(
        &self,
        records: &Records,
        salvaged: bool,
        ahead: Option<ReadAhead>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut writer = self.writer.lock();
        // A new cache has its floor before its first row.
        let name = self.cache()?.name;
        if counter(records, FLOOR).is_none_or(|Floor(known, _)| known != name) {
            let floor = encode(&Floor(name, 0), "счётчик")?;
            self.desk.write(&[Change::Put(Drawer::Counters, FLOOR.to_vec(), floor)])?;
        }
        let from_snapshot = match self.read_columns(&mut writer, ahead) {
            Ok(from_snapshot) => from_snapshot,
            Err(error) if error.is_damage() => {
                self.replace_cache(&mut writer, &error.to_string(), now)?;
                false
            }
            Err(error) => return Err(error),
        };
        let reserved = counter(records, RESERVED).unwrap_or(0);
        writer.next_sequence = writer.next_sequence.max(reserved).max(self.list.read().newest_sequence() + 1);
        writer.reserved = writer.next_sequence;
        self.given.store(writer.next_sequence, Ordering::SeqCst);
        let mut position = self.cache()?.position()?;
        let newest = self.desk.stamp();
        if position.desk_stamp > newest {
            self.report(now, LOST_END);
        }
        // Without the snapshot the order of older changes is lost: our consumers read again from the beginning.
        if salvaged || position.desk_stamp > newest || (!from_snapshot && position.trimmed > 0) {
            position.epoch = Uuid::new_v4();
        }
        if position.rereading {
            position.cursor = None;
            writer.seen = Some(HashSet::new());
        }
        if position.cursor.is_none() {
            self.queue_delivered_again()?;
        }
        // Counting goes on behind everything that was ever written.
        self.desk.continue_from(position.desk_stamp);
        self.set_position(&mut writer, position)?;
        self.publish_answered(&mut writer, now)?;
        self.list.write().settle();
        Ok(())
    }

    /// Fills the columns from the snapshot and what came after it, or else from all rows; tells which.
    pub(crate) fn read_columns(&self, writer: &mut Writer, ahead: Option<ReadAhead>) -> Result<bool, StoreError> {
        let cache = self.cache()?;
        let position = cache.position()?;
        let is_ours = |head: &SnapshotHead| head.epoch == position.epoch && head.sequence >= position.trimmed;
        let snapshot = match ahead {
            Some(ahead) if ahead.of == cache.name => ahead.snapshot,
            Some(_) | None => columns::read(cache.path(), cache.sealer()),
        };
        let end = cache.rows_end()?;
        match snapshot.filter(|snapshot| is_ours(&snapshot.head)) {
            Some(Snapshot { head, list }) if head.rows <= end && list.len() == head.rows as usize => {
                *self.list.write() = list;
                writer.next_sequence = head.sequence.saturating_add(1);
                self.replay(writer, &cache, head)?;
                Ok(true)
            }
            _ => {
                *self.list.write() = Worklist::new();
                self.read_all_rows(writer, &cache)?;
                Ok(false)
            }
        }
    }

    /// Brings the columns of a snapshot up to date: rows that the journal names, and rows behind its end.
    fn replay(&self, writer: &mut Writer, cache: &Cache, snapshot: SnapshotHead) -> Result<(), StoreError> {
        let rows = snapshot.rows;
        let journal = cache.journal_after(snapshot.sequence)?;
        let mut changed: Vec<(RowNumber, u64)> =
            journal.iter().map(|(row, sequence)| (*row, *sequence)).filter(|(row, _)| row.number() < rows).collect();
        changed.sort_unstable_by_key(|(_, sequence)| *sequence);
        let mut bases = Vec::with_capacity(changed.len());
        for (row, sequence) in changed {
            bases.extend(cache.row(row)?.map(|found| (row, found.sequence.max(sequence), found.base)));
        }
        self.take_up_rows(writer, bases)?;
        let behind = cache.rows_from(rows).collect::<Result<Vec<_>, _>>()?;
        self.take_up_new_rows(writer, rows, behind, &journal)
    }

    fn read_all_rows(&self, writer: &mut Writer, cache: &Cache) -> Result<(), StoreError> {
        const AT_ONCE: usize = 20_000;
        let journal = cache.journal_after(0)?;
        let mut rows = cache.rows_from(0);
        let mut next = 0;
        loop {
            let part = rows.by_ref().take(AT_ONCE).collect::<Result<Vec<_>, _>>()?;
            let Some((last, _)) = part.last() else { break };
            let after = last.number().saturating_add(1);
            self.take_up_new_rows(writer, next, part, &journal)?;
            next = after;
        }
        writer.unsnapped = next as usize;
        Ok(())
    }

    /// Takes up rows that must follow each other without a gap.
    fn take_up_new_rows(
        &self,
        writer: &mut Writer,
        first: u32,
        rows: Vec<(RowNumber, Option<crate::codec::Row>)>,
        journal: &HashMap<RowNumber, u64>,
    ) -> Result<(), StoreError> {
        let mut bases = Vec::with_capacity(rows.len());
        for ((number, row), expected) in rows.into_iter().zip(first..) {
            if number.number() != expected {
                return Err(StoreError::Damaged { what: format!("нет строки {expected}") });
            }
            match row {
                Some(row) => {
                    let sequence = journal.get(&number).copied().unwrap_or(0).max(row.sequence);
                    bases.push((number, sequence, row.base));
                }
                None => self.list.write().leave_hole().map(drop).map_err(|_| disordered())?,
            }
        }
        self.take_up_rows(writer, bases)
    }
}

fn disordered() -> StoreError {
    StoreError::Damaged { what: "порядок строк".into() }
}

fn counter<T: serde::de::DeserializeOwned>(records: &Records, key: &[u8]) -> Option<T> {
    decode(records.get(&(Drawer::Counters, key.to_vec()))?, "счётчик").ok()
}

/// Opens both databases at once, and reads the snapshot of the cache that the desk knows while the cache is
/// still opening. Whatever comes of the desk, the cache is not left opening behind it.
fn open_databases(
    folder: &Folder,
    key: &Key,
    label: LabelState,
    now: DateTime<Utc>,
    damage: &mut Vec<DamageReport>,
) -> Result<Databases, StoreError> {
    let path = folder.path().join(CACHE);
    thread::scope(|scope| {
        let cache = thread::Builder::new().name("store-cache".into()).spawn_scoped(scope, || Cache::open(&path, key));
        let cache = cache.map_err(|source| StoreError::Folder { path: path.clone(), source })?;
        let desk = open_desk(folder, key, label, now, damage)?;
        let ahead = read_ahead(&path, key, &desk.records)?;
        let cache = cache.join().unwrap_or_else(|_| Err(OpenError::Damaged("сбой при открытии".into())));
        Ok(Databases { desk, cache, ahead })
    })
}

fn read_ahead(cache: &Path, key: &Key, records: &Records) -> Result<Option<ReadAhead>, StoreError> {
    let Some(Floor(of, _)) = counter(records, FLOOR) else { return Ok(None) };
    Ok(Some(ReadAhead { of, snapshot: columns::read(cache, &cache::sealer(key, of)?) }))
}

fn open_desk(
    folder: &Folder,
    key: &Key,
    label: LabelState,
    now: DateTime<Utc>,
    damage: &mut Vec<DamageReport>,
) -> Result<OpenedDesk, StoreError> {
    let path = folder.path().join(DESK);
    let missing = label != LabelState::New && !path.exists();
    if missing {
        let words =
            "Папка desk (ответы, черновики, учётные записи) пропала: начата новая. Восстановите её из резервной копии.";
        damage.push(DamageReport { found_at: now, words: words.into() });
    }
    let salvaged = salvage(&path, key);
    let why = match Desk::open(&path, key) {
        Ok((desk, _)) if desk.stamp() < salvaged.durable => "последние записи не читаются".to_owned(),
        Ok((desk, records)) => {
            return Ok(OpenedDesk { desk, records, salvaged: missing, found: Some(salvaged) });
        }
        Err(OpenError::Store(error)) if !error.is_damage() => return Err(error),
        Err(error) => error.to_string(),
    };
    if label == LabelState::Unreadable && salvaged.newer_than(0).is_empty() {
        // Neither the label nor a single record proves the key: it may be the wrong one.
        return Err(wrong_key());
    }
    replace_desk(folder, key, salvaged, &why, now, damage)
}

/// Sets a damaged desk aside and begins a new one with what could be read of it.
fn replace_desk(
    folder: &Folder,
    key: &Key,
    salvaged: Salvaged,
    why: &str,
    now: DateTime<Utc>,
    damage: &mut Vec<DamageReport>,
) -> Result<OpenedDesk, StoreError> {
    let path = folder.path().join(DESK);
    let aside = folder.set_aside(DESK, "damaged", now)?;
    salvaged.put_back_files(&aside);
    let (desk, _) = Desk::open(&path, key)?;
    desk.continue_from(salvaged.stamp);
    let records = salvaged.newer_than(0);
    desk.write(&puts(&records))?;
    let count = |wanted: Drawer| records.keys().filter(|(drawer, _)| *drawer == wanted).count();
    let words = format!(
        "Стол был повреждён ({why}). Спасено: ответов {}, черновиков {}, учётных записей {}. Повреждённые файлы отложены в {}: не удаляйте их, пока не убедитесь, что ничего не пропало.",
        count(Drawer::Answers),
        count(Drawer::Drafts),
        count(Drawer::Accounts),
        aside.display(),
    );
    damage.push(DamageReport { found_at: now, words });
    Ok(OpenedDesk { desk, records, salvaged: true, found: None })
}

/// Takes the cache as it opened, or begins a new one when it is damaged.
fn accept_cache(
    opened: Result<Cache, OpenError>,
    folder: &Folder,
    key: &Key,
    records: &Records,
    now: DateTime<Utc>,
    damage: &mut Vec<DamageReport>,
) -> Result<Cache, StoreError> {
    let floor: Option<Floor> = counter(records, FLOOR);
    let why = match opened.and_then(|cache| lacks_rows(cache, floor.as_ref())) {
        Ok(cache) => return Ok(cache),
        Err(OpenError::Store(error)) if !error.is_damage() => return Err(error),
        Err(error) => error.to_string(),
    };
    set_cache_aside(folder, &why, now).map(|words| damage.push(DamageReport { found_at: now, words }))?;
    fresh_cache(folder, key)
}

/// A truncated database opens with rows silently missing: the desk knows how many there were at least.
fn lacks_rows(cache: Cache, floor: Option<&Floor>) -> Result<Cache, OpenError> {
    let Some(Floor(name, rows)) = floor else { return Ok(cache) };
    cache.position()?;
    let found = cache.rows_end()?;
    if *name != cache.name && found > 0 {
        return Err(OpenError::Damaged("кэш от другого хранилища".into()));
    }
    if found < *rows {
        return Err(OpenError::Damaged(format!("строк {found}, а должно быть не меньше {rows}")));
    }
    Ok(cache)
}

pub(crate) fn set_cache_aside(folder: &Folder, why: &str, now: DateTime<Utc>) -> Result<String, StoreError> {
    let aside = folder.set_aside(CACHE, "damaged", now)?;
    Ok(format!(
        "Кэш заявлений был повреждён ({why}): отложен в {} и читается заново. Ответы и черновики не пострадали.",
        aside.display()
    ))
}

pub(crate) fn fresh_cache(folder: &Folder, key: &Key) -> Result<Cache, StoreError> {
    Ok(Cache::open(&folder.path().join(CACHE), key)?)
}

impl Shared {
    /// Puts rows into the columns as they stand. Choices stand under their cancellations, so that these are
    /// put first.
    fn take_up_rows(
        &self,
        writer: &mut Writer,
        bases: Vec<(RowNumber, u64, prikrep_domain::Application)>,
    ) -> Result<(), StoreError> {
        let mut reading = crate::reading::Reading::new(self)?;
        let mut linked = Vec::new();
        for (row, sequence, base) in bases {
            writer.next_sequence = writer.next_sequence.max(sequence.saturating_add(1));
            let cancels = base.cancels;
            let standing = reading.standing_of_base(base)?;
            let mut list = self.list.write();
            list.upsert(row, &standing, sequence).map_err(|_| disordered())?;
            linked.extend(cancels.and_then(|choice| list.row_of(choice)));
        }
        for row in linked {
            let mut reading = crate::reading::Reading::new(self)?;
            if let Some(standing) = reading.standing(row)? {
                let sequence = standing.application.version;
                self.list.write().upsert(row, &standing, sequence).map_err(|_| disordered())?;
            }
        }
        Ok(())
    }
}
