//! The one decision on retries.
//!
//! Invariant: nothing else compares an error to decide whether and when to try again. Every delay is
//! bounded from both sides, so that no answer of a server makes a storm or a wait without an end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use crate::{ErrorResponse, UpstreamError};

/// Whether to try the same again, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// At once, after what the error itself calls for (signing in, beginning again).
    Now,
    /// After a delay.
    After(Duration),
    /// Never: the same request will be refused again.
    Never,
}

/// The bounds of every delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The first delay; each next one is twice as long, up to `most`. Jitter adds up to as much again.
    pub first: Duration,
    /// The longest of the growing delays.
    pub most: Duration,
    /// The delay when a person has to do something first: a refused sign-in, a missing right.
    pub refused: Duration,
    /// The longest wait that a server's `Retry-After` is honoured for.
    pub server_most: Duration,
    /// After so many failures a refusal without an explanation is believed: until then it may come from
    /// something that stands between, or from a wrong address.
    pub unexplained_tries: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            most: Duration::from_secs(5 * 60),
            refused: Duration::from_secs(15 * 60),
            server_most: Duration::from_secs(60 * 60),
            unexplained_tries: 6,
        }
    }
}

impl RetryPolicy {
    /// Decides on an error after `failures` earlier ones of the same request. `jitter` is any number.
    #[must_use]
    pub fn decide(&self, error: &UpstreamError, failures: u32, jitter: u64) -> Retry {
        match error {
            UpstreamError::SignedOut if failures == 0 => Retry::Now,
            UpstreamError::Response(response) => self.decide_response(response, failures, jitter),
            UpstreamError::SignIn(inner) => match self.decide(inner, failures, jitter) {
                Retry::Never => Retry::After(spread(self.refused, jitter)),
                Retry::Now => Retry::After(self.backoff(0, jitter)),
                Retry::After(delay) => Retry::After(delay),
            },
            UpstreamError::NoPassword(_) => Retry::After(spread(self.refused, jitter)),
            UpstreamError::SignedOut
            | UpstreamError::Network { .. }
            | UpstreamError::TooLarge(_)
            | UpstreamError::TooSlow
            | UpstreamError::Unintelligible(_) => Retry::After(self.backoff(failures, jitter)),
        }
    }

    fn decide_response(&self, response: &ErrorResponse, failures: u32, jitter: u64) -> Retry {
        let believed = response.is_explained() || failures >= self.unexplained_tries;
        match response.status {
            409 | 422 => Retry::Never,
            400 | 404 | 413 if believed => Retry::Never,
            410 if failures == 0 => Retry::Now,
            401 | 403 => Retry::After(spread(self.refused, jitter)),
            _ => Retry::After(match response.retry_after {
                Some(asked) => spread(asked.clamp(self.first, self.server_most), jitter),
                None => self.backoff(failures, jitter),
            }),
        }
    }

    /// The growing delay with jitter.
    #[must_use]
    pub fn backoff(&self, failures: u32, jitter: u64) -> Duration {
        let doublings = usize::try_from(failures.min(32)).unwrap_or(32);
        let mut delays = ExponentialBuilder::new()
            .with_min_delay(self.first)
            .with_max_delay(self.most)
            .without_max_times()
            .with_jitter()
            .with_jitter_seed(jitter)
            .build();
        delays.nth(doublings).unwrap_or(self.most)
    }
}

/// Up to a tenth more, so that many consumers do not come back in one instant.
fn spread(delay: Duration, jitter: u64) -> Duration {
    let thousandths = u32::try_from(jitter % 1_000).unwrap_or(0);
    delay + delay / 10 * thousandths / 1_000
}

/// Where jitter comes from: random in service, repeatable in a test.
#[derive(Debug)]
pub struct Jitter(AtomicU64);

impl Jitter {
    /// Different at every start.
    #[must_use]
    pub fn random() -> Self {
        Self::seeded(uuid::Uuid::new_v4().as_u64_pair().0)
    }

