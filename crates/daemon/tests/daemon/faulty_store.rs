//! The real store behind a wrapper that fails on request.

use std::io::Write;
use std::ops::ControlFlow;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use prikrep_domain::{
    AnswerDraft, AnswerId, Application, ApplicationId, Cursor, FeedPage, Found, JournalEntry, Numbered, Oid, Problem,
    Query, Standing,
};
use prikrep_store::{
    Accepted, AnswerError, Applied, Author, Census, FeedError, JournalCheck, Listed, OutboxEntry, Page, Quarantined,
    Shelf, SledStore, Store, StoreError, UpstreamEpoch, Verification,
};
use tokio::sync::watch;

/// How a call of the store fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreFault {
    Error,
    Panic,
}

type Rule = Box<dyn FnMut() -> Option<StoreFault> + Send>;

/// A store whose `apply` and `delivered` fail as the rules say.
pub(crate) struct FaultyStore {
    inner: Arc<SledStore>,
    pub(crate) on_apply: Mutex<Rule>,
    pub(crate) on_delivered: Mutex<Rule>,
    /// The cursors of the pages that were kept, in order.
    pub(crate) kept: Mutex<Vec<String>>,
}

impl FaultyStore {
    pub(crate) fn new(inner: Arc<SledStore>) -> Self {
        let never = || -> Rule { Box::new(|| None) };
        let (on_apply, on_delivered) = (Mutex::new(never()), Mutex::new(never()));
        Self { inner, on_apply, on_delivered, kept: Mutex::default() }
    }
}

fn fail(rule: &Mutex<Rule>) -> Result<(), StoreError> {
    let fault = rule.lock()();
    match fault {
        None => Ok(()),
        Some(StoreFault::Error) => Err(StoreError::Damaged { what: "на диске нет места".to_owned() }),
        Some(StoreFault::Panic) => panic!("a fault that was asked for"),
    }
}

impl Store for FaultyStore {
    fn is_complete(&self) -> bool {
        self.inner.is_complete()
    }

    fn apply(&self, page: &Page, now: DateTime<Utc>) -> Result<Applied, StoreError> {
        fail(&self.on_apply)?;
        self.kept.lock().push(page.cursor.as_str().to_owned());
        self.inner.apply(page, now)
    }
    fn upstream_epoch(&self) -> UpstreamEpoch {
        self.inner.upstream_epoch()
    }
    fn delivered(
        &self,
        id: AnswerId,
        word: Option<&Application>,
        asked_in: UpstreamEpoch,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        fail(&self.on_delivered)?;
        self.inner.delivered(id, word, asked_in, now)
    }
    fn cursor(&self) -> Result<Option<Cursor>, StoreError> {
        self.inner.cursor()
    }
    fn begin_again(&self) -> Result<(), StoreError> {
        self.inner.begin_again()
    }
    fn find(&self, query: &Query, offset: usize, limit: usize) -> Result<Found, StoreError> {
        self.inner.find(query, offset, limit)
    }
    fn list(&self, query: &Query, offset: usize, limit: usize) -> Result<Listed, StoreError> {
        self.inner.list(query, offset, limit)
    }
    fn visit(&self, query: &Query, visit: &mut dyn FnMut(Standing) -> ControlFlow<()>) -> Result<(), StoreError> {
        self.inner.visit(query, visit)
    }
    fn standing(&self, id: ApplicationId) -> Result<Option<Standing>, StoreError> {
        self.inner.standing(id)
    }
    fn feed(&self, after: Option<&str>, limit: usize, organization: Option<&Oid>) -> Result<FeedPage, FeedError> {
        self.inner.feed(after, limit, organization)
    }
    fn answer(
        &self,
        application: ApplicationId,
        id: AnswerId,
        draft: &AnswerDraft,
        author: &Author,
        now: DateTime<Utc>,
    ) -> Result<Accepted, AnswerError> {
        self.inner.answer(application, id, draft, author, now)
    }
    fn outbox(&self) -> Vec<OutboxEntry> {
        self.inner.outbox()
    }
    fn rejected(
        &self,
        id: AnswerId,
        problem: &Problem,
        asked_in: UpstreamEpoch,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.inner.rejected(id, problem, asked_in, now)
    }
    fn rework(&self, id: AnswerId) -> Result<bool, StoreError> {
        self.inner.rework(id)
    }
    fn save_draft(&self, application: ApplicationId, draft: &AnswerDraft) -> Result<(), StoreError> {
        self.inner.save_draft(application, draft)
    }
    fn draft(&self, application: ApplicationId) -> Result<Option<AnswerDraft>, StoreError> {
        self.inner.draft(application)
    }
    fn drop_draft(&self, application: ApplicationId) -> Result<(), StoreError> {
        self.inner.drop_draft(application)
    }
    fn quarantine(&self) -> Result<Vec<Quarantined>, StoreError> {
        self.inner.quarantine()
    }
    fn retry_quarantine(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        self.inner.retry_quarantine(now)
    }
    fn put_record(&self, shelf: Shelf, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.inner.put_record(shelf, key, value)
    }
    fn record(&self, shelf: Shelf, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.record(shelf, key)
    }
    fn records(&self, shelf: Shelf) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.inner.records(shelf)
    }
    fn remove_record(&self, shelf: Shelf, key: &str) -> Result<(), StoreError> {
        self.inner.remove_record(shelf, key)
    }
    fn journal_append(&self, entries: &[JournalEntry], with: Option<(&str, &[u8])>) -> Result<u64, StoreError> {
        self.inner.journal_append(entries, with)
    }
    fn journal_visit(
        &self,
        before: Option<u64>,
        visit: &mut dyn FnMut(Numbered) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.inner.journal_visit(before, visit)
    }
    fn journal_check(&self) -> Result<JournalCheck, StoreError> {
        self.inner.journal_check()
    }
    fn journal_trim(&self, older_than: DateTime<Utc>) -> Result<Option<u64>, StoreError> {
        self.inner.journal_trim(older_than)
    }
    fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changes()
    }
    fn attend_disk(&self) {
        self.inner.attend_disk();
    }

    fn census(&self) -> Census {
        self.inner.census()
    }
    fn verify(&self) -> Result<Verification, StoreError> {
        self.inner.verify()
    }
    fn backup(&self, to: &mut dyn Write) -> Result<(), StoreError> {
        self.inner.backup(to)
    }
    fn flush(&self) -> Result<(), StoreError> {
        self.inner.flush()
    }
}
