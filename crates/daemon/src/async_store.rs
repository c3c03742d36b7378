//! The store, called off the async workers.
//!
//! Invariant: a call that has begun is finished even when nobody waits for it any more, and
//! [`AsyncStore::idle`] waits for all of them.

use std::future::Future;
use std::sync::Arc;

use prikrep_store::{Store, StoreError, UpstreamEpoch};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::{Part, Trouble};

/// A store that may be called from async code.
#[derive(Clone)]
pub struct AsyncStore {
    store: Arc<dyn Store>,
    calls: TaskTracker,
}

impl AsyncStore {
    /// Wraps a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, calls: TaskTracker::new() }
    }

    /// Begins a call at once; the future gives its result. A panic of the store is [`Trouble::Panicked`].
    pub fn call<T, W>(&self, work: W) -> impl Future<Output = Result<T, Trouble>> + Send + use<T, W>
    where
        T: Send + 'static,
        W: FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    {
        let store = Arc::clone(&self.store);
        let running = self.calls.spawn_blocking(move || work(&*store));
        async move {
            match running.await {
                Ok(result) => Ok(result?),
                Err(_) => Err(Trouble::Panicked(Part::Store)),
            }
        }
    }

    /// The upstream's epoch as far as the store has noticed.
    #[must_use]
    pub fn upstream_epoch(&self) -> UpstreamEpoch {
        self.store.upstream_epoch()
    }

    /// Wakes at every change of what readers see.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.store.changes()
    }

    /// Waits until no call is running. No call may be begun afterwards.
    pub(crate) async fn idle(&self) {
        self.calls.close();
        self.calls.wait().await;
    }
}
