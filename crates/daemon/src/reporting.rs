//! Reporting what was done here to the upstream's journal.
//!
//! The acts lie in the store's own journal, also those without a connection; how far they are known upstream
//! is kept beside. Invariant: a restart is the same path as a new act, and a report that is repeated changes
//! nothing upstream.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use prikrep_domain::{Act, Actor, JournalEntry, Place, ReportedAct};
use prikrep_store::{Shelf, Store, StoreError};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::clock::SharedClock;
use crate::status::Board;
use crate::{AsyncStore, RetryPolicy, SignedIn, Trouble, Upstream, UpstreamError};

/// Fewer than a register takes at once: a report is to stay below the least limit of a request's body.
const ACTS_AT_ONCE: usize = 100;
const DEVICE: &str = "journal device";
const THROUGH: &str = "journal reported through";
/// An act is looked for at least this often: what was not announced is reported then.
const LOOK_AGAIN: Duration = Duration::from_secs(10 * 60);
/// An upstream without a journal may get one with its next version.
const ASK_AGAIN: Duration = Duration::from_secs(6 * 3600);
/// What is known upstream, or what no upstream wants to know, is kept here for some time still.
const KEPT: TimeDelta = TimeDelta::days(30);

/// The identifier of this store's place in the upstream's journal; drawn once.
fn device(store: &dyn Store) -> Result<Uuid, StoreError> {
    if let Some(known) = store.record(Shelf::Settings, DEVICE)?.and_then(|bytes| Uuid::from_slice(&bytes).ok()) {
        return Ok(known);
    }
    let device = Uuid::new_v4();
    store.put_record(Shelf::Settings, DEVICE, device.as_bytes())?;
    Ok(device)
}

/// Writes down what was done here, durably. It is reported when the upstream can be reached.
///
/// # Errors
/// [`StoreError`] when it cannot be written.
pub fn note_act(store: &dyn Store, actor: Actor, act: Act, at: DateTime<Utc>) -> Result<(), StoreError> {
    // The number at this place is the number of the entry itself.
    let place = Place::Workstation { device: device(store)?, sequence: 0, received_at: at };
    store.journal_append(&[JournalEntry { at, actor, place, act }], None).map(drop)
}

/// The acts that the upstream does not know yet, the oldest first, as many as fit a report.
fn unreported(store: &dyn Store) -> Result<(Uuid, Vec<ReportedAct>), StoreError> {
    let through = store.record(Shelf::Settings, THROUGH)?.and_then(|bytes| bytes.try_into().ok());
    let through = through.map_or(0, u64::from_be_bytes);
    let mut acts = Vec::new();
    store.journal_visit(None, &mut |one| {
        if one.number <= through {
            return ControlFlow::Break(());
        }
        let JournalEntry { at, act, .. } = one.entry;
        acts.push(ReportedAct { sequence: one.number, at, act });
        ControlFlow::Continue(())
    })?;
    acts.reverse();
    acts.truncate(ACTS_AT_ONCE);
    Ok((device(store)?, acts))
}

/// Reports what the upstream does not know yet. Returns whether there was anything.
///
/// # Errors
/// [`Trouble`]; what was not reported stays for the next time.
pub async fn report_acts<U: Upstream>(store: &AsyncStore, upstream: &U) -> Result<bool, Trouble> {
    let (device, acts) = store.call(unreported).await?;
    let Some((first, last)) = acts.first().zip(acts.last()).map(|(first, last)| (first.sequence, last.sequence)) else {
        return Ok(false);
    };
    let through = upstream.report(device, &acts).await?.min(last);
    if through < first {
        return Err(Trouble::NoProgress);
    }
    store.call(move |store| store.put_record(Shelf::Settings, THROUGH, &through.to_be_bytes())).await?;
    Ok(true)
}

/// Rings when something was done.
#[derive(Debug, Default)]
pub(crate) struct Bell(Notify);

impl Bell {
    pub(crate) fn ring(&self) {
        self.0.notify_one();
    }
}

/// Reports as long as it runs. A failure is no state of the connection: nobody waits for it.
pub(crate) struct Reporter<U> {
    pub(crate) store: AsyncStore,
    pub(crate) upstream: Arc<SignedIn<U>>,
    pub(crate) board: Board,
    pub(crate) clock: SharedClock,
    pub(crate) policy: RetryPolicy,
    pub(crate) bell: Arc<Bell>,
}

impl<U: Upstream> Reporter<U> {
    pub(crate) async fn run(&self) {
        let mut failures = 0;
        loop {
            let mut status = self.board.subscribe();
            let _ = status.wait_for(|status| status.connection.is_online()).await;
            match report_acts(&self.store, &*self.upstream).await {
                Ok(true) => failures = 0,
                Ok(false) => {
                    self.trim().await;
                    // Rung or not, it looks again.
                    let _ = timeout(LOOK_AGAIN, self.bell.0.notified()).await;
                }
                Err(Trouble::Upstream(UpstreamError::Response(response))) if matches!(response.status, 404 | 405) => {
                    tracing::info!("the upstream keeps no journal");
                    self.trim().await;
                    sleep(ASK_AGAIN).await;
                }
                Err(error) => {
                    tracing::info!(%error, "acts were not reported");
                    sleep(self.policy.backoff(failures, u64::from(failures))).await;
                    failures = failures.saturating_add(1);
                }
            }
        }
    }

    async fn trim(&self) {
        let before = self.clock.now() - KEPT;
        if let Err(error) = self.store.call(move |store| store.journal_trim(before)).await {
            tracing::warn!(%error, "old acts could not be removed");
        }
    }
}
