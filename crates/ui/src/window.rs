//! The whole window: which view is shown, and what they have in common.
//!
//! Invariant: what is behind the lock or the sign-in is not drawn at all.

use egui::{Panel, Ui};
use prikrep_domain::{Query, StatusFilter};

use crate::card::CardView;
use crate::export_view::export_ui;
use crate::journal::JournalView;
use crate::list::{ListView, everything};
use crate::lock::LockView;
use crate::outbox::outbox_ui;
use crate::settings_view::SettingsView;
use crate::shell::{self, Section};
use crate::sign_in::SignInView;
use crate::stats::StatsView;
use crate::t;
use crate::theme;
use crate::widgets;
use crate::{Action, CardState, Snapshot, Stage, Work};

/// How wide the card may be, and usually is, in points: least, usual, most.
const CARD_WIDTH: (f32, f32, f32) = (380.0, 500.0, 900.0);

/// The window's state beside the snapshot.
#[derive(Default)]
pub struct Window {
    sign_in: SignInView,
    lock: LockView,
    /// The views of somebody's work; gone when they sign out.
    desk: Option<Desk>,
    /// An auditor's view.
    journal: Option<JournalView>,
}

struct Desk {
    section: Section,
    list: ListView,
    card: CardView,
    stats: StatsView,
    settings: SettingsView,
    /// What is typed where the system has no dialog.
    export_path: Option<String>,
    help: bool,
    /// What is typed would be lost by closing: the person is being asked.
    asks_to_close: bool,
    /// The person has said that it may be lost.
    leaves: bool,
}

impl Window {
    /// Draws the window; returns what is to be done.
    pub fn ui(&mut self, ui: &mut Ui, snapshot: &Snapshot) -> Vec<Action> {
        let mut actions = Vec::new();
        match &snapshot.stage {
            Stage::SignIn(state) => {
                (self.desk, self.journal) = (None, None);
                egui::CentralPanel::default()
                    .show(ui, |ui| self.sign_in.ui(ui, state, &snapshot.settings, &mut actions));
            }
            Stage::Locked(state) => {
                egui::CentralPanel::default().show(ui, |ui| self.lock.ui(ui, state, &mut actions));
            }
            Stage::Audit(state) => {
                self.sign_in = SignInView::default();
                let view = self.journal.get_or_insert_with(|| JournalView::new(snapshot.moment));
                egui::CentralPanel::default().show(ui, |ui| view.ui(ui, snapshot, state, &mut actions));
            }
            Stage::Work(work) => {
                self.sign_in = SignInView::default();
                self.lock = LockView::default();
                self.desk.get_or_insert_with(|| Desk::new(snapshot)).ui(ui, snapshot, work, &mut actions);
            }
        }
        actions
    }

    /// The window is to be closed: whether it may be at once. Where drafts are not kept and something is
    /// typed, the person is asked first.
    pub fn may_close(&mut self, snapshot: &Snapshot) -> bool {
        let Some(desk) = &mut self.desk else { return true };
        desk.asks_to_close = !desk.leaves && !snapshot.settings.keep_drafts && desk.card.has_typed();
        !desk.asks_to_close
    }

    /// A notification was pressed: what waits for an answer is shown, the newest first.
    pub fn show_pending(&mut self, snapshot: &Snapshot) -> Vec<Action> {
        let mut actions = Vec::new();
        if let Some(desk) = &mut self.desk {
            let query = Query { status: Some(StatusFilter::Pending), ..Query::of(everything(snapshot.moment.today())) };
            desk.show(&query, &mut actions);
        }
        actions
    }
}

impl Desk {
    fn new(snapshot: &Snapshot) -> Self {
        Self {
            section: Section::default(),
            list: ListView::new(snapshot.moment),
            card: CardView::default(),
            stats: StatsView::new(snapshot.moment),
            settings: SettingsView::default(),
            export_path: None,
            help: false,
            asks_to_close: false,
            leaves: false,
        }
    }

