//! Pushing: one answer as a step.
//!
//! Invariant: an answer keeps its identifier until the upstream has taken or refused it, and is settled in
//! the store before anybody is told.

use std::collections::HashSet;

use prikrep_domain::Problem;
use prikrep_store::{OutboxEntry, OutboxState};

use crate::{AsyncStore, Clock, Retry, RetryPolicy, Trouble, Upstream, UpstreamError};

/// How a try ended that ended the answer's way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushStep {
    /// The upstream has it.
    Delivered,
    /// The upstream refused it for good.
    Rejected(Problem),
}

/// The answers that may be pushed now: the first queued one of each application, in the order of acceptance.
pub fn next_answers<'a>(outbox: impl IntoIterator<Item = &'a OutboxEntry>) -> impl Iterator<Item = &'a OutboxEntry> {
    let mut seen = HashSet::new();
    let queued = outbox.into_iter().filter(|entry| is_queued(entry));
    queued.filter(move |entry| seen.insert(entry.application))
}

pub(crate) fn is_queued(entry: &OutboxEntry) -> bool {
    match entry.state {
        OutboxState::Queued => true,
        OutboxState::Delivered { .. } | OutboxState::Rejected { .. } => false,
    }
}

/// Pushes one answer, after `failures` earlier tries, and keeps its end.
///
/// # Errors
/// [`Trouble`]; the answer is then still queued, whether or not the upstream has it: the same identifier
/// makes another try harmless.
pub async fn push_one<U: Upstream>(
    store: &AsyncStore,
    upstream: &U,
    entry: &OutboxEntry,
    failures: u32,
    policy: &RetryPolicy,
    clock: &dyn Clock,
) -> Result<PushStep, Trouble> {
    let (id, about) = (entry.record.id, entry.application);
    let asked_in = store.upstream_epoch();
    match upstream.push(about, &entry.record).await {
        Ok(pushed) => {
            // A word about another application is no word about this one.
            let word = pushed.application.filter(|application| application.id == about);
            let now = clock.now();
            store.call(move |store| store.delivered(id, word.as_ref(), asked_in, now)).await?;
            tracing::info!(application = %about, answer = %id, "answer delivered");
            Ok(PushStep::Delivered)
        }
        Err(UpstreamError::Response(response))
            if policy.decide(&UpstreamError::Response(response.clone()), failures, 0) == Retry::Never =>
        {
            let mut problem = response.to_problem();
            problem.application = problem.application.filter(|application| application.id == about);
            let (kept, now) = (problem.clone(), clock.now());
            store.call(move |store| store.rejected(id, &kept, asked_in, now)).await?;
            tracing::warn!(application = %about, answer = %id, status = response.status, "answer rejected");
            Ok(PushStep::Rejected(problem))
        }
        Err(error) => Err(error.into()),
    }
}
