//! The push loop: reads its work from the outbox, so that a restart is the same path as a nudge.
//!
//! Invariant: of one application one answer is on its way at a time, in order; an application that fails
//! waits alone. Only a failure that concerns every request closes the link for all.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use prikrep_domain::{AnswerId, ApplicationId};
use prikrep_store::OutboxEntry;
use tokio::sync::{Notify, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::clock::SharedClock;
use crate::link::{Link, Wakes};
use crate::push::{PushStep, is_queued, push_one};
use crate::status::Board;
use crate::{AsyncStore, Part, PushState, Retry, RetryPolicy, SignedIn, Trouble, Upstream, UpstreamError};

/// After so many failures in a row, of whatever kind, pushes go one by one with growing delays between.
const DOWN_AFTER: u32 = 5;
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// Reading the outbox takes at most about this part of the loop's time.
const READING_SHARE: u32 = 10;

/// Answers that a person wants tried at once.
#[derive(Default)]
pub(crate) struct Retries {
    asked: Mutex<Vec<AnswerId>>,
    bell: Notify,
}

impl Retries {
    pub(crate) fn add(&self, id: AnswerId) {
        self.asked.lock().push(id);
        self.bell.notify_one();
    }

    async fn take(&self) -> Vec<AnswerId> {
        self.bell.notified().await;
        std::mem::take(&mut *self.asked.lock())
    }
}

pub(crate) struct PushLoop<U> {
    pub(crate) store: AsyncStore,
    pub(crate) upstream: Arc<SignedIn<U>>,
    pub(crate) link: Arc<Link>,
    pub(crate) board: Board,
    pub(crate) clock: SharedClock,
    pub(crate) policy: RetryPolicy,
    pub(crate) retries: Arc<Retries>,
    pub(crate) concurrency: usize,
    pub(crate) stop: CancellationToken,
}

/// How an application fares that has failed or is being pushed.
#[derive(Default)]
struct Lane {
    failures: u32,
    not_before: Option<Instant>,
    /// Whether the last failure was the network's, so that its return is a reason to try again.
    waits_for_network: bool,
}

/// What the loop knows of its work.
#[derive(Default)]
struct Work {
    /// Queued answers in the order of acceptance.
    queue: BTreeMap<u64, OutboxEntry>,
    lanes: HashMap<ApplicationId, Lane>,
    flights: JoinSet<Result<PushStep, Trouble>>,
    flying: HashMap<Id, Flight>,
    failures_in_a_row: u32,
    /// No push before this: each of the last has failed.
    not_before: Option<Instant>,
}

#[derive(Clone, Copy)]
struct Flight {
    application: ApplicationId,
    answer: AnswerId,
    order: u64,
}

/// When the outbox was last read, and whether it has changed since.
struct Reading {
    is_stale: bool,
    not_before: Instant,
}

impl<U: Upstream> PushLoop<U> {
    /// Runs until it is stopped. No push is on its way afterwards.
    pub(crate) async fn run(&self) {
        let mut work = Work::default();
        let mut changes = self.store.changes();
        let mut wakes = self.link.wakes();
        let mut seen = *wakes.borrow_and_update();
        let mut reading = Reading { is_stale: true, not_before: Instant::now() };
        while !self.stop.is_cancelled() {
            self.read_outbox(&mut work, &mut reading).await;
            self.dispatch(&mut work);
            let until = self.next_look(&work, &reading);
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = changed(&mut changes) => reading.is_stale = true,
                () = changed(&mut wakes) => {
                    let now = *wakes.borrow_and_update();
                    woken(&mut work, seen, now);
                    seen = now;
                }
                asked = self.retries.take() => self.retry(&mut work, &asked),
                Some(landed) = work.flights.join_next_with_id() => self.landed(&mut work, landed),
                () = sleep_until(until) => {}
            }
        }
        work.flights.shutdown().await;
    }

    async fn read_outbox(&self, work: &mut Work, reading: &mut Reading) {
        let began = Instant::now();
        if !reading.is_stale || began < reading.not_before {
            return;
        }
        reading.is_stale = false;
        match self.store.call(|store| Ok(store.outbox())).await {
            Ok(outbox) => self.take_stock(work, outbox),
            Err(trouble) => {
                self.board.trouble(self.clock.now(), &trouble);
                (reading.is_stale, reading.not_before) = (true, Instant::now() + self.link.backoff(0));
                return;
            }
        }
        reading.not_before = Instant::now() + began.elapsed() * READING_SHARE;
    }

    fn take_stock(&self, work: &mut Work, outbox: Vec<OutboxEntry>) {
        let queued = outbox.into_iter().filter(is_queued).map(|entry| (entry.order, entry));
        let before = std::mem::replace(&mut work.queue, queued.collect());
        let applications: HashSet<_> = work.queue.values().map(|entry| entry.application).collect();
        work.lanes.retain(|application, _| applications.contains(application));
        let answers: HashMap<_, _> = work.queue.values().map(|entry| (entry.record.id, entry.application)).collect();
        let flying: HashSet<_> = work.flying.values().map(|flight| flight.answer).collect();
        self.board.edit(|status| {
            status.pushes.retain(|id, _| answers.contains_key(id) || flying.contains(id));
            for (id, application) in &answers {
                status.pushes.entry(*id).or_insert_with(|| PushState::new(*application));
            }
        });
        if work.queue.keys().any(|order| !before.contains_key(order)) {
            work.not_before = None;
            self.link.new_work();
        }
    }

    /// Sends what may be sent, as far as there is room. One at a time while the upstream is in doubt.
    fn dispatch(&self, work: &mut Work) {
        if self.link.closed_until().is_some() || work.not_before.is_some_and(|due| due > Instant::now()) {
            return;
        }
        let in_doubt = self.link.is_doubtful() || work.failures_in_a_row >= DOWN_AFTER;
        let room = if in_doubt { 1 } else { self.concurrency.max(1) };
        for entry in work.due(room.saturating_sub(work.flights.len())) {
            self.launch(work, entry);
        }
    }

    fn launch(&self, work: &mut Work, entry: OutboxEntry) {
        let flight = Flight { application: entry.application, answer: entry.record.id, order: entry.order };
        let failures = work.lanes.entry(flight.application).or_default().failures;
        let now = self.clock.now();
        self.board.edit_push(flight.answer, flight.application, |push| {
            (push.tries, push.last_try) = (push.tries.saturating_add(1), Some(now));
            (push.sending, push.next_try) = (true, None);
        });
        let (store, upstream) = (self.store.clone(), Arc::clone(&self.upstream));
        let (policy, clock) = (self.policy, Arc::clone(&self.clock));
        let task = async move { push_one(&store, &*upstream, &entry, failures, &policy, &*clock).await };
        work.flying.insert(work.flights.spawn(task).id(), flight);
    }

    fn landed(&self, work: &mut Work, landed: Result<(Id, Result<PushStep, Trouble>), JoinError>) {
        let (task, result) = match landed {
            Ok(landed) => landed,
            Err(error) => (error.id(), Err(Trouble::Panicked(Part::Push))),
        };
        let Some(flight) = work.flying.remove(&task) else {
            return;
        };
        match result {
            Ok(PushStep::Delivered | PushStep::Rejected(_)) => {
                (work.failures_in_a_row, work.not_before) = (0, None);
                work.queue.remove(&flight.order);
                work.lanes.remove(&flight.application);
                self.board.edit(|status| status.pushes.retain(|id, _| *id != flight.answer));
                self.link.contact();
            }
            Err(trouble) => self.failed(work, flight, trouble),
        }
    }

    fn failed(&self, work: &mut Work, flight: Flight, trouble: Trouble) {
        work.failures_in_a_row = work.failures_in_a_row.saturating_add(1);
        if let Some(times) = work.failures_in_a_row.checked_sub(DOWN_AFTER) {
            work.not_before = Some(Instant::now() + self.link.backoff(times));
        }
        let lane = work.lanes.entry(flight.application).or_default();
        let delay = match &trouble {
            Trouble::Upstream(error) => self.delay(error, lane.failures),
            Trouble::Store(_) | Trouble::Panicked(_) | Trouble::NoProgress | Trouble::Stopped => {
                self.board.trouble(self.clock.now(), &trouble);
                Some(self.link.backoff(lane.failures))
            }
        };
        lane.failures = lane.failures.saturating_add(1);
        lane.not_before = delay.map(|delay| Instant::now() + delay);
        lane.waits_for_network = matches!(&trouble, Trouble::Upstream(error) if error.is_network());
        tracing::warn!(application = %flight.application, answer = %flight.answer, tries = lane.failures,
            error = %trouble, "answer not delivered yet");
        let next_try = delay.map(|delay| self.clock.now() + delay);
        self.board.edit_push(flight.answer, flight.application, |push| {
            (push.sending, push.next_try, push.last_trouble) = (false, next_try, Some(trouble));
        });
    }

    /// The application's own delay; `None` when the failure is the link's alone.
    fn delay(&self, error: &UpstreamError, failures: u32) -> Option<Duration> {
        let closed = self.link.failed(error);
        if closed && !matches!(error, UpstreamError::Response(_)) {
            return None;
        }
        Some(match self.link.decide(error, failures) {
            Retry::After(delay) => delay,
            Retry::Now | Retry::Never => self.link.backoff(failures),
        })
    }

    fn retry(&self, work: &mut Work, asked: &[AnswerId]) {
        let asked = work.queue.values().filter(|entry| asked.contains(&entry.record.id));
        for application in asked.map(|entry| entry.application) {
            if let Some(lane) = work.lanes.get_mut(&application) {
                lane.not_before = None;
            }
        }
        work.not_before = None;
        self.link.reopen();
    }

    fn next_look(&self, work: &Work, reading: &Reading) -> Instant {
        let now = Instant::now();
        let waits = work.lanes.values().filter_map(|lane| lane.not_before);
        let stale = reading.is_stale.then_some(reading.not_before);
        let due = waits.chain(stale).chain(work.not_before).chain(self.link.closed_until()).filter(|due| *due > now);
        due.min().unwrap_or(now + LOOK_AGAIN).min(now + LOOK_AGAIN)
    }
}

