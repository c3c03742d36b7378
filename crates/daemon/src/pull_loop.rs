//! The pull loop: live by a long poll, or once a day, and whenever somebody asks.
//!
//! Invariant: one pull runs at a time; all who ask meanwhile are answered by one that begins after it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use prikrep_store::{Applied, Shelf};
use tokio::sync::{Notify, oneshot, watch};
use tokio::time::{Instant, sleep_until};

use crate::link::Wakes;
use crate::pull::{Puller, Tally};
use crate::{AsyncStore, Connection, NextPull, PullReport, Pulls, Retry, Trouble, Upstream, UpstreamError};

const LAST_PULL_KEY: &str = "last-pull";
/// The wall clock is looked at this often: it may have been set, or the computer may have slept.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// Scheduled pulls are at least this far apart, whatever the wall clock does.
const DAILY_APART: Duration = Duration::from_secs(60);
/// Live pulls begin at least this far apart, so that a stream of changes comes in pages and not one by one.
const LIVE_APART: Duration = Duration::from_millis(200);
/// A poll that was open for this long was held.
const HELD: Duration = Duration::from_secs(5);
/// The longest pause between polls of an upstream that does not hold them.
const IDLE_MOST: Duration = Duration::from_secs(60);

pub(crate) type Outcome = Result<PullReport, Trouble>;

/// Those who wait for the outcome of a pull.
#[derive(Default)]
pub(crate) struct PullRequests {
    waiters: Mutex<Option<Vec<oneshot::Sender<Outcome>>>>,
    bell: Notify,
}

impl PullRequests {
    pub(crate) fn open() -> Self {
        Self { waiters: Mutex::new(Some(Vec::new())), bell: Notify::new() }
    }

    /// Asks for a pull. The sender is gone at once when the daemon has stopped.
    pub(crate) fn add(&self) -> oneshot::Receiver<Outcome> {
        let (sender, receiver) = oneshot::channel();
        if let Some(waiters) = self.waiters.lock().as_mut() {
            waiters.push(sender);
        }
        self.bell.notify_one();
        receiver
    }

    /// Nobody is answered any more.
    pub(crate) fn close(&self) {
        self.waiters.lock().take();
    }

    fn any(&self) -> bool {
        self.waiters.lock().as_ref().is_some_and(|waiters| !waiters.is_empty())
    }

    fn count(&self) -> usize {
        self.waiters.lock().as_ref().map_or(0, Vec::len)
    }

    /// Answers the first `asked` of those who wait: those who asked before the upstream was.
    fn answer(&self, outcome: &Outcome, asked: usize) {
        let waiters: Vec<_> = match self.waiters.lock().as_mut() {
            Some(waiters) => waiters.drain(..asked.min(waiters.len())).collect(),
            None => Vec::new(),
        };
        for waiter in waiters {
            // Whoever has stopped waiting does not need it.
            let _ = waiter.send(outcome.clone());
        }
    }

    async fn arrived(&self) {
        while !self.any() {
            self.bell.notified().await;
        }
    }
}

/// When the last pull came to its end, as the store remembers it.
pub(crate) async fn load_last_pull(store: &AsyncStore) -> Option<DateTime<Utc>> {
    let found = store.call(|store| store.record(Shelf::Settings, LAST_PULL_KEY)).await;
    let text = match found {
        Ok(bytes) => String::from_utf8(bytes?).ok()?,
        Err(error) => {
            tracing::warn!(%error, "the time of the last pull cannot be read");
            return None;
        }
    };
    DateTime::parse_from_rfc3339(&text).ok().map(|at| at.with_timezone(&Utc))
}

fn is_cut_off(trouble: &Trouble) -> bool {
    match trouble {
        Trouble::Upstream(UpstreamError::Network { fault, .. }) => fault.reached(),
        Trouble::Upstream(UpstreamError::Response(response)) => matches!(response.status, 408 | 502 | 504),
        Trouble::Upstream(_) | Trouble::Store(_) | Trouble::Panicked(_) | Trouble::NoProgress | Trouble::Stopped => {
            false
        }
    }
}

pub(crate) struct PullLoop<U> {
    pub(crate) puller: Puller<U>,
    pub(crate) pulls: Pulls,
    pub(crate) requests: Arc<PullRequests>,
}

/// What the loop remembers between pulls.
struct Pace {
    wakes: watch::Receiver<Wakes>,
    seen: Wakes,
    failures: u32,
    not_before: Option<Instant>,
    /// Whether the last failure was the network's, so that its return is a reason to try again.
    waits_for_network: bool,
    /// The last pull came to its end: the next request may be held open.
    caught_up: bool,
    /// How long polls may be held. Less than configured once something between has cut one off.
    wait_secs: u32,
    configured_wait_secs: u32,
    /// Polls in a row that came back early with nothing.
    idle: u32,
    tally: Option<Tally>,
}

