//! The desk: what exists nowhere else (answers, drafts, accounts, settings), in small durable writes.
//!
//! Every value carries its own place in clear and is sealed, so that a desk that no longer opens can be
//! salvaged record by record from the raw bytes of its files (see [`crate::salvage`]).
//! Invariant: a write is durable when the method that makes it returns.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock};
use serde::{Deserialize, Serialize};

use crate::codec::{decode, encode};
use crate::database::{Database, OpenError, guarded};
use crate::seal::Sealer;
use crate::{Key, Shelf, StoreError};

/// A record on the desk is at most this long, in bytes.
pub(crate) const MAX_RECORD_BYTES: usize = 96 << 10;
const CACHE_BYTES: u64 = 8 << 20;
const TREE: &str = "desk";

/// Where a record lies on the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Drawer {
    /// Answers of the outbox, by their order.
    Answers,
    /// Drafts, by application.
    Drafts,
    Accounts,
    Sessions,
    Settings,
    /// The desk's own counters.
    Counters,
}

impl Drawer {
    const ALL: [Self; 6] =
        [Self::Answers, Self::Drafts, Self::Accounts, Self::Sessions, Self::Settings, Self::Counters];

    pub(crate) const fn tag(self) -> u8 {
        match self {
            Self::Answers => b'a',
            Self::Drafts => b'd',
            Self::Accounts => b'u',
            Self::Sessions => b's',
            Self::Settings => b'p',
            Self::Counters => b'c',
        }
    }

    pub(crate) fn of_tag(tag: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|drawer| drawer.tag() == tag)
    }
}

impl From<Shelf> for Drawer {
    fn from(shelf: Shelf) -> Self {
        match shelf {
            Shelf::Accounts => Self::Accounts,
            Shelf::Sessions => Self::Sessions,
            Shelf::Settings => Self::Settings,
        }
    }
}

/// One change of the desk; several, each of another record, are written as one.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Put(Drawer, Vec<u8>, Vec<u8>),
    Remove(Drawer, Vec<u8>),
}

/// What the desk held when it was opened, by place; values are plain.
pub(crate) type Records = BTreeMap<(Drawer, Vec<u8>), Vec<u8>>;

/// A record's key and its plain value.
pub(crate) type KeyAndValue = (Vec<u8>, Vec<u8>);

/// The open desk.
#[derive(Debug)]
pub(crate) struct Desk {
    /// `None` only when it could not be opened anew.
    open: RwLock<Option<Open>>,
    path: PathBuf,
    sealer: Sealer,
    /// What takes back the writes that the disk has refused: something of them may lie there all the same.
    refused: Mutex<Vec<Change>>,
    tally: Mutex<Tally>,
    /// The last write that is durable.
    durable: AtomicU64,
}

/// The database of a desk.
#[derive(Debug)]
struct Open {
    database: Database,
    tree: sled::Tree,
}

impl Open {
    fn new(path: &Path) -> Result<Self, OpenError> {
        let database = Database::open(path, CACHE_BYTES, None)?;
        let tree = database.tree(TREE)?;
        Ok(Self { database, tree })
    }
}

/// What every write also writes: by it a desk that lost records is noticed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// The number of the last write: of two copies of a record the one with the greater stamp is newer.
    stamp: u64,
    /// How many records lie here, this one not counted.
    records: u64,
    /// The number of a write that was durable when this one began: a desk that opens with less has lost records.
    #[serde(default)]
    durable: Option<u64>,
}

const TALLY: &[u8] = b"tally";

impl Tally {
    /// Where the first version did not say so, it is all but the write itself.
    fn durable(&self) -> u64 {
        self.durable.unwrap_or(self.stamp.saturating_sub(1))
    }
}

impl Desk {
    /// Opens or makes the desk and reads all of it, so that damage is found now and not in front of a person.
    pub(crate) fn open(path: &Path, key: &Key) -> Result<(Self, Records), OpenError> {
        let desk = Self {
            open: RwLock::new(Some(Open::new(path)?)),
            path: path.to_owned(),
            sealer: sealer(key)?,
            refused: Mutex::default(),
            tally: Mutex::default(),
            durable: AtomicU64::new(0),
        };
        let records = desk.take_up()?;
        Ok((desk, records))
    }

    /// Reads all of it, and goes on counting from there.
    fn take_up(&self) -> Result<Records, OpenError> {
        let (mut records, damaged) = self.read_all();
        if let Some(what) = damaged.first() {
            return Err(OpenError::Damaged(what.clone()));
        }
        if let Some(tally) = records.remove(&(Drawer::Counters, TALLY.to_vec())) {
            let tally: Tally = decode(&tally, "счётчик стола")?;
            self.durable.store(tally.durable(), Ordering::SeqCst);
            *self.tally.lock() = tally;
        }
        if self.tally.lock().records != records.len() as u64 {
            return Err(OpenError::Damaged("на столе не столько записей, сколько было".into()));
        }
        Ok(records)
    }