    fn show(&mut self, query: &Query, actions: &mut Vec<Action>) {
        self.section = Section::Applications;
        self.list.show(query, actions);
    }

    fn ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, work: &Work, actions: &mut Vec<Action>) {
        shell::keys(ui, snapshot, &mut self.help, actions);
        shell::status_bar_ui(ui, snapshot, work, actions);
        shell::menu_ui(ui, &mut self.section, work, actions);
        progress_ui(ui, work);
        match self.section {
            Section::Applications => self.applications_ui(ui, snapshot, work, actions),
            Section::Outbox => {
                egui::CentralPanel::default().show(ui, |ui| self.outbox_ui(ui, snapshot, work, actions));
            }
            Section::Statistics => {
                let pressed = egui::CentralPanel::default().show(ui, |ui| self.stats.ui(ui, snapshot, work, actions));
                if let Some(query) = pressed.inner {
                    self.show(&query, actions);
                }
            }
            Section::Settings => {
                egui::CentralPanel::default().show(ui, |ui| self.settings.ui(ui, snapshot, work, actions));
            }
        }
        export_ui(ui, &work.export, &mut self.export_path, actions);
        shell::help_ui(ui, &mut self.help);
        if self.asks_to_close {
            self.close_ui(ui);
        }
    }

    fn close_ui(&mut self, ui: &Ui) {
        let modal = egui::Modal::new(egui::Id::unique("close")).show(ui, |ui| {
            ui.set_width(380.0);
            ui.label(theme::bold(t!("close-title")));
            ui.label(t!("close-what"));
            ui.add_space(8.0);
            ui.horizontal(|ui| {
                if ui.button(t!("close-yes")).clicked() {
                    self.leaves = true;
                    ui.send_viewport_cmd(egui::ViewportCommand::Close);
                }
                if ui.button(t!("close-no")).clicked() {
                    ui.close();
                }
            });
        });
        if modal.should_close() {
            self.asks_to_close = false;
        }
    }

    fn applications_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, work: &Work, actions: &mut Vec<Action>) {
        Panel::top("filter").show(ui, |ui| self.list.filter_ui(ui, snapshot, actions));
        if !matches!(work.card, CardState::Closed) {
            self.card_panel_ui(ui, snapshot, work, actions);
        }
        egui::CentralPanel::default().show(ui, |ui| self.list.ui(ui, snapshot, work, actions));
        if self.list.begins_answer() {
            self.card.begin();
            ui.request_repaint();
        }
    }

    fn card_panel_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, work: &Work, actions: &mut Vec<Action>) {
        let (least, usual, most) = CARD_WIDTH;
        // The list beside it is to stay usable in a narrow window.
        let most = most.min(ui.available_width() * 0.62);
        let panel =
            Panel::right("card").resizable(true).default_size(usual.min(most)).size_range(least.min(most)..=most);
        panel.show(ui, |ui| self.card.ui(ui, snapshot, work, actions));
    }

    fn outbox_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, work: &Work, actions: &mut Vec<Action>) {
        let before = actions.len();
        outbox_ui(ui, work, snapshot.moment, actions);
        for action in actions.get(before..).unwrap_or_default() {
            if let Action::Open(_) = action {
                self.section = Section::Applications;
            }
            if let Action::Rework(id) = action
                && let Some(row) = work.outbox.iter().find(|row| row.record.id == *id)
            {
                self.card.reread(row.application);
            }
        }
    }
}

/// A long pull, with the work beside it going on.
fn progress_ui(ui: &mut Ui, work: &Work) {
    let Some(pulling) = work.pulling.filter(|_| !work.complete) else { return };
    Panel::top("progress").frame(theme::bar(ui)).show(ui, |ui| {
        let done = usize::try_from(pulling.records).unwrap_or(usize::MAX);
        let words = t!("progress-pulling", count = pulling.records, rate = pulling.records_per_sec.round());
        widgets::progress(ui, done, None, &words);
    });
}