impl Pace {
    fn new(wakes: watch::Receiver<Wakes>, pulls: Pulls) -> Self {
        let seen = *wakes.borrow();
        let wait_secs = match pulls {
            Pulls::Live { wait_secs } => wait_secs,
            Pulls::Daily(_) | Pulls::OnRequest => 0,
        };
        Self {
            wakes,
            seen,
            failures: 0,
            not_before: None,
            waits_for_network: false,
            caught_up: false,
            wait_secs,
            configured_wait_secs: wait_secs,
            idle: 0,
            tally: None,
        }
    }

    /// Takes note of what has happened to the link.
    fn look(&mut self) {
        let now = *self.wakes.borrow_and_update();
        if now.nudges != self.seen.nudges {
            // Also after a change of networks: what cut polls off before may be gone.
            (self.failures, self.not_before, self.caught_up) = (0, None, false);
            self.wait_secs = self.configured_wait_secs;
        } else if now.recoveries != self.seen.recoveries && self.waits_for_network {
            self.not_before = None;
        }
        self.seen = now;
    }
}

impl<U: Upstream> PullLoop<U> {
    /// Runs until it is dropped.
    pub(crate) async fn run(&self) {
        self.puller.board.edit(|status| status.pulling = None);
        let mut pace = Pace::new(self.puller.link.wakes(), self.pulls);
        loop {
            self.turn(&mut pace).await;
            // Whoever asks while the upstream is answering gets a pull of their own: what this one brings may
            // be older than their question.
            let asked = AtomicUsize::new(self.requests.count());
            let outcome = self.pull_once(&mut pace, &asked).await;
            self.requests.answer(&outcome, asked.into_inner());
        }
    }

    /// Waits until it is time to pull.
    async fn turn(&self, pace: &mut Pace) {
        loop {
            pace.look();
            if self.requests.any() {
                return;
            }
            let due = [self.puller.link.closed_until(), pace.not_before, self.scheduled()];
            let now = Instant::now();
            let Some(until) = due.into_iter().flatten().filter(|due| *due > now).max() else {
                return;
            };
            tokio::select! {
                () = sleep_until(until.min(now + LOOK_AGAIN)) => {}
                () = self.requests.arrived() => {}
                _ = pace.wakes.changed() => {}
            }
        }
    }

    /// When the schedule wants a pull; `None` is at once.
    fn scheduled(&self) -> Option<Instant> {
        let daily = match &self.pulls {
            Pulls::Live { .. } => return None,
            Pulls::OnRequest => return Some(Instant::now() + LOOK_AGAIN),
            Pulls::Daily(daily) => daily,
        };
        let now = self.puller.clock.now();
        let last = self.puller.board.read(|status| status.last_pull_at);
        let (next_at, due) = match daily.next(now, last) {
            NextPull::Now => (now, None),
            NextPull::At(at) => (at, Some(Instant::now() + (at - now).to_std().unwrap_or_default())),
        };
        if due.is_some() && self.puller.board.read(|status| status.next_pull_at) != Some(next_at) {
            self.puller.board.edit(|status| status.next_pull_at = Some(next_at));
        }
        due
    }

    async fn pull_once(&self, pace: &mut Pace, asked: &AtomicUsize) -> Outcome {
        let wait_secs = if pace.caught_up { pace.wait_secs } else { 0 };
        let began = Instant::now();
        let mut tally = pace.tally.take().unwrap_or_else(|| Tally::begin(self.puller.clock.now()));
        let hurried = self.hurry(pace.wakes.clone(), pace.seen.nudges);
        let hurry = async {
            hurried.await;
            asked.store(self.requests.count(), Ordering::Relaxed);
        };
        let result = self.puller.pull(&mut tally, wait_secs, hurry).await;
        self.puller.board.edit(|status| status.pulling = None);
        match result {
            Ok(moved) => {
                let brought =
                    moved && tally.applied != Applied { unchanged: tally.applied.unchanged, ..Applied::default() };
                self.pace_after_success(pace, began, wait_secs, brought);
                Ok(self.completed(tally).await)
            }
            Err(trouble) => {
                pace.tally = (tally.records > 0).then_some(tally);
                if wait_secs > 0 && began.elapsed() >= HELD && is_cut_off(&trouble) {
                    self.pace_after_cut(pace);
                } else {
                    self.pace_after_failure(pace, &trouble);
                }
                Err(trouble)
            }
        }
    }

