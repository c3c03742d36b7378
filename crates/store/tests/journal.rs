//! The journal: whatever is done to its files is found, and what was appended is there after a restart.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]

mod common;

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use chrono::{Duration, Utc};
use common::*;
use prikrep_domain::{Act, Actor, JournalEntry, Numbered, Place};
use prikrep_store::{SledStore, Store};
use proptest::prelude::*;

fn entry(number: i64) -> JournalEntry {
    JournalEntry {
        at: now() + Duration::minutes(number),
        actor: Actor { login: format!("login{number}"), employee: String::new(), role: None, organization: None },
        place: Place::Console,
        act: Act::FeedRead { records: number as u64 },
    }
}

fn filled(folder: &Path, entries: i64) {
    let store = open(folder);
    for number in 1..=entries {
        store.journal_append(&[entry(number)], None).unwrap();
    }
}

fn all(store: &SledStore) -> Vec<Numbered> {
    let mut found = Vec::new();
    let mut keep = |one| {
        found.push(one);
        ControlFlow::Continue(())
    };
    store.journal_visit(None, &mut keep).unwrap();
    found
}

fn the_part(folder: &Path) -> PathBuf {
    fs::read_dir(folder.join("journal")).unwrap().next().unwrap().unwrap().path()
}

#[test]
fn what_is_appended_is_there_the_newest_first_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    assert_eq!(store.journal_append(&[entry(1), entry(2)], Some(("device 1", b"2"))).unwrap(), 2);
    assert_eq!(store.journal_append(&[entry(3)], None).unwrap(), 3);
    drop(store);
    let store = open(folder.path());
    assert_eq!(store.record(prikrep_store::Shelf::Settings, "device 1").unwrap().unwrap(), b"2");
    assert_eq!(store.journal_append(&[entry(4)], None).unwrap(), 4);
    let found = all(&store);
    assert_eq!(found.iter().map(|one| one.number).collect::<Vec<_>>(), [4, 3, 2, 1]);
    assert_eq!(found[2].entry, entry(2));
    let mut below = Vec::new();
    let mut one = |found: Numbered| {
        below.push(found.number);
        ControlFlow::Break(())
    };
    store.journal_visit(Some(3), &mut one).unwrap();
    assert_eq!(below, [2]);
    let check = store.journal_check().unwrap();
    assert_eq!((check.entries, check.first, check.last, check.problems), (4, 1, 4, Vec::new()));
    assert!(store.census().damage.is_empty());
}

#[test]
fn nothing_of_an_entry_is_readable_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 3);
    let bytes = fs::read(the_part(folder.path())).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("login"));
}

#[test]
fn an_end_that_was_cut_off_is_found_and_stays_found() {
    for kept in [0, 1, 5] {
        let folder = tempfile::tempdir().unwrap();
        filled(folder.path(), 6);
        let part = the_part(folder.path());
        let bytes = fs::read(&part).unwrap();
        // Entries of this test are of one length, as far as their numbers are.
        fs::write(&part, &bytes[..bytes.len() / 6 * kept]).unwrap();
        let store = open(folder.path());
        assert!(store.census().damage[0].words.contains("обрывается"), "{kept}: {:?}", store.census().damage);
        assert!(!store.journal_check().unwrap().problems.is_empty());
        assert_eq!(store.journal_append(&[entry(7)], None).unwrap(), 7, "numbers are not given twice");
        drop(store);
        let store = open(folder.path());
        assert!(!store.journal_check().unwrap().problems.is_empty(), "{kept}");
        assert!(!store.verify().unwrap().problems.is_empty());
    }
}

#[test]
fn a_journal_that_was_removed_is_told() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 2);
    fs::remove_dir_all(folder.path().join("journal")).unwrap();
    let store = open(folder.path());
    assert!(store.census().damage[0].words.contains("пропал"));
    assert!(!store.journal_check().unwrap().problems.is_empty());
}

