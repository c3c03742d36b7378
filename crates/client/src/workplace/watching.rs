//! Watching the store and the daemon: the workers are woken, the status bar is kept, new applications are
//! told.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use prikrep_daemon::{Connection, DaemonStatus};
use prikrep_store::Store;
use prikrep_ui::{Link, Pulling};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::desk::DeskMessage;
use super::inbox::Outlet;
use super::list::ListMessage;
use super::published::Published;

/// Is told how many new applications wait for an answer.
pub(crate) type NewPending = Arc<dyn Fn(usize) + Send + Sync>;

/// How often the store is asked to look after its disk, which it does when it is time.
const DISK_EVERY: Duration = Duration::from_secs(2);
/// Changes come in bursts: a person sees no difference within this time.
const BREATH: Duration = Duration::from_millis(40);

/// What is watched, and who is told.
pub(super) struct Watched {
    pub(super) store: Arc<dyn Store>,
    pub(super) status: watch::Receiver<DaemonStatus>,
    pub(super) published: Published,
    pub(super) list: Outlet<ListMessage>,
    pub(super) desk: Outlet<DeskMessage>,
    pub(super) on_new: NewPending,
}

/// The watch.
pub(super) struct Watching {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Watching {
    pub(super) fn start(runtime: &Handle, watched: Watched) -> Self {
        let stop = CancellationToken::new();
        let until = stop.clone();
        let task = runtime.spawn(async move {
            tokio::select! {
                () = until.cancelled() => {}
                ((), ()) = async { tokio::join!(attend_disk(Arc::clone(&watched.store)), watched.run()) } => {}
            }
        });
        Self { stop, task }
    }

    pub(super) async fn stop(self) {
        self.stop.cancel();
        if self.task.await.is_err() {
            tracing::error!("the watch over the store failed");
        }
    }
}

/// Looks after the disk as long as the workplace is open.
async fn attend_disk(store: Arc<dyn Store>) {
    loop {
        sleep(DISK_EVERY).await;
        let store = Arc::clone(&store);
        if tokio::task::spawn_blocking(move || store.attend_disk()).await.is_err() {
            tracing::error!("the care for the disk failed");
        }
    }
}

/// What was last told to anybody.
struct Told {
    directory_at: Option<DateTime<Utc>>,
    added_pending: usize,
}

impl Watched {
    async fn run(mut self) {
        let mut changes = self.store.changes();
        let mut told = Told { directory_at: None, added_pending: 0 };
        // A store that has never been read to its end is filled for the first time: nothing in it is news.
        let mut was_complete = self.store.is_complete();
        loop {
            let status = self.status.borrow_and_update().clone();
            changes.borrow_and_update();
            self.tell(&status, &mut told);
            if !was_complete {
                told.added_pending = status.since_start.added_pending;
                // The report of a pull comes after all that it did.
                was_complete = self.store.is_complete() && status.last_pull.is_some();
            } else if status.pulling.is_none() && status.since_start.added_pending > told.added_pending {
                (self.on_new)(status.since_start.added_pending - told.added_pending);
                told.added_pending = status.since_start.added_pending;
            }
            sleep(BREATH).await;
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                changed = self.status.changed() => if changed.is_err() { return },
            }
        }
    }

    fn tell(&self, status: &DaemonStatus, told: &mut Told) {
        self.list.send(ListMessage::Changed);
        self.desk.send(DeskMessage::Changed);
        if status.directory_at != told.directory_at {
            told.directory_at = status.directory_at;
            self.list.send(ListMessage::Directory);
        }
        let (link, updated_at, pulling) = (link_of(&status.connection), status.last_pull_at, pulling_of(status));
        let shown = self.published.get();
        let clock = status.clock_ahead.map(|ahead| ahead.num_minutes());
        if clock != shown.clock_ahead_minutes {
            self.published.edit(|work| work.clock_ahead_minutes = clock);
        }
        if (&link, updated_at, pulling) != (&shown.link, shown.updated_at, shown.pulling) {
            self.published.edit(|work| (work.link, work.updated_at, work.pulling) = (link, updated_at, pulling));
        }
    }
}

fn pulling_of(status: &DaemonStatus) -> Option<Pulling> {
    let pull = status.pulling.as_ref()?;
    Some(Pulling { records: pull.records, records_per_sec: pull.records_per_sec })
}

fn link_of(connection: &Connection) -> Link {
    match connection {
        Connection::Starting => Link::Starting,
        Connection::Online { .. } => Link::Online,
        Connection::Offline { why, .. } => Link::Offline { words: why.words() },
        Connection::SignInRefused { why, .. } => Link::Refused { words: why.words() },
        Connection::Faulty { why, .. } => Link::Faulty { words: why.words() },
    }
}
