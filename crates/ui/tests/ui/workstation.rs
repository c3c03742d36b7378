//! The whole window with a client behind it, and a person in front of it.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, Modifiers, Rect, Theme, Ui};
use egui_kittest::kittest::{By, NodeT as _, Queryable as _};
use egui_kittest::{Harness, Node, SnapshotOptions};
use prikrep_domain::{AnswerDraft, Application, ApplicationId, Query};
use prikrep_ui::{Action, Settings, Snapshot, Stage, Window, Work, theme};

use crate::desk::SNAPSHOTS;
use crate::office::{self, Office};
use crate::renderer::Renderer;

/// The harness keeps a margin of 8 points around a window.
const MARGIN: f32 = 16.0;
const SIZE: [f32; 2] = [1366.0, 740.0];

/// What is behind the screen.
pub(crate) struct Desk {
    pub(crate) window: Window,
    pub(crate) snapshot: Snapshot,
    pub(crate) office: Office,
    /// Everything that was asked for, in its order.
    pub(crate) done: Vec<Action>,
}

impl Desk {
    fn ui(&mut self, ui: &mut Ui) {
        theme::apply(ui.ctx(), &self.snapshot.settings);
        for action in self.window.ui(ui, &self.snapshot) {
            self.office.carry_out(&action, &mut self.snapshot);
            self.done.push(action);
            if !self.office.is_slow {
                ui.request_repaint();
            }
        }
    }
}

