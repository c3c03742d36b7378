//! A registrar's workplace: the open store, the embedded daemon, and the workers that read and write for the
//! window.
//!
//! Invariant: when [`Workplace::stop`] returns, everything that was typed is on the disk and the store's
//! folder is free.

mod acts;
mod counting;
mod desk;
mod hops;
pub(crate) mod inbox;
mod list;
mod published;
mod watching;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::JoinHandle;
use std::time::Duration;

use chrono_tz::Tz;
use prikrep_daemon::{Config, Daemon, Pulls, SystemClock, Upstream};
use prikrep_domain::{Act, Actor, AnswerId, Directory, Session, Terms};
use prikrep_store::{OutboxState, SledStore, Store};
use prikrep_ui::{Action, CardState, Counts, Export, FiguresState, Link, List, Work};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};

pub(crate) use acts::Acts;
use acts::{ActMessage, ActsWorker};
use counting::Counter;
use desk::{DeskMessage, DeskWorker};
use inbox::{Inbox, Outlet, inbox};
use list::{ListMessage, ListWorker};
pub(crate) use published::{Published, Waker};
pub(crate) use watching::NewPending;
use watching::Watching;

const LONG_POLL_SECS: u32 = 55;
const DIRECTORY_EVERY: Duration = Duration::from_secs(10 * 60);
/// For the last users of the store, after everything was told to stop.
const STORE_TIME: Duration = Duration::from_secs(1);

/// What a workplace is made of.
pub(crate) struct Parts<U> {
    pub(crate) store: Arc<SledStore>,
    pub(crate) upstream: U,
    pub(crate) session: Session,
    pub(crate) login: String,
    pub(crate) zone: Tz,
    pub(crate) waker: Waker,
    /// Is told of new applications that wait for an answer, once a pull.
    pub(crate) on_new: NewPending,
}

/// An open workplace.
pub(crate) struct Workplace {
    store: Arc<SledStore>,
    daemon: Daemon,
    published: Published,
    list: Outlet<ListMessage>,
    desk: Outlet<DeskMessage>,
    acts: Acts,
    counter: Counter,
    threads: Vec<JoinHandle<()>>,
    watching: Watching,
    runtime: Handle,
}

