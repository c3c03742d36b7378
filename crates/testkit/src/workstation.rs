//! A registrar's workstation: a store and an embedded daemon with a register as its upstream.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use prikrep_daemon::{
    Config, Daemon, HttpOptions, HttpUpstream, Jitter, PasswordSource, PullReport, Pulls, RetryPolicy, Secret,
    SystemClock, Timeouts,
};
use prikrep_domain::{AnswerDraft, AnswerId, ApplicationId};
use prikrep_store::{Accepted, AnswerError, Author, OutboxEntry, OutboxState, SledStore, Store};
use tokio::time::timeout;

use crate::programs::PATIENCE;
use crate::{PASSWORD, StoreFolder};

/// A workstation at work.
pub struct Workstation {
    /// Its store.
    pub store: Arc<SledStore>,
    /// Its daemon.
    pub daemon: Daemon,
    folder: StoreFolder,
}

impl Workstation {
    /// Starts one with a new store; it keeps a long poll open.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(register: &str, login: &str) -> Self {
        let folder = StoreFolder::default();
        let store = Arc::new(folder.open().unwrap());
        let upstream = HttpUpstream::new(HttpOptions {
            url: register.to_owned(),
            login: login.to_owned(),
            password: PasswordSource::fixed(Secret::new(PASSWORD.to_owned())),
            trusted_pem: None,
            identity_pem: None,
            timeouts: Timeouts::default(),
        })
        .unwrap();
        let config = Config {
            // A test does not wait as long as a person would.
            retry: RetryPolicy {
                first: Duration::from_millis(10),
                most: Duration::from_millis(200),
                ..RetryPolicy::default()
            },
            jitter: Jitter::seeded(1),
            ..Config::new(Pulls::Live { wait_secs: 20 })
        };
        let daemon = Daemon::start(Arc::clone(&store) as Arc<dyn Store>, upstream, config, Arc::new(SystemClock));
        Self { store, daemon, folder }
    }

    /// Pulls until there is nothing more.
    ///
    /// # Panics
    /// When that fails, or takes too long.
    pub async fn pull(&self) -> PullReport {
        timeout(PATIENCE, self.daemon.pull_now()).await.expect("a pull comes to its end").unwrap()
    }

    /// Answers an application, as the registrar presses «Отправить».
    ///
    /// # Errors
    /// [`AnswerError`], as the store gives it.
    pub async fn answer(
        &self,
        application: ApplicationId,
        draft: AnswerDraft,
    ) -> Result<(AnswerId, Accepted), AnswerError> {
        let store = Arc::clone(&self.store);
        let id = AnswerId::generate();
        let author = Author { employee: None, organization: None };
        let accepted = tokio::task::spawn_blocking(move || store.answer(application, id, &draft, &author, Utc::now()));
        accepted.await.unwrap().map(|accepted| (id, accepted))
    }

    /// Waits until something is true of the outbox.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn until_outbox(&self, is_so: impl Fn(&[OutboxEntry]) -> bool) {
        let mut changes = self.store.changes();
        let waiting = async {
            loop {
                changes.borrow_and_update();
                if is_so(&self.store.outbox()) {
                    return;
                }
                changes.changed().await.unwrap();
            }
        };
        let done = timeout(PATIENCE, waiting).await;
        assert!(done.is_ok(), "the outbox stays as it is: {:?}", states(&self.store.outbox()));
    }

    /// Stops the daemon and closes the store; the folder is kept for a later opening.
    ///
    /// # Panics
    /// When the daemon does not come to its end in time.
    pub async fn stop(self) -> StoreFolder {
        assert!(self.daemon.stop().await, "the daemon has stopped in time");
        drop(self.store);
        self.folder
    }
}

fn states(outbox: &[OutboxEntry]) -> Vec<(AnswerId, &OutboxState)> {
    outbox.iter().map(|entry| (entry.record.id, &entry.state)).collect()
}
