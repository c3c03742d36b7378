//! The shell around the views: the menu, the status bar, the keys that work everywhere.

use std::borrow::Cow;

use egui::{Key, Layout, Modifiers, RichText, Ui};

use crate::format;
use crate::t;
use crate::theme::{self, Palette};
use crate::widgets::{self, Mark};
use crate::{Action, Link, Snapshot, Work};

const MENU_WIDTH: f32 = 184.0;

/// A section of the menu.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Section {
    /// «Заявления ЕГИСЗ».
    #[default]
    Applications,
    /// «Отправка».
    Outbox,
    /// «Статистика».
    Statistics,
    /// «Настройки».
    Settings,
}

impl Section {
    const ALL: [Self; 4] = [Self::Applications, Self::Outbox, Self::Statistics, Self::Settings];

    fn words(self) -> std::borrow::Cow<'static, str> {
        match self {
            Self::Applications => t!("menu-applications"),
            Self::Outbox => t!("menu-outbox"),
            Self::Statistics => t!("menu-statistics"),
            Self::Settings => t!("menu-settings"),
        }
    }
}

/// Draws the side menu with its counters.
pub(crate) fn menu_ui(ui: &mut Ui, section: &mut Section, work: &Work, actions: &mut Vec<Action>) {
    egui::Panel::left("menu").exact_size(MENU_WIDTH).resizable(false).frame(theme::bar(ui)).show(ui, |ui| {
        ui.add_space(4.0);
        ui.label(theme::bold(t!("app-name")));
        ui.add_space(8.0);
        for one in Section::ALL {
            if entry_ui(ui, one, *section == one, work) {
                *section = one;
            }
        }
        ui.with_layout(Layout::bottom_up(egui::Align::Min), |ui| {
            ui.add_space(4.0);
            if ui.button(t!("menu-lock")).on_hover_text("Ctrl+L").clicked() {
                actions.push(Action::Lock);
            }
            if let Some(organization) = &work.organization {
                let name = RichText::new(&organization.name).small().color(Palette::of(ui).muted);
                ui.add(egui::Label::new(name).wrap());
            }
            ui.add(egui::Label::new(RichText::new(&work.employee).small()).wrap());
        });
    });
}

fn entry_ui(ui: &mut Ui, section: Section, is_open: bool, work: &Work) -> bool {
    let words = section.words();
    let counts = work.counts;
    let palette = Palette::of(ui);
    let badge = match section {
        Section::Applications => Some((counts.pending, palette.accent, t!("badge-pending", count = counts.pending))),
        Section::Outbox => {
            let undelivered = counts.queued + counts.registered;
            Some(if counts.rejected > 0 {
                (counts.rejected + undelivered, palette.bad, t!("badge-rejected", count = counts.rejected))
            } else {
                (undelivered, palette.warn, t!("badge-undelivered", count = undelivered))
            })
        }
        Section::Statistics | Section::Settings => None,
    };
    let badge = badge.filter(|(count, _, _)| *count > 0);
    let spoken = badge.as_ref().map_or_else(|| words.to_string(), |(_, _, spoken)| format!("{words}, {spoken}"));
    let mut clicked = false;
    ui.horizontal(|ui| {
        let width = ui.available_width();
        // The words stand at the left, the counter at the right.
        let button = egui::Button::selectable(is_open, (words.as_ref(), egui::Atom::grow()));
        let button = button.min_size(egui::vec2(width, 28.0));
        let response = ui.add(button);
        widgets::named(&response, egui::accesskit::Role::Button, &spoken);
        if let Some((count, color, _)) = badge {
            widgets::badge_over(ui, response.rect, count, color);
        }
        clicked = response.clicked();
    });
    clicked
}

/// Draws the status bar: whose work this is, how fresh it is, what is wrong and what to do.
pub(crate) fn status_bar_ui(ui: &mut Ui, snapshot: &Snapshot, work: &Work, actions: &mut Vec<Action>) {
    egui::Panel::bottom("status").frame(theme::bar(ui)).show(ui, |ui| {
        ui.horizontal(|ui| {
            let refresh = ui.add_enabled(work.pulling.is_none(), egui::Button::new(t!("status-refresh")).small());
            if refresh.on_hover_text("F5").clicked() {
                actions.push(Action::Refresh);
            }
            ui.label(updated_words(snapshot, work));
            ui.separator();
            link_ui(ui, work);
            if work.counts.queued > 0 {
                ui.separator();
                ui.label(t!("status-queued", count = work.counts.queued));
            }
            ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
                let whose = work.organization.as_ref().map_or_else(
                    || work.employee.clone(),
                    |organization| format!("{} — {}", organization.name, work.employee),
                );
                ui.add(egui::Label::new(whose).truncate());
            });
        });
        if let Some(words) = work.clock_ahead_minutes.map(clock_words) {
            widgets::told(ui, Mark::Warn, &words);
        }
        if let Some(disk) = work.disk {
            widgets::told(ui, Mark::Warn, &disk.words());
        }
        if let Some(megabytes) = work.low_space {
            widgets::told(ui, Mark::Warn, &t!("disk-low", megabytes = megabytes));
        }
        for words in work.attention.iter().chain(&work.desk_trouble) {
            widgets::told(ui, Mark::Warn, words);
        }
    });
}

