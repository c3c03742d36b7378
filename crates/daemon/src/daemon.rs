//! The daemon: its parts, started and stopped together, and the handle by which it is spoken to.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use prikrep_domain::{AnswerId, MAX_PAGE_RECORDS};
use prikrep_store::Store;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::clock::SharedClock;
use crate::directory::DirectoryKeeper;
use crate::link::Link;
use crate::pull::Puller;
use crate::pull_loop::{PullLoop, PullRequests, load_last_pull};
use crate::push_loop::{PushLoop, Retries};
use crate::reporting::{Bell, Reporter};
use crate::status::Board;
use crate::supervise::Supervisor;
use crate::{
    AsyncStore, Clock, DaemonStatus, Daily, Jitter, Part, PullReport, RetryPolicy, SignedIn, Trouble, Upstream,
};

/// A stop takes no longer than this.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// The session ends by itself when there is no time to end it.
const SIGN_OUT_TIMEOUT: Duration = Duration::from_secs(2);
/// The longest `wait` of the protocol.
const MAX_WAIT_SECS: u32 = 60;
const CLOCK_WATCH: Duration = Duration::from_secs(20);
/// A wall clock that has gone this much further than the monotonic one: the computer has slept, or it was set.
const JUMP: TimeDelta = TimeDelta::seconds(30);

/// When to pull.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pulls {
    /// All the time, by a long poll that the upstream may hold for this long, 60 seconds at most.
    Live {
        /// Seconds.
        wait_secs: u32,
    },
    /// Once a day.
    Daily(Daily),
    /// Only when [`Daemon::pull_now`] asks for it.
    OnRequest,
}

/// How the daemon works.
#[derive(Debug)]
pub struct Config {
    /// When to pull.
    pub pulls: Pulls,
    /// Records to ask for in a page, 5,000 at most. Halved while pages are too large.
    pub page_limit: usize,
    /// How many answers may be on their way at once.
    pub push_concurrency: usize,
    /// How often the directory is refreshed in the store; `None` where it is had otherwise.
    pub directory_every: Option<Duration>,
    /// Whether what was done here is reported to the upstream's journal.
    pub reports: bool,
    /// The bounds of delays.
    pub retry: RetryPolicy,
    /// Where jitter comes from.
    pub jitter: Jitter,
}

impl Config {
    /// The usual values.
    #[must_use]
    pub fn new(pulls: Pulls) -> Self {
        Self {
            pulls,
            page_limit: 2_000,
            push_concurrency: 8,
            directory_every: None,
            reports: false,
            retry: RetryPolicy::default(),
            jitter: Jitter::random(),
        }
    }
}

/// A running daemon. Dropping it stops it without waiting for the end.
pub struct Daemon {
    board: Board,
    link: Arc<Link>,
    requests: Arc<PullRequests>,
    retries: Arc<Retries>,
    bell: Arc<Bell>,
    stop: CancellationToken,
    /// Ends when all parts have, and with it the store is let go.
    running: Option<JoinHandle<()>>,
}

impl Daemon {
    /// Starts the daemon on the runtime that it is called in.
    pub fn start<U: Upstream>(store: Arc<dyn Store>, upstream: U, config: Config, clock: Arc<dyn Clock>) -> Self {
        let board = Board::new();
        let stop = CancellationToken::new();
        let link = Arc::new(Link::new(board.clone(), Arc::clone(&clock), config.retry, config.jitter));
        let (requests, retries) = (Arc::new(PullRequests::open()), Arc::new(Retries::default()));
        let bell = Arc::new(Bell::default());
        let on_session = {
            let board = board.clone();
            move |session| board.edit(|status| status.account = Some(session))
        };
        let parts = Parts {
            store: AsyncStore::new(store),
            upstream: Arc::new(SignedIn::new(upstream, config.retry, on_session)),
            pulls: match config.pulls {
                Pulls::Live { wait_secs } => Pulls::Live { wait_secs: wait_secs.min(MAX_WAIT_SECS) },
                Pulls::Daily(daily) => Pulls::Daily(daily),
                Pulls::OnRequest => Pulls::OnRequest,
            },
            page_limit: config.page_limit.clamp(1, MAX_PAGE_RECORDS),
            push_concurrency: config.push_concurrency,
            directory_every: config.directory_every,
            bell: config.reports.then(|| Arc::clone(&bell)),
            retry: config.retry,
            board: board.clone(),
            clock,
            link: Arc::clone(&link),
            requests: Arc::clone(&requests),
            retries: Arc::clone(&retries),
            stop: stop.clone(),
        };
        let running = Some(tokio::spawn(parts.run()));
        Self { board, link, requests, retries, bell, stop, running }
    }

    /// What the daemon is doing.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<DaemonStatus> {
        self.board.subscribe()
    }

    /// Pulls now; when the upstream is being asked already, right after that, once for all who wait. The
    /// future gives the outcome of a pull that began after this call. A failed pull is tried
    /// again by itself all the same.
    pub fn pull_now(&self) -> impl Future<Output = Result<PullReport, Trouble>> + Send + use<> {
        if self.link.closed_until().is_some() {
            self.link.nudge();
        }
        let outcome = self.requests.add();
        async move { outcome.await.unwrap_or(Err(Trouble::Stopped)) }
    }

    /// Tries everything now that waits after a failure: a person asks for it, or the network is back.
    pub fn nudge(&self) {
        self.link.nudge();
    }

    /// Tries a queued answer now.
    pub fn retry(&self, answer: AnswerId) {
        self.retries.add(answer);
    }

    /// What has the acts reported that were written down by [`crate::note_act`].
    pub fn reporting(&self) -> impl Fn() + Send + Sync + 'static + use<> {
        let bell = Arc::clone(&self.bell);
        move || bell.ring()
    }

    /// Stops within [`STOP_TIMEOUT`]. Returns whether everything came to its end in that time; the store is
    /// then let go. What was on its way is tried again after the next start.
    pub async fn stop(mut self) -> bool {
        self.stop.cancel();
        self.requests.close();
        match self.running.take() {
            Some(running) => timeout(STOP_TIMEOUT, running).await.is_ok(),
            None => true,
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.stop.cancel();
        self.requests.close();
    }
}

