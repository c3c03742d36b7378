//! What the store reads from a disk, for the fuzz targets alone: a program is built without this.

use std::path::Path;

use prikrep_domain::{AnswerDraft, Application};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::backup::{self, Chunk};
use crate::cache::Position;
use crate::codec::{self, Row, decode, encode};
use crate::columns::SnapshotHead;
use crate::desk::{self, Drawer, Tally, envelope};
use crate::journal::{Ends, Link, frames, write_frame};
use crate::outbox::StoredAnswer;
use crate::reading::parse_cursor;
use crate::seal::Sealer;
use crate::{Key, Quarantined, StoreError};

/// A row of the cache: its sequence and its base.
#[must_use]
pub fn row(bytes: &[u8]) -> Option<(u64, Application)> {
    Row::decode(bytes).map(|row| (row.sequence, row.base))
}

/// A row as it is written.
///
/// # Errors
/// [`StoreError::Encode`].
pub fn write_row(sequence: u64, base: &Application) -> Result<Vec<u8>, StoreError> {
    Row::encode(sequence, base)
}

/// The sequence and the upstream's version of a row, without its base.
#[must_use]
pub fn row_head(bytes: &[u8]) -> Option<(u64, u64)> {
    codec::row_head(bytes)
}

/// What a stored record is when it is read and written, and when what was written is read and written again:
/// by kind, for each kind that can read it.
#[must_use]
pub fn records(bytes: &[u8]) -> Vec<(&'static str, [Vec<u8>; 2])> {
    [
        ("answer", rewritten::<StoredAnswer>(bytes)),
        ("draft", rewritten::<AnswerDraft>(bytes)),
        ("position", rewritten::<Position>(bytes)),
        ("columns", rewritten::<SnapshotHead>(bytes)),
        ("quarantine", rewritten::<Quarantined>(bytes)),
        ("tally", rewritten::<Tally>(bytes)),
        ("ends of the journal", rewritten::<Ends>(bytes)),
        ("backup", rewritten::<Chunk>(bytes)),
    ]
    .into_iter()
    .filter_map(|(kind, written)| Some((kind, written?)))
    .collect()
}

fn rewritten<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Option<[Vec<u8>; 2]> {
    let again = |bytes: &[u8]| encode(&decode::<T>(bytes, "").ok()?, "").ok();
    let first = again(bytes)?;
    let second = again(&first).unwrap_or_default();
    Some([first, second])
}

/// Seals and opens values.
#[derive(Debug)]
pub struct Seal(Sealer);

impl Seal {
    /// With a key, for one use.
    ///
    /// # Errors
    /// [`StoreError::Key`].
    pub fn new(key: &Key) -> Result<Self, StoreError> {
        Sealer::new(key, b"fuzzing", "fuzzing").map(Self)
    }

    /// Seals a value for a place.
    ///
    /// # Errors
    /// [`StoreError::Key`].
    pub fn seal(&self, place: &[u8], plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.0.seal(&[place], plain)
    }

    /// Opens a value sealed for a place.
    #[must_use]
    pub fn open(&self, place: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        self.0.open(&[place], sealed).ok()
    }
}

/// A backup of these chunks, whatever they are: sealed as a backup is.
///
/// # Errors
/// [`StoreError::Key`].
pub fn backup_of(key: &Key, chunks: &[&[u8]]) -> Result<Vec<u8>, StoreError> {
    let sealer = backup::sealer(key)?;
    let mut file = backup::MAGIC.to_vec();
    for (number, chunk) in (0u64..).zip(chunks) {
        let sealed = sealer.seal(&[backup::MAGIC, &number.to_be_bytes()], chunk)?;
        file.extend(u32::try_from(sealed.len()).unwrap_or(u32::MAX).to_be_bytes());
        file.extend(sealed);
    }
    Ok(file)
}

/// The chunks of a backup of one record and one piece of the journal.
///
/// # Errors
/// [`StoreError::Encode`].
pub fn backup_chunks(record: &[u8], piece: &[u8]) -> Result<[Vec<u8>; 3], StoreError> {
    let name = format!("{:020}.journal", 1);
    let end = Chunk::End { records: 1, journal_bytes: piece.len() as u64 };
    Ok([
        encode(&Chunk::Record { drawer: Drawer::Drafts, key: vec![7], plain: record.to_vec() }, "")?,
        encode(&Chunk::Journal { name, piece: piece.to_vec() }, "")?,
        encode(&end, "")?,
    ])
}

/// Reads a backup; its parts of the journal go to a folder. Gives how many records it has.
///
/// # Errors
/// [`StoreError`]: it is no backup sealed with this key.
pub fn read_backup(key: &Key, mut file: &[u8], journal: &Path) -> Result<usize, StoreError> {
    backup::read_all(&backup::sealer(key)?, &mut file, journal).map(|changes| changes.len())
}

/// A part of the journal with these bodies of entries.
///
/// # Errors
/// [`StoreError::Key`].
pub fn journal_part(key: &Key, bodies: &[&[u8]]) -> Result<Vec<u8>, StoreError> {
    let sealer = journal_sealer(key)?;
    let (mut end, mut part) = (Link::default(), Vec::new());
    for body in bodies {
        end = write_frame(&sealer, end, body, &mut part)?;
    }
    Ok(part)
}

/// Entries of the journal, by number.
pub type Entries = Vec<(u64, Vec<u8>)>;

/// The entries of a part of the journal, by number, and where the last of them ends.
///
/// # Errors
/// [`StoreError::Key`].
pub fn read_journal_part(key: &Key, part: &[u8]) -> Result<(Entries, usize), StoreError> {
    let (frames, whole) = frames(&journal_sealer(key)?, part);
    Ok((frames.into_iter().map(|frame| (frame.number, frame.body)).collect(), whole))
}

fn journal_sealer(key: &Key) -> Result<Sealer, StoreError> {
    Sealer::new(key, b"fuzzing", "fuzzing")
}

/// A record of the desk as it lies in a file: a draft under a key.
///
/// # Errors
/// [`StoreError`].
pub fn desk_record(key: &Key, name: &[u8], stamp: u64, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
    envelope::seal(&desk::sealer(key)?, Drawer::Drafts, name, stamp, plain)
}

/// The record of the desk that begins a file: its key, its stamp and what it says.
#[must_use]
pub fn read_desk_record(key: &Key, bytes: &[u8]) -> Option<(Vec<u8>, u64, Vec<u8>)> {
    let record = envelope::open(&desk::sealer(key).ok()?, bytes)?;
    Some((record.key, record.stamp, record.plain))
}

/// A cursor of the store's own feed: its epoch and its sequence.
#[must_use]
pub fn cursor(text: &str) -> Option<(Uuid, u64)> {
    parse_cursor(text)
}
