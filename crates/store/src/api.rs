//! What every store can do: the interface that daemon, server and window are written against.
//!
//! One conformance suite holds every implementation to it.

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use prikrep_domain::{
    AnswerDraft, AnswerId, Application, ApplicationId, Cursor, FeedPage, Found, JournalEntry, Numbered, Oid, Problem,
    Query, RecordedAnswer, Refusal, Standing,
};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::disk::is_low;
use crate::{DiskTrouble, StoreError};

/// A page from the upstream, read and sorted out: what is understood, what is not, and where to read on.
#[derive(Clone, Debug)]
pub struct Page {
    /// Applications in the upstream's order.
    pub applications: Vec<Application>,
    /// Records that could not be understood.
    pub unreadable: Vec<UnreadableRecord>,
    /// Where to read on after this page.
    pub cursor: Cursor,
    /// Whether the upstream has more already. The end of a re-reading is told by it.
    pub has_more: bool,
}

/// A record that could not be understood, on its way into quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableRecord {
    /// The application's identifier, when at least that could be read.
    pub id: Option<ApplicationId>,
    /// What is wrong, without any value of the record.
    pub reason: String,
    /// The record as received.
    pub raw: String,
}

/// What a page did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Applications that were not known before.
    pub added: usize,
    /// Of the added, those that wait for an answer.
    pub added_pending: usize,
    /// Known applications whose state changed.
    pub changed: usize,
    /// Applications whose version was not newer: nothing was done.
    pub unchanged: usize,
    /// Records put into quarantine.
    pub quarantined: usize,
    /// Queued answers that the new base makes impossible.
    pub rejected_answers: usize,
}

/// Who answers, as the serving hop knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// Replaces the author named in the answer; `None` for a trusted daemon, whose own is kept.
    pub employee: Option<String>,
    /// Applications of another organization do not exist for this author; `None` for the whole region.
    pub organization: Option<Oid>,
}

/// An answer that was accepted and is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The application as it now stands.
    pub standing: Standing,
    /// Whether this very answer had been accepted before.
    pub repeated: bool,
}

/// Why an answer was not accepted; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// There is no such application for this author.
    #[error("Заявление не найдено")]
    NotFound,
    /// The domain refuses it.
    #[error("{refusal}")]
    Refused {
        /// Why.
        refusal: Refusal,
        /// The application as it stands.
        standing: Box<Standing>,
    },
    /// Another answer has this identifier.
    #[error("Ответ с таким номером уже есть, и он другой")]
    IdReused {
        /// The application as it stands.
        standing: Box<Standing>,
    },
    /// The answer could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How far an answer of this hop's outbox has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OutboxState {
    /// It waits to be pushed.
    Queued,
    /// The upstream has it; it is kept until the upstream's own word on it arrives.
    Delivered {
        /// Since when.
        at: DateTime<Utc>,
        /// The application's version at the upstream from which on the base contains the answer, where the
        /// upstream does not list answers: one that does says by its list whether a base contains it.
        version: Option<u64>,
    },
    /// The upstream, or a newer base, refused it.
    Rejected {
        /// Since when.
        at: DateTime<Utc>,
        /// Why.
        problem: Problem,
    },
}

/// Counts the upstream's epochs as far as this store has noticed them since it was opened. A reply to a request
/// of an earlier one says nothing about the applications of this one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UpstreamEpoch(pub(crate) u64);

/// An answer of this hop's outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxEntry {
    /// Its place in the order of acceptance.
    pub order: u64,
    /// The application that it answers.
    pub application: ApplicationId,
    /// The answer, with its delivery as the protocol tells it.
    pub record: RecordedAnswer,
    /// How far it has come.
    pub state: OutboxState,
}

/// A record in quarantine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// The name under which it is listed: the application's identifier, or a digest of the record.
    pub key: String,
    /// What is wrong.
    pub reason: String,
    /// When it arrived.
    pub received_at: DateTime<Utc>,
    /// The record as received.
    pub raw: String,
}

/// Kinds of small records that a program keeps on its desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Shelf {
    /// Accounts, by login.
    Accounts,
    /// Sessions, by the hash of their token. Never salvaged from a damaged desk.
    Sessions,
    /// Settings, the time of the last pull and the like, by name.
    Settings,
}

/// Damage that was found and what was done about it, in words for an administrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DamageReport {
    /// When it was found.
    pub found_at: DateTime<Utc>,
    /// What was found, what was done, what to do.
    pub words: String,
}

