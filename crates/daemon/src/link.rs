//! The link to the upstream, shared by all loops: open, or closed for a while after a failure that
//! concerns every request.
//!
//! Invariant: while it is closed nothing is sent; it always opens again by itself.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::clock::SharedClock;
use crate::status::Board;
use crate::{Connection, ErrorResponse, Jitter, Retry, RetryPolicy, Trouble, UpstreamError};

/// What has happened to the link; receivers compare the numbers with those they saw before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wakes {
    /// A person, or the system, says: try everything now.
    pub(crate) nudges: u64,
    /// The upstream answers again.
    pub(crate) recoveries: u64,
    /// Anything else that may let a request go out earlier.
    pub(crate) openings: u64,
}

#[derive(Default)]
struct State {
    /// Failures that closed the link, since the last success.
    closings: u32,
    closed: Option<Closed>,
}

impl State {
    /// Opens on somebody's word. Delays begin short again, but one request goes first until there is an answer.
    fn open(&mut self) {
        *self = Self { closings: self.closings.min(1), closed: None };
    }
}

struct Closed {
    until: Instant,
    /// Whether new work alone may open it: not when the server asked to wait, or refuses the account.
    gives_way: bool,
}

pub(crate) struct Link {
    state: Mutex<State>,
    wakes: watch::Sender<Wakes>,
    board: Board,
    clock: SharedClock,
    policy: RetryPolicy,
    jitter: Jitter,
}

impl Link {
    pub(crate) fn new(board: Board, clock: SharedClock, policy: RetryPolicy, jitter: Jitter) -> Self {
        Self { state: Mutex::default(), wakes: watch::Sender::default(), board, clock, policy, jitter }
    }

    pub(crate) fn wakes(&self) -> watch::Receiver<Wakes> {
        self.wakes.subscribe()
    }

    /// Until when nothing may be sent; `None` when it may.
    pub(crate) fn closed_until(&self) -> Option<Instant> {
        let now = Instant::now();
        self.state.lock().closed.as_ref().map(|closed| closed.until).filter(|until| *until > now)
    }

    /// Whether the last request failed in a way that concerns every request.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.state.lock().closings > 0
    }

    /// One decision for a failed request; `Never` is for the caller to act on.
    pub(crate) fn decide(&self, error: &UpstreamError, failures: u32) -> Retry {
        self.policy.decide(error, failures, self.jitter.next())
    }

    pub(crate) fn backoff(&self, failures: u32) -> Duration {
        self.policy.backoff(failures, self.jitter.next())
    }

    pub(crate) const fn refused_delay(&self) -> Duration {
        self.policy.refused
    }

    /// Try everything now: a person asks for it, or the network is back.
    pub(crate) fn nudge(&self) {
        self.state.lock().open();
        self.wakes.send_modify(|wakes| wakes.nudges += 1);
    }

    /// A person wants one thing tried now: the link opens, whatever closed it.
    pub(crate) fn reopen(&self) {
        self.state.lock().open();
        self.wakes.send_modify(|wakes| wakes.openings += 1);
    }

    /// There is new work: a wait for the network to come back is cut short.
    pub(crate) fn new_work(&self) {
        let opened = {
            let mut state = self.state.lock();
            let opens = state.closed.as_ref().is_some_and(|closed| closed.gives_way);
            if opens {
                state.closed = None;
            }
            opens
        };
        if opened {
            self.wakes.send_modify(|wakes| wakes.openings += 1);
        }
    }

    /// The upstream has answered in its right mind.
    pub(crate) fn contact(&self) {
        *self.state.lock() = State::default();
        let now = self.clock.now();
        let recovers = self.board.read(|status| match status.connection {
            Connection::Starting | Connection::Offline { .. } | Connection::SignInRefused { .. } => true,
            Connection::Online { .. } | Connection::Faulty { .. } => false,
        });
        if recovers {
            tracing::info!("the upstream answers");
            self.board.edit(|status| status.connection = Connection::Online { since: now });
            self.wakes.send_modify(|wakes| wakes.recoveries += 1);
        }
    }

    /// A pull came to its end.
    pub(crate) fn pulled(&self) {
        self.contact();
        let now = self.clock.now();
        self.board.edit(|status| {
            if !status.connection.is_online() {
                status.connection = Connection::Online { since: now };
            }
        });
    }

    /// A request failed. Closes the link when that concerns every request, and tells whether it did.
    pub(crate) fn failed(&self, error: &UpstreamError) -> bool {
        let all = concerns_all(error);
        if all {
            self.close(error);
        }
        all
    }

    fn close(&self, error: &UpstreamError) {
        let delay = self.closing_delay(error);
        let now = self.clock.now();
        let next_try = now + delay;
        tracing::warn!(%error, delay_secs = delay.as_secs(), "the upstream is not available");
        self.board.edit(|status| {
            let since = match &status.connection {
                Connection::Offline { since, .. } | Connection::SignInRefused { since, .. } => *since,
                Connection::Starting | Connection::Online { .. } | Connection::Faulty { .. } => now,
            };
            let why = error.clone();
            status.connection = if is_refused_sign_in(error) {
                Connection::SignInRefused { since, why, next_try }
            } else {
                Connection::Offline { since, why, next_try }
            };
            status.last_trouble = Some((now, Trouble::Upstream(error.clone())));
        });
        // Loops that wait for something else have to notice that it is closed.
        self.wakes.send_modify(|wakes| wakes.openings += 1);
    }

    fn closing_delay(&self, error: &UpstreamError) -> Duration {
        let jitter = self.jitter.next();
        let mut state = self.state.lock();
        let now = Instant::now();
        if let Some(closed) = state.closed.as_ref().filter(|closed| closed.until > now) {
            // Requests that were on their way when it was closed say nothing new.
            return closed.until - now;
        }
        let delay = match self.policy.decide(error, state.closings, jitter) {
            Retry::After(delay) => delay,
            Retry::Now | Retry::Never => self.policy.backoff(state.closings, jitter),
        };
        state.closings = state.closings.saturating_add(1);
        state.closed = Some(Closed { until: now + delay, gives_way: error.is_network() });
        delay
    }
}

/// Whether a failure says something about every request, not only about the one that failed.
fn concerns_all(error: &UpstreamError) -> bool {
    match error {
        UpstreamError::Network { fault, .. } => !fault.reached(),
        UpstreamError::SignedOut | UpstreamError::SignIn(_) => true,
        UpstreamError::Response(ErrorResponse { status, .. }) => matches!(status, 429 | 503),
        UpstreamError::NoPassword(_)
        | UpstreamError::TooLarge(_)
        | UpstreamError::TooSlow
        | UpstreamError::Unintelligible(_) => false,
    }
}

fn is_refused_sign_in(error: &UpstreamError) -> bool {
    match error {
        UpstreamError::SignIn(inner) => match inner.as_ref() {
            UpstreamError::Response(response) => matches!(response.status, 400 | 401 | 403 | 404 | 422),
            UpstreamError::NoPassword(_) => true,
            UpstreamError::Network { .. }
            | UpstreamError::SignedOut
            | UpstreamError::SignIn(_)
            | UpstreamError::TooLarge(_)
            | UpstreamError::TooSlow
            | UpstreamError::Unintelligible(_) => false,
        },
        UpstreamError::SignedOut => true,
        UpstreamError::Network { .. }
        | UpstreamError::NoPassword(_)
        | UpstreamError::Response(_)
        | UpstreamError::TooLarge(_)
        | UpstreamError::TooSlow
        | UpstreamError::Unintelligible(_) => false,
    }
}
