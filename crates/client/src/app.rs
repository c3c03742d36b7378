//! The window's application: it draws a snapshot, carries out actions, and hears what the threads report.
//!
//! Invariant: nothing here waits: whatever may block runs elsewhere and reports by an event.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use chrono::Utc;
use prikrep_daemon::HttpUpstream;
use prikrep_domain::{Act, Moment, Session};
use prikrep_store::SledStore;
use prikrep_ui::{Action, Credentials, NewPassword, Passphrase, Settings, SignIn, Snapshot, Stage, Window};
use tokio::runtime::Handle;
use zeroize::Zeroizing;

use crate::auditing::Auditor;
#[cfg(windows)]
use crate::background::{Background, Hiding, Standing, Wish};
use crate::demo::{self, Amount, Places, Workstation};
use crate::entry::{self, Entered, Entry, NotEntered, Profiles};
use crate::events::{Event, Reporter};
use crate::exporting::Exporting;
use crate::folders::Folders;
use crate::notices::Notices;
use crate::open::{Guard, Open};
use crate::settings_keeper::SettingsKeeper;
use crate::vault::{SecretKeeper, SystemKeyring};
use crate::window::bring_up;
use crate::workplace::{Parts, Waker, Workplace};

/// The longest time that closing the window may take.
const CLOSE_LIMIT: Duration = Duration::from_secs(8);

/// What the demo of the window shows: enough to scroll, and something new every now and then.
pub const DEMO: Amount = Amount { applications: 5_000, seed: 22, rate: 0.05 };

/// How the window is started.
pub struct Start {
    /// Where things lie.
    pub folders: Folders,
    /// The register's address, when it was given on the command line.
    pub server: Option<String>,
    /// The file of the region's certificates, likewise.
    pub ca_file: Option<String>,
    /// The demo's places, when the window opens on them.
    pub demo: Option<Places>,
    /// The runtime of everything that waits.
    pub runtime: Handle,
}

/// The application.
pub struct App {
    views: Window,
    profiles: Profiles,
    settings: Arc<Settings>,
    settings_keeper: SettingsKeeper,
    runtime: Handle,
    reporter: Reporter,
    events: Receiver<Event>,
    sign_in: SignIn,
    open: Option<Open>,
    auditor: Option<Auditor>,
    demo: Option<Places>,
    notices: Arc<Notices>,
    #[cfg(windows)]
    standing: Option<Standing>,
    /// The window's clock at the last input, and now, in seconds.
    last_input_secs: f64,
    now_secs: f64,
    data_folder: Arc<str>,
}

impl App {
    /// Makes the application of a window.
    #[must_use]
    pub fn new(start: Start, ctx: &egui::Context) -> Self {
        Self::with_keeper(start, Arc::new(SystemKeyring), ctx)
    }

    /// The same with another keeper of the profiles' keys than the system's keyring.
    #[must_use]
    pub fn with_keeper(start: Start, keeper: Arc<dyn SecretKeeper>, ctx: &egui::Context) -> Self {
        let Start { folders, server, ca_file, demo, runtime } = start;
        let settings_keeper = SettingsKeeper::start(&folders);
        let mut settings = settings_keeper.loaded();
        if let Some(server) = server {
            settings.server = server;
        }
        if let Some(ca_file) = ca_file {
            settings.ca_file = ca_file;
        }
        prikrep_ui::theme::install(ctx);
        prikrep_ui::theme::apply(ctx, &settings);
        let (sender, events) = channel();
        let waker: Waker = {
            let ctx = ctx.clone();
            Arc::new(move || ctx.request_repaint())
        };
        let reporter = Reporter { events: sender, waker };
        let notices = {
            let reporter = reporter.clone();
            Arc::new(Notices::start(move || reporter.report(Event::NoticePressed)))
        };
        let data_folder = folders.data().display().to_string().into();
        let mut app = Self {
            views: Window::default(),
            profiles: Profiles { folders, keeper, ca_file: settings.ca_file.clone() },
            settings: Arc::new(settings),
            settings_keeper,
            runtime,
            reporter,
            events,
            sign_in: SignIn::default(),
            open: None,
            auditor: None,
            demo: None,
            notices,
            #[cfg(windows)]
            standing: None,
            last_input_secs: 0.0,
            now_secs: 0.0,
            data_folder,
        };
        if let Some(places) = demo {
            app.open_demo(places);
        }
        app
    }

    /// Stands in the notification area, when it has begun without a window, and hears those who start it again.
    #[cfg(windows)]
    pub(crate) fn stand_in(&mut self, background: Background) {
        let reporter = self.reporter.clone();
        self.standing = Some(background.start(&self.runtime, move |wish| reporter.report(Event::Wished(wish))));
    }

