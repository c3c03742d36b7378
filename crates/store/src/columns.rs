//! The snapshot file of the columns: a shortcut that makes opening fast.
//!
//! Chunks are sealed with their number and the number of their last bound in, so that a file that was cut,
//! mixed or changed does not open. Invariant: it is thrown away whenever there is doubt; nothing is lost by it.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::thread;

use prikrep_worklist::Worklist;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::codec::{decode, encode};
use crate::seal::Sealer;

const FILE: &str = "columns";
/// A sealed chunk is at most this long.
const MAX_CHUNK_BYTES: u32 = 2 << 20;
/// So many chunks are opened ahead of the columns that take them up.
const CHUNKS_AHEAD: usize = 4;

/// What a snapshot is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SnapshotHead {
    /// This hop's epoch.
    pub(crate) epoch: Uuid,
    /// The sequence of the last change that it contains.
    pub(crate) sequence: u64,
    /// How many row numbers were given.
    pub(crate) rows: u32,
}

/// A snapshot that was read.
pub(crate) struct Snapshot {
    pub(crate) head: SnapshotHead,
    pub(crate) list: Worklist,
}

fn path_in(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

/// Writes a snapshot beside the old one, then takes the old one's place.
pub(crate) fn write(folder: &Path, sealer: &Sealer, head: &SnapshotHead, list: &Worklist) -> io::Result<()> {
    let temporary = path_in(folder).with_extension("new");
    let mut writer =
        ChunkWriter { file: BufWriter::with_capacity(1 << 20, File::create(&temporary)?), sealer, number: 0 };
    writer.write(&encode(head, FILE).map_err(io::Error::other)?)?;
    list.write_snapshot(&mut |chunk| writer.write(chunk))?;
    // An empty chunk ends the file: without it the file was cut.
    writer.write(&[])?;
    writer.file.flush()?;
    fs::rename(&temporary, path_in(folder))
}

/// Reads the snapshot; `None` when there is none or it is not to be trusted. Chunks are opened on a thread
/// of their own while the columns are made of those before them.
pub(crate) fn read(folder: &Path, sealer: &Sealer) -> Option<Snapshot> {
    let file = File::open(path_in(folder)).ok()?;
    let mut chunks = ChunkReader { file: BufReader::new(file), sealer, number: 0, ended: false };
    let head = decode(&chunks.next()?.ok()?, FILE).ok()?;
    let (sender, opened) = sync_channel(CHUNKS_AHEAD);
    let (read, ended) = thread::scope(|scope| {
        let opening = thread::Builder::new().name("store-columns".into()).spawn_scoped(scope, move || {
            // Nobody listens any more when the columns are refused.
            let _ = chunks.by_ref().try_for_each(|chunk| sender.send(chunk));
            chunks.ended
        });
        let read = Worklist::read_snapshot(&mut opened.into_iter());
        (read, opening.is_ok_and(|opening| opening.join().unwrap_or(false)))
    });
    match read {
        Ok(list) if ended => Some(Snapshot { head, list }),
        Ok(_) => None,
        Err(error) => {
            tracing::warn!(%error, "the snapshot of the columns is not used");
            None
        }
    }
}

struct ChunkWriter<'a> {
    file: BufWriter<File>,
    sealer: &'a Sealer,
    number: u64,
}

impl ChunkWriter<'_> {
    fn write(&mut self, plain: &[u8]) -> io::Result<()> {
        let place = self.number.to_be_bytes();
        let sealed = self.sealer.seal(&[FILE.as_bytes(), &place], plain).map_err(io::Error::other)?;
        let length = u32::try_from(sealed.len()).map_err(io::Error::other)?;
        self.number += 1;
        self.file.write_all(&length.to_be_bytes())?;
        self.file.write_all(&sealed)
    }
}

struct ChunkReader<'a> {
    file: BufReader<File>,
    sealer: &'a Sealer,
    number: u64,
    ended: bool,
}

impl ChunkReader<'_> {
    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut length = [0; 4];
        self.file.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length);
        if length > MAX_CHUNK_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a chunk over the limit"));
        }
        let mut sealed = vec![0; length as usize];
        self.file.read_exact(&mut sealed)?;
        let place = self.number.to_be_bytes();
        let plain = self
            .sealer
            .open_owned(&[FILE.as_bytes(), &place], sealed)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "a chunk that does not authenticate"))?;
        self.number += 1;
        self.ended = plain.is_empty();
        Ok((!self.ended).then_some(plain))
    }
}

impl Iterator for ChunkReader<'_> {
    type Item = io::Result<Vec<u8>>;
    fn next(&mut self) -> Option<Self::Item> {
        if self.ended { None } else { self.read().transpose() }
    }
}