pub(crate) struct Workstation(Harness<'static, Desk>);

impl Deref for Workstation {
    type Target = Harness<'static, Desk>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Workstation {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Workstation {
    pub(crate) fn of(size: [f32; 2], snapshot: Snapshot, office: Office) -> Self {
        let desk = Desk { window: Window::default(), snapshot, office, done: Vec::new() };
        let mut harness = Harness::builder()
            .with_size(size.map(|side| side + MARGIN))
            .with_theme(Theme::Light)
            .with_max_steps(12)
            .with_render_cursor(false)
            .with_options(SnapshotOptions::new().output_path(SNAPSHOTS))
            .renderer(Renderer::default())
            .with_context_setup(theme::install)
            .build_ui_state(|ui, desk: &mut Desk| desk.ui(ui), desk);
        harness.run();
        Self(harness)
    }

    /// Somebody has signed in, and these applications are there.
    pub(crate) fn at_work(applications: Vec<Application>) -> Self {
        Self::with_work(applications, |_| {})
    }

    /// The same, when something is not as usual.
    pub(crate) fn with_work(applications: Vec<Application>, change: impl FnOnce(&mut Work)) -> Self {
        let office = Office::with(applications);
        let mut work = office::work();
        office.reread(&mut work);
        change(&mut work);
        Self::of(SIZE, office::snapshot(Stage::Work(Arc::new(work))), office)
    }

    pub(crate) fn with_settings(applications: Vec<Application>, settings: Settings) -> Self {
        let office = Office::with(applications);
        let mut snapshot = office::snapshot(Stage::Work(Arc::new(office::work())));
        snapshot.settings = Arc::new(settings);
        Self::of(SIZE, snapshot, office)
    }

    /// At a stage before or after the work.
    pub(crate) fn at(stage: Stage) -> Self {
        Self::of(SIZE, office::snapshot(stage), Office::default())
    }

    /// At work with an application's card open.
    pub(crate) fn at_card(applications: Vec<Application>, id: ApplicationId) -> Self {
        let mut workstation = Self::at_work(applications);
        workstation.open(id);
        workstation
    }

    /// What the client tells has changed.
    pub(crate) fn told(&mut self, change: impl FnOnce(&mut Work)) {
        let Stage::Work(work) = &mut self.state_mut().snapshot.stage else { panic!("nobody works") };
        change(Arc::make_mut(work));
        self.run();
    }

    /// What the client knows has changed, and it reads the list and the open card again.
    pub(crate) fn meanwhile(&mut self, change: impl FnOnce(&mut Office)) {
        let desk = self.state_mut();
        change(&mut desk.office);
        let Stage::Work(work) = &mut desk.snapshot.stage else { panic!("nobody works") };
        desk.office.reread(Arc::make_mut(work));
        self.run();
    }

    pub(crate) fn open(&mut self, id: ApplicationId) {
        let card = self.state().office.card(id);
        self.told(|work| work.card = card);
    }

    // What is shown.

    /// Whether something has this name or these words.
    pub(crate) fn says(&self, words: &str) -> bool {
        self.query_all_by_label(words).next().is_some()
    }

    /// Whether these words are a part of something.
    pub(crate) fn mentions(&self, words: &str) -> bool {
        self.query_all_by_label_contains(words).next().is_some()
    }

    pub(crate) fn field<'a>(&'a self, name: &'a str) -> Node<'a> {
        self.get(field_named(name))
    }

    pub(crate) fn has_field(&self, name: &str) -> bool {
        self.query(field_named(name)).is_some()
    }

    /// What is in a field.
    pub(crate) fn value(&self, name: &str) -> String {
        self.field(name).value().unwrap_or_default()
    }

    /// The mistake that is told under a field.
    pub(crate) fn mistake(&self, name: &str) -> Option<String> {
        let field = self.field(name);
        let node = field.accesskit_node();
        let words = node.data().description().map(str::to_owned);
        if let Some(words) = &words {
            assert!(self.says(words), "a mistake is seen, not only spoken: {words}");
        }
        words
    }

    /// All words whose place is of interest, in the order in which a screen reader reads them.
    pub(crate) fn words_at(&self, place: impl Fn(Rect) -> bool) -> Vec<String> {
        let labels = self.query_all(By::new().role(Role::Label)).filter(|node| place(node.rect()));
        labels.filter_map(|node| node.value().or_else(|| node.accesskit_node().label())).collect()
    }

    // What a person does.

    pub(crate) fn click(&mut self, name: &str) {
        self.get_by_label(name).click();
        self.run();
    }

    pub(crate) fn click_button(&mut self, name: &str) {
        self.get_by_role_and_label(Role::Button, name).click();
        self.run();
    }

    /// Clicks a row of the list by its patient's name.
    pub(crate) fn click_row(&mut self, name: &str) {
        self.row(name).click();
        self.run();
    }

    fn row<'a>(&'a self, name: &'a str) -> Node<'a> {
        let left = |node: &Node<'_>| node.rect().left();
        let nodes = self.query_all_by_label(name);
        nodes.min_by(|a, b| left(a).total_cmp(&left(b))).expect("a row of the list")
    }

    /// Where a row of the list is.
    pub(crate) fn row_rect(&self, name: &str) -> Rect {
        self.row(name).rect()
    }

    pub(crate) fn press(&mut self, keys: &[Key]) {
        crate::desk::press(&mut self.0, keys);
    }

    pub(crate) fn ctrl(&mut self, key: Key) {
        self.key_press_modifiers(Modifiers::COMMAND, key);
        self.run();
    }

    /// Types wherever the keyboard is.
    pub(crate) fn types(&mut self, text: &str) {
        self.event(egui::Event::Text(text.to_owned()));
        self.run();
    }

    pub(crate) fn types_into(&mut self, name: &str, text: &str) {
        self.field(name).focus();
        self.run();
        self.types(text);
    }

    /// Takes out what is in a field and types something else.
    pub(crate) fn retypes(&mut self, name: &str, text: &str) {
        self.field(name).focus();
        self.run();
        self.ctrl(Key::A);
        self.press(&[Key::Backspace]);
        if !text.is_empty() {
            self.types(text);
        }
    }

    /// Chooses from a box that opens a list.
    pub(crate) fn chooses(&mut self, name: &str, option: &str) {
        self.get_by_role_and_label(Role::ComboBox, name).click();
        self.run();
        self.click_button(option);
    }

    // What was asked for.

    pub(crate) fn forget(&mut self) {
        self.state_mut().done.clear();
    }

    pub(crate) fn all<T>(&self, one: impl Fn(&Action) -> Option<T>) -> Vec<T> {
        self.state().done.iter().filter_map(one).collect()
    }

    /// Whether an action was asked for.
    pub(crate) fn did(&self, one: impl Fn(&Action) -> bool) -> bool {
        self.state().done.iter().any(one)
    }

    pub(crate) fn searches(&self) -> Vec<Query> {
        self.all(|action| if let Action::Search(query) = action { Some(query.clone()) } else { None })
    }

    /// The last search, of exactly one since [`Self::forget`].
    pub(crate) fn the_search(&self) -> Query {
        let searches = self.searches();
        assert_eq!(searches.len(), 1, "one search: {searches:?}");
        searches[0].clone()
    }

    pub(crate) fn opened(&self) -> Vec<ApplicationId> {
        self.all(|action| if let Action::Open(id) = action { Some(*id) } else { None })
    }

    pub(crate) fn sent(&self) -> Vec<(ApplicationId, AnswerDraft)> {
        self.all(|action| {
            let Action::Send { application, draft, .. } = action else { return None };
            Some((*application, draft.clone()))
        })
    }

    pub(crate) fn saved(&self) -> Vec<(ApplicationId, AnswerDraft)> {
        self.all(|action| if let Action::SaveDraft(id, draft) = action { Some((*id, draft.clone())) } else { None })
    }

    pub(crate) fn settings(&self) -> Vec<Settings> {
        self.all(|action| if let Action::Set(settings) = action { Some(settings.clone()) } else { None })
    }

    /// Texts that were put on the clipboard by the next steps.
    pub(crate) fn copied(&mut self) -> Vec<String> {
        let mut copied = Vec::new();
        for _ in 0..4 {
            self.step();
            let commands = &self.output().platform_output.commands;
            copied.extend(commands.iter().filter_map(|command| {
                if let egui::OutputCommand::CopyText(text) = command { Some(text.clone()) } else { None }
            }));
        }
        copied
    }
}

/// A field for text of any kind.
fn field_named(name: &str) -> By<'_> {
    const ROLES: [Role; 3] = [Role::TextInput, Role::MultilineTextInput, Role::PasswordInput];
    By::new().label(name).predicate(|node| ROLES.contains(&node.role()))
}
