//! Backup of what exists nowhere else: the desk's records as of one instant, sealed with the store's key.
//!
//! The file is a line of text, then sealed chunks, each after its length; the last holds the number of
//! records, so that a file that was cut is noticed. Sessions are left out: after a restore everybody signs
//! in again.

use std::io::{Read, Write};
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::codec::{decode, encode};
use crate::desk::{Change, Desk, Drawer, Records};
use crate::folder::Folder;
use crate::seal::Sealer;
use crate::shared::Shared;
use crate::{Key, StoreError};

const MAGIC: &[u8] = b"PRIKREP BACKUP 1\n";
const MAX_CHUNK_BYTES: u32 = 1 << 20;
const WHAT: &str = "резервная копия";

#[derive(Serialize, Deserialize)]
enum Chunk {
    Record { drawer: Drawer, key: Vec<u8>, plain: Vec<u8> },
    End { records: usize },
}

pub(crate) fn backup(shared: &Shared, to: &mut dyn Write) -> Result<(), StoreError> {
    let sealer = sealer(&shared.key)?;
    // The writer's lock keeps answers still while they are copied; the copy is written without it.
    let records = {
        let _writer = shared.writer.lock();
        let (records, damaged) = shared.desk.read_all();
        match damaged.into_iter().next() {
            None => records,
            Some(what) => return Err(StoreError::Damaged { what }),
        }
    };
    write_all(&sealer, &records, to)
}

fn write_all(sealer: &Sealer, records: &Records, to: &mut dyn Write) -> Result<(), StoreError> {
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
    write(&Chunk::End { records: written }, to)?;
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
    // Everything is read and proved before the folder is touched.
    let changes = read_all(&sealer(key)?, from)?;
    let folder = Folder::lock(path)?;
    for part in ["desk", "cache", "store.json"] {
        if path.join(part).exists() {
            folder.set_aside(part, "before-restore", now)?;
        }
    }
    folder.write_label(key)?;
    let (desk, _) = Desk::open(&path.join("desk"), key)?;
    desk.write(&changes)?;
    Ok(changes.len())
}

fn read_all(sealer: &Sealer, from: &mut dyn Read) -> Result<Vec<Change>, StoreError> {
    let bad = |words: &str| StoreError::Backup(words.to_owned());
    let mut magic = [0; MAGIC.len()];
    from.read_exact(&mut magic).map_err(|_| bad("это не файл резервной копии"))?;
    if magic != MAGIC {
        return Err(bad("это не файл резервной копии этой версии"));
    }
    let mut changes = Vec::new();
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
            Chunk::End { records } if records == changes.len() => break,
            Chunk::End { .. } => return Err(bad("в файле не все записи")),
        }
    }
    Ok(changes)
}

fn sealer(key: &Key) -> Result<Sealer, StoreError> {
    Sealer::new(key, b"backup", "backup chunks")
}