/// What the parts are made of.
struct Parts<U> {
    store: AsyncStore,
    upstream: Arc<SignedIn<U>>,
    board: Board,
    clock: SharedClock,
    link: Arc<Link>,
    requests: Arc<PullRequests>,
    retries: Arc<Retries>,
    stop: CancellationToken,
    pulls: Pulls,
    page_limit: usize,
    push_concurrency: usize,
    directory_every: Option<Duration>,
    bell: Option<Arc<Bell>>,
    retry: RetryPolicy,
}

impl<U: Upstream> Parts<U> {
    async fn run(self) {
        let last_pull_at = load_last_pull(&self.store).await;
        self.board.edit(|status| status.last_pull_at = last_pull_at);
        let (board, clock, stop) = (self.board.clone(), Arc::clone(&self.clock), self.stop.clone());
        let supervisor = Supervisor { board, clock, policy: self.retry, stop };
        tokio::join!(
            supervisor.keep(Part::Pull, || self.pull_part()),
            supervisor.keep(Part::Push, || self.push_part()),
            supervisor.keep(Part::Directory, || self.directory_part()),
            supervisor.keep(Part::Report, || self.report_part()),
            supervisor.keep(Part::ClockWatch, || self.clock_part()),
        );
        self.store.idle().await;
        match timeout(SIGN_OUT_TIMEOUT, self.upstream.sign_out()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::info!(%error, "not signed out"),
            Err(_) => tracing::info!("not signed out: no answer in time"),
        }
    }

    fn pull_part(&self) -> impl Future<Output = ()> + Send + 'static + use<U> {
        let pull_loop = PullLoop {
            puller: Puller {
                store: self.store.clone(),
                upstream: Arc::clone(&self.upstream),
                clock: Arc::clone(&self.clock),
                board: self.board.clone(),
                link: Arc::clone(&self.link),
                page_limit: self.page_limit,
            },
            pulls: self.pulls,
            requests: Arc::clone(&self.requests),
        };
        until(self.stop.clone(), async move { pull_loop.run().await })
    }

    fn push_part(&self) -> impl Future<Output = ()> + Send + 'static + use<U> {
        let push_loop = PushLoop {
            store: self.store.clone(),
            upstream: Arc::clone(&self.upstream),
            link: Arc::clone(&self.link),
            board: self.board.clone(),
            clock: Arc::clone(&self.clock),
            policy: self.retry,
            retries: Arc::clone(&self.retries),
            concurrency: self.push_concurrency,
            stop: self.stop.clone(),
        };
        // It stops by itself: what it has on its way is to be gone before it ends.
        async move { push_loop.run().await }
    }

    fn directory_part(&self) -> impl Future<Output = ()> + Send + 'static + use<U> {
        let keeper = self.directory_every.map(|every| DirectoryKeeper {
            store: self.store.clone(),
            upstream: Arc::clone(&self.upstream),
            board: self.board.clone(),
            clock: Arc::clone(&self.clock),
            every,
        });
        until(self.stop.clone(), async move {
            if let Some(keeper) = keeper {
                keeper.run().await;
            }
        })
    }

    fn report_part(&self) -> impl Future<Output = ()> + Send + 'static + use<U> {
        let reporter = self.bell.as_ref().map(|bell| Reporter {
            store: self.store.clone(),
            upstream: Arc::clone(&self.upstream),
            board: self.board.clone(),
            clock: Arc::clone(&self.clock),
            policy: self.retry,
            bell: Arc::clone(bell),
        });
        until(self.stop.clone(), async move {
            if let Some(reporter) = reporter {
                reporter.run().await;
            }
        })
    }

    fn clock_part(&self) -> impl Future<Output = ()> + Send + 'static + use<U> {
        let (upstream, board) = (Arc::clone(&self.upstream), self.board.clone());
        let compare = move |now| board.compare_clocks(now, upstream.time());
        until(self.stop.clone(), watch_clock(Arc::clone(&self.clock), Arc::clone(&self.link), compare))
    }
}

async fn until(stop: CancellationToken, part: impl Future<Output = ()>) {
    tokio::select! {
        biased;
        () = stop.cancelled() => {}
        () = part => {}
    }
}

/// After a sleep of the computer what waits is tried at once: connections are dead, and delays were
/// measured by a clock that stood still. Now and then it is compared with the upstream's.
async fn watch_clock(clock: SharedClock, link: Arc<Link>, compare: impl Fn(DateTime<Utc>)) {
    let mut before = (clock.now(), Instant::now());
    loop {
        sleep(CLOCK_WATCH).await;
        let now = (clock.now(), Instant::now());
        compare(now.0);
        let by_wall = now.0 - before.0;
        let by_monotonic = TimeDelta::from_std(now.1 - before.1).unwrap_or_default();
        if by_wall - by_monotonic > JUMP {
            tracing::info!("the clock has jumped: trying everything now");
            link.nudge();
        }
        before = now;
    }
}
