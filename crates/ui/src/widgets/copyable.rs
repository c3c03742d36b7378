//! A value of the card: to be read, selected and copied.

use egui::{Label, Response, RichText, Sense, Ui, vec2};

use super::icon::{Icon, icon_button_at, id_of};
use crate::t;
use crate::theme::{self, LABEL_WIDTH, Palette};

/// What stands for a value that is absent.
const ABSENT: &str = "—";
const BUTTON: f32 = 20.0;

/// A name and beside it a value that can be selected; a button that copies it shows under the mouse and on
/// the keyboard's way. An absent value is a dash and has no button.
pub fn copyable(ui: &mut Ui, label: &str, value: &str) -> Response {
    let row = ui.horizontal_top(|ui| {
        ui.spacing_mut().interact_size.y = 0.0;
        name_ui(ui, label);
        if value.trim().is_empty() {
            return ui.label(RichText::new(ABSENT).color(Palette::of(ui).muted));
        }
        let width = (ui.available_width() - BUTTON - ui.spacing().item_spacing.x).max(40.0);
        let text = ui.allocate_ui(vec2(width, 0.0), |ui| ui.add(Label::new(value).selectable(true).wrap())).inner;
        copy_ui(ui, label, value, &text);
        text
    });
    row.inner
}

fn name_ui(ui: &mut Ui, label: &str) {
    ui.allocate_ui(vec2(LABEL_WIDTH, 0.0), |ui| {
        ui.set_min_width(LABEL_WIDTH);
        ui.add(Label::new(theme::note(ui, label)).wrap());
    });
}

fn copy_ui(ui: &mut Ui, label: &str, value: &str, text: &Response) {
    let (_, space) = ui.allocate_space(vec2(BUTTON, text.rect.height().min(BUTTON)));
    let place = egui::Rect::from_center_size(space.center(), vec2(BUTTON, BUTTON));
    let row = text.rect.union(place);
    let done = text.id.with("copied");
    let name = t!("copy-value", name = label);
    let button = id_of(ui, &name);
    let looked_at = ui.rect_contains_pointer(row) || ui.memory(|memory| memory.has_focus(button));
    let copied = looked_at && ui.data(|data| data.get_temp::<bool>(done)).unwrap_or_default();
    let icon = match (looked_at, copied) {
        (false, _) => Icon::Nothing,
        (true, false) => Icon::Copy,
        (true, true) => Icon::Tick,
    };
    let button = icon_button_at(ui, place, icon, &name, Sense::click()).on_hover_text(t!("copy-hint"));
    let copied = looked_at && (copied || button.clicked());
    if button.clicked() {
        ui.ctx().copy_text(value.to_owned());
    }
    ui.data_mut(|data| data.insert_temp(done, copied));
}
