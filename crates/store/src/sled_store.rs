//! The store on sled: [`Store`] over the shared parts.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use parking_lot::Mutex;
use prikrep_domain::{
    AnswerDraft, AnswerId, Application, ApplicationId, Cursor, FeedPage, Found, JournalEntry, Numbered, Oid, Problem,
    Query, Standing,
};
use prikrep_worklist::Worklist;
use tokio::sync::watch;

use crate::desk::Change;
use crate::shared::Shared;
use crate::{
    Accepted, AnswerError, Applied, Author, Census, FeedError, JournalCheck, Key, Listed, OutboxEntry, OutboxState,
    Page, Quarantined, Shelf, Store, StoreError, UpstreamEpoch, Verification, checking,
};

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// The key that its values are sealed with.
    pub key: Key,
    /// The time zone of the medical organization: its «today» decides what an answer may say.
    pub zone: Tz,
    /// The present, for reports of what opening finds.
    pub now: DateTime<Utc>,
    /// Whether all values are read once in the background after opening, so that damage is found early.
    pub scrub: bool,
}

/// A store in a folder, locked for this process while it is open.
pub struct SledStore {
    shared: Arc<Shared>,
    scrub: Mutex<Option<JoinHandle<()>>>,
}

impl SledStore {
    /// Opens or makes a store. Damage does not keep it from opening: what is damaged is set aside and
    /// reported by [`Store::census`].
    ///
    /// # Errors
    /// [`StoreError`]: the folder cannot be used or is open elsewhere, the key is not this store's, or a
    /// newer version wrote it.
    pub fn open(folder: &Path, options: Options) -> Result<Self, StoreError> {
        let scrub = options.scrub;
        let shared = Arc::new(Shared::open(folder, options)?);
        let scrub = if scrub { Some(checking::scrub_in_background(&shared)?) } else { None };
        Ok(Self { shared, scrub: Mutex::new(scrub) })
    }

    /// Whether a folder holds a store.
    #[must_use]
    pub fn is_in(folder: &Path) -> bool {
        crate::folder::is_labelled(folder)
    }

    /// Makes a store from a backup. What the folder holds already is set aside, never deleted. Returns how
    /// many records were restored.
    ///
    /// # Errors
    /// [`StoreError`]: the folder is open elsewhere, or the file is no backup sealed with this key.
    pub fn restore(
        folder: &Path,
        key: &Key,
        from: &mut dyn std::io::Read,
        now: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        crate::backup::restore(folder, key, from, now)
    }

    /// Reads the columns: for lists that are shown without touching the disk.
    pub fn with_list<T>(&self, read: impl FnOnce(&Worklist) -> T) -> T {
        read(&self.shared.list.read())
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        if let Some(scrub) = self.scrub.lock().take()
            && scrub.join().is_err()
        {
            tracing::error!("the background check of the store failed");
        }
        if let Err(error) = self.flush() {
            tracing::error!(%error, "the store could not be flushed at its closing");
        }
    }
}

impl Store for SledStore {
    fn cursor(&self) -> Result<Option<Cursor>, StoreError> {
        let mut writer = self.shared.writer.lock();
        self.shared.rebuild_if_damaged(&mut writer, Utc::now())?;
        Ok(writer.position.cursor.clone())
    }

    fn is_complete(&self) -> bool {
        self.shared.complete.load(Ordering::SeqCst)
    }

    fn apply(&self, page: &Page, now: DateTime<Utc>) -> Result<Applied, StoreError> {
        self.shared.hearing(self.shared.apply_page(page, now))
    }

    fn begin_again(&self) -> Result<(), StoreError> {
        self.shared.hearing(self.shared.begin_rereading())
    }

    fn find(&self, query: &Query, offset: usize, limit: usize) -> Result<Found, StoreError> {
        self.shared.find(query, offset, limit)
    }

    fn list(&self, query: &Query, offset: usize, limit: usize) -> Result<Listed, StoreError> {
        self.shared.read_list(query, offset, limit)
    }

    fn visit(&self, query: &Query, visit: &mut dyn FnMut(Standing) -> ControlFlow<()>) -> Result<(), StoreError> {
        self.shared.visit_all(query, visit)
    }

    fn standing(&self, id: ApplicationId) -> Result<Option<Standing>, StoreError> {
        self.shared.read_standing(id)
    }

    fn feed(&self, after: Option<&str>, limit: usize, organization: Option<&Oid>) -> Result<FeedPage, FeedError> {
        self.shared.read_feed(after, limit, organization)
    }

