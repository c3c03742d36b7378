//! Small widgets: marks, badges, buttons with a sign.

use egui::accesskit::Role;
use egui::{Align2, Button, Color32, FontId, Id, Label, ProgressBar, Rect, Response, RichText, Ui, text::CCursor};
use prikrep_domain::Status;

use crate::texts::t;
use crate::theme::{self, Palette};

/// Gives a widget a name and a role for screen readers.
pub(crate) fn named(response: &Response, role: Role, name: &str) {
    response.ctx.accesskit_node_builder(response.id, |node| {
        node.set_role(role);
        node.set_label(name);
    });
}

/// A button that shows only a sign; its name is spoken and shown under the pointer.
pub(crate) fn icon_button(ui: &mut Ui, sign: &str, name: &str) -> Response {
    let response = ui.add(Button::new(RichText::new(sign).color(Palette::of(ui).muted)).frame(false).small());
    named(&response, Role::Button, name);
    response.on_hover_text(name)
}

/// A status with a sign beside its colour; what waits for an answer stands out.
pub(crate) fn status_mark(ui: &mut Ui, status: Status, is_pending: bool) {
    let palette = Palette::of(ui);
    let (sign, color) = match status {
        _ if is_pending && status == Status::CancelFailed => ("❗", palette.bad),
        _ if is_pending => ("●", palette.pending),
        Status::Done => ("✔", palette.ok),
        Status::Refused => ("✖", palette.bad),
        Status::Cancelled => ("⊘", palette.muted),
        Status::Sent | Status::Accepted | Status::Cancelling | Status::CancelFailed => ("○", palette.muted),
    };
    let words = format!("{sign} {}", status.table_words());
    let text = if is_pending { theme::bold(&words) } else { RichText::new(words) };
    let response = ui.add(Label::new(text.color(color)).truncate().selectable(false));
    if is_pending {
        named(&response, Role::Label, &format!("{}, {}", status.table_words(), t!("status-pending")));
    } else {
        named(&response, Role::Label, status.table_words());
    }
}

/// A counter at the right end of a menu entry.
pub(crate) fn badge_over(ui: &Ui, over: Rect, count: usize, color: Color32) {
    let words = if count > 99_999 { "99999+".to_owned() } else { count.to_string() };
    let palette = Palette::of(ui);
    let galley = ui.painter().layout_no_wrap(words, FontId::new(12.0, theme::bold_family()), palette.on_accent);
    let size = galley.size() + egui::vec2(12.0, 2.0);
    let rect = Align2::RIGHT_CENTER.anchor_size(over.right_center() - egui::vec2(6.0, 0.0), size);
    ui.painter().rect_filled(rect, size.y / 2.0, color);
    ui.painter().galley(rect.min + egui::vec2(6.0, 1.0), galley, palette.on_accent);
}

/// How far something has come, in words and as a bar.
pub(crate) fn progress(ui: &mut Ui, done: usize, total: Option<usize>, words: &str) {
    ui.horizontal(|ui| match total {
        Some(total) if total > 0 => {
            #[expect(clippy::cast_precision_loss, reason = "a share that is shown")]
            let share = done as f32 / total as f32;
            ui.add(ProgressBar::new(share).desired_width(ui.available_width()).text(words.to_owned()));
        }
        Some(_) | None => {
            ui.spinner();
            ui.label(words);
        }
    });
}

/// Puts the cursor of a text field behind its last character.
pub(crate) fn cursor_to_end(ui: &Ui, field: Id, text: &str) {
    let mut state = egui::TextEdit::load_state(ui, field).unwrap_or_default();
    let end = CCursor::new(text.chars().count());
    state.cursor.set_char_range(Some(egui::text::CCursorRange::one(end)));
    egui::TextEdit::store_state(ui, field, state);
}
