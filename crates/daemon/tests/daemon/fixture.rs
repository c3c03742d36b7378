//! Stores, clocks, applications and answers for the tests.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, TimeZone, Utc};
use parking_lot::Mutex;
use prikrep_daemon::{Clock, Config, Daemon, DaemonStatus, Jitter, Pulls};
use prikrep_domain::{
    AnswerDraft, AnswerId, Application, ApplicationId, ApplicationType, AttachmentKind, DecisionKind, Oid,
    Organization, Patient, PersonName, Status,
};
use prikrep_store::{Author, Key, Options, SledStore, Store};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

/// Longer than anything that a test waits for, by the clock that the test runs on.
const PATIENCE: Duration = Duration::from_secs(3 * 24 * 3600);
/// The same for tests that run in real time.
const REAL_PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn start_of_time() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 1, 4, 0, 0).unwrap()
}

/// A wall clock that goes with the runtime's (paused) time and can be set.
#[derive(Clone)]
pub(crate) struct TestClock {
    start: Instant,
    offset: Arc<Mutex<TimeDelta>>,
}

impl TestClock {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), offset: Arc::default() }
    }

    pub(crate) fn jump(&self, by: TimeDelta) {
        *self.offset.lock() += by;
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        start_of_time() + TimeDelta::from_std(self.start.elapsed()).unwrap() + *self.offset.lock()
    }
}

pub(crate) fn open(folder: &Path) -> Arc<SledStore> {
    let key = Key::from_bytes([42; 32]);
    let options = Options { key, zone: chrono_tz::Asia::Barnaul, now: start_of_time(), scrub: false };
    Arc::new(SledStore::open(folder, options).unwrap())
}

pub(crate) fn application_id(number: u32) -> ApplicationId {
    Uuid::from_u128(0xA000_0000_0000_4000_8000_0000_0000_0000 | u128::from(number)).into()
}

/// A choice that waits for an answer.
pub(crate) fn choice(number: u32) -> Application {
    Application {
        id: application_id(number),
        version: 1,
        application_type: ApplicationType::Choice,
        kind: AttachmentKind::Therapeutic,
        status: Status::Sent,
        created_at: start_of_time() - TimeDelta::days(10) + TimeDelta::seconds(i64::from(number)),
        changed_at: start_of_time() - TimeDelta::days(9),
        cancels: None,
        cancel_reason: None,
        patient: Patient {
            guid: Uuid::from_u128(0xC000 + u128::from(number)).into(),
            name: PersonName { family: format!("Ёлкин{number}"), given: "Пётр".into(), patronymic: None },
            birth_date: NaiveDate::from_ymd_opt(1980, 2, 3).unwrap(),
            snils: Some("11223344595".into()),
            oms_policy: None,
            phone: None,
            registration_address: None,
            residence_address: None,
        },
        applicant: None,
        organization: Organization { oid: Oid::parse("1.2.643.5").unwrap(), name: "Больница".into() },
        department: None,
        district: None,
        doctor: None,
        answers: Vec::new(),
    }
}

/// A cancellation, which takes two answers in a row.
pub(crate) fn cancellation(number: u32) -> Application {
    Application { application_type: ApplicationType::Cancellation, status: Status::Accepted, ..choice(number) }
}

pub(crate) fn draft(decision: DecisionKind, comment: &str) -> AnswerDraft {
    AnswerDraft {
        decision: Some(decision),
        comment: comment.to_owned(),
        answered_at: Some(start_of_time()),
        answered_by: "Сидорова О. И.".to_owned(),
        refusal_reason: "Не та территория".to_owned(),
        ..AnswerDraft::default()
    }
}

/// Answers an application in the store, as a person would.
pub(crate) fn answer(store: &dyn Store, number: u32, decision: DecisionKind) -> AnswerId {
    let id = AnswerId::generate();
    let author = Author { employee: None, organization: None };
    store.answer(application_id(number), id, &draft(decision, "Приходите"), &author, start_of_time()).unwrap();
    id
}

/// The usual configuration with pages of 1,000 and repeatable jitter.
pub(crate) fn config(pulls: Pulls) -> Config {
    Config { jitter: Jitter::seeded(7), page_limit: 1_000, ..Config::new(pulls) }
}

pub(crate) fn live() -> Config {
    config(Pulls::Live { wait_secs: 50 })
}

/// Waits until the status is as wished; paused time makes that immediate or never.
pub(crate) async fn until(daemon: &Daemon, wish: impl FnMut(&DaemonStatus) -> bool) -> DaemonStatus {
    until_within(daemon, PATIENCE, wish).await
}

/// The same in real time.
pub(crate) async fn really_until(daemon: &Daemon, wish: impl FnMut(&DaemonStatus) -> bool) -> DaemonStatus {
    until_within(daemon, REAL_PATIENCE, wish).await
}

async fn until_within(daemon: &Daemon, patience: Duration, wish: impl FnMut(&DaemonStatus) -> bool) -> DaemonStatus {
    let mut status = daemon.status();
    match timeout(patience, status.wait_for(wish)).await {
        Ok(found) => found.unwrap().clone(),
        Err(_) => {
            let status = DaemonStatus { pushes: Default::default(), ..daemon.status().borrow().clone() };
            panic!("waited in vain; the status is {status:#?}")
        }
    }
}

/// Waits until the store is as wished.
pub(crate) async fn until_store(store: &dyn Store, mut wish: impl FnMut(&dyn Store) -> bool) {
    let mut changes: watch::Receiver<u64> = store.changes();
    let waited = timeout(PATIENCE, async {
        changes.mark_unchanged();
        while !wish(store) {
            changes.changed().await.unwrap();
        }
    });
    assert!(waited.await.is_ok(), "waited in vain; the store has {:#?}", store.census());
}
