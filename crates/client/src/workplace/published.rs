//! What the workers have found out, for the thread that draws.
//!
//! Invariant: the lock that readers take is held for the time of an assignment; a reader takes an `Arc` of the
//! whole. Writers come one after another by a lock of their own.

use std::sync::Arc;

use parking_lot::Mutex;
use prikrep_ui::Work;

/// Wakes the window.
pub(crate) type Waker = Arc<dyn Fn() + Send + Sync>;

/// The state that is shown.
#[derive(Clone)]
pub(crate) struct Published {
    work: Arc<Mutex<Arc<Work>>>,
    writing: Arc<Mutex<()>>,
    waker: Waker,
}

impl Published {
    pub(crate) fn new(work: Work, waker: Waker) -> Self {
        Self { work: Arc::new(Mutex::new(Arc::new(work))), writing: Arc::default(), waker }
    }

    /// The state as of now.
    pub(crate) fn get(&self) -> Arc<Work> {
        Arc::clone(&self.work.lock())
    }

    /// Changes the state and has it drawn, unless it stays as it was: most of what the daemon does while
    /// nothing happens is not seen.
    pub(crate) fn edit(&self, edit: impl FnOnce(&mut Work)) {
        let _alone = self.writing.lock();
        let before = self.get();
        let mut work = Work::clone(&before);
        edit(&mut work);
        if work != *before {
            *self.work.lock() = Arc::new(work);
            (self.waker)();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use prikrep_domain::{Role, Session};

    use super::*;

    #[test]
    fn what_stays_as_it_was_is_not_drawn_again() {
        let wakes = Arc::new(AtomicUsize::new(0));
        let waker: Waker = {
            let wakes = Arc::clone(&wakes);
            Arc::new(move || {
                wakes.fetch_add(1, Ordering::SeqCst);
            })
        };
        let session = Session {
            token: None,
            expires_at: chrono::DateTime::UNIX_EPOCH,
            employee: "Иванова А. А.".to_owned(),
            role: Role::Registrar,
            organization: None,
            password_change_required: false,
        };
        let published = Published::new(super::super::nothing_yet(session), waker);
        published.edit(|work| work.counts.pending = 0);
        assert_eq!(wakes.load(Ordering::SeqCst), 0);
        published.edit(|work| work.counts.pending = 3);
        published.edit(|work| work.counts.pending = 3);
        assert_eq!((wakes.load(Ordering::SeqCst), published.get().counts.pending), (1, 3));
    }
}
