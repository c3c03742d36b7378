//! Backup of what exists nowhere else: the desk's records and the journal as of one instant, sealed with the
//! store's key.
//!
//! The file is a line of text, then sealed chunks, each after its length; the last holds the number of
//! records, so that a file that was cut is noticed. Sessions are left out: after a restore everybody signs
//! in again.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::codec::{decode, encode};
use crate::database::sync_folder;
use crate::desk::{Change, Desk, Drawer, Records};
use crate::folder::Folder;
use crate::journal::is_part;
use crate::opening::JOURNAL_FOLDER;
use crate::seal::Sealer;
use crate::shared::Shared;
use crate::{Key, StoreError};

pub(crate) const MAGIC: &[u8] = b"PRIKREP BACKUP 1\n";
const MAX_CHUNK_BYTES: u32 = 1 << 20;
const PIECE_BYTES: u64 = 256 << 10;
const WHAT: &str = "резервная копия";

#[derive(Serialize, Deserialize)]
pub(crate) enum Chunk {
    Record {
        drawer: Drawer,
        key: Vec<u8>,
        plain: Vec<u8>,
    },
    End {
        records: usize,
        #[serde(default)]
        journal_bytes: u64,
    },
    /// A piece of a part of the journal, as it lies in the file: pieces of a part follow each other.
    Journal {
        name: String,
        piece: Vec<u8>,
    },
}

pub(crate) fn backup(shared: &Shared, to: &mut dyn Write) -> Result<(), StoreError> {
    let sealer = sealer(&shared.key)?;
    // The writer's lock keeps answers still while they are copied; the copy is written without it.
    let (records, journal) = {
        let _writer = shared.writer.lock();
        let _journaling = shared.journaling.lock();
        let (records, damaged) = shared.desk.read_all();
        match damaged.into_iter().next() {
            None => (records, shared.journal.files()?),
            Some(what) => return Err(StoreError::Damaged { what }),
        }
    };
    write_all(&sealer, &records, &journal, to)
}

fn write_all(
    sealer: &Sealer,
    records: &Records,
    journal: &[(String, PathBuf, u64)],
    to: &mut dyn Write,
) -> Result<(), StoreError> {
    let failed = |error: std::io::Error| StoreError::Backup(format!("не удалось записать файл: {error}"));
    to.write_all(MAGIC).map_err(failed)?;
    let kept = records.iter().filter(|((drawer, _), _)| is_kept(*drawer));
    let chunks =
        kept.map(|((drawer, key), plain)| Chunk::Record { drawer: *drawer, key: key.clone(), plain: plain.clone() });
    let mut number = 0u64;
    let mut write = |chunk: &Chunk, to: &mut dyn Write| -> Result<(), StoreError> {
        let sealed = sealer.seal(&[MAGIC, &number.to_be_bytes()], &encode(chunk, WHAT)?)?;
        let length = u32::try_from(sealed.len()).map_err(|_| StoreError::Encode { what: WHAT.into() })?;
        number += 1;
        to.write_all(&length.to_be_bytes()).and_then(|()| to.write_all(&sealed)).map_err(failed)
    };
    let mut written = 0;
    for chunk in chunks {
        write(&chunk, to)?;
        written += 1;
    }
    let mut journal_bytes = 0;
    for (name, path, length) in journal {
        let unread = |source| StoreError::File { step: "чтение журнала", path: path.clone(), source };
        let mut rest = File::open(path).map_err(unread)?.take(*length);
        loop {
            let mut piece = Vec::new();
            rest.by_ref().take(PIECE_BYTES).read_to_end(&mut piece).map_err(unread)?;
            if piece.is_empty() {
                break;
            }
            journal_bytes += piece.len() as u64;
            write(&Chunk::Journal { name: name.clone(), piece }, to)?;
        }
    }
    write(&Chunk::End { records: written, journal_bytes }, to)?;
    to.flush().map_err(failed)
}

