//! The cache: everything that the upstream can give again (applications, cursor, quarantine).
//!
//! Rows have dense numbers given at arrival. Before rows are written, the journal says which rows and in
//! which order; after them comes the cursor. So a page that was cut off is replayed and asked for again,
//! and a snapshot of the columns is brought up to date by the journal behind it.
//! Invariant: never trusted to be whole; whatever is wrong with it, it is set aside and read anew.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use prikrep_domain::{Application, Cursor};
use prikrep_worklist::Row as RowNumber;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::codec::{Row, decode, encode, row_head};
use crate::database::{Database, OpenError, guarded};
use crate::seal::Sealer;
use crate::{Key, Quarantined, StoreError};

const CACHE_BYTES: u64 = 48 << 20;
const FLUSH_MS: u64 = 1_000;
/// The most records that quarantine keeps; more are counted by the log only.
pub(crate) const MAX_QUARANTINED: usize = 10_000;

/// Where the cache stands with its upstream, and its own name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    /// This hop's own epoch: the cursors that it gives are of it.
    pub(crate) epoch: Uuid,
    /// Where to read on at the upstream.
    pub(crate) cursor: Option<Cursor>,
    /// The upstream has begun a new epoch and not all of it has been read: after a restart it is read from
    /// the beginning.
    pub(crate) rereading: bool,
    /// The desk's stamp when this was written: by it a desk that lost its end is noticed.
    pub(crate) desk_stamp: u64,
    /// The journal was trimmed up to this sequence: without the snapshot that made that possible, changes
    /// before it are not known in their order any more.
    pub(crate) trimmed: u64,
    /// The upstream was read to its end at least once.
    pub(crate) complete: bool,
}

/// The open cache.
#[derive(Debug)]
pub(crate) struct Cache {
    /// Tells this cache from the one before it; salts the keys of its values.
    pub(crate) name: Uuid,
    database: Database,
    rows: sled::Tree,
    journal: sled::Tree,
    quarantine: sled::Tree,
    about: sled::Tree,
    sealer: Sealer,
    path: PathBuf,
    quarantined: AtomicUsize,
}

const NAME: &[u8] = b"name";
const POSITION: &[u8] = b"position";

