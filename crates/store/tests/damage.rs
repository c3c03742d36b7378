//! Damage: bytes of a store flipped, zeroed and cut. It opens, says what happened, can be filled again from
//! the upstream, and loses no undelivered answer whose bytes are still there.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::cast_possible_truncation)]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use common::*;
use prikrep_domain::{AnswerId, Application, DecisionKind};
use prikrep_store::{Key, Options, Shelf, SledStore, Store, StoreError};
use proptest::prelude::*;
use proptest::test_runner::Config;

const APPLICATIONS: u32 = 400;
const ANSWERS: u32 = 20;

fn applications() -> Vec<Application> {
    (1..=APPLICATIONS).map(choice).collect()
}

fn fill(folder: &Path) {
    let store = open(folder);
    store.apply(&page(applications(), "c", false), now()).unwrap();
    for number in 1..=ANSWERS {
        store
            .answer(application_id(number), answer_id(number), &draft(DecisionKind::Refuse), &anyone(), now())
            .unwrap();
    }
    store.put_record(Shelf::Accounts, "anna", b"account").unwrap();
    store.save_draft(application_id(50), &draft(DecisionKind::Provide)).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() { found.extend(files(&entry.path())) } else { found.push(entry.path()) }
    }
    found.retain(|file| fs::metadata(file).unwrap().len() > 0);
    found.sort();
    found
}

#[derive(Clone, Debug)]
enum Damage {
    Flip(Vec<prop::sample::Index>),
    Zero(prop::sample::Index, usize),
    Cut(prop::sample::Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        prop::collection::vec(any::<prop::sample::Index>(), 1..20).prop_map(Damage::Flip),
        (any::<prop::sample::Index>(), 1usize..200_000).prop_map(|(at, length)| Damage::Zero(at, length)),
        any::<prop::sample::Index>().prop_map(Damage::Cut),
    ]
}

/// Damages the used part of a file: sled's files end in zeros.
fn strike(file: &Path, damage: &Damage) {
    let mut bytes = fs::read(file).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(1, |last| last + 1);
    match damage {
        Damage::Flip(places) => places.iter().for_each(|place| bytes[place.index(used)] ^= 0x55),
        Damage::Zero(at, length) => {
            let at = at.index(used);
            let end = (at + length).min(bytes.len());
            bytes[at..end].fill(0);
        }
        Damage::Cut(at) => bytes.truncate(at.index(used)),
    }
    fs::write(file, bytes).unwrap();
}

/// The answers whose newest record stands whole in the bytes of the desk. The form is the first version's:
/// `magic 8 | drawer 1 | key length 2 | stamp 8 | sealed length 4 | key | sealed`.
fn answers_in(folder: &Path, pristine: &Path) -> BTreeSet<u64> {
    let whole = records_in(&fs::read(pristine.join("desk/db")).unwrap());
    let Ok(bytes) = fs::read(folder.join("desk/db")) else { return BTreeSet::new() };
    whole
        .into_iter()
        .filter(|record| memchr::memmem::find(&bytes, record).is_some())
        .filter(|record| record[8] == b'a')
        .map(|record| u64::from_be_bytes(record[23..31].try_into().unwrap()))
        .collect()
}

fn records_in(bytes: &[u8]) -> Vec<Vec<u8>> {
    memchr::memmem::find_iter(bytes, b"\xD0prkrp\x01\n")
        .map(|at| {
            let key = u16::from_be_bytes(bytes[at + 9..at + 11].try_into().unwrap()) as usize;
            let sealed = u32::from_be_bytes(bytes[at + 19..at + 23].try_into().unwrap()) as usize;
            bytes[at..at + 23 + key + sealed].to_vec()
        })
        .collect()
}

fn pristine() -> &'static tempfile::TempDir {
    static STORE: std::sync::OnceLock<tempfile::TempDir> = std::sync::OnceLock::new();
    STORE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        fill(folder.path());
        folder
    })
}

proptest! {
    #![proptest_config(Config { cases: 120, failure_persistence: None, ..Config::default() })]
    #[test]
    fn a_damaged_store_opens_tells_and_is_whole_again(which in any::<prop::sample::Index>(), damage in damage()) {
        let original = pristine().path();
        let folder = tempfile::tempdir().unwrap();
        copy(original, folder.path());
        let all = files(folder.path());
        let file = &all[which.index(all.len())];
        strike(file, &damage);
        let readable = answers_in(folder.path(), original);

        let store = open(folder.path());
        // A page is asked for again from wherever the store stands, and another reads everything.
        let verification = store.verify().unwrap();
        let before = store.census();
        store.cursor().unwrap();
        store.apply(&page(applications(), "c2", false), now()).unwrap();
        let orders: BTreeSet<u64> = store.outbox().iter().map(|entry| entry.order).collect();
        prop_assert!(readable.is_subset(&orders), "{file:?}: {readable:?} were readable, {orders:?} are there");
        prop_assert_eq!(store.census().applications, APPLICATIONS as usize);
        for number in 1..=APPLICATIONS {
            prop_assert!(store.standing(application_id(number)).unwrap().is_some());
        }
        prop_assert_eq!(store.verify().unwrap().problems, Vec::<String>::new());
        let missing = orders.len() < ANSWERS as usize || before.applications < APPLICATIONS as usize;
        let told = !store.census().damage.is_empty() || !verification.problems.is_empty();
        prop_assert!(!missing || told, "{:?} was damaged and nobody said so", file);
    }
}

