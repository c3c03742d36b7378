//! A workstation: the application with its folder, acted upon and looked at.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use egui::Context;
use prikrep_client::app::{App, Start};
use prikrep_client::folders::Folders;
use prikrep_client::vault::{Condition, MemoryKeyring, SecretKeeper};
use prikrep_domain::{AnswerDraft, AnswerId, ApplicationId, DecisionKind, Period, Query, Standing};
use prikrep_testkit::PASSWORD;
use prikrep_ui::{
    Action, Card, CardState, Counts, Credentials, Hop, Link, NotSent, Passphrase, SignIn, Snapshot, Stage, Work,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

/// The passphrase that is chosen where there is no keyring.
pub const PASSPHRASE: &str = "местная фраза";

/// Nothing here takes this long on a machine that is merely busy.
const PATIENCE: Duration = Duration::from_secs(45);

/// A workstation at work.
pub struct Device {
    app: App,
    ctx: Context,
    wakes: Receiver<()>,
    folder: TempDir,
    runtime: Runtime,
    server: String,
    login: String,
    attempts: u64,
}

impl Device {
    /// Starts the program for the first time, on a system without a keyring.
    pub fn new(server: &str, login: &str) -> Self {
        Self::start(TempDir::with_prefix("prikrep-test-").unwrap(), server, login)
    }

    /// The same with its data in a folder within another.
    pub fn within(folder: &Path, server: &str, login: &str) -> Self {
        Self::start(TempDir::with_prefix_in("prikrep-test-", folder).unwrap(), server, login)
    }

    /// The same with the keyring of the person's system.
    pub fn with_keyring(server: &str, login: &str, keyring: Arc<MemoryKeyring>) -> Self {
        Self::start_with(TempDir::with_prefix("prikrep-test-").unwrap(), server, login, keyring)
    }

    /// Starts the program and signs in for the first time, up to the whole list.
    pub fn signed_in(server: &str, login: &str) -> Self {
        let mut device = Self::new(server, login);
        device.sign_in(PASSWORD, Some(PASSPHRASE));
        device.until("the list is whole", |work| (work.complete && work.link == Link::Online).then_some(()));
        device
    }

    /// The same with a file of the region's certificates; who starts it again without one still has it.
    pub fn trusting(server: &str, login: &str, ca_file: &Path) -> Self {
        let (folder, keyring) = (TempDir::with_prefix("prikrep-test-").unwrap(), Arc::new(MemoryKeyring::default()));
        Self::start_trusting(folder, server, login, keyring, Some(ca_file))
    }

    /// The same with the data that a folder has.
    pub fn start(folder: TempDir, server: &str, login: &str) -> Self {
        let absent = MemoryKeyring::default();
        absent.set(Condition::Absent);
        Self::start_with(folder, server, login, Arc::new(absent))
    }

    fn start_with(folder: TempDir, server: &str, login: &str, keeper: Arc<dyn SecretKeeper>) -> Self {
        Self::start_trusting(folder, server, login, keeper, None)
    }

    fn start_trusting(
        folder: TempDir,
        server: &str,
        login: &str,
        keeper: Arc<dyn SecretKeeper>,
        ca_file: Option<&Path>,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let ctx = Context::default();
        let (wake, wakes) = channel();
        // An observer hears every request; the callback of an integration only those that change its plan.
        ctx.set_repaint_observer(move |info| {
            if info.delay.is_zero() {
                // A device that is gone is not looked at.
                let _ = wake.send(());
            }
        });
        let folders = Folders::find(Some(folder.path())).unwrap();
        let ca_file = ca_file.map(|path| path.to_str().unwrap().to_owned());
        let start = Start { folders, server: None, ca_file, demo: None, runtime: runtime.handle().clone() };
        let mut app = App::with_keeper(start, keeper, &ctx);
        let mut settings = (*app.snapshot().settings).clone();
        settings.notifications = false;
        app.act(Action::Set(settings), &ctx);
        Self { app, ctx, wakes, folder, runtime, server: server.to_owned(), login: login.to_owned(), attempts: 0 }
    }

    /// Closes the program and starts it again on the same folder; nobody has signed in then.
    pub fn restart(self) -> Self {
        let (server, login) = (self.server.clone(), self.login.clone());
        Self::start(self.close(), &server, &login)
    }

    /// Closes the program; its folder is kept.
    pub fn close(self) -> TempDir {
        let Self { mut app, folder, runtime, .. } = self;
        app.close();
        drop((app, runtime));
        folder
    }

    /// Where the data of the profile lies.
    pub fn profile_folder(&self) -> PathBuf {
        Folders::find(Some(self.folder.path())).unwrap().profile(&self.server, &self.login)
    }

    /// The folder of everything.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Does something.
    pub fn act(&mut self, action: Action) {
        self.app.act(action, &self.ctx);
    }

    /// Signs in. How that ends is to be waited for.
    pub fn sign_in(&mut self, password: &str, passphrase: Option<&str>) {
        let secret = |text: &str| Zeroizing::new(text.to_owned());
        self.act(Action::SignIn(Credentials {
            server: self.server.clone(),
            login: self.login.clone(),
            password: secret(password),
            new_password: None,
            passphrase: passphrase.map(secret),
            afresh: false,
        }));
    }

    /// Signs in with a new password in the place of the one that was given.
    pub fn change_password(&mut self, password: &str, new: &str, passphrase: Option<&str>) {
        let secret = |text: &str| Zeroizing::new(text.to_owned());
        self.act(Action::SignIn(Credentials {
            server: self.server.clone(),
            login: self.login.clone(),
            password: secret(password),
            new_password: Some(secret(new)),
            passphrase: passphrase.map(secret),
            afresh: false,
        }));
    }

    /// Waits for a try to sign in that fails; returns what is shown then.
    pub fn until_refused(&mut self) -> SignIn {
        self.until_snapshot("the sign-in fails", |snapshot| match &snapshot.stage {
            Stage::SignIn(sign_in) if sign_in.busy.is_none() && sign_in.trouble.is_some() => Some(sign_in.clone()),
            _ => None,
        })
    }

    /// Signs in where that fails; returns what is shown then.
    pub fn sign_in_in_vain(&mut self, password: &str, passphrase: Option<&str>) -> SignIn {
        self.sign_in(password, passphrase);
        self.until_refused()
    }

    /// Looks whether a passphrase is needed, as the fields do when they are left.
    pub fn until_passphrase(&mut self, passphrase: Passphrase) {
        self.act(Action::Identify { server: self.server.clone(), login: self.login.clone() });
        self.until_snapshot("the need of a passphrase is known", |snapshot| match &snapshot.stage {
            Stage::SignIn(sign_in) => (sign_in.passphrase == passphrase).then_some(()),
            Stage::Locked(_) | Stage::Work(_) | Stage::Audit(_) => None,
        });
    }

    /// Looks each time that the window would be drawn, until there is something to be seen.
    pub fn until_snapshot<T>(&mut self, what: &str, mut look: impl FnMut(&Snapshot) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            // Wake-ups from before this look are answered by it.
            while self.wakes.try_recv().is_ok() {}
            self.app.think(&self.ctx);
            let snapshot = self.app.snapshot();
            if let Some(seen) = look(&snapshot) {
                return seen;
            }
            match self.wakes.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("{what}: not so after {PATIENCE:?}; shown is {}", told(&snapshot))
                }
            }
        }
    }

    /// The same for somebody's open work.
    pub fn until<T>(&mut self, what: &str, mut look: impl FnMut(&Work) -> Option<T>) -> T {
        self.until_snapshot(what, |snapshot| match &snapshot.stage {
            Stage::Work(work) => look(work),
            Stage::SignIn(_) | Stage::Locked(_) | Stage::Audit(_) => None,
        })
    }

    /// Waits for counters.
    pub fn until_counts(&mut self, what: &str, is_so: impl Fn(Counts) -> bool) -> Counts {
        self.until(what, |work| is_so(work.counts).then_some(work.counts))
    }

    /// What is shown at this moment.
    pub fn snapshot(&mut self) -> Snapshot {
        self.app.think(&self.ctx);
        self.app.snapshot()
    }

    /// Draws the window, and does what its views want by themselves.
    pub fn draw(&mut self) {
        let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1_280.0, 720.0));
        let input = egui::RawInput { screen_rect: Some(screen), ..Default::default() };
        let app = &mut self.app;
        let mut drawn = self.ctx.run_ui(input, |ui| app.show(ui));
        // Nobody looks at the picture.
        drawn.textures_delta.clear();
    }

    /// Lets the window's clock show so many seconds, with some input then.
    pub fn at_secs(&mut self, secs: f64, events: Vec<egui::Event>) -> Snapshot {
        let input = egui::RawInput { time: Some(secs), events, ..Default::default() };
        let app = &mut self.app;
        let mut drawn = self.ctx.run_ui(input, |ui| app.think(ui.ctx()));
        drawn.textures_delta.clear();
        self.app.snapshot()
    }

    /// Searches for everything; returns the rows.
    pub fn rows(&mut self) -> Vec<Standing> {
        let before = self.until("somebody works", |work| Some(work.list.search));
        self.act(Action::Search(everything()));
        self.until("the rows are loaded", |work| {
            let total = work.list.total.filter(|_| work.list.search > before)?;
            (0..total).map(|index| work.list.row(index).cloned()).collect()
        })
    }

    /// The first application, by its identifier, that waits for a decision.
    pub fn waiting_for(&mut self, decision: DecisionKind) -> ApplicationId {
        let rows = self.rows();
        let open = rows.iter().filter(|row| row.allowed().any(|allowed| allowed == decision));
        open.map(|row| row.application.id).min().unwrap_or_else(|| panic!("nothing waits for {decision:?}"))
    }

    /// Opens a card and waits for it.
    pub fn open(&mut self, id: ApplicationId) -> Arc<Card> {
        self.until("somebody works", |_| Some(()));
        self.act(Action::Open(id));
        self.until_card("it is open", id, |_| true)
    }

    /// Waits until something is true of the open card of an application.
    pub fn until_card(&mut self, what: &str, id: ApplicationId, is_so: impl Fn(&Card) -> bool) -> Arc<Card> {
        self.until(what, |work| match &work.card {
            CardState::Open(card) if card.standing.application.id == id && is_so(card) => Some(Arc::clone(card)),
            _ => None,
        })
    }

    /// Presses «Отправить» and waits until the answer is durable here.
    pub fn send(&mut self, application: ApplicationId, draft: AnswerDraft) {
        let outcome = self.try_to_send(application, draft);
        assert!(outcome.is_ok(), "{outcome:?}");
    }

    /// Presses «Отправить» and waits for what the form is told.
    pub fn try_to_send(&mut self, application: ApplicationId, draft: AnswerDraft) -> Result<AnswerId, NotSent> {
        self.attempts += 1;
        let attempt = self.attempts;
        self.act(Action::Send { attempt, application, draft });
        let sent = self.until("the form is told", |work| work.sent.clone().filter(|sent| sent.attempt == attempt));
        assert_eq!(sent.application, application);
        sent.outcome.clone()
    }

    /// Presses «Обновить» and waits for the end of the pull.
    pub fn refresh(&mut self) {
        let before = self.until("somebody works", |work| Some(work.updated_at));
        self.act(Action::Refresh);
        self.until("the list is refreshed", |work| (work.updated_at > before).then_some(()));
    }
}