    /// Ready when a request that is held open should be made anew.
    async fn hurry(&self, mut wakes: watch::Receiver<Wakes>, nudges: u64) {
        tokio::select! {
            () = self.requests.arrived() => {}
            _ = wakes.wait_for(|wakes| wakes.nudges != nudges) => {}
        }
    }

    fn pace_after_success(&self, pace: &mut Pace, began: Instant, wait_secs: u32, brought: bool) {
        (pace.failures, pace.caught_up, pace.waits_for_network) = (0, true, false);
        pace.not_before = Some(match self.pulls {
            Pulls::Daily(_) | Pulls::OnRequest => Instant::now() + DAILY_APART,
            Pulls::Live { .. } => {
                let was_held = began.elapsed() >= HELD.min(Duration::from_secs(wait_secs.into()) / 2);
                let early = wait_secs > 0 && !brought && !was_held;
                pace.idle = if early { pace.idle + 1 } else { 0 };
                let pause = match pace.idle.checked_sub(1) {
                    Some(times) => self.puller.link.backoff(times).min(IDLE_MOST),
                    None => LIVE_APART,
                };
                began + pause
            }
        });
    }

    /// A held poll was cut off, perhaps by something between that has less patience: the next request is not
    /// held and tells how things stand, later ones are held for less.
    fn pace_after_cut(&self, pace: &mut Pace) {
        pace.caught_up = false;
        pace.wait_secs = (pace.wait_secs / 2).max(1);
        pace.not_before = Some(Instant::now() + self.puller.link.backoff(0));
        tracing::info!(next_wait_secs = pace.wait_secs, "a held poll was cut off");
    }

    fn pace_after_failure(&self, pace: &mut Pace, trouble: &Trouble) {
        let link = &self.puller.link;
        pace.caught_up = false;
        pace.waits_for_network = matches!(trouble, Trouble::Upstream(error) if error.is_network());
        let delay = match trouble {
            Trouble::Upstream(error) if link.failed(error) => None,
            Trouble::Upstream(error) => Some(self.delay(error, pace.failures)),
            Trouble::Store(_) | Trouble::Panicked(_) | Trouble::NoProgress | Trouble::Stopped => {
                Some(link.backoff(pace.failures))
            }
        };
        pace.failures = pace.failures.saturating_add(1);
        pace.not_before = delay.map(|delay| Instant::now() + delay);
        if let Some(delay) = delay {
            self.faulty(trouble, delay);
        }
    }

    fn delay(&self, error: &UpstreamError, failures: u32) -> Duration {
        match self.puller.link.decide(error, failures) {
            Retry::After(delay) => delay,
            Retry::Now => self.puller.link.backoff(failures),
            // The list is wanted all the same: somebody will put right what is wrong.
            Retry::Never => self.puller.link.refused_delay(),
        }
    }

    fn faulty(&self, trouble: &Trouble, delay: Duration) {
        let now = self.puller.clock.now();
        tracing::warn!(error = %trouble, delay_secs = delay.as_secs(), "the pull failed");
        self.puller.board.edit(|status| {
            let since = match &status.connection {
                Connection::Faulty { since, .. } => *since,
                Connection::Starting
                | Connection::Online { .. }
                | Connection::Offline { .. }
                | Connection::SignInRefused { .. } => now,
            };
            status.connection = Connection::Faulty { since, why: trouble.clone(), next_try: now + delay };
            status.last_trouble = Some((now, trouble.clone()));
        });
    }

    async fn completed(&self, tally: Tally) -> PullReport {
        let now = self.puller.clock.now();
        let report = tally.report(now);
        if report.records > 0 || report.begun_again {
            let (pages, records) = (report.pages, report.records);
            tracing::info!(pages, records, took_ms = report.took.as_millis(), "pull completed");
        }
        let value = now.to_rfc3339().into_bytes();
        let kept = self.puller.store.call(move |store| store.put_record(Shelf::Settings, LAST_PULL_KEY, &value)).await;
        if let Err(error) = kept {
            tracing::warn!(%error, "the time of the pull cannot be kept");
            self.puller.board.trouble(now, &error);
        }
        self.puller.link.pulled();
        self.puller.board.compare_clocks(now, self.puller.upstream.time());
        self.puller.board.edit(|status| {
            status.last_pull_at = Some(now);
            if report.records > 0 || report.begun_again || status.last_pull.is_none() {
                status.last_pull = Some(report.clone());
            }
        });
        report
    }
}