/// The store in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Census {
    /// Applications.
    pub applications: usize,
    /// Of them, those that wait for an answer.
    pub pending: usize,
    /// Answers not yet delivered.
    pub queued: usize,
    /// Answers delivered whose confirmation in the base is still to come.
    pub delivered: usize,
    /// Answers rejected.
    pub rejected: usize,
    /// Records in quarantine.
    pub quarantined: usize,
    /// Drafts.
    pub drafts: usize,
    /// Damage found since the store was opened.
    pub damage: Vec<DamageReport>,
    /// Why nothing can be written at present.
    pub disk: Option<DiskTrouble>,
    /// Free space on the disk, in bytes, as it was last looked at; `None` before that, and where the system does not
    /// tell.
    pub free_bytes: Option<u64>,
}

impl Census {
    /// Free bytes of a disk that takes everything still, when they are few: less than a gibibyte.
    #[must_use]
    pub fn low_space(&self) -> Option<u64> {
        self.free_bytes.filter(|bytes| self.disk.is_none() && is_low(*bytes))
    }
}

/// Why a page of the feed cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The cursor is of another epoch, or not ours.
    #[error("Курсор относится к прежнему состоянию хранилища")]
    Expired,
    /// The text is not a cursor.
    #[error("Это не курсор")]
    Malformed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A part of a list, as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// How many applications the query finds in all.
    pub total: usize,
    /// The asked part of them, in the query's order.
    pub rows: Vec<Standing>,
}

/// What a check of every stored value found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Applications read and authenticated.
    pub applications: usize,
    /// Desk records read and authenticated.
    pub desk_records: usize,
    /// What is wrong, in words; empty when all is well.
    pub problems: Vec<String>,
}

/// What following the chain of the journal has found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalCheck {
    /// Entries read and authenticated.
    pub entries: u64,
    /// The number of the first entry that is kept.
    pub first: u64,
    /// The number of the last entry.
    pub last: u64,
    /// What is wrong, in words; empty when the chain is whole.
    pub problems: Vec<String>,
}

