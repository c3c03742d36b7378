//! A field with its name above and its mistake below.
//!
//! Invariant: a mistake is told three times: by words, by a sign, and by the colour of the frame; and to a
//! screen reader as the field's description.

use egui::accesskit::Invalid;
use egui::{Response, RichText, Stroke, Ui};

use super::icon::Icon;
use crate::theme::{self, Palette, SMALL};

/// A mistake may be wider than a narrow field, up to this.
const MISTAKE_WIDTH: f32 = 150.0;

/// A name above what `add` shows, and a mistake under it. The response is that of `add`.
pub fn labelled(ui: &mut Ui, label: &str, error: Option<&str>, add: impl FnOnce(&mut Ui) -> Response) -> Response {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        let name = ui.label(theme::note(ui, label));
        let response = ui.scope(|ui| framed(ui, error.is_some(), add)).inner.labelled_by(name.id);
        if let Some(words) = error {
            mistake(ui, &response, words);
        }
        response
    })
    .inner
}

fn framed(ui: &mut Ui, mistaken: bool, add: impl FnOnce(&mut Ui) -> Response) -> Response {
    if mistaken {
        let stroke = Stroke::new(1.5, Palette::of(ui).bad);
        let visuals = ui.visuals_mut();
        visuals.selection.stroke.color = stroke.color;
        let widgets = &mut visuals.widgets;
        for state in [&mut widgets.inactive, &mut widgets.hovered, &mut widgets.active, &mut widgets.open] {
            state.bg_stroke = stroke;
        }
    }
    add(ui)
}

fn mistake(ui: &mut Ui, field: &Response, words: &str) {
    ui.ctx().accesskit_node_builder(field.id, |node| {
        node.set_invalid(Invalid::True);
        node.set_description(words);
    });
    let color = Palette::of(ui).bad;
    let width = field.rect.width().max(MISTAKE_WIDTH);
    ui.allocate_ui(egui::vec2(width, 0.0), |ui| {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            ui.spacing_mut().interact_size.y = 0.0;
            let (_, sign) = ui.allocate_space(egui::Vec2::splat(16.0));
            Icon::Warning.paint(ui.painter(), sign, color);
            ui.add(egui::Label::new(RichText::new(words).size(SMALL).color(color)).wrap());
        });
    });
}
