//! A node: a folder, the store that is open on it, and its way to the next hop.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use prikrep_daemon::{Ask, AsyncStore, Clock, RetryPolicy, Trouble, Upstream, next_answers, pull_page, push_one};
use prikrep_store::{Key, Options, SledStore, Store};
use tempfile::TempDir;

use crate::links::Time;

pub struct Node<U> {
    root: TempDir,
    /// How often it was started: each start after a crash has a folder of its own.
    starts: u32,
    pub store: Arc<SledStore>,
    pub upstream: U,
    time: Time,
}

fn open(folder: &Path, time: &Time) -> Arc<SledStore> {
    let options = Options { key: Key::from_bytes([5; 32]), zone: prikrep_testkit::ZONE, now: time.now(), scrub: false };
    Arc::new(SledStore::open(folder, options).unwrap())
}

impl<U: Upstream> Node<U> {
    pub fn new(upstream: U, time: &Time) -> Self {
        let root = TempDir::with_prefix_in("prikrep-simulation-", scratch()).unwrap();
        let store = open(&root.path().join("0"), time);
        Self { root, starts: 0, store, upstream, time: time.clone() }
    }

    fn folder(&self) -> PathBuf {
        self.root.path().join(self.starts.to_string())
    }

    /// The node goes down in the middle of its work and comes up again with what its files hold: what a
    /// kill leaves. `lose` names a part of the store that is gone as well.
    pub fn crash(&mut self, lose: Option<&str>) {
        let before = self.folder();
        self.starts += 1;
        let after = self.folder();
        copy(&before, &after);
        if let Some(part) = lose {
            std::fs::remove_dir_all(after.join(part)).unwrap();
        }
        // The old process writes nothing more that anybody reads.
        self.store = open(&after, &self.time);
        std::fs::remove_dir_all(&before).ok();
    }

    /// A page from the next hop; returns whether there may be more.
    pub async fn pull(&self, limit: usize) -> Result<bool, Trouble> {
        let store = AsyncStore::new(Arc::clone(&self.store) as Arc<dyn Store>);
        let pulled = pull_page(&store, &self.upstream, Ask { limit, wait_secs: 0 }, &self.time).await?;
        Ok(match pulled {
            prikrep_daemon::Pulled::Page { has_more, .. } => has_more,
            prikrep_daemon::Pulled::BegunAgain => true,
        })
    }

    /// One answer to the next hop, of those that may go now; returns whether one was tried.
    pub async fn push(&self, which: usize) -> Result<bool, Trouble> {
        let outbox = self.store.outbox();
        let next: Vec<_> = next_answers(&outbox).collect();
        let Some(entry) = next.get(which % next.len().max(1)) else { return Ok(false) };
        let store = AsyncStore::new(Arc::clone(&self.store) as Arc<dyn Store>);
        push_one(&store, &self.upstream, entry, 0, &RetryPolicy::default(), &self.time).await?;
        Ok(true)
    }
}

/// Where the nodes live: a crash here is a copy of files, so that no disk is needed where memory will do.
fn scratch() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { std::env::temp_dir() }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else if std::fs::copy(entry.path(), &target).is_err() {
            // A temporary file that was renamed meanwhile.
            assert!(!entry.path().exists(), "{:?}", entry.path());
        }
    }
}
