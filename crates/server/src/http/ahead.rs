//! Pages that are made before they are asked for: whoever takes a page with more behind it asks for the next one as
//! soon as the last has come, and it is made while that one travels and is kept.
//!
//! Invariant: a page made ahead is given only when nothing has changed since it was begun: it is what would be read
//! now. Whoever asks is checked, and noted in the journal, when a page is given.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::feed::{ReadPage, Wanted};
use super::work::Work;
use crate::Register;

/// How long a page waits for whoever is to take it.
const KEPT: Duration = Duration::from_secs(3);

pub(crate) struct Ahead {
    /// The store's, which count every change of what readers see.
    changes: watch::Receiver<u64>,
    pages: Arc<Mutex<HashMap<Wanted, Making>>>,
    most: usize,
}

struct Making {
    begun: Instant,
    /// The number of changes when it was begun.
    changes: u64,
    page: JoinHandle<Option<ReadPage>>,
}

impl Ahead {
    pub(crate) fn new(register: &Register) -> Self {
        // As many as are made at once: what waits here is memory.
        let most = std::thread::available_parallelism().map_or(1, usize::from);
        Self { changes: register.store().changes(), pages: Arc::default(), most }
    }

    /// The page, when it was made ahead and is still what would be read now. Waits for one that is being made.
    pub(crate) async fn take(&self, wanted: &Wanted) -> Option<ReadPage> {
        let making = self.pages.lock().remove(wanted)?;
        let page = making.page.await.ok().flatten()?;
        (making.changes == *self.changes.borrow()).then_some(page)
    }

    /// Begins to make a page, if there is nothing else to do.
    pub(crate) fn make(&self, work: &Work, wanted: Wanted) {
        let mut pages = self.pages.lock();
        if pages.len() >= self.most || pages.contains_key(&wanted) {
            return;
        }
        let changes = *self.changes.borrow();
        let asked = wanted.clone();
        // A page that cannot be made is tried again, and told of, when it is asked for.
        let Some(page) = work.if_idle(move |register| asked.read(register).ok()) else { return };
        pages.insert(wanted, Making { begun: Instant::now(), changes, page });
        drop(pages);
        let pages = Arc::downgrade(&self.pages);
        tokio::spawn(async move {
            sleep(KEPT).await;
            if let Some(pages) = pages.upgrade() {
                pages.lock().retain(|_, making| making.begun.elapsed() < KEPT);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use tokio::time::advance;

    use super::*;
    use crate::{Config, open_register};

    struct Bench {
        _folder: tempfile::TempDir,
        register: Arc<Register>,
        work: Work,
        ahead: Ahead,
    }

    fn bench() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { data_dir: folder.path().to_owned(), ..Config::default() };
        let register = Arc::new(open_register(&config, Utc::now()).unwrap());
        let (work, ahead) = (Work::new(Arc::clone(&register), 64), Ahead::new(&register));
        Bench { _folder: folder, register, work, ahead }
    }

    #[tokio::test]
    async fn a_page_is_given_once_and_only_while_nothing_has_changed() {
        let Bench { register, work, ahead, .. } = &bench();
        let wanted = Wanted::from_the_beginning(10);
        ahead.make(work, wanted.clone());
        assert!(ahead.take(&Wanted::from_the_beginning(11)).await.is_none(), "another page was made");
        assert!(ahead.take(&wanted).await.is_some());
        assert!(ahead.take(&wanted).await.is_none(), "it was taken");
        ahead.make(work, wanted.clone());
        register.store().begin_again().unwrap();
        assert!(ahead.take(&wanted).await.is_none(), "it may be another one now");
    }

    #[tokio::test]
    async fn pages_that_nobody_takes_do_not_gather() {
        let Bench { work, ahead, .. } = &bench();
        for limit in 1..=1_000 {
            ahead.make(work, Wanted::from_the_beginning(limit));
            tokio::task::yield_now().await;
        }
        assert!((1..=ahead.most).contains(&ahead.pages.lock().len()));
        tokio::time::pause();
        // Every one that gathered has its own time.
        for _ in 0..=ahead.most {
            advance(KEPT).await;
        }
        assert!(ahead.pages.lock().is_empty());
    }
}