/// How the clock differs, in words.
fn clock_words(ahead_minutes: i64) -> Cow<'static, str> {
    let span = format::span(ahead_minutes.unsigned_abs() * 60);
    if ahead_minutes > 0 { t!("clock-ahead", span = span) } else { t!("clock-behind", span = span) }
}

/// How fresh the list is, in words.
pub(crate) fn updated_words(snapshot: &Snapshot, work: &Work) -> String {
    match (work.pulling, work.updated_at) {
        (Some(pulling), _) => {
            let count = pulling.records;
            t!("status-pulling", count = count).into_owned()
        }
        (None, Some(at)) => {
            let at = format::recent(at, snapshot.moment.now, snapshot.moment.zone);
            t!("status-updated", at = at).into_owned()
        }
        (None, None) => t!("status-never-updated").into_owned(),
    }
}

fn link_ui(ui: &mut Ui, work: &Work) {
    let (mark, words) = match &work.link {
        Link::Starting => (Mark::Quiet, t!("link-starting")),
        Link::Online => (Mark::Ok, t!("link-online")),
        Link::Offline { words } => (Mark::Warn, t!("link-offline", why = words.as_str())),
        Link::Refused { words } => (Mark::Bad, t!("link-refused", why = words.trim_end_matches('.'))),
        Link::Faulty { words } => (Mark::Bad, t!("link-faulty", why = words.as_str())),
    };
    widgets::status_mark(ui, mark, &words);
}

/// Keys that work in every section.
pub(crate) fn keys(ui: &Ui, snapshot: &Snapshot, help: &mut bool, actions: &mut Vec<Action>) {
    let pressed = |modifiers: Modifiers, key: Key| ui.input_mut(|input| input.consume_key(modifiers, key));
    if pressed(Modifiers::NONE, Key::F1) {
        *help = !*help;
    }
    if pressed(Modifiers::NONE, Key::F5) {
        actions.push(Action::Refresh);
    }
    if pressed(Modifiers::COMMAND, Key::L) {
        actions.push(Action::Lock);
    }
    let bigger = pressed(Modifiers::COMMAND, Key::Plus) || pressed(Modifiers::COMMAND, Key::Equals);
    let smaller = pressed(Modifiers::COMMAND, Key::Minus);
    let usual = pressed(Modifiers::COMMAND, Key::Num0);
    let zoom = snapshot.settings.zoom_percent;
    let wanted = match (bigger, smaller, usual) {
        (true, _, _) => (zoom + 10).min(200),
        (_, true, _) => zoom.saturating_sub(10).max(100),
        (_, _, true) => 100,
        (false, false, false) => zoom,
    };
    if wanted != zoom {
        let mut settings = (*snapshot.settings).clone();
        settings.zoom_percent = wanted;
        actions.push(Action::Set(settings));
    }
}

/// Whether a window stands over everything: the keys of what is behind it do nothing then.
pub(crate) fn is_covered(ui: &Ui) -> bool {
    ui.memory(|memory| memory.top_modal_layer().is_some())
}

/// All keys, on F1.
pub(crate) fn help_ui(ui: &Ui, is_open: &mut bool) {
    if !*is_open {
        return;
    }
    let modal = egui::Modal::new(egui::Id::unique("help")).show(ui, |ui| {
        ui.label(theme::title(t!("help-title")));
        egui::Grid::new("keys").num_columns(2).spacing([18.0, 4.0]).show(ui, |ui| {
            for (keys, what) in help_rows() {
                ui.label(theme::bold(keys));
                ui.label(what);
                ui.end_row();
            }
        });
        ui.add_space(6.0);
        if ui.button(t!("help-close")).clicked() {
            ui.close();
        }
    });
    if modal.should_close() {
        *is_open = false;
    }
}

fn help_rows() -> [(&'static str, std::borrow::Cow<'static, str>); 14] {
    [
        ("F1", t!("help-keys")),
        ("F5", t!("help-refresh")),
        ("Ctrl+F", t!("help-filter")),
        ("Enter", t!("help-enter")),
        ("↑ ↓", t!("help-arrows")),
        ("PgUp PgDn", t!("help-pages")),
        ("Home End", t!("help-ends")),
        ("А–Я", t!("help-type-ahead")),
        ("Esc", t!("help-escape")),
        ("Ctrl+Enter", t!("help-send")),
        ("Ctrl+E", t!("help-export")),
        ("Ctrl+L", t!("help-lock")),
        ("Ctrl+= Ctrl+-", t!("help-zoom")),
        ("Tab", t!("help-tab")),
    ]
}