impl Cache {
    /// Opens or makes the cache.
    pub(crate) fn open(path: &Path, key: &Key) -> Result<Self, OpenError> {
        let database = Database::open(path, CACHE_BYTES, Some(FLUSH_MS))?;
        let rows = database.tree("rows")?;
        let about = database.tree("about")?;
        let quarantine = database.tree("quarantine")?;
        let known = guarded("чтение имени", || about.get(NAME))?;
        let name = match known {
            Some(bytes) => Uuid::from_slice(&bytes).map_err(|_| OpenError::Damaged("имя кэша нечитаемо".into()))?,
            None if guarded("чтение строк", || rows.first())?.is_some() => {
                return Err(OpenError::Damaged("строки без имени кэша".into()));
            }
            None => {
                let name = Uuid::new_v4();
                guarded("запись имени", || about.insert(NAME, name.as_bytes()))?;
                name
            }
        };
        Ok(Self {
            name,
            rows,
            about,
            journal: database.tree("journal")?,
            quarantined: AtomicUsize::new(guarded("чтение карантина", || Ok(quarantine.len()))?),
            quarantine,
            sealer: sealer(key, name)?,
            database,
            path: path.to_owned(),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where it stands; a new cache begins a new epoch.
    pub(crate) fn position(&self) -> Result<Position, StoreError> {
        match guarded("чтение позиции", || self.about.get(POSITION))? {
            Some(sealed) => decode(&self.opened(b"about", POSITION, &sealed)?, "позиция"),
            None => Ok(Position {
                epoch: Uuid::new_v4(),
                cursor: None,
                rereading: false,
                desk_stamp: 0,
                trimmed: 0,
                complete: false,
            }),
        }
    }

    pub(crate) fn set_position(&self, position: &Position) -> Result<(), StoreError> {
        let sealed = self.sealer.seal(&[b"about", POSITION], &encode(position, "позиция")?)?;
        guarded("запись позиции", || self.about.insert(POSITION, sealed)).map(drop)
    }

    /// How many row numbers were given, by the last one that is there.
    pub(crate) fn rows_end(&self) -> Result<u32, StoreError> {
        let last = guarded("чтение строк", || self.rows.last())?;
        last.map_or(Ok(0), |(key, _)| Ok(number_of(&key)?.number().saturating_add(1)))
    }

    pub(crate) fn row(&self, row: RowNumber) -> Result<Option<Row>, StoreError> {
        let Some(plain) = self.plain_row(row)? else { return Ok(None) };
        Row::decode(&plain).map(Some).ok_or_else(|| damaged_row(row))
    }

    /// The version at the upstream of a row's base, without decoding the whole.
    pub(crate) fn row_version(&self, row: RowNumber) -> Result<Option<u64>, StoreError> {
        let Some(plain) = self.plain_row(row)? else { return Ok(None) };
        row_head(&plain).map(|(_, version)| Some(version)).ok_or_else(|| damaged_row(row))
    }

    fn plain_row(&self, row: RowNumber) -> Result<Option<Vec<u8>>, StoreError> {
        let key = row.number().to_be_bytes();
        let Some(sealed) = guarded("чтение строки", || self.rows.get(key))? else { return Ok(None) };
        if sealed.is_empty() {
            return Ok(None);
        }
        self.sealer.open(&[b"rows", &key], &sealed).map(Some).map_err(|_| damaged_row(row))
    }

    pub(crate) fn put_row(&self, row: RowNumber, sequence: u64, base: &Application) -> Result<(), StoreError> {
        let key = row.number().to_be_bytes();
        let sealed = self.sealer.seal(&[b"rows", &key], &Row::encode(sequence, base)?)?;
        guarded("запись строки", || self.rows.insert(key, sealed)).map(drop)
    }

    /// Empties a row; its number is not given again.
    pub(crate) fn clear_row(&self, row: RowNumber) -> Result<(), StoreError> {
        guarded("удаление строки", || self.rows.insert(row.number().to_be_bytes(), &[])).map(drop)
    }

    /// Every row from a number on: `None` for an emptied one.
    pub(crate) fn rows_from(&self, first: u32) -> impl Iterator<Item = Result<(RowNumber, Option<Row>), StoreError>> {
        let mut entries = self.rows.range(first.to_be_bytes()..);
        std::iter::from_fn(move || guarded("чтение строк", || entries.next().transpose()).transpose()).map(
            move |entry| {
                let (key, sealed) = entry?;
                let row = number_of(&key)?;
                if sealed.is_empty() {
                    return Ok((row, None));
                }
                let plain = self.sealer.open(&[b"rows", &key], &sealed).map_err(|_| damaged_row(row))?;
                Row::decode(&plain).map(|decoded| (row, Some(decoded))).ok_or_else(|| damaged_row(row))
            },
        )
    }

    /// Says which rows get the sequences that end with `last`, in their order.
    pub(crate) fn write_journal(&self, last: u64, rows: &[RowNumber]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let bytes: Vec<u8> = rows.iter().flat_map(|row| row.number().to_be_bytes()).collect();
        guarded("запись журнала строк", || self.journal.insert(last.to_be_bytes(), bytes)).map(drop)
    }

    /// The rows of the journal behind a sequence, with the last sequence of each.
    pub(crate) fn journal_after(&self, sequence: u64) -> Result<HashMap<RowNumber, u64>, StoreError> {
        let damaged = || StoreError::Damaged { what: "журнал строк".into() };
        let mut changes = HashMap::new();
        let mut entries = self.journal.range(sequence.saturating_add(1).to_be_bytes()..);
        while let Some((key, value)) = guarded("чтение журнала строк", || entries.next().transpose())?
        {
            let last = <[u8; 8]>::try_from(key.as_ref()).map(u64::from_be_bytes).map_err(|_| damaged())?;
            let (rows, rest) = value.as_chunks::<4>();
            let count = u64::try_from(rows.len()).map_err(|_| damaged())?;
            let first = last.checked_add(1).and_then(|end| end.checked_sub(count)).ok_or_else(damaged)?;
            if !rest.is_empty() {
                return Err(damaged());
            }
            changes.extend(rows.iter().map(|row| RowNumber::new(u32::from_be_bytes(*row))).zip(first..));
        }
        Ok(changes)
    }

    /// Forgets the journal up to a sequence that a snapshot contains.
    pub(crate) fn trim_journal(&self, up_to: u64) -> Result<(), StoreError> {
        let keys: Vec<_> = self.journal.range(..=up_to.to_be_bytes()).keys().flatten().collect();
        for key in keys {
            guarded("очистка журнала строк", || self.journal.remove(key))?;
        }
        Ok(())
    }

    pub(crate) fn quarantine(&self) -> Result<Vec<Quarantined>, StoreError> {
        let mut found = Vec::new();
        let mut entries = self.quarantine.iter();
        while let Some((key, sealed)) = guarded("чтение карантина", || entries.next().transpose())? {
            found.push(decode(&self.opened(b"quarantine", &key, &sealed)?, "карантин")?);
        }
        Ok(found)
    }

    pub(crate) fn quarantined(&self) -> usize {
        self.quarantined.load(Ordering::Relaxed)
    }

    pub(crate) fn put_quarantined(&self, record: &Quarantined) -> Result<(), StoreError> {
        let key = record.key.as_bytes();
        let known = guarded("чтение карантина", || self.quarantine.contains_key(key))?;
        if !known && self.quarantined() >= MAX_QUARANTINED {
            tracing::error!(limit = MAX_QUARANTINED, "the quarantine is full: a record is not kept");
            return Ok(());
        }
        let sealed = self.sealer.seal(&[b"quarantine", key], &encode(record, "карантин")?)?;
        let old = guarded("запись карантина", || self.quarantine.insert(key, sealed))?;
        self.quarantined.fetch_add(usize::from(old.is_none()), Ordering::Relaxed);
        Ok(())
    }

    /// Takes a record out of quarantine; returns whether it was there.
    pub(crate) fn release(&self, key: &str) -> Result<bool, StoreError> {
        if self.quarantined() == 0 {
            return Ok(false);
        }
        let old = guarded("очистка карантина", || self.quarantine.remove(key))?;
        self.quarantined.fetch_sub(usize::from(old.is_some()), Ordering::Relaxed);
        Ok(old.is_some())
    }

    /// Makes all of it survive a loss of power.
    pub(crate) fn commit(&self) -> Result<(), StoreError> {
        self.database.commit()
    }

    /// Seals and opens the chunks of the snapshot file.
    pub(crate) const fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    fn opened(&self, tree: &[u8], key: &[u8], sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.sealer
            .open(&[tree, key], sealed)
            .map_err(|_| StoreError::Damaged { what: String::from_utf8_lossy(tree).into_owned() })
    }
}

/// Seals the values of the cache of this name.
pub(crate) fn sealer(key: &Key, name: Uuid) -> Result<Sealer, StoreError> {
    Sealer::new(key, name.as_bytes(), "cache values")
}

fn damaged_row(row: RowNumber) -> StoreError {
    StoreError::Damaged { what: format!("строка {}", row.number()) }
}

fn number_of(key: &[u8]) -> Result<RowNumber, StoreError> {
    <[u8; 4]>::try_from(key)
        .map(|number| RowNumber::new(u32::from_be_bytes(number)))
        .map_err(|_| StoreError::Damaged { what: "номер строки".into() })
}