    /// The same for the same seed.
    #[must_use]
    pub const fn seeded(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The next number (splitmix64).
    pub fn next(&self) -> u64 {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        let state = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use prikrep_domain::{Problem, ProblemKind};
    use proptest::prelude::*;

    use super::*;
    use crate::{CertificateFault, NetworkFault};

    const JITTER: u64 = 500;

    fn response(status: u16, retry_after: Option<u64>, kind: Option<ProblemKind>) -> UpstreamError {
        let problem = kind.map(Problem::new).map(Box::new);
        UpstreamError::Response(ErrorResponse { status, retry_after: retry_after.map(Duration::from_secs), problem })
    }

    fn signing_in(error: UpstreamError) -> UpstreamError {
        UpstreamError::SignIn(Box::new(error))
    }

    /// What a row of the table expects.
    #[derive(Debug, PartialEq)]
    enum Expect {
        Now,
        Never,
        /// The growing delay of this many earlier failures, with its jitter.
        Backoff(u32),
        /// This many seconds and at most a tenth more.
        Seconds(u64),
    }

    fn meets(retry: Retry, expected: &Expect) -> bool {
        match (retry, expected) {
            (Retry::Now, Expect::Now) | (Retry::Never, Expect::Never) => true,
            (Retry::After(delay), Expect::Backoff(doublings)) => {
                let least = Duration::from_secs(300).min(Duration::from_secs(1 << doublings));
                (least..=2 * least).contains(&delay)
            }
            (Retry::After(delay), Expect::Seconds(seconds)) => {
                let least = Duration::from_secs(*seconds);
                (least..=least + least / 10).contains(&delay)
            }
            _ => false,
        }
    }

    #[test]
    fn the_decision_as_a_table() {
        use Expect::{Backoff, Never, Now, Seconds};
        use ProblemKind as Kind;
        let unknown = || Some(Kind::Other("about:blank".to_owned()));
        let rows = [
            (UpstreamError::network(NetworkFault::NameNotFound), 0, Backoff(0)),
            (UpstreamError::network(NetworkFault::NoConnection), 3, Backoff(3)),
            (UpstreamError::network(NetworkFault::Certificate(CertificateFault::Expired)), 1, Backoff(1)),
            (UpstreamError::network(NetworkFault::TimedOut), 0, Backoff(0)),
            (UpstreamError::network(NetworkFault::Broken), u32::MAX, Backoff(9)),
            (UpstreamError::SignedOut, 0, Now),
            (UpstreamError::SignedOut, 1, Backoff(1)),
            (signing_in(response(401, None, Some(Kind::BadCredentials))), 0, Seconds(900)),
            (signing_in(response(401, None, None)), 5, Seconds(900)),
            (signing_in(response(404, None, Some(Kind::NotFound))), 0, Seconds(900)),
            (signing_in(response(429, Some(120), Some(Kind::TooManyAttempts))), 0, Seconds(120)),
            (signing_in(response(503, None, None)), 2, Backoff(2)),
            (signing_in(UpstreamError::network(NetworkFault::NoConnection)), 2, Backoff(2)),
            (signing_in(UpstreamError::SignedOut), 0, Backoff(0)),
            (signing_in(UpstreamError::NoPassword(String::new())), 0, Seconds(900)),
            (response(408, None, None), 1, Backoff(1)),
            (response(429, None, Some(Kind::Overloaded)), 1, Backoff(1)),
            (response(429, Some(30), Some(Kind::Overloaded)), 9, Seconds(30)),
            (response(429, Some(0), None), 0, Seconds(1)),
            (response(503, Some(u64::MAX), None), 0, Seconds(3600)),
            (response(500, None, Some(Kind::Internal)), 0, Backoff(0)),
            (response(502, None, None), 4, Backoff(4)),
            (response(504, None, None), 40, Backoff(9)),
            (response(403, None, Some(Kind::NotAllowed)), 0, Seconds(900)),
            (response(403, None, None), 7, Seconds(900)),
            (response(404, None, Some(Kind::NotFound)), 0, Never),
            (response(404, None, None), 0, Backoff(0)),
            (response(404, None, unknown()), 5, Backoff(5)),
            (response(404, None, None), 6, Never),
            (response(400, None, Some(Kind::BadRequest)), 0, Never),
            (response(400, None, None), 1, Backoff(1)),
            (response(413, None, Some(Kind::TooLarge)), 0, Never),
            (response(413, None, None), 6, Never),
            (response(409, None, Some(Kind::AlreadyAnswered)), 0, Never),
            (response(409, None, None), 0, Never),
            (response(422, None, Some(Kind::InvalidAnswer)), 0, Never),
            (response(422, None, unknown()), 0, Never),
            (response(410, None, Some(Kind::CursorExpired)), 0, Now),
            (response(410, None, None), 1, Backoff(1)),
            (response(302, None, None), 0, Backoff(0)),
            (response(405, None, None), 50, Backoff(9)),
            (response(202, None, None), 0, Backoff(0)),
            (UpstreamError::TooLarge("x"), 0, Backoff(0)),
            (UpstreamError::TooSlow, 2, Backoff(2)),
            (UpstreamError::Unintelligible(String::new()), 9, Backoff(9)),
        ];
        for (error, failures, expected) in rows {
            let retry = RetryPolicy::default().decide(&error, failures, JITTER);
            assert!(meets(retry, &expected), "{error} after {failures}: {retry:?}, expected {expected:?}");
        }
    }

    proptest! {
        #[test]
        fn no_status_makes_a_storm_or_an_endless_wait(
            status in 100u16..=999,
            retry_after in proptest::option::of(any::<u64>()),
            failures in any::<u32>(),
            jitter in any::<u64>(),
        ) {
            let policy = RetryPolicy::default();
            match policy.decide(&response(status, retry_after, None), failures, jitter) {
                Retry::After(delay) => {
                    prop_assert!(delay >= policy.first);
                    prop_assert!(delay <= policy.server_most + policy.server_most / 10);
                }
                Retry::Now => prop_assert!(failures == 0 && status == 410),
                Retry::Never => prop_assert!([400, 404, 409, 413, 422].contains(&status)),
            }
        }
    }

    #[test]
    fn jitter_differs_by_call_and_repeats_by_seed() {
        let (one, other) = (Jitter::seeded(7), Jitter::seeded(7));
        let first: Vec<u64> = (0..100).map(|_| one.next()).collect();
        assert_eq!(first, (0..100).map(|_| other.next()).collect::<Vec<_>>());
        let delays: std::collections::HashSet<_> =
            first.iter().map(|seed| RetryPolicy::default().backoff(5, *seed)).collect();
        assert!(delays.len() > 90);
    }
}