    fn answer(
        &self,
        application: ApplicationId,
        id: AnswerId,
        draft: &AnswerDraft,
        author: &Author,
        now: DateTime<Utc>,
    ) -> Result<Accepted, AnswerError> {
        self.shared.accept(application, id, draft, author, now).inspect_err(|error| {
            if let AnswerError::Store(error) = error {
                self.shared.hear(error);
            }
        })
    }

    fn outbox(&self) -> Vec<OutboxEntry> {
        self.shared.outbox.read().listing()
    }

    fn upstream_epoch(&self) -> UpstreamEpoch {
        UpstreamEpoch(self.shared.upstream_epoch.load(Ordering::SeqCst))
    }

    fn delivered(
        &self,
        id: AnswerId,
        application: Option<&Application>,
        asked_in: UpstreamEpoch,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.shared.hearing(self.shared.mark_delivered(id, application, asked_in, now))
    }

    fn rejected(
        &self,
        id: AnswerId,
        problem: &Problem,
        asked_in: UpstreamEpoch,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.shared.hearing(self.shared.mark_rejected(id, problem, asked_in, now))
    }

    fn rework(&self, id: AnswerId) -> Result<bool, StoreError> {
        self.shared.hearing(self.shared.take_back(id, Utc::now()))
    }

    fn save_draft(&self, application: ApplicationId, draft: &AnswerDraft) -> Result<(), StoreError> {
        self.shared.hearing(self.shared.keep_draft(application, draft))
    }

    fn draft(&self, application: ApplicationId) -> Result<Option<AnswerDraft>, StoreError> {
        self.shared.read_draft(application)
    }

    fn drop_draft(&self, application: ApplicationId) -> Result<(), StoreError> {
        self.shared.hearing(self.shared.forget_draft(application))
    }

    fn quarantine(&self) -> Result<Vec<Quarantined>, StoreError> {
        self.shared.noticing(self.shared.cache()?.quarantine())
    }

    fn retry_quarantine(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        self.shared.hearing(self.shared.reread_quarantine(now))
    }

    fn put_record(&self, shelf: Shelf, key: &str, value: &[u8]) -> Result<(), StoreError> {
        let put = Change::Put(shelf.into(), key.as_bytes().to_vec(), value.to_vec());
        self.shared.hearing(self.shared.desk.write(&[put]))
    }

    fn record(&self, shelf: Shelf, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.shared.desk.get(shelf.into(), key.as_bytes())
    }

    fn records(&self, shelf: Shelf) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let records = self.shared.desk.all(shelf.into())?;
        Ok(records.into_iter().map(|(key, value)| (String::from_utf8_lossy(&key).into_owned(), value)).collect())
    }

    fn remove_record(&self, shelf: Shelf, key: &str) -> Result<(), StoreError> {
        let remove = Change::Remove(shelf.into(), key.as_bytes().to_vec());
        self.shared.hearing(self.shared.desk.write(&[remove]))
    }

    fn journal_append(&self, entries: &[JournalEntry], with: Option<(&str, &[u8])>) -> Result<u64, StoreError> {
        self.shared.hearing(self.shared.append_to_journal(entries, with))
    }

    fn journal_visit(
        &self,
        before: Option<u64>,
        visit: &mut dyn FnMut(Numbered) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.shared.journal.visit(before, visit)
    }

    fn journal_check(&self) -> Result<JournalCheck, StoreError> {
        let _alone = self.shared.journaling.lock();
        self.shared.journal.check()
    }

    fn journal_trim(&self, older_than: DateTime<Utc>) -> Result<Option<u64>, StoreError> {
        self.shared.hearing(self.shared.trim_journal(older_than))
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes.subscribe()
    }

    fn census(&self) -> Census {
        let mut census = Census {
            quarantined: self.shared.cache().map_or(0, |cache| cache.quarantined()),
            drafts: self.shared.drafts.load(Ordering::Relaxed),
            damage: self.shared.damage.lock().clone(),
            disk: self.shared.disk.trouble(),
            free_bytes: self.shared.disk.free_bytes(),
            ..Census::default()
        };
        for (_, answer) in self.shared.outbox.read().iter() {
            match answer.state {
                OutboxState::Queued => census.queued += 1,
                OutboxState::Delivered { .. } => census.delivered += 1,
                OutboxState::Rejected { .. } => census.rejected += 1,
            }
        }
        let list = self.shared.list.read();
        census.applications = list.applications();
        census.pending = list.pending(None);
        census
    }

    fn attend_disk(&self) {
        self.shared.attend_disk();
    }

    fn verify(&self) -> Result<Verification, StoreError> {
        Ok(checking::verify(&self.shared))
    }

    fn backup(&self, to: &mut dyn Write) -> Result<(), StoreError> {
        crate::backup::backup(&self.shared, to)
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.shared.hearing(self.shared.flush())
    }
}
