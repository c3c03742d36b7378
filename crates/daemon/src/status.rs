//! What the daemon is doing, for whoever shows it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use prikrep_domain::{AnswerId, ApplicationId, Session};
use prikrep_store::Applied;
use tokio::sync::watch;

use crate::{Part, Trouble, UpstreamError};

/// How the upstream stands, by the last that was heard of it.
#[derive(Clone, Debug)]
pub enum Connection {
    /// Nothing was tried yet.
    Starting,
    /// It answers.
    Online {
        /// Since when.
        since: DateTime<Utc>,
    },
    /// It cannot be reached, or asks to wait.
    Offline {
        /// Since when.
        since: DateTime<Utc>,
        /// The last failure.
        why: UpstreamError,
        /// When it is tried again.
        next_try: DateTime<Utc>,
    },
    /// It does not let this account in: a person has to do something.
    SignInRefused {
        /// Since when.
        since: DateTime<Utc>,
        /// The last failure.
        why: UpstreamError,
        /// When it is tried again.
        next_try: DateTime<Utc>,
    },
    /// It answers, but the list cannot be pulled. Answers are pushed all the same.
    Faulty {
        /// Since when.
        since: DateTime<Utc>,
        /// The last failure.
        why: Trouble,
        /// When it is tried again.
        next_try: DateTime<Utc>,
    },
}

impl Connection {
    /// Whether it answers and the list can be pulled.
    #[must_use]
    pub const fn is_online(&self) -> bool {
        matches!(self, Self::Online { .. })
    }
}

/// How far the pull that is running has come.
#[derive(Clone, Debug, PartialEq)]
pub struct PullProgress {
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// Pages kept.
    pub pages: u64,
    /// Records kept, with those in quarantine.
    pub records: u64,
    /// Records a second since it began.
    pub records_per_sec: f64,
    /// What they did.
    pub applied: Applied,
}

/// A pull that came to its end: until there was nothing more.
#[derive(Clone, Debug, PartialEq)]
pub struct PullReport {
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
    /// Its length by the monotonic clock.
    pub took: Duration,
    /// Pages.
    pub pages: u64,
    /// Records, with those in quarantine.
    pub records: u64,
    /// What they did.
    pub applied: Applied,
    /// Whether the upstream had begun a new epoch, so that everything was read again.
    pub begun_again: bool,
}

/// How an answer that is not yet delivered fares.
#[derive(Clone, Debug)]
pub struct PushState {
    /// The application that it answers.
    pub application: ApplicationId,
    /// How often it was tried since the daemon's start.
    pub tries: u32,
    /// When it was last tried.
    pub last_try: Option<DateTime<Utc>>,
    /// Why the last try failed; [`Trouble::words`] are the server's own.
    pub last_trouble: Option<Trouble>,
    /// When it is tried again, when that is not at the next contact.
    pub next_try: Option<DateTime<Utc>>,
    /// Whether it is being sent right now.
    pub sending: bool,
}

impl PushState {
    pub(crate) const fn new(application: ApplicationId) -> Self {
        Self { application, tries: 0, last_try: None, last_trouble: None, next_try: None, sending: false }
    }
}

/// The restarts of a part after a fault of this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restarts {
    /// How many.
    pub count: u32,
    /// The last one.
    pub last_at: DateTime<Utc>,
}

/// What the daemon is doing. A change of it only wakes: applications and answers are in the store.
#[derive(Clone, Debug)]
pub struct DaemonStatus {
    /// How the upstream stands.
    pub connection: Connection,
    /// As whom it is signed in, once it had to sign in.
    pub account: Option<Session>,
    /// The pull that is running. A long poll that is held open is none.
    pub pulling: Option<PullProgress>,
    /// When a pull last came to its end, also before this start.
    pub last_pull_at: Option<DateTime<Utc>>,
    /// The last pull of this run that brought anything, or the first.
    pub last_pull: Option<PullReport>,
    /// When the next daily pull is due.
    pub next_pull_at: Option<DateTime<Utc>>,
    /// What all pages since the start did.
    pub since_start: Applied,
    /// The last trouble and when it was.
    pub last_trouble: Option<(DateTime<Utc>, Trouble)>,
    /// The answers that are not yet delivered.
    pub pushes: BTreeMap<AnswerId, PushState>,
    /// How far this computer's clock is ahead of the upstream's, behind when negative; `None` while they agree, or
    /// the upstream's is not known.
    pub clock_ahead: Option<TimeDelta>,
    /// When the directory in the store was last found to be the upstream's.
    pub directory_at: Option<DateTime<Utc>>,
    /// Parts that had to be started again.
    pub restarts: BTreeMap<Part, Restarts>,
}

/// Clocks agree when they differ by less.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(3);

/// Where the parts write the status.
#[derive(Clone)]
pub(crate) struct Board(Arc<watch::Sender<DaemonStatus>>);

impl Board {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(DaemonStatus {
            connection: Connection::Starting,
            account: None,
            pulling: None,
            last_pull_at: None,
            last_pull: None,
            next_pull_at: None,
            since_start: Applied::default(),
            last_trouble: None,
            pushes: BTreeMap::new(),
            clock_ahead: None,
            directory_at: None,
            restarts: BTreeMap::new(),
        })))
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<DaemonStatus> {
        self.0.subscribe()
    }

    pub(crate) fn edit(&self, edit: impl FnOnce(&mut DaemonStatus)) {
        self.0.send_modify(edit);
    }

    /// Edits one push.
    pub(crate) fn edit_push(&self, id: AnswerId, application: ApplicationId, edit: impl FnOnce(&mut PushState)) {
        self.edit(|status| edit(status.pushes.entry(id).or_insert_with(|| PushState::new(application))));
    }

    /// Compares the clocks. A difference is told in whole minutes, so that it is no news at every look.
    pub(crate) fn compare_clocks(&self, here: DateTime<Utc>, upstream: Option<DateTime<Utc>>) {
        let ahead = upstream.map(|there| here - there).filter(|ahead| ahead.abs() >= CLOCK_TOLERANCE);
        let nearest =
            |ahead: TimeDelta| TimeDelta::minutes((ahead.num_seconds() + 30 * ahead.num_seconds().signum()) / 60);
        let ahead = ahead.map(nearest);
        if self.read(|status| status.clock_ahead) != ahead {
            tracing::warn!(ahead_minutes = ahead.map_or(0, |ahead| ahead.num_minutes()), "the clocks were compared");
            self.edit(|status| status.clock_ahead = ahead);
        }
    }

    pub(crate) fn read<T>(&self, read: impl FnOnce(&DaemonStatus) -> T) -> T {
        read(&self.0.borrow())
    }

    pub(crate) fn trouble(&self, at: DateTime<Utc>, trouble: &Trouble) {
        self.edit(|status| status.last_trouble = Some((at, trouble.clone())));
    }
}

/// Sums what pages did.
pub(crate) fn add(total: &mut Applied, page: Applied) {
    let Applied { added, added_pending, changed, unchanged, quarantined, rejected_answers } = page;
    total.added += added;
    total.added_pending += added_pending;
    total.changed += changed;
    total.unchanged += unchanged;
    total.quarantined += quarantined;
    total.rejected_answers += rejected_answers;
}