    /// Opens the database anew after a write that the disk has refused. Nobody was told that it was kept: what may
    /// lie there of it is taken back.
    pub(crate) fn reopen(&self) -> Result<(), StoreError> {
        let (stamp, durable) = (self.stamp(), self.durable.load(Ordering::SeqCst));
        {
            let mut open = self.open.write();
            drop(open.take());
            *open = Some(Open::new(&self.path)?);
        }
        *self.tally.lock() = Tally::default();
        self.take_up()?;
        if self.stamp() < durable {
            return Err(StoreError::Damaged {
                what: "последние записи стола не читаются".into()
            });
        }
        self.continue_from(stamp);
        let undone = std::mem::take(&mut *self.refused.lock());
        // The last refused first: what was there before all of them is written last.
        for change in undone.iter().rev() {
            self.write(std::slice::from_ref(change)).inspect_err(|_| *self.refused.lock() = undone.clone())?;
        }
        Ok(())
    }

    fn reading<T>(&self, read: impl FnOnce(&sled::Tree) -> sled::Result<T>) -> Result<T, StoreError> {
        let open = self.open.read();
        let open = open.as_ref().ok_or(StoreError::Closed)?;
        guarded("чтение стола", || read(&open.tree))
    }

    /// Every record that can be read, and words for each that cannot.
    pub(crate) fn read_all(&self) -> (Records, Vec<String>) {
        let (mut records, mut damaged) = (Records::new(), Vec::new());
        let open = self.open.read();
        let Some(open) = open.as_ref() else { return (records, vec![StoreError::Closed.to_string()]) };
        let mut entries = open.tree.iter();
        // After a failed read the iterator cannot be trusted to go on: what is left is for the salvage.
        while let Some(entry) = guarded("чтение стола", || entries.next().transpose()).transpose() {
            match entry {
                Ok((place, value)) => match envelope::open(&self.sealer, &value) {
                    Some(record) if record.place() == *place => {
                        records.insert((record.drawer, record.key), record.plain);
                    }
                    _ => damaged.push("запись стола не проходит проверку подлинности".to_owned()),
                },
                Err(error) => {
                    damaged.push(error.to_string());
                    break;
                }
            }
        }
        (records, damaged)
    }

    /// Writes changes as one, durably.
    pub(crate) fn write(&self, changes: &[Change]) -> Result<(), StoreError> {
        let open = self.open.read();
        let open = open.as_ref().ok_or(StoreError::Closed)?;
        let mut undo = Vec::with_capacity(changes.len());
        let written = self.apply(open, changes, &mut undo).and_then(|()| self.commit_to(open));
        if written.as_ref().is_err_and(|error| error.disk_trouble().is_some()) {
            self.refused.lock().append(&mut undo);
        }
        written
    }

    /// Makes everything on the desk survive a loss of power.
    pub(crate) fn commit(&self) -> Result<(), StoreError> {
        let open = self.open.read();
        self.commit_to(open.as_ref().ok_or(StoreError::Closed)?)
    }

    fn commit_to(&self, open: &Open) -> Result<(), StoreError> {
        let stamp = self.stamp();
        open.database.commit()?;
        self.durable.fetch_max(stamp, Ordering::SeqCst);
        Ok(())
    }

    /// Writes changes as one, and says what takes them back.
    fn apply(&self, open: &Open, changes: &[Change], undo: &mut Vec<Change>) -> Result<(), StoreError> {
        let mut tally = self.tally.lock();
        let mut next = Tally { stamp: tally.stamp + 1, durable: Some(self.durable.load(Ordering::SeqCst)), ..*tally };
        let stamp = next.stamp;
        let mut batch = sled::Batch::default();
        for change in changes {
            let (Change::Put(drawer, key, _) | Change::Remove(drawer, key)) = change;
            let before = guarded("чтение стола", || open.tree.get(place(*drawer, key)))?;
            match (matches!(change, Change::Put(..)), before.is_some()) {
                (true, false) => next.records += 1,
                (false, true) => next.records = next.records.saturating_sub(1),
                (true, true) | (false, false) => {}
            }
            let before = before.and_then(|value| envelope::open(&self.sealer, &value));
            undo.push(match before {
                Some(record) => Change::Put(*drawer, key.clone(), record.plain),
                None => Change::Remove(*drawer, key.clone()),
            });
        }
        let mut put = |drawer: Drawer, key: &[u8], plain: &[u8]| -> Result<(), StoreError> {
            if plain.len() > MAX_RECORD_BYTES {
                return Err(StoreError::Encode {
                    what: format!("запись больше {} КиБ", MAX_RECORD_BYTES >> 10)
                });
            }
            batch.insert(place(drawer, key), envelope::seal(&self.sealer, drawer, key, stamp, plain)?);
            Ok(())
        };
        for change in changes {
            if let Change::Put(drawer, key, plain) = change {
                put(*drawer, key, plain)?;
            }
        }
        put(Drawer::Counters, TALLY, &encode(&next, "счётчик стола")?)?;
        for change in changes {
            if let Change::Remove(drawer, key) = change {
                batch.remove(place(*drawer, key));
            }
        }
        guarded("запись на стол", || open.tree.apply_batch(batch))?;
        *tally = next;
        Ok(())
    }

