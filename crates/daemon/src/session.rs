//! Staying signed in.
//!
//! Invariant: however many requests find the session over at once, one sign-in is made for all of them,
//! and its failure is the answer to all of them.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use prikrep_domain::{ApplicationId, Cursor, RecordedAnswer, ReportedAct, Session};
use tokio::sync::Mutex;
use tokio::time::Instant;
use uuid::Uuid;

use crate::{DirectoryNews, FetchedPage, Pushed, Retry, RetryPolicy, Upstream, UpstreamError};

/// An upstream that signs in when there is no session, or when it is over.
pub struct SignedIn<U> {
    upstream: U,
    policy: RetryPolicy,
    /// Grows with each session.
    generation: AtomicU64,
    last_failure: Mutex<Option<(Instant, UpstreamError)>>,
    on_session: Box<dyn Fn(Session) + Send + Sync>,
}

impl<U: Upstream> SignedIn<U> {
    /// Wraps an upstream; `on_session` is told of each new session.
    pub fn new(upstream: U, policy: RetryPolicy, on_session: impl Fn(Session) + Send + Sync + 'static) -> Self {
        let on_session = Box::new(on_session);
        Self { upstream, policy, generation: AtomicU64::new(0), last_failure: Mutex::new(None), on_session }
    }

    /// Makes a request; when it finds the session over, signs in once and makes it again.
    async fn in_session<T, F: Future<Output = Result<T, UpstreamError>> + Send>(
        &self,
        request: impl Fn() -> F + Send + Sync,
    ) -> Result<T, UpstreamError> {
        let mut failures = 0;
        loop {
            let seen = self.generation.load(Ordering::SeqCst);
            match request().await {
                Err(UpstreamError::SignedOut) if self.signs_in_again(failures) => self.renew(seen).await?,
                result => return result,
            }
            failures += 1;
        }
    }

    fn signs_in_again(&self, failures: u32) -> bool {
        self.policy.decide(&UpstreamError::SignedOut, failures, 0) == Retry::Now
    }

    /// Signs in, unless somebody has done so since the session `seen`, or has failed to while this waited.
    async fn renew(&self, seen: u64) -> Result<(), UpstreamError> {
        let asked = Instant::now();
        let mut last_failure = self.last_failure.lock().await;
        if self.generation.load(Ordering::SeqCst) != seen {
            return Ok(());
        }
        if let Some((_, error)) = last_failure.as_ref().filter(|(at, _)| *at > asked) {
            return Err(error.clone());
        }
        match self.upstream.sign_in().await {
            Ok(session) => {
                self.generation.fetch_add(1, Ordering::SeqCst);
                tracing::info!(role = ?session.role, expires_at = %session.expires_at, "signed in");
                (self.on_session)(session);
                Ok(())
            }
            Err(error) => {
                let error = UpstreamError::SignIn(Box::new(error));
                *last_failure = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }
}

impl<U: Upstream> Upstream for SignedIn<U> {
    async fn sign_in(&self) -> Result<Session, UpstreamError> {
        self.upstream.sign_in().await
    }

    async fn pull(&self, after: Option<&Cursor>, limit: usize, wait_secs: u32) -> Result<FetchedPage, UpstreamError> {
        self.in_session(|| self.upstream.pull(after, limit, wait_secs)).await
    }

    async fn push(&self, application: ApplicationId, answer: &RecordedAnswer) -> Result<Pushed, UpstreamError> {
        self.in_session(|| self.upstream.push(application, answer)).await
    }

    async fn directory(&self, etag: Option<&str>) -> Result<DirectoryNews, UpstreamError> {
        self.in_session(|| self.upstream.directory(etag)).await
    }

    async fn report(&self, device: Uuid, acts: &[ReportedAct]) -> Result<u64, UpstreamError> {
        self.in_session(|| self.upstream.report(device, acts)).await
    }

    fn time(&self) -> Option<DateTime<Utc>> {
        self.upstream.time()
    }

    async fn sign_out(&self) -> Result<(), UpstreamError> {
        self.upstream.sign_out().await
    }
}
