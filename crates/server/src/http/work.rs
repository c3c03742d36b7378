//! Work that blocks (the store, password hashes): off the async workers, and only so much at a time.
//!
//! Invariant: a permit is held until the work itself has ended, even when nobody waits for it any more.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinHandle, spawn_blocking};

use super::Failure;
use crate::{Register, words};

/// How long a request waits for its turn.
const STORE_TURN: Duration = Duration::from_secs(2);
/// The same for a page of the feed: a workstation's daemon has more patience than a person.
const PAGE_TURN: Duration = Duration::from_secs(20);
/// The same for a sign-in: at eight o'clock everybody comes at once.
const PASSWORD_TURN: Duration = Duration::from_secs(10);

/// Where work waits for its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Queue {
    /// What a person waits for.
    Store,
    /// Pages of the feed: hundreds of workstations that hear of a change at once stand here, and not in front of
    /// who answers or searches meanwhile.
    Pages,
    /// What hashes a password. Whoever is at the usual place stands in no queue with strangers.
    Password {
        /// Whether the login usually signs in from there.
        is_at_its_place: bool,
    },
}

pub(crate) struct Work {
    register: Arc<Register>,
    store: Arc<Semaphore>,
    pages: Arc<Semaphore>,
    passwords: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
}

impl Work {
    pub(crate) fn new(register: Arc<Register>, at_once: usize) -> Self {
        // A password check and a page are all processor: more at once than processors makes each only slower.
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let share = |permits| Arc::new(Semaphore::new(permits));
        Self {
            register,
            store: share(at_once),
            pages: share(processors.min(at_once)),
            passwords: share(processors),
            strangers: share(processors.div_ceil(2)),
        }
    }

    /// Runs something that blocks, when its turn has come.
    pub(crate) async fn with<T, E>(
        &self,
        queue: Queue,
        work: impl FnOnce(&Register) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Failure>
    where
        T: Send + 'static,
        E: Into<Failure> + Send + 'static,
    {
        let (places, patience) = match queue {
            Queue::Store => (&self.store, STORE_TURN),
            Queue::Pages => (&self.pages, PAGE_TURN),
            Queue::Password { is_at_its_place: true } => (&self.passwords, PASSWORD_TURN),
            Queue::Password { is_at_its_place: false } => (&self.strangers, PASSWORD_TURN),
        };
        let permit = turn(places, patience).await?;
        let register = Arc::clone(&self.register);
        let done = spawn_blocking(move || {
            let result = work(&register);
            drop(permit);
            result
        });
        done.await.map_err(|error| Failure::from(words::internal(&error)))?.map_err(Into::into)
    }

    /// Begins work that nobody waits for yet, on a place of the pages; none when all are taken.
    pub(crate) fn if_idle<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Register) -> T + Send + 'static,
    ) -> Option<JoinHandle<T>> {
        let permit = Arc::clone(&self.pages).try_acquire_owned().ok()?;
        let register = Arc::clone(&self.register);
        Some(spawn_blocking(move || {
            let result = work(&register);
            drop(permit);
            result
        }))
    }
}

async fn turn(semaphore: &Arc<Semaphore>, wait: Duration) -> Result<OwnedSemaphorePermit, Failure> {
    match tokio::time::timeout(wait, Arc::clone(semaphore).acquire_owned()).await {
        Ok(Ok(permit)) => Ok(permit),
        // The semaphore is never closed; the other case is that the turn did not come.
        Ok(Err(_)) | Err(_) => Err(Failure::from(words::busy()).retry_after(Duration::from_secs(1))),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use axum::response::IntoResponse;
    use chrono::Utc;
    use prikrep_domain::Problem;

    use super::*;
    use crate::{Config, open_register};

    fn work(at_once: usize) -> (tempfile::TempDir, Arc<Work>) {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { data_dir: folder.path().to_owned(), ..Config::default() };
        let register = open_register(&config, Utc::now()).unwrap();
        (folder, Arc::new(Work::new(Arc::new(register), at_once)))
    }

    #[tokio::test]
    async fn more_than_its_share_waits_and_is_refused() {
        let (_folder, work) = work(1);
        let (release, held) = mpsc::channel::<()>();
        let (begun, begins) = tokio::sync::oneshot::channel();
        let first = Arc::clone(&work);
        let first = tokio::spawn(async move {
            let holding = move |_: &Register| {
                begun.send(()).unwrap();
                held.recv().map_err(|_| words::busy())
            };
            first.with(Queue::Store, holding).await
        });
        begins.await.unwrap();
        tokio::time::pause();
        let second = work.with(Queue::Store, |_| Ok::<_, Problem>(()));
        // Blocking work stops the paused clock from going on by itself.
        let (second, ()) = tokio::join!(second, tokio::time::advance(STORE_TURN * 2));
        let second = second.unwrap_err().into_response();
        assert_eq!((second.status().as_u16(), &second.headers()["retry-after"]), (503, &"1".parse().unwrap()));
        release.send(()).unwrap();
        first.await.unwrap().unwrap();
        assert!(work.with(Queue::Store, |_| Ok::<_, Problem>(())).await.is_ok());
    }

    #[tokio::test]
    async fn who_answers_is_not_behind_those_who_read_pages() {
        let (_folder, work) = work(64);
        let (release, held) = mpsc::channel::<()>();
        let held = Arc::new(parking_lot::Mutex::new(held));
        let mut readers = tokio::task::JoinSet::new();
        for _ in 0..32 {
            let (work, held) = (Arc::clone(&work), Arc::clone(&held));
            readers.spawn(async move {
                let holding = move |_: &Register| held.lock().recv().map_err(|_| words::busy());
                work.with(Queue::Pages, holding).await.map_err(drop)
            });
        }
        assert!(work.with(Queue::Store, |_| Ok::<_, Problem>(())).await.is_ok());
        (0..32).for_each(|_| release.send(()).unwrap());
        assert!(readers.join_all().await.into_iter().all(|read| read.is_ok()));
    }

    #[tokio::test]
    async fn a_panic_in_the_work_is_an_internal_failure_and_gives_its_place_back() {
        let (_folder, work) = work(1);
        let falls = |_: &Register| -> Result<(), Problem> { panic!("on purpose") };
        let failed = work.with(Queue::Store, falls).await.unwrap_err().into_response();
        assert_eq!(failed.status(), 500);
        assert!(work.with(Queue::Store, |_| Ok::<_, Problem>(())).await.is_ok());
    }
}