/// A store of applications, answers and drafts.
///
/// Every method may block on the disk: none is for a UI thread or an async worker. Times that the store
/// writes come from the caller (`now`).
pub trait Store: Send + Sync + 'static {
    /// Where the next page begins; `None` from the beginning.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    fn cursor(&self) -> Result<Option<Cursor>, StoreError>;

    /// Whether the upstream was read to its end at least once since the applications were last lost: before
    /// that, an application that is not here may still come.
    fn is_complete(&self) -> bool;

    /// Keeps a page, then its cursor. An application whose version is not newer changes nothing; a page
    /// seen twice changes nothing. Queued answers that the new base makes impossible become rejected.
    ///
    /// # Errors
    /// [`StoreError`] when the page could not be kept; the cursor then still stands before it.
    fn apply(&self, page: &Page, now: DateTime<Utc>) -> Result<Applied, StoreError>;

    /// The upstream has begun a new epoch: reads from the beginning. When that ends (`has_more` false), what
    /// the new epoch no longer has is gone, except answers and drafts. Answers that the upstream had taken
    /// and does not yet show are queued again: they keep their identifiers.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be kept.
    fn begin_again(&self) -> Result<(), StoreError>;

    /// Finds applications: how many, and those of the order's part from `offset` on, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when a found application cannot be read.
    fn find(&self, query: &Query, offset: usize, limit: usize) -> Result<Found, StoreError>;

    /// The same as they stand, with what stands over them.
    ///
    /// # Errors
    /// [`StoreError`] when a found application cannot be read.
    fn list(&self, query: &Query, offset: usize, limit: usize) -> Result<Listed, StoreError>;

    /// Visits all that a query finds, in its order as of now, until told to break; each as it stands when its
    /// turn comes. What is gone by then is left out.
    ///
    /// # Errors
    /// [`StoreError`] when a found application cannot be read.
    fn visit(&self, query: &Query, visit: &mut dyn FnMut(Standing) -> ControlFlow<()>) -> Result<(), StoreError>;

    /// One application as it stands.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    fn standing(&self, id: ApplicationId) -> Result<Option<Standing>, StoreError>;

    /// A page of this hop's own feed, of one organization or of the whole region. A choice and the
    /// cancellation that has just ended it are never parted by the end of a page of more than one record.
    ///
    /// # Errors
    /// [`FeedError`].
    fn feed(&self, after: Option<&str>, limit: usize, organization: Option<&Oid>) -> Result<FeedPage, FeedError>;

    /// Accepts an answer: checked by the domain, durable when this returns. The same identifier with the
    /// same content is accepted again without effect.
    ///
    /// # Errors
    /// [`AnswerError`]; nothing has changed then.
    fn answer(
        &self,
        application: ApplicationId,
        id: AnswerId,
        draft: &AnswerDraft,
        author: &Author,
        now: DateTime<Utc>,
    ) -> Result<Accepted, AnswerError>;

    /// The outbox in the order of acceptance: everything on which the upstream's feed has not said the last word.
    fn outbox(&self) -> Vec<OutboxEntry>;

    /// The upstream's epoch, to be taken before a request whose reply may speak of an application.
    fn upstream_epoch(&self) -> UpstreamEpoch;

    /// The upstream has taken an answer that was pushed in epoch `asked_in`. `application` is the upstream's
    /// word on it, when it gave one: a newer base, but not the end of the answer's stay in the outbox, since
    /// a page that was on its way meanwhile may be older.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be kept.
    fn delivered(
        &self,
        id: AnswerId,
        application: Option<&Application>,
        asked_in: UpstreamEpoch,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// The upstream has refused for good an answer that was pushed in epoch `asked_in`. The application that
    /// the problem names is taken as the new base.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be kept.
    fn rejected(
        &self,
        id: AnswerId,
        problem: &Problem,
        asked_in: UpstreamEpoch,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Takes a rejected answer out of the outbox and keeps its content as the application's draft
    /// («Вернуть на доработку»). Returns whether there was one.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be kept.
    fn rework(&self, id: AnswerId) -> Result<bool, StoreError>;

    /// Keeps what is being typed; an answer accepted for the application removes it.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be kept.
    fn save_draft(&self, application: ApplicationId, draft: &AnswerDraft) -> Result<(), StoreError>;

    /// What was typed for an application.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    fn draft(&self, application: ApplicationId) -> Result<Option<AnswerDraft>, StoreError>;

    /// Forgets a draft.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be kept.
    fn drop_draft(&self, application: ApplicationId) -> Result<(), StoreError>;

    /// The records in quarantine.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read.
    fn quarantine(&self) -> Result<Vec<Quarantined>, StoreError>;

    /// Reads the records in quarantine anew (after an upgrade) and applies those that are understood now.
    /// Returns how many were.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read or kept.
    fn retry_quarantine(&self, now: DateTime<Utc>) -> Result<usize, StoreError>;

    /// Keeps a small record durably.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be kept.
    fn put_record(&self, shelf: Shelf, key: &str, value: &[u8]) -> Result<(), StoreError>;

    /// A small record.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    fn record(&self, shelf: Shelf, key: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// All small records of a shelf, by key.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read.
    fn records(&self, shelf: Shelf) -> Result<Vec<(String, Vec<u8>)>, StoreError>;

    /// Removes a small record durably.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be kept.
    fn remove_record(&self, shelf: Shelf, key: &str) -> Result<(), StoreError>;

    /// Appends entries to the journal, durably, in their order; with them, as one, a record of the settings
    /// that says how far somebody's entries have come. Returns the number of the last entry.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be kept.
    fn journal_append(&self, entries: &[JournalEntry], with: Option<(&str, &[u8])>) -> Result<u64, StoreError>;

    /// Visits the journal from the newest entry to the oldest, those numbered below `before`, until told to
    /// break.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    fn journal_visit(
        &self,
        before: Option<u64>,
        visit: &mut dyn FnMut(Numbered) -> ControlFlow<()>,
    ) -> Result<(), StoreError>;

    /// Follows the whole chain of the journal: an entry that was changed, left out or moved is found, and so is
    /// an end that was cut off.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    fn journal_check(&self) -> Result<JournalCheck, StoreError>;

    /// Removes the oldest entries as far as whole parts of the journal are older. Returns the last number that
    /// is gone, when any is.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be removed.
    fn journal_trim(&self, older_than: DateTime<Utc>) -> Result<Option<u64>, StoreError>;

    /// Wakes at every change of what readers see. The number says nothing but that something changed.
    fn changes(&self) -> watch::Receiver<u64>;

    /// The store in numbers.
    fn census(&self) -> Census;

    /// Tries now and then whether the disk takes what is written, and goes on when it does again. To be called
    /// often; what it finds is in [`Self::census`].
    fn attend_disk(&self);

    /// Reads and authenticates every stored value.
    ///
    /// # Errors
    /// [`StoreError`] when the check itself cannot run; damage that it finds is in its result.
    fn verify(&self) -> Result<Verification, StoreError>;

    /// Writes what exists nowhere else (answers, drafts, accounts, settings), sealed with the store's key,
    /// as of one instant.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read or written.
    fn backup(&self, to: &mut dyn std::io::Write) -> Result<(), StoreError>;

    /// Makes everything durable and shortens the next opening. The store may be used on.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be written.
    fn flush(&self) -> Result<(), StoreError>;
}
