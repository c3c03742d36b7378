//! The look of the window: fonts, colours and sizes, for light and dark, in this one place.
//!
//! Invariant: text in any colour of [`Palette`] has a contrast of at least 4.5:1 against every background
//! that is meant for text, and an idle window has nothing that moves.

mod fonts;
mod palette;
mod style;

use egui::{Button, Context, CornerRadius, Frame, Key, Margin, RichText, Stroke, ThemePreference, Vec2};

pub use fonts::bold_family;
pub use palette::Palette;

use crate::{Settings, ThemeChoice};

/// The height of a row of the table, in points; even, so that a million rows scroll exactly.
pub const ROW_HEIGHT: f32 = 22.0;
/// The height of the table's header, in points.
pub const HEADER_HEIGHT: f32 = 26.0;
/// The height of a field and a button, in points.
pub const FIELD_HEIGHT: f32 = 24.0;
/// The width of a field that holds a date, in points.
pub const DATE_WIDTH: f32 = 116.0;
/// The width of the names beside the values of the card, in points.
pub const LABEL_WIDTH: f32 = 168.0;
/// The size of ordinary text, in points.
pub const BODY: f32 = 13.0;
/// The size of names above fields, of mistakes below them and of notes, in points.
pub const SMALL: f32 = 12.0;
/// The size of a view's title, in points.
pub const TITLE: f32 = 17.0;
/// Between fields that belong together, in points.
pub const GAP: f32 = 8.0;
/// The space before the content of a cell of the table, in points.
pub const CELL_MARGIN: f32 = 6.0;
/// The inner margin of a panel, in points.
pub const PANEL_MARGIN: i8 = 10;

/// Fonts, both styles and what must not be as egui has it by default. Once, at the start.
pub fn install(ctx: &Context) {
    ctx.set_fonts(fonts::definitions());
    style::install(ctx);
    ctx.options_mut(|options| {
        options.quit_shortcuts.clear();
        // Ctrl+= changes the setting, which `apply` then shows.
        options.zoom_with_keyboard = false;
        options.fallback_theme = egui::Theme::Light;
    });
}

/// What a person has set: light or dark, and the size of text from 100 to 200 %.
pub fn apply(ctx: &Context, settings: &Settings) {
    ctx.set_theme(match settings.theme {
        ThemeChoice::System => ThemePreference::System,
        ThemeChoice::Light => ThemePreference::Light,
        ThemeChoice::Dark => ThemePreference::Dark,
    });
    ctx.set_zoom_factor(f32::from(settings.zoom_percent.clamp(100, 200)) / 100.0);
}

/// Bold text of the ordinary size.
pub fn bold(text: impl Into<String>) -> RichText {
    RichText::new(text).family(bold_family())
}

/// The title of a view or a card.
pub fn title(text: impl Into<String>) -> RichText {
    bold(text).size(TITLE)
}

/// The name of a field, a note: smaller and paler than ordinary text, and still easy to read.
pub fn note(ui: &egui::Ui, text: impl Into<String>) -> RichText {
    RichText::new(text).size(SMALL).color(Palette::of(ui).muted)
}

/// The one button of a view that does what the view is for.
pub fn primary<'a>(ui: &egui::Ui, text: impl Into<String>) -> Button<'a> {
    let palette = Palette::of(ui);
    Button::new(bold(text).color(palette.on_accent)).fill(palette.accent).min_size(Vec2::new(0.0, FIELD_HEIGHT))
}

/// An identifier.
pub fn mono(text: impl Into<String>) -> RichText {
    RichText::new(text).monospace()
}

/// A block among others, such as a tile of the statistics.
pub fn block(ui: &egui::Ui) -> Frame {
    let palette = Palette::of(ui);
    Frame::new()
        .fill(palette.field)
        .stroke(Stroke::new(1.0, palette.line))
        .corner_radius(CornerRadius::same(6))
        .inner_margin(Margin::symmetric(PANEL_MARGIN, 8))
}

/// The ground of the side menu and of the bars.
pub fn bar(ui: &egui::Ui) -> Frame {
    Frame::new().fill(Palette::of(ui).bar).inner_margin(Margin::symmetric(PANEL_MARGIN, 4))
}

/// Whether Enter was pressed in this pass, with no modifier. For a field that has just lost the focus by it.
#[must_use]
pub fn entered(ui: &egui::Ui) -> bool {
    ui.input(|input| input.key_pressed(Key::Enter) && input.modifiers.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_are_shown_within_their_limits() {
        let ctx = Context::default();
        install(&ctx);
        for (zoom_percent, factor) in [(0, 1.0), (125, 1.25), (900, 2.0)] {
            apply(&ctx, &Settings { zoom_percent, theme: ThemeChoice::Dark, ..Settings::default() });
            ctx.begin_pass(egui::RawInput::default());
            assert!((ctx.zoom_factor() - factor).abs() < f32::EPSILON);
            assert_eq!(ctx.theme(), egui::Theme::Dark);
            ctx.end_pass().textures_delta.clear();
        }
    }
}