    /// What is shown now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let stage = match (&self.open, &self.auditor) {
            (Some(open), _) => open.stage(),
            (None, Some(auditor)) => Stage::Audit(auditor.shown()),
            (None, None) => Stage::SignIn(self.sign_in.clone()),
        };
        Snapshot {
            moment: Moment { now: Utc::now(), zone: self.settings.zone },
            settings: Arc::clone(&self.settings),
            stage,
            data_folder: Arc::clone(&self.data_folder),
            notice_trouble: self.notices.problem(),
            version: prikrep_daemon::VERSION,
        }
    }

    /// Hears reports and minds the lock; also while the window is hidden.
    pub fn think(&mut self, ctx: &egui::Context) {
        self.now_secs = ctx.input(|input| input.time);
        while let Ok(event) = self.events.try_recv() {
            self.hear(event, ctx);
        }
        self.mind_the_lock(ctx);
        let stays = ctx.input(|input| input.viewport().close_requested()) && !self.views.may_close(&self.snapshot());
        if stays {
            ctx.send_viewport_cmd(egui::ViewportCommand::CancelClose);
        }
        #[cfg(windows)]
        if !stays {
            self.mind_the_hiding(ctx);
        }
    }

    /// Draws the window and does what the person wants.
    pub fn show(&mut self, ui: &mut egui::Ui) {
        let snapshot = self.snapshot();
        for action in self.views.ui(ui, &snapshot) {
            self.act(action, ui);
        }
    }

    /// Closes everything: what was typed is kept, the folders are let go.
    pub fn close(&mut self) {
        let (open, demo, auditor) = (self.open.take(), self.demo.take(), self.auditor.take());
        let closing = async {
            if let Some(auditor) = auditor {
                auditor.leave().await;
            }
            if let Some(open) = open {
                open.leave(false).await;
            }
            if let Some(places) = demo {
                remove(places).await;
            }
        };
        let closed = self.runtime.block_on(async { tokio::time::timeout(CLOSE_LIMIT, closing).await });
        if closed.is_err() {
            tracing::warn!("not everything was closed in time");
        }
        self.settings_keeper.close();
    }

    /// Does what the person wants; nothing here is waited for: the outcome is seen in a later snapshot.
    pub fn act(&mut self, action: Action, ctx: &egui::Context) {
        let rest = match &self.open {
            Some(open) => open.workplace.act(action),
            None => Some(action),
        };
        let Some(action) = rest else { return };
        match action {
            Action::SignIn(credentials) => self.enter(credentials),
            Action::Identify { server, login } => self.identify(server, login),
            Action::Demo => self.start_demo(),
            Action::Lock => self.lock(),
            Action::Unlock(password) => self.unlock(password),
            Action::SignOut { wipe } => self.leave(wipe),
            Action::Export(format, query) => self.with_exporting(|exporting| exporting.begin(format, query)),
            Action::ExportTo(path) => self.with_exporting(|exporting| exporting.write_to(path)),
            Action::EndExport => self.with_exporting(Exporting::end),
            Action::Set(settings) => self.set(settings, ctx),
            Action::SeekJournal(query) => {
                let reporter = self.reporter.clone();
                if let Some(auditor) = &mut self.auditor {
                    auditor.ask(&query, &self.runtime, move |answer| reporter.report(Event::Audited(Box::new(answer))));
                }
            }
            Action::Search(_)
            | Action::Reorder(_)
            | Action::ShowRows(_)
            | Action::Open(_)
            | Action::CloseCard
            | Action::SaveDraft(..)
            | Action::DropDraft(_)
            | Action::Send { .. }
            | Action::Retry(_)
            | Action::Rework(_)
            | Action::Refresh
            | Action::Count(_) => {}
        }
    }

    fn hear(&mut self, event: Event, ctx: &egui::Context) {
        match event {
            Event::Identified { server, login, passphrase } => {
                let is_new = passphrase == Passphrase::NotNeeded && self.sign_in.passphrase == Passphrase::Choose;
                // A passphrase that is being chosen is not taken away by the look that came before it.
                if !is_new || (server, login) != (self.settings.server.clone(), self.settings.login.clone()) {
                    self.sign_in.passphrase = passphrase;
                }
            }
            Event::Entered(entered) => match *entered {
                Ok(Entry::Work(entered)) => self.open_profile(*entered),
                Ok(Entry::Audit(audit)) => {
                    let (upstream, session) = *audit;
                    self.sign_in = SignIn::default();
                    self.last_input_secs = self.now_secs;
                    self.auditor = Some(Auditor::new(upstream, session));
                }
                Err(why) => self.not_entered(why),
            },
            Event::Audited(answer) => {
                if let Some(auditor) = &mut self.auditor {
                    auditor.hear(*answer);
                }
            }
            Event::DemoStarted(started) => match *started {
                Ok(places) => self.open_demo(places),
                Err(words) => self.sign_in = SignIn { trouble: Some(trouble(words)), ..SignIn::default() },
            },
            Event::PasswordChecked(checked) => self.unlocked(checked),
            Event::Left { trouble: why } => {
                self.sign_in = SignIn { trouble: why.map(trouble), ..SignIn::default() };
            }
            #[cfg(windows)]
            Event::Wished(Wish::Show) => bring_up(ctx),
            #[cfg(windows)]
            Event::Wished(Wish::Quit) => {
                if let Some(standing) = &mut self.standing {
                    standing.quit(ctx);
                }
            }
            Event::NoticePressed => {
                bring_up(ctx);
                let snapshot = self.snapshot();
                for action in self.views.show_pending(&snapshot) {
                    self.act(action, ctx);
                }
            }
        }
    }

    #[cfg(windows)]
    fn mind_the_hiding(&mut self, ctx: &egui::Context) {
        match self.standing.as_mut().and_then(|standing| standing.hide(ctx)) {
            Some(Hiding::AtTheStart) if self.settings.notifications => self.notices.sign_in(),
            Some(Hiding::Closed) => self.shut(),
            Some(Hiding::AtTheStart) | None => {}
        }
    }

    fn identify(&mut self, server: String, login: String) {
        // Whose password was to be changed is no longer who is about to sign in.
        self.sign_in.new_password = NewPassword::NotNeeded;
        let (vault, reporter) = (self.profiles.vault_of(&server, &login), self.reporter.clone());
        self.runtime.spawn_blocking(move || {
            let passphrase = entry::passphrase_of(&vault);
            reporter.report(Event::Identified { server, login, passphrase });
        });
    }

    fn enter(&mut self, credentials: Credentials) {
        let SignIn { passphrase, new_password, .. } = self.sign_in;
        let busy = Some(prikrep_ui::t!("entry-busy").into_owned());
        self.sign_in = SignIn { busy, passphrase, new_password, ..SignIn::default() };
        let mut settings = (*self.settings).clone();
        settings.server.clone_from(&credentials.server);
        settings.login.clone_from(&credentials.login);
        self.keep(settings);
        let (profiles, zone, reporter) = (self.profiles.clone(), self.settings.zone, self.reporter.clone());
        self.runtime.spawn(async move {
            let entered = entry::enter(credentials, &profiles, zone).await;
            reporter.report(Event::Entered(Box::new(entered)));
        });
    }

    fn not_entered(&mut self, why: NotEntered) {
        let passphrase = why.passphrase.unwrap_or(self.sign_in.passphrase);
        let NotEntered { trouble, offers_afresh, new_password, .. } = why;
        self.sign_in = SignIn { busy: None, trouble: Some(trouble), passphrase, offers_afresh, new_password };
    }

    fn open_profile(&mut self, entered: Entered) {
        let Entered { store, upstream, session, vault, is_offline, credentials } = entered;
        self.start_workplace(store, upstream, session, Guard::Profile(vault), &credentials.login);
        // Of the others the register knows by itself.
        if let Some(open) = self.open.as_ref().filter(|_| is_offline) {
            open.done(Act::SignedIn { offline: true });
        }
    }

    fn start_demo(&mut self) {
        self.sign_in = SignIn { busy: Some(prikrep_ui::t!("entry-demo-busy").into_owned()), ..SignIn::default() };
        let reporter = self.reporter.clone();
        self.runtime.spawn(async move {
            let started = Places::start(DEMO).await.map_err(|error| format!("{error:#}"));
            reporter.report(Event::DemoStarted(Box::new(started)));
        });
    }

    fn open_demo(&mut self, places: Places) {
        match places.workstation() {
            Ok(Workstation { store, upstream, session }) => {
                self.demo = Some(places);
                let guard = Guard::Demo { password: demo::PASSWORD };
                self.start_workplace(store, upstream, session, guard, demo::LOGIN);
            }
            Err(error) => self.sign_in.trouble = Some(trouble(format!("{error:#}"))),
        }
    }

    fn start_workplace(
        &mut self,
        store: Arc<SledStore>,
        upstream: HttpUpstream,
        session: Session,
        guard: Guard,
        login: &str,
    ) {
        let zone = self.settings.zone;
        let (waker, on_new) = (Arc::clone(&self.reporter.waker), self.on_new());
        let parts = Parts { store, upstream, session, login: login.to_owned(), zone, waker, on_new };
        self.sign_in = SignIn::default();
        self.last_input_secs = self.now_secs;
        match Workplace::start(parts, &self.runtime) {
            Ok(workplace) => self.open = Some(Open::new(workplace, guard, login.to_owned(), zone)),
            Err(error) => self.sign_in.trouble = Some(trouble(error.to_string())),
        }
    }

    /// What is done with new applications: a notification, when the person wants it.
    fn on_new(&self) -> crate::workplace::NewPending {
        let (notices, settings) = (Arc::clone(&self.notices), self.settings_keeper.reader());
        Arc::new(move |count| {
            if settings.notifications() {
                notices.new_applications(count);
            }
        })
    }

    fn lock(&mut self) {
        if let Some(open) = self.open.as_mut().filter(|open| !open.is_locked()) {
            open.lock();
        }
    }

    /// Puts what is shown behind the lock.
    fn shut(&mut self) {
        if self.auditor.is_some() {
            // There is nothing typed that a lock would have to keep.
            self.leave(false);
        }
        self.lock();
    }

    /// Locks when nobody has touched anything for long enough; wakes itself for that.
    fn mind_the_lock(&mut self, ctx: &egui::Context) {
        if ctx.input(|input| !input.events.is_empty() || input.pointer.is_moving()) {
            self.last_input_secs = self.now_secs;
        }
        let limit_secs = 60.0 * f64::from(self.settings.lock_after_mins);
        let is_open = self.auditor.is_some() || self.open.as_ref().is_some_and(|open| !open.is_locked());
        if limit_secs == 0.0 || !is_open {
            return;
        }
        let left_secs = self.last_input_secs + limit_secs - self.now_secs;
        if left_secs <= 0.0 {
            self.shut();
            ctx.request_repaint();
        } else {
            ctx.request_repaint_after(Duration::from_secs_f64(left_secs));
        }
    }

    fn unlock(&mut self, password: Zeroizing<String>) {
        let Some(check) = self.open.as_mut().and_then(|open| open.unlock(password)) else { return };
        let reporter = self.reporter.clone();
        self.runtime.spawn_blocking(move || reporter.report(Event::PasswordChecked(check())));
    }

    fn unlocked(&mut self, checked: Result<(), String>) {
        if let Some(open) = &mut self.open {
            open.unlocked(checked);
            self.last_input_secs = self.now_secs;
        }
    }

    /// Signs out; with `wipe` for good, unless an answer would be lost by it.
    fn leave(&mut self, wipe: bool) {
        if let Some(auditor) = self.auditor.take() {
            self.runtime.spawn(auditor.leave());
            return;
        }
        if wipe && self.open.as_ref().is_some_and(Open::holds_answers) {
            return;
        }
        let (Some(open), demo) = (self.open.take(), self.demo.take()) else { return };
        self.sign_in = SignIn { busy: Some(prikrep_ui::t!("entry-leaving").into_owned()), ..SignIn::default() };
        let reporter = self.reporter.clone();
        self.runtime.spawn(async move {
            let trouble = open.leave(wipe).await;
            if let Some(places) = demo {
                remove(places).await;
            }
            reporter.report(Event::Left { trouble });
        });
    }

    fn with_exporting(&mut self, act: impl FnOnce(&mut Exporting)) {
        if let Some(open) = &mut self.open {
            act(&mut open.exporting);
        }
    }

    fn set(&mut self, settings: Settings, ctx: &egui::Context) {
        prikrep_ui::theme::apply(ctx, &settings);
        let names = settings.changed_since(&self.settings);
        if let Some(open) = self.open.as_ref().filter(|_| !names.is_empty()) {
            open.done(Act::SettingsChanged { names });
        }
        self.keep(settings);
    }

    fn keep(&mut self, settings: Settings) {
        self.settings = Arc::new(settings);
        self.settings_keeper.keep(Arc::clone(&self.settings));
    }
}

async fn remove(places: Places) {
    if let Err(error) = places.stop().await {
        tracing::warn!(error = format!("{error:#}"), "the demo has left something behind");
    }
}

fn trouble(words: String) -> prikrep_ui::SignInTrouble {
    prikrep_ui::SignInTrouble { field: None, words }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.think(ctx);
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        self.show(ui);
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.close();
    }
}
