//! Salvage of a damaged desk: every record that authenticates is taken from the raw bytes of its files,
//! without the database.
//!
//! Records carry their place and the number of their write; of several copies the newest is kept. A record
//! that had been removed may come back: answers keep their identifiers, so that one delivered twice has no
//! effect, and sessions are left behind.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use memchr::memmem;

use crate::desk::{Change, Desk, Drawer, Records, durable_by, envelope, is_tally, sealer};
use crate::{Key, StoreError};

/// Files are scanned whole; a desk is small, and a larger file is scanned up to this many bytes.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// A file of up to this size is kept as it was found.
const MAX_KEPT_BYTES: usize = 64 << 20;

/// What could be read from a damaged desk.
#[derive(Debug, Default)]
pub(crate) struct Salvaged {
    /// By place: the number of the write, and the plain value.
    records: HashMap<(Drawer, Vec<u8>), (u64, Vec<u8>)>,
    /// The greatest stamp that was seen.
    pub(crate) stamp: u64,
    /// The last write of which a later one says that it was durable.
    pub(crate) durable: u64,
    /// The files as they were, where they are not too large.
    files: Vec<(PathBuf, Vec<u8>)>,
}

/// Scans every file of a desk's folder. To be done before sled opens it: opening a damaged database may
/// change its files.
pub(crate) fn salvage(folder: &Path, key: &Key) -> Salvaged {
    let Ok(sealer) = sealer(key) else { return Salvaged::default() };
    let mut files = Vec::new();
    let mut newest: HashMap<(Drawer, Vec<u8>), (u64, Vec<u8>)> = HashMap::new();
    for file in files_of(folder) {
        let Some(bytes) = read_bounded(&file) else { continue };
        for at in memmem::find_iter(&bytes, envelope::MAGIC) {
            let Some(record) = bytes.get(at..).and_then(|rest| envelope::open(&sealer, rest)) else { continue };
            let kept = newest.entry((record.drawer, record.key)).or_default();
            if kept.0 <= record.stamp {
                *kept = (record.stamp, record.plain);
            }
        }
        if let Ok(name) = file.strip_prefix(folder)
            && bytes.len() <= MAX_KEPT_BYTES
        {
            files.push((name.to_owned(), bytes));
        }
    }
    let stamp = newest.values().map(|(stamp, _)| *stamp).max().unwrap_or(0);
    let tally = newest.iter().find(|(place, _)| is_tally(place));
    let durable = tally.map_or(0, |(_, (_, plain))| durable_by(plain));
    newest.retain(|place, _| place.0 != Drawer::Sessions && !is_tally(place));
    Salvaged { records: newest, stamp, durable, files }
}

/// Makes an opened desk complete. A write that the power was lost in lies in the files, and the database does not know
/// of it: nobody was told that it was kept, and it is not. But when the cache has heard of a later write (`heard`),
/// the end of the desk was lost, and what is found of it is kept. Tells whether that is so.
pub(crate) fn complete(desk: &Desk, records: &mut Records, found: &Salvaged, heard: u64) -> Result<bool, StoreError> {
    let known = desk.stamp();
    let newer = found.newer_than(known);
    desk.continue_from(found.stamp.max(heard));
    if heard > known && !newer.is_empty() {
        desk.write(&puts(&newer))?;
        records.extend(newer);
    }
    Ok(heard > known)
}

/// The changes that write records anew.
pub(crate) fn puts(records: &Records) -> Vec<Change> {
    records.iter().map(|((drawer, key), plain)| Change::Put(*drawer, key.clone(), plain.clone())).collect()
}

impl Salvaged {
    /// The records of the writes after this one.
    pub(crate) fn newer_than(&self, stamp: u64) -> Records {
        let newer = self.records.iter().filter(|(_, (written, _))| *written > stamp);
        newer.map(|(place, (_, plain))| (place.clone(), plain.clone())).collect()
    }

    /// Puts the files of a folder that was set aside back into the state in which they were found: sled
    /// may have changed them at its attempt to open.
    pub(crate) fn put_back_files(&self, folder: &Path) {
        for (name, bytes) in &self.files {
            if let Err(error) = fs::write(folder.join(name), bytes) {
                tracing::warn!(%error, "a damaged file could not be kept as it was found");
            }
        }
    }
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files = Vec::new();
    for path in entries.map(|entry| entry.path()) {
        if path.is_dir() {
            files.extend(files_of(&path));
        } else {
            files.push(path);
        }
    }
    files
}

fn read_bounded(path: &Path) -> Option<Vec<u8>> {
    use std::io::Read;
    let mut bytes = Vec::new();
    match fs::File::open(path).and_then(|file| file.take(MAX_FILE_BYTES).read_to_end(&mut bytes)) {
        Ok(_) => Some(bytes),
        Err(error) => {
            tracing::warn!(%error, "a file of the damaged desk could not be read to its end");
            (!bytes.is_empty()).then_some(bytes)
        }
    }
}
