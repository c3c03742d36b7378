//! Reporting to the upstream's journal: what is not known there stays, and is told again.

use std::sync::Arc;

use parking_lot::Mutex;
use prikrep_daemon::{
    AsyncStore, DirectoryNews, FetchedPage, Pushed, Trouble, Upstream, UpstreamError, note_act, report_acts,
};
use prikrep_domain::{Act, Actor, ApplicationId, Cursor, RecordedAnswer, ReportedAct, Session};
use prikrep_store::Store;
use uuid::Uuid;

use crate::fixture;

/// An upstream that only takes reports: what it has taken, and what it says of each.
#[derive(Default)]
struct Clerk {
    taken: Mutex<Vec<u64>>,
    /// Says this instead of the last number.
    says: Option<u64>,
}

impl Upstream for Clerk {
    async fn sign_in(&self) -> Result<Session, UpstreamError> {
        Err(UpstreamError::status(404))
    }
    async fn pull(&self, _: Option<&Cursor>, _: usize, _: u32) -> Result<FetchedPage, UpstreamError> {
        Err(UpstreamError::status(404))
    }
    async fn push(&self, _: ApplicationId, _: &RecordedAnswer) -> Result<Pushed, UpstreamError> {
        Err(UpstreamError::status(404))
    }
    async fn directory(&self, _: Option<&str>) -> Result<DirectoryNews, UpstreamError> {
        Err(UpstreamError::status(404))
    }
    async fn report(&self, _: Uuid, acts: &[ReportedAct]) -> Result<u64, UpstreamError> {
        self.taken.lock().extend(acts.iter().map(|act| act.sequence));
        Ok(self.says.unwrap_or_else(|| acts.last().unwrap().sequence))
    }
    async fn sign_out(&self) -> Result<(), UpstreamError> {
        Ok(())
    }
}

fn store_with(acts: u64) -> (tempfile::TempDir, AsyncStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = fixture::open(folder.path());
    let actor = Actor { login: "ivanova".into(), employee: String::new(), role: None, organization: None };
    for _ in 0..acts {
        note_act(&*store, actor.clone(), Act::Locked, chrono::DateTime::UNIX_EPOCH).unwrap();
    }
    (folder, AsyncStore::new(store as Arc<dyn Store>))
}

#[tokio::test]
async fn acts_are_reported_in_order_a_part_at_a_time_and_once() {
    let (_folder, store) = store_with(250);
    let clerk = Clerk::default();
    while report_acts(&store, &clerk).await.unwrap() {}
    assert_eq!(*clerk.taken.lock(), (1..=250).collect::<Vec<u64>>());
    assert!(!report_acts(&store, &clerk).await.unwrap());
}

#[tokio::test]
async fn an_upstream_that_takes_nothing_is_trouble_and_not_asked_in_a_circle() {
    let (_folder, store) = store_with(3);
    let deaf = Clerk { says: Some(0), ..Clerk::default() };
    assert!(matches!(report_acts(&store, &deaf).await, Err(Trouble::NoProgress)));
    let boaster = Clerk { says: Some(1_000), ..Clerk::default() };
    assert!(report_acts(&store, &boaster).await.unwrap());
    assert!(!report_acts(&store, &boaster).await.unwrap(), "no more is known there than was told");
}