#[test]
fn an_older_copy_put_back_is_found() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 3);
    let part = the_part(folder.path());
    let old = fs::read(&part).unwrap();
    let store = open(folder.path());
    store.journal_append(&[entry(4)], None).unwrap();
    drop(store);
    fs::write(&part, old).unwrap();
    assert!(!open(folder.path()).journal_check().unwrap().problems.is_empty());
}

#[test]
fn an_entry_that_was_torn_by_a_loss_of_power_was_never_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 3);
    let part = the_part(folder.path());
    let mut bytes = fs::read(&part).unwrap();
    let torn = bytes[..40].to_vec();
    bytes.extend(torn);
    fs::write(&part, bytes).unwrap();
    let store = open(folder.path());
    assert_eq!(store.journal_append(&[entry(4)], None).unwrap(), 4);
    let check = store.journal_check().unwrap();
    assert_eq!((check.entries, check.problems), (4, Vec::new()));
}

#[test]
fn the_oldest_are_removed_by_their_age_and_the_chain_begins_behind_them() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let long = |number: i64| JournalEntry { act: Act::Command { name: "x".repeat(15_000) }, ..entry(number) };
    for number in (1..=600).step_by(20) {
        store.journal_append(&(number..number + 20).map(long).collect::<Vec<_>>(), None).unwrap();
    }
    assert_eq!(store.journal_trim(now()).unwrap(), None);
    let gone = store.journal_trim(now() + Duration::minutes(500)).unwrap().unwrap();
    assert!(gone < 500, "{gone}");
    drop(store);
    let store = open(folder.path());
    let check = store.journal_check().unwrap();
    assert_eq!((check.first, check.last, check.problems), (gone + 1, 600, Vec::new()));
    assert_eq!(all(&store).last().unwrap().number, gone + 1);
    fs::remove_file(folder.path().join(format!("journal/{:020}.journal", gone + 1))).unwrap();
    assert!(!store.journal_check().unwrap().problems.is_empty());
}

#[test]
fn a_backup_holds_the_journal_and_a_restore_brings_it_back() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 5);
    let mut file = Vec::new();
    open(folder.path()).backup(&mut file).unwrap();
    let around = tempfile::tempdir().unwrap();
    let other = around.path().join("data");
    filled(&other, 2);
    SledStore::restore(&other, &options().key, &mut file.as_slice(), Utc::now()).unwrap();
    assert!(!other.join("restoring").exists());
    let store = open(&other);
    assert_eq!((all(&store).len(), store.journal_check().unwrap().problems), (5, Vec::new()));
    assert_eq!(store.journal_append(&[entry(6)], None).unwrap(), 6);
    assert_eq!(store.journal_check().unwrap().problems, Vec::<String>::new());
    // A file that was cut leaves what is there as it is.
    drop(store);
    let cut = &file[..file.len() - 3];
    // Nothing is written around the folder: the service owns no more than it.
    fs::write(around.path().join("data.restoring"), "").unwrap();
    SledStore::restore(&other, &options().key, &mut &cut[..], Utc::now()).unwrap_err();
    assert!(!other.join("restoring").exists());
    assert_eq!(all(&open(&other)).len(), 6);
    SledStore::restore(&other, &options().key, &mut file.as_slice(), Utc::now()).unwrap();
    assert_eq!(all(&open(&other)).len(), 5);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn a_flipped_bit_and_exchanged_bytes_are_found(at in any::<prop::sample::Index>(), bit in 0u8..8, swap in any::<bool>()) {
        let folder = tempfile::tempdir().unwrap();
        filled(folder.path(), 4);
        let part = the_part(folder.path());
        let mut bytes = fs::read(&part).unwrap();
        let length = bytes.len();
        if swap {
            // Two entries change places.
            let quarter = length / 4;
            let first = bytes[..quarter].to_vec();
            bytes.copy_within(quarter..2 * quarter, 0);
            bytes[quarter..2 * quarter].copy_from_slice(&first);
        } else {
            bytes[at.index(length)] ^= 1 << bit;
        }
        fs::write(&part, bytes).unwrap();
        let store = open(folder.path());
        prop_assert!(!store.journal_check().unwrap().problems.is_empty());
    }
}
