//! A small window for the tests of one control.

use chrono::NaiveDate;
use egui::accesskit::Role;
use egui::{Key, Theme, Ui, Vec2};
use egui_kittest::kittest::Queryable as _;
use egui_kittest::{Harness, SnapshotOptions};
use prikrep_ui::theme;

use crate::renderer::Renderer;

pub(crate) fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a date of a test")
}

pub(crate) const SNAPSHOTS: &str = "tests/ui/snapshots";

/// A Thursday.
pub(crate) fn today() -> NaiveDate {
    day(2026, 11, 19)
}

/// A window of a size and a theme, with our fonts and style.
pub(crate) fn window<'a, State>(
    size: impl Into<Vec2>,
    theme: Theme,
    mut show: impl FnMut(&mut Ui, &mut State) + 'a,
    state: State,
) -> Harness<'a, State> {
    let in_panel = move |ui: &mut Ui, state: &mut State| {
        egui::CentralPanel::default().show(ui, |ui| show(ui, state));
    };
    let mut harness = Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .with_render_cursor(false)
        .with_options(SnapshotOptions::new().output_path(SNAPSHOTS))
        .renderer(Renderer::default())
        .with_context_setup(theme::install)
        .build_ui_state(in_panel, state);
    harness.run();
    harness
}

/// Presses keys one after another, as a person does.
pub(crate) fn press<State>(window: &mut Harness<'_, State>, keys: &[Key]) {
    for key in keys {
        window.key_press(*key);
        window.run();
    }
}

/// Clicks what has a name.
pub(crate) fn click<State>(window: &mut Harness<'_, State>, name: &str) {
    window.get_by_label(name).click();
    window.run();
}

/// Types into the field with a name, after what is there.
pub(crate) fn type_into<State>(window: &mut Harness<'_, State>, name: &str, text: &str) {
    window.get_by_role_and_label(Role::TextInput, name).focus();
    window.run();
    window.get_by_role_and_label(Role::TextInput, name).type_text(text);
    window.run();
}