#[test]
fn nothing_damaged_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    copy(pristine().path(), folder.path());
    let desk = folder.path().join("desk/db");
    let mut bytes = fs::read(&desk).unwrap();
    bytes[..64].fill(0xEE);
    fs::write(&desk, &bytes).unwrap();
    let store = open(folder.path());
    let words = &store.census().damage[0].words;
    assert!(words.contains(&format!("ответов {ANSWERS}")), "{words}");
    assert_eq!(store.records(Shelf::Accounts).unwrap().len(), 1);
    assert!(store.draft(application_id(50)).unwrap().is_some());
    let aside: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("desk.damaged"))
        .collect();
    assert!(fs::read(aside[0].join("db")).unwrap() == bytes, "the damaged file is not as it was found");
    let ids: Vec<AnswerId> = store.outbox().iter().map(|entry| entry.record.id).collect();
    assert_eq!(ids, (1..=ANSWERS).map(answer_id).collect::<Vec<_>>());
}

#[test]
fn a_lost_desk_is_told() {
    let folder = tempfile::tempdir().unwrap();
    copy(pristine().path(), folder.path());
    fs::remove_dir_all(folder.path().join("desk")).unwrap();
    let store = open(folder.path());
    assert!(store.census().damage[0].words.contains("desk"));
    assert_eq!(store.census().applications, APPLICATIONS as usize);
}

#[test]
fn a_lost_cache_is_told() {
    let folder = tempfile::tempdir().unwrap();
    copy(pristine().path(), folder.path());
    fs::remove_dir_all(folder.path().join("cache")).unwrap();
    let store = open(folder.path());
    assert!(store.census().damage[0].words.contains("Кэш"));
    drop(store);
    assert_eq!(open(folder.path()).census().damage, [], "and told once");
}

#[test]
fn a_cache_of_another_store_is_told_and_nothing_of_it_is_shown() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    copy(pristine().path(), folder.path());
    open(other.path()).apply(&page((1_001..=1_400).map(choice).collect(), "c", false), now()).unwrap();
    fs::remove_dir_all(folder.path().join("cache")).unwrap();
    copy(&other.path().join("cache"), &folder.path().join("cache"));
    let store = open(folder.path());
    assert!(store.census().damage[0].words.contains("другого хранилища"));
    assert_eq!((store.census().applications, store.cursor().unwrap()), (0, None));
    assert_eq!(store.outbox().len(), ANSWERS as usize);
    store.apply(&page(applications(), "c2", false), now()).unwrap();
    assert_eq!(store.census().applications, APPLICATIONS as usize);
}

#[test]
fn a_cache_that_does_not_open_is_told_and_its_columns_are_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    copy(pristine().path(), folder.path());
    fs::write(folder.path().join("cache/conf"), b"not what sled wrote there").unwrap();
    let store = open(folder.path());
    assert!(store.census().damage[0].words.contains("Кэш"));
    assert_eq!((store.census().applications, store.cursor().unwrap()), (0, None));
    assert_eq!(store.outbox().len(), ANSWERS as usize);
}

#[test]
fn a_desk_put_back_from_an_older_copy_is_told() {
    let folder = tempfile::tempdir().unwrap();
    copy(pristine().path(), folder.path());
    let older = tempfile::tempdir().unwrap();
    copy(&folder.path().join("desk"), older.path());
    let store = open(folder.path());
    for number in 100..110 {
        store
            .answer(application_id(number), answer_id(number), &draft(DecisionKind::Refuse), &anyone(), now())
            .unwrap();
    }
    store.apply(&page(vec![], "c3", false), now()).unwrap();
    drop(store);
    fs::remove_dir_all(folder.path().join("desk")).unwrap();
    copy(older.path(), &folder.path().join("desk"));
    let store = open(folder.path());
    assert!(store.census().damage.iter().any(|report| report.words.contains("последние записи")));
}

#[test]
fn another_key_is_told_apart_from_damage() {
    let folder = tempfile::tempdir().unwrap();
    copy(pristine().path(), folder.path());
    let other = Options { key: Key::from_bytes([1; 32]), ..options() };
    assert!(matches!(SledStore::open(folder.path(), other.clone()), Err(StoreError::Key(_))));
    fs::write(folder.path().join("store.json"), "damaged too").unwrap();
    assert!(matches!(SledStore::open(folder.path(), other), Err(StoreError::Key(_))));
    // A desk that is refused has let go of its cache, too.
    let store = open(folder.path());
    assert_eq!(store.outbox().len(), ANSWERS as usize);
    assert_eq!(store.census().applications, APPLICATIONS as usize);
    assert!(!store.census().damage.iter().any(|report| report.words.contains("Кэш")));
}

#[test]
fn a_newer_store_and_a_second_process_are_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    copy(pristine().path(), folder.path());
    let store = open(folder.path());
    assert!(matches!(SledStore::open(folder.path(), options()), Err(StoreError::Locked { .. })));
    drop(store);
    label(folder.path(), 1_000);
    let words = SledStore::open(folder.path(), options()).err().unwrap().to_string();
    assert!(words.contains("новой версией"), "{words}");
}

#[test]
fn a_store_of_an_older_version_is_labelled_anew_when_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    copy(pristine().path(), folder.path());
    let present = fs::read(folder.path().join("store.json")).unwrap();
    label(folder.path(), 1);
    drop(open(folder.path()));
    assert_eq!(fs::read(folder.path().join("store.json")).unwrap(), present);
}

/// Labels a store as one of another schema.
fn label(folder: &Path, schema: u32) {
    let path = folder.join("store.json");
    let mut label: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let check = label["key_check"].as_str().unwrap().to_owned();
    let sum = ring::digest::digest(&ring::digest::SHA256, format!("{schema}:{check}").as_bytes());
    label["sum"] = sum.as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect::<String>().into();
    label["schema"] = schema.into();
    fs::write(path, label.to_string()).unwrap();
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_made_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(SledStore::open(&file.join("store"), options()), Err(StoreError::Folder { .. })));
}
