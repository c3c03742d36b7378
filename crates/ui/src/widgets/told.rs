//! Words with a sign, names for what draws itself, and places beside fields.

use egui::accesskit::Role;
use egui::{Align2, Color32, FontId, Label, Rect, Response, RichText, Ui, vec2};
use prikrep_domain::Status;

use super::badge::{Mark, status_mark};
use crate::t;
use crate::theme::{self, Palette, SMALL};

/// Words that a person should take note of, with their sign; they wrap.
pub fn told(ui: &mut Ui, mark: Mark, words: &str) -> Response {
    let color = mark.color(&Palette::of(ui));
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let (_, sign) = ui.allocate_space(vec2(16.0, 18.0));
        mark.icon().paint(ui.painter(), sign, color);
        ui.add(Label::new(RichText::new(words).color(color)).wrap().selectable(true))
    })
    .inner
}

/// The status of an application with its sign; what waits for an answer stands out.
pub fn application_mark(ui: &mut Ui, status: Status, is_pending: bool) -> Response {
    let mark = match status {
        Status::CancelFailed if is_pending => Mark::Warn,
        _ if is_pending => Mark::Pending,
        Status::Done => Mark::Ok,
        Status::Refused => Mark::Bad,
        Status::Sent | Status::Accepted | Status::Cancelling | Status::Cancelled | Status::CancelFailed => Mark::Quiet,
    };
    let response = status_mark(ui, mark, status.table_words());
    if is_pending {
        named(&response, Role::Label, &format!("{}, {}", status.table_words(), t!("status-pending")));
    }
    response
}

/// Gives a name and a role for screen readers to what draws itself.
pub fn named(response: &Response, role: Role, name: &str) {
    response.ctx.accesskit_node_builder(response.id, |node| {
        node.set_role(role);
        // What a label says is its value.
        if role == Role::Label {
            node.set_value(name);
        } else {
            node.set_label(name);
        }
    });
}

/// A counter at the right end of a menu entry.
pub fn badge_over(ui: &Ui, over: Rect, count: usize, color: Color32) {
    let words = if count > 99_999 { "99999+".to_owned() } else { count.to_string() };
    let on_accent = Palette::of(ui).on_accent;
    let galley = ui.painter().layout_no_wrap(words, FontId::new(SMALL - 1.0, theme::bold_family()), on_accent);
    let size = vec2((galley.size().x + 10.0).max(18.0), 16.0);
    let rect = Align2::RIGHT_CENTER.anchor_size(over.right_center() - vec2(6.0, 0.0), size);
    ui.painter().rect_filled(rect, 8.0, color);
    let place = Align2::CENTER_CENTER.align_size_within_rect(galley.size(), rect);
    ui.painter().galley(place.min, galley, on_accent);
}

/// Something without a name above it, at the height of the fields beside it.
pub fn beside_label(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> Response) -> Response {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        ui.label(theme::note(ui, " "));
        add(ui)
    })
    .inner
}

/// At most this wide: what takes all the room that it finds, in a row of others.
pub fn within<T>(ui: &mut Ui, width: f32, add: impl FnOnce(&mut Ui) -> T) -> T {
    ui.allocate_ui_with_layout(vec2(width, 0.0), egui::Layout::top_down(egui::Align::Min), |ui| {
        ui.set_width(width);
        add(ui)
    })
    .inner
}
