//! Small signs of state: a counter on the menu, a mark before a status.

use egui::{Align2, Color32, CornerRadius, FontId, Painter, Rect, Response, Role, Sense, Ui, WidgetInfo, vec2};

use super::icon::Icon;
use crate::theme::{self, Palette, SMALL};

/// A counter on a coloured pill, for example how many applications wait. `name` is what a screen reader says.
pub fn badge(ui: &mut Ui, text: &str, color: Color32, name: &str) -> Response {
    let on_accent = Palette::of(ui).on_accent;
    let font = FontId::new(SMALL - 1.0, theme::bold_family());
    let galley = ui.painter().layout_no_wrap(text.to_owned(), font, on_accent);
    let size = vec2((galley.size().x + 10.0).max(18.0), 16.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, name));
    ui.painter().rect_filled(rect, CornerRadius::same(8), color);
    let place = Align2::CENTER_CENTER.align_size_within_rect(galley.size(), rect);
    ui.painter().galley(place.min, galley, on_accent);
    response
}

/// What a status means for the person at the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Waits for an answer.
    Pending,
    /// Granted, delivered, well.
    Ok,
    /// Needs attention.
    Warn,
    /// Refused, rejected, broken.
    Bad,
    /// Nothing to do.
    Quiet,
}

impl Mark {
    /// Its sign, so that colour is never the only one.
    #[must_use]
    pub const fn icon(self) -> Icon {
        match self {
            Self::Pending => Icon::Dot,
            Self::Ok => Icon::Tick,
            Self::Warn => Icon::Warning,
            Self::Bad => Icon::Cross,
            Self::Quiet => Icon::Ring,
        }
    }

    /// Its colour.
    #[must_use]
    pub const fn color(self, palette: &Palette) -> Color32 {
        match self {
            Self::Pending => palette.pending,
            Self::Ok => palette.ok,
            Self::Warn => palette.warn,
            Self::Bad => palette.bad,
            Self::Quiet => palette.muted,
        }
    }

    /// Draws the sign at the left of a rectangle, for a cell of a table that lays its text out itself.
    pub fn paint(self, painter: &Painter, cell: Rect, palette: &Palette) {
        let place = Rect::from_min_size(cell.min, vec2(16.0, cell.height()));
        self.icon().paint(painter, place, self.color(palette));
    }
}

/// A sign and the words of a status, both in its colour.
pub fn status_mark(ui: &mut Ui, mark: Mark, words: &str) -> Response {
    let color = mark.color(&Palette::of(ui));
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let (_, sign) = ui.allocate_space(vec2(16.0, 16.0));
        mark.icon().paint(ui.painter(), sign, color);
        ui.add(egui::Label::new(egui::RichText::new(words).color(color)).truncate())
    })
    .inner
}
