//! What the workers have found out, for the thread that draws.
//!
//! Invariant: the lock is held for the time of an assignment; a reader takes an `Arc` of the whole.

use std::sync::Arc;

use parking_lot::Mutex;
use prikrep_ui::Work;

/// Wakes the window.
pub(crate) type Waker = Arc<dyn Fn() + Send + Sync>;

/// The state that is shown.
#[derive(Clone)]
pub(crate) struct Published {
    work: Arc<Mutex<Arc<Work>>>,
    waker: Waker,
}

impl Published {
    pub(crate) fn new(work: Work, waker: Waker) -> Self {
        Self { work: Arc::new(Mutex::new(Arc::new(work))), waker }
    }

    /// The state as of now.
    pub(crate) fn get(&self) -> Arc<Work> {
        Arc::clone(&self.work.lock())
    }

    /// Changes the state and has it drawn.
    pub(crate) fn edit(&self, edit: impl FnOnce(&mut Work)) {
        edit(Arc::make_mut(&mut self.work.lock()));
        (self.waker)();
    }
}