impl Work {
    /// Up to `room` answers that may go now: applications that have not failed first.
    fn due(&self, room: usize) -> Vec<OutboxEntry> {
        let now = Instant::now();
        let mut taken: HashSet<_> = self.flying.values().map(|flight| flight.application).collect();
        let mut found = Vec::new();
        for had_failures in [false, true] {
            for entry in self.queue.values() {
                if found.len() >= room {
                    return found;
                }
                let (failures, waits) = match self.lanes.get(&entry.application) {
                    Some(lane) => (lane.failures, lane.not_before.is_some_and(|due| due > now)),
                    None => (0, false),
                };
                // The queue is in order, and a lane fares alike for all of its answers: the first one goes.
                if !waits && (failures > 0) == had_failures && taken.insert(entry.application) {
                    found.push(entry.clone());
                }
            }
        }
        found
    }
}

fn woken(work: &mut Work, seen: Wakes, now: Wakes) {
    let nudged = now.nudges != seen.nudges;
    let recovered = now.recoveries != seen.recoveries;
    if nudged || recovered {
        work.not_before = None;
    }
    for lane in work.lanes.values_mut() {
        if nudged || (recovered && lane.waits_for_network) {
            lane.not_before = None;
        }
    }
}

async fn changed<T>(receiver: &mut watch::Receiver<T>) {
    if receiver.changed().await.is_err() {
        // Its sender is gone: it will never change again.
        pending::<()>().await;
    }
}
