//! Backup and restore.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::*;
use prikrep_domain::DecisionKind;
use prikrep_store::{Key, Shelf, SledStore, Store, StoreError};

#[test]
fn a_backup_holds_what_exists_nowhere_else() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open(from.path());
    store.apply(&page((1..=5).map(choice).collect(), "1", false), now()).unwrap();
    store.answer(application_id(1), answer_id(1), &draft(DecisionKind::Refuse), &anyone(), now()).unwrap();
    store.save_draft(application_id(2), &draft(DecisionKind::Provide)).unwrap();
    store.put_record(Shelf::Accounts, "anna", b"1").unwrap();
    store.put_record(Shelf::Sessions, "token", b"1").unwrap();
    let mut file = Vec::new();
    store.backup(&mut file).unwrap();
    assert!(memchr::memmem::find(&file, "Иванова".as_bytes()).is_none(), "sealed");

    let key = Key::from_bytes([42; 32]);
    assert_eq!(SledStore::restore(to.path(), &key, &mut file.as_slice(), now()).unwrap(), 3);
    let restored = open(to.path());
    assert_eq!(restored.outbox(), store.outbox());
    assert_eq!(restored.records(Shelf::Accounts).unwrap().len(), 1);
    assert_eq!(restored.records(Shelf::Sessions).unwrap(), []);
    assert_eq!(restored.cursor().unwrap(), None, "the rest comes from the upstream");
    restored.apply(&page((1..=5).map(choice).collect(), "1", false), now()).unwrap();
    assert!(!restored.standing(application_id(1)).unwrap().unwrap().is_pending());

    for cut in [0, 5, 40, file.len() - 1] {
        let other = tempfile::tempdir().unwrap();
        assert!(matches!(SledStore::restore(other.path(), &key, &mut &file[..cut], now()), Err(StoreError::Backup(_))));
        assert_eq!(std::fs::read_dir(other.path()).unwrap().count(), 0, "nothing was touched");
    }
    let longer = [&file[..], b"!"].concat();
    let longer = SledStore::restore(to.path(), &key, &mut longer.as_slice(), now());
    assert!(matches!(longer, Err(StoreError::Backup(_))));
    let wrong = SledStore::restore(to.path(), &Key::from_bytes([1; 32]), &mut file.as_slice(), now());
    assert!(matches!(wrong, Err(StoreError::Backup(_))));
}
