//! What is sealed: changed in any byte it is refused; damage costs no more than what it touched.

use std::fs;
use std::sync::LazyLock;

use prikrep_store::Key;
use prikrep_store::fuzzing::{
    Seal, backup_of, desk_record, journal_part, read_backup, read_desk_record, read_journal_part,
};
use tempfile::TempDir;

use crate::pieces::{kind, pieces};

/// The key of the corpus, so that what lies there is authentic.
#[must_use]
pub(crate) fn key() -> Key {
    Key::from_bytes([7; 32])
}

/// Where bytes are changed: a place in two bytes and what is added to the byte there, again and again.
fn damaged(bytes: &[u8], damage: &[u8]) -> Vec<u8> {
    let mut damaged = bytes.to_vec();
    for change in damage.chunks_exact(3) {
        let at = usize::from(u16::from_be_bytes([change[0], change[1]])) % damaged.len().max(1);
        if let Some(byte) = damaged.get_mut(at) {
            *byte = byte.wrapping_add(change[2]);
        }
    }
    damaged
}

static SEAL: LazyLock<Seal> = LazyLock::new(|| Seal::new(&key()).unwrap());

/// A value: it opens as it was sealed, at its place and whole only; so does a record of the desk.
pub fn sealing(data: &[u8]) {
    let [place, plain, damage, ..] = pieces(data, 3)[..] else { return };
    // A fuzzer may have seen what was sealed before: this must only not fail.
    let _ = (SEAL.open(place, plain), read_desk_record(&key(), plain));
    let sealed = SEAL.seal(place, plain).unwrap();
    assert_eq!(SEAL.open(place, &sealed).as_deref(), Some(plain));
    assert_eq!(SEAL.open(&[place, b"!"].concat(), &sealed), None);
    assert_eq!(SEAL.open(place, &sealed[..sealed.len() - 1]), None);
    assert_eq!(SEAL.open(place, &[&sealed[..], b"!"].concat()), None);
    let changed = damaged(&sealed, damage);
    assert_eq!(SEAL.open(place, &changed).is_some(), changed == sealed);

    let record = desk_record(&key(), place, 9, plain).unwrap();
    let behind = [&record[..], damage].concat();
    assert_eq!(read_desk_record(&key(), &behind), Some((place.to_vec(), 9, plain.to_vec())));
    let changed = damaged(&record, damage);
    assert_eq!(read_desk_record(&key(), &changed).is_some(), changed == record);
}

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());

/// A backup: sealed chunks of anything, or any file at all. What is read whole is refused when it was cut.
pub fn backup(data: &[u8]) {
    let Some((kind, rest)) = kind(data) else { return };
    let file = if kind.is_multiple_of(2) { rest.to_vec() } else { backup_of(&key(), &pieces(rest, 64)).unwrap() };
    let folder = FOLDER.path().join(std::process::id().to_string());
    let read = |file: &[u8]| {
        let read = read_backup(&key(), file, &folder);
        let parts = fs::read_dir(&folder).into_iter().flatten().flatten();
        parts.for_each(|part| assert!(part.file_name().to_string_lossy().ends_with(".journal")));
        let _ = fs::remove_dir_all(&folder);
        read
    };
    match read(&file) {
        Ok(records) => {
            assert!(records <= file.len());
            assert!(read(&file[..file.len() - 1]).is_err());
            assert!(read(&[&file[..], b"!"].concat()).is_err());
            let middle = file.len() / 2;
            let mut changed = file;
            changed[middle] ^= 1;
            let _ = read(&changed);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    assert_eq!(fs::read_dir(FOLDER.path()).unwrap().count(), 0, "nothing is written beside the folder");
}

/// A part of the journal: entries that were not touched are read, in their order, and nothing else is.
pub fn journal(data: &[u8]) {
    let Some((kind, rest)) = kind(data) else { return };
    if kind.is_multiple_of(2) {
        let (entries, whole) = read_journal_part(&key(), rest).unwrap();
        assert!(whole <= rest.len() && (entries.is_empty() == (whole == 0)));
        return;
    }
    let all = pieces(rest, 16);
    let Some((damage, bodies)) = all.split_first() else { return };
    let part = journal_part(&key(), bodies).unwrap();
    let written: Vec<(u64, Vec<u8>)> = (1..).zip(bodies.iter().map(|body| body.to_vec())).collect();
    assert_eq!(read_journal_part(&key(), &part).unwrap(), (written.clone(), part.len()));
    let changed = damaged(&part, damage);
    let (entries, whole) = read_journal_part(&key(), &changed).unwrap();
    assert!(whole <= changed.len() && entries.is_sorted_by_key(|(number, _)| *number));
    assert!(entries.iter().all(|entry| written.contains(entry)));
    if changed == part {
        assert_eq!(entries, written);
    } else {
        let touched = part.iter().zip(&changed).filter(|(a, b)| a != b).count();
        assert!(entries.len() < written.len() && written.len() - entries.len() <= touched);
    }
}