/// Counters belong to the folder that they count.
const fn is_kept(drawer: Drawer) -> bool {
    match drawer {
        Drawer::Answers | Drawer::Drafts | Drawer::Accounts | Drawer::Settings => true,
        Drawer::Sessions | Drawer::Counters => false,
    }
}

pub(crate) fn restore(path: &Path, key: &Key, from: &mut dyn Read, now: DateTime<Utc>) -> Result<usize, StoreError> {
    // Everything is read and proved before anything of the store is touched; the journal waits beside it, inside the
    // folder: around it nothing may belong to the one who restores.
    let staged = path.join("restoring");
    let _ = fs::remove_dir_all(&staged);
    let changes = read_all(&sealer(key)?, from, &staged);
    let changes = changes.inspect_err(|_| drop(fs::remove_dir_all(&staged)))?;
    let folder = Folder::lock(path)?;
    for part in ["desk", "cache", "store.json", JOURNAL_FOLDER] {
        if path.join(part).exists() {
            folder.set_aside(part, "before-restore", now)?;
        }
    }
    if staged.exists() {
        let failed = |source| StoreError::File { step: "запись журнала", path: staged.clone(), source };
        fs::rename(&staged, path.join(JOURNAL_FOLDER)).map_err(failed)?;
        sync_folder(path);
    }
    folder.write_label(key)?;
    let (desk, _) = Desk::open(&path.join("desk"), key)?;
    desk.write(&changes)?;
    Ok(changes.len())
}

/// Reads a backup: the desk's records; parts of the journal are written to a folder.
pub(crate) fn read_all(sealer: &Sealer, from: &mut dyn Read, journal: &Path) -> Result<Vec<Change>, StoreError> {
    let bad = |words: &str| StoreError::Backup(words.to_owned());
    let mut magic = [0; MAGIC.len()];
    from.read_exact(&mut magic).map_err(|_| bad("это не файл резервной копии"))?;
    if magic != MAGIC {
        return Err(bad("это не файл резервной копии этой версии"));
    }
    let mut changes = Vec::new();
    let mut read_bytes = 0;
    for number in 0u64.. {
        let mut length = [0; 4];
        from.read_exact(&mut length).map_err(|_| bad("файл обрывается"))?;
        let length = u32::from_be_bytes(length);
        if length > MAX_CHUNK_BYTES {
            return Err(bad("файл повреждён"));
        }
        let mut sealed = vec![0; length as usize];
        from.read_exact(&mut sealed).map_err(|_| bad("файл обрывается"))?;
        let plain = sealer
            .open(&[MAGIC, &number.to_be_bytes()], &sealed)
            .map_err(|_| bad("файл повреждён или запечатан другим ключом"))?;
        match decode(&plain, WHAT)? {
            Chunk::Record { drawer, key, plain } => changes.push(Change::Put(drawer, key, plain)),
            Chunk::End { records, journal_bytes } if records == changes.len() && journal_bytes == read_bytes => break,
            Chunk::End { .. } => return Err(bad("в файле не все записи")),
            Chunk::Journal { name, piece } => {
                // A name that is no part's would be written somewhere else.
                if is_part(&name).is_none() {
                    return Err(bad("файл повреждён"));
                }
                read_bytes += piece.len() as u64;
                write_piece(journal, &name, &piece)?;
            }
        }
    }
    if from.read_exact(&mut [0]).is_ok() {
        return Err(bad("за концом копии есть что-то ещё"));
    }
    Ok(changes)
}

fn write_piece(folder: &Path, name: &str, piece: &[u8]) -> Result<(), StoreError> {
    let path = folder.join(name);
    let written = fs::create_dir_all(folder)
        .and_then(|()| File::options().create(true).append(true).open(&path))
        .and_then(|mut file| file.write_all(piece).and_then(|()| file.sync_all()));
    written.map_err(|source| StoreError::File { step: "запись журнала", path, source })
}

pub(crate) fn sealer(key: &Key) -> Result<Sealer, StoreError> {
    Sealer::new(key, b"backup", "backup chunks")
}