/// A search for everything that there is.
pub fn everything() -> Query {
    Query::of(all_dates())
}

/// A period with everything in it.
pub fn all_dates() -> Period {
    let date = |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
    Period::new(date(2000), date(2100)).unwrap()
}

/// How far the last answer of a card has come.
pub fn last_hop(card: &Card) -> Option<&Hop> {
    card.answers.last().map(|(_, hop)| hop)
}

/// The snapshot in a few words, for a test that fails.
fn told(snapshot: &Snapshot) -> String {
    match &snapshot.stage {
        Stage::SignIn(sign_in) => format!("{sign_in:?}"),
        Stage::Locked(locked) => format!("{locked:?}"),
        Stage::Audit(auditing) => format!("{auditing:?}"),
        Stage::Work(work) => {
            let card = match &work.card {
                CardState::Open(card) => format!("{:?} {:?}", card.standing.application.status, card.answers),
                other => format!("of {:?}", other.id()),
            };
            let hops: Vec<_> = work.outbox.iter().map(|row| &row.hop).collect();
            format!(
                "{:?}, {:?}, complete {}, list {} of {:?}, card {card}, outbox {hops:?}, trouble {:?}",
                work.link, work.counts, work.complete, work.list.search, work.list.total, work.desk_trouble
            )
        }
    }
}