impl Workplace {
    /// Starts everything on a runtime.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub(crate) fn start<U: Upstream>(parts: Parts<U>, runtime: &Handle) -> std::io::Result<Self> {
        let Parts { store, upstream, session, login, zone, waker, on_new } = parts;
        let shared: Arc<dyn Store> = Arc::clone(&store) as Arc<dyn Store>;
        let config = Config {
            directory_every: Some(DIRECTORY_EVERY),
            reports: true,
            ..Config::new(Pulls::Live { wait_secs: LONG_POLL_SECS })
        };
        let entered = runtime.enter();
        let daemon = Daemon::start(Arc::clone(&shared), upstream, config, Arc::new(SystemClock));
        drop(entered);
        let actor = actor(&session, login);
        let published = Published::new(nothing_yet(session), waker);
        let (acts, acts_inbox) = inbox();
        let (list, list_inbox) = inbox();
        let (desk, desk_inbox) = inbox();
        let counter = Counter {
            store: Arc::clone(&shared),
            published: published.clone(),
            zone,
            asked: Arc::new(AtomicU64::new(0)),
        };
        let list_worker =
            ListWorker { store: Arc::clone(&shared), status: daemon.status(), published: published.clone() };
        let desk_worker =
            DeskWorker { store: Arc::clone(&shared), status: daemon.status(), published: published.clone() };
        let acts_worker = ActsWorker { store: Arc::clone(&shared), actor, report: Box::new(daemon.reporting()) };
        let threads = vec![
            worker("acts", acts_inbox, move |inbox| acts_worker.run(inbox))?,
            worker("list", list_inbox, move |inbox| list_worker.run(inbox))?,
            worker("desk", desk_inbox, move |inbox| desk_worker.run(inbox))?,
        ];
        let watching = Watching::start(
            runtime,
            watching::Watched {
                store: Arc::clone(&shared),
                status: daemon.status(),
                published: published.clone(),
                list: list.clone(),
                desk: desk.clone(),
                on_new,
            },
        );
        let runtime = runtime.clone();
        let acts = Acts(acts);
        Ok(Self { store, daemon, published, list, desk, acts, counter, threads, watching, runtime })
    }

    /// The state as of now.
    pub(crate) fn work(&self) -> Arc<Work> {
        self.published.get()
    }

    pub(crate) const fn published(&self) -> &Published {
        &self.published
    }

    pub(crate) const fn acts(&self) -> &Acts {
        &self.acts
    }

    pub(crate) const fn store(&self) -> &Arc<SledStore> {
        &self.store
    }

    /// Answers that only this workstation has.
    pub(crate) fn undelivered(&self) -> usize {
        undelivered(&*self.store)
    }

    /// Does what concerns the list, the card and the answers; gives the rest back.
    pub(crate) fn act(&self, action: Action) -> Option<Action> {
        match action {
            Action::Search(query) => {
                self.acts.done(Act::Searched { terms: Terms::from(&query) });
                self.list.send(ListMessage::Search(query));
            }
            Action::Reorder(query) => self.list.send(ListMessage::Reorder(query)),
            Action::ShowRows(rows) => self.list.send(ListMessage::Rows(rows)),
            Action::Open(id) => {
                self.acts.done(Act::CardOpened { application: id, patient: None });
                self.desk.send(DeskMessage::Open(id));
            }
            Action::CloseCard => self.desk.send(DeskMessage::Close),
            Action::SaveDraft(id, draft) => self.desk.send(DeskMessage::SaveDraft(id, draft)),
            Action::DropDraft(id) => self.desk.send(DeskMessage::DropDraft(id)),
            Action::Send { attempt, application, draft } => {
                self.desk.send(DeskMessage::Send { attempt, application, draft });
            }
            Action::Rework(id) => self.desk.send(DeskMessage::Rework(id)),
            Action::Retry(id) => self.retry(id),
            Action::Refresh => self.refresh(),
            Action::Count(period) => {
                self.published.edit(|work| work.figures = FiguresState::Counting(0));
                self.counter.count(period);
            }
            rest @ (Action::SignIn(_)
            | Action::Identify { .. }
            | Action::Demo
            | Action::Lock
            | Action::Unlock(_)
            | Action::SignOut { .. }
            | Action::Export(..)
            | Action::ExportTo(_)
            | Action::EndExport
            | Action::Set(_)
            | Action::SeekJournal(_)) => return Some(rest),
        }
        None
    }

    fn retry(&self, id: AnswerId) {
        self.daemon.nudge();
        self.daemon.retry(id);
    }

    /// Pulls now. How it goes is seen in the status.
    fn refresh(&self) {
        self.daemon.nudge();
        let pull = self.daemon.pull_now();
        self.runtime.spawn(async move {
            if let Err(trouble) = pull.await {
                tracing::info!(%trouble, "the pull that was asked for failed");
            }
        });
        self.list.send(ListMessage::Changed);
    }

    /// Stops everything; takes a few seconds at most. Returns how many answers only this workstation has: what
    /// was sent last is among them.
    pub(crate) async fn stop(self) -> usize {
        let Self { store, daemon, published, list, desk, acts, counter, threads, watching, runtime: _ } = self;
        watching.stop().await;
        counter.stop();
        // Others may hold on to it.
        acts.0.send(ActMessage::End);
        drop((list, desk, acts, counter, published));
        let joined = tokio::task::spawn_blocking(move || threads.into_iter().all(|thread| thread.join().is_ok()));
        if !joined.await.unwrap_or(false) {
            tracing::error!("a worker of the window failed");
        }
        if !daemon.stop().await {
            tracing::warn!("the daemon did not come to its end in time");
        }
        let undelivered = undelivered(&*store);
        release(store).await;
        undelivered
    }
}

fn undelivered(store: &dyn Store) -> usize {
    let is_here_only = |state: &OutboxState| !matches!(state, OutboxState::Delivered { .. });
    store.outbox().iter().filter(|entry| is_here_only(&entry.state)).count()
}

/// Closes the store here and now, when nobody else holds it any more: a count or an export that was given up
/// lets it go at its next row.
async fn release(store: Arc<SledStore>) {
    let until = Instant::now() + STORE_TIME;
    while Arc::strong_count(&store) > 1 && Instant::now() < until {
        sleep(Duration::from_millis(5)).await;
    }
    if Arc::strong_count(&store) > 1 {
        tracing::warn!("the store is still in use: it is closed by its last user");
    }
    if tokio::task::spawn_blocking(move || drop(store)).await.is_err() {
        tracing::error!("the store could not be closed");
    }
}

fn worker<M: Send + 'static>(
    name: &str,
    inbox: Inbox<M>,
    run: impl FnOnce(&Inbox<M>) + Send + 'static,
) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(move || run(&inbox))
}

fn actor(session: &Session, login: String) -> Actor {
    Actor {
        login,
        employee: session.employee.clone(),
        role: Some(session.role),
        organization: session.organization.as_ref().map(|organization| organization.oid.clone()),
    }
}

/// What is shown before anything was read.
fn nothing_yet(session: Session) -> Work {
    Work {
        employee: session.employee,
        role: session.role,
        organization: session.organization,
        link: Link::Starting,
        updated_at: None,
        pulling: None,
        counts: Counts::default(),
        complete: false,
        attention: Arc::from([]),
        clock_ahead_minutes: None,
        disk: None,
        low_space: None,
        desk_trouble: None,
        list: List::default(),
        card: CardState::default(),
        sent: None,
        outbox: Arc::from([]),
        directory: Arc::new(Directory::default()),
        figures: FiguresState::default(),
        export: Export::default(),
    }
}