    pub(crate) fn get(&self, drawer: Drawer, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let place = place(drawer, key);
        let Some(value) = self.reading(|tree| tree.get(&place))? else { return Ok(None) };
        match envelope::open(&self.sealer, &value) {
            Some(record) if record.place() == place => Ok(Some(record.plain)),
            _ => Err(StoreError::Damaged { what: "запись стола".into() }),
        }
    }

    /// All records of a drawer, by key.
    pub(crate) fn all(&self, drawer: Drawer) -> Result<Vec<KeyAndValue>, StoreError> {
        let mut found = Vec::new();
        let open = self.open.read();
        let mut entries = open.as_ref().ok_or(StoreError::Closed)?.tree.scan_prefix([drawer.tag()]);
        while let Some((place, value)) = guarded("чтение стола", || entries.next().transpose())? {
            match envelope::open(&self.sealer, &value) {
                Some(record) if record.place() == *place => found.push((record.key, record.plain)),
                _ => return Err(StoreError::Damaged { what: "запись стола".into() }),
            }
        }
        Ok(found)
    }

    /// The number of the last write; grows without gaps.
    pub(crate) fn stamp(&self) -> u64 {
        self.tally.lock().stamp
    }

    /// A new desk goes on counting after a salvaged one.
    pub(crate) fn continue_from(&self, stamp: u64) {
        let mut tally = self.tally.lock();
        tally.stamp = tally.stamp.max(stamp);
    }
}

pub(crate) fn sealer(key: &Key) -> Result<Sealer, StoreError> {
    Sealer::new(key, b"desk", "desk values")
}

/// Up to which write a desk was durable, by a tally that was found in its files.
pub(crate) fn durable_by(tally: &[u8]) -> u64 {
    decode(tally, "счётчик стола").map_or(0, |tally: Tally| tally.durable())
}

/// Whether a place is that of the desk's own tally, which a new desk writes itself.
pub(crate) fn is_tally(place: &(Drawer, Vec<u8>)) -> bool {
    place.0 == Drawer::Counters && place.1 == TALLY
}

fn place(drawer: Drawer, key: &[u8]) -> Vec<u8> {
    let mut place = Vec::with_capacity(1 + key.len());
    place.push(drawer.tag());
    place.extend_from_slice(key);
    place
}

/// The form of a desk value on the disk:
/// `magic 8 | drawer 1 | key length 2 | stamp 8 | sealed length 4 | key | sealed`.
/// Everything before `sealed` is bound into the seal.
pub(crate) mod envelope {
    use super::{Drawer, MAX_RECORD_BYTES, place};
    use crate::StoreError;
    use crate::seal::Sealer;

    pub(crate) const MAGIC: &[u8; 8] = b"\xD0prkrp\x01\n";
    const HEAD: usize = 8 + 1 + 2 + 8 + 4;

    /// A desk value, opened.
    #[derive(Debug)]
    pub(crate) struct Record {
        pub(crate) drawer: Drawer,
        pub(crate) key: Vec<u8>,
        pub(crate) stamp: u64,
        pub(crate) plain: Vec<u8>,
    }

    impl Record {
        pub(super) fn place(&self) -> Vec<u8> {
            place(self.drawer, &self.key)
        }
    }

    pub(crate) fn seal(
        sealer: &Sealer,
        drawer: Drawer,
        key: &[u8],
        stamp: u64,
        plain: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        let too_long =
            |_| StoreError::Encode { what: "ключ записи стола слишком длинный".into() };
        let mut head = Vec::with_capacity(HEAD + key.len());
        head.extend_from_slice(MAGIC);
        head.push(drawer.tag());
        head.extend_from_slice(&u16::try_from(key.len()).map_err(too_long)?.to_be_bytes());
        head.extend_from_slice(&stamp.to_be_bytes());
        let sealed = sealer.seal(&[&head, key], plain)?;
        head.extend_from_slice(&u32::try_from(sealed.len()).map_err(too_long)?.to_be_bytes());
        Ok([head.as_slice(), key, &sealed].concat())
    }

    /// Opens a value that begins at the start of `bytes`, which may go on behind it.
    pub(crate) fn open(sealer: &Sealer, bytes: &[u8]) -> Option<Record> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (&tag, rest) = rest.split_first()?;
        let (key_length, rest) = rest.split_first_chunk()?;
        let (stamp, rest) = rest.split_first_chunk()?;
        let (sealed_length, rest) = rest.split_first_chunk()?;
        let (key, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*key_length)))?;
        let sealed_length = usize::try_from(u32::from_be_bytes(*sealed_length)).ok()?;
        if sealed_length > 2 * MAX_RECORD_BYTES {
            return None;
        }
        let head = bytes.get(..HEAD - 4)?;
        let plain = sealer.open(&[head, key], rest.get(..sealed_length)?).ok()?;
        Some(Record { drawer: Drawer::of_tag(tag)?, key: key.to_vec(), stamp: u64::from_be_bytes(*stamp), plain })
    }
}
