//! Parts that run by themselves: started again after a panic, stopped together.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::clock::SharedClock;
use crate::status::{Board, Restarts};
use crate::{Part, RetryPolicy, Trouble};

/// A part that has run this long since its last panic begins with short delays again.
const CALM: Duration = Duration::from_secs(10 * 60);

pub(crate) struct Supervisor {
    pub(crate) board: Board,
    pub(crate) clock: SharedClock,
    pub(crate) policy: RetryPolicy,
    pub(crate) stop: CancellationToken,
}

impl Supervisor {
    /// Runs a part until it is stopped, again after each panic.
    pub(crate) async fn keep<F: Future<Output = ()> + Send + 'static>(&self, part: Part, make: impl Fn() -> F + Send) {
        let mut panics = 0;
        loop {
            let began = Instant::now();
            let Err(error) = tokio::spawn(make()).await else {
                return;
            };
            if !error.is_panic() {
                return;
            }
            panics = if began.elapsed() > CALM { 0 } else { panics };
            let delay = self.policy.backoff(panics, u64::from(panics));
            panics += 1;
            self.report(part, delay);
            tokio::select! {
                () = sleep(delay) => {}
                () = self.stop.cancelled() => return,
            }
        }
    }

    /// The panic's own words are not told: they may quote a record.
    fn report(&self, part: Part, delay: Duration) {
        let now = self.clock.now();
        tracing::error!(?part, delay_secs = delay.as_secs(), "a part of the daemon panicked and is started again");
        self.board.edit(|status| {
            let restarts = status.restarts.entry(part).or_insert(Restarts { count: 0, last_at: now });
            *restarts = Restarts { count: restarts.count.saturating_add(1), last_at: now };
            status.last_trouble = Some((now, Trouble::Panicked(part)));
        });
    }
}
