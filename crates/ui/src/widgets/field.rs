//! A label with its input, and the mistake under it; a value that can be copied.

use egui::{ComboBox, Label, Response, RichText, Ui};

use super::small::{icon_button, named};
use crate::format::ABSENT;
use crate::texts::t;
use crate::theme::Palette;

const VALUE_LABEL_WIDTH: f32 = 150.0;

/// A label above an input, and its mistake in words below.
pub(crate) fn labelled(
    ui: &mut Ui,
    label: &str,
    error: Option<&str>,
    add: impl FnOnce(&mut Ui) -> Response,
) -> Response {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        let palette = Palette::of(ui);
        let color = if error.is_some() { palette.bad } else { palette.muted };
        let label = ui.label(RichText::new(label).small().color(color));
        let response = ui
            .scope(|ui| {
                if error.is_some() {
                    let stroke = egui::Stroke::new(1.5, palette.bad);
                    ui.visuals_mut().widgets.inactive.bg_stroke = stroke;
                    ui.visuals_mut().widgets.hovered.bg_stroke = stroke;
                }
                add(ui)
            })
            .inner
            .labelled_by(label.id);
        if let Some(error) = error {
            ui.add(Label::new(RichText::new(format!("⚠ {error}")).small().color(palette.bad)).wrap());
        }
        response
    })
    .inner
}

/// Something without a label, at the height of the inputs beside it.
pub(crate) fn beside_label(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> Response) -> Response {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        ui.label(RichText::new(" ").small());
        add(ui)
    })
    .inner
}

/// A choice of one of some values, or of all of them.
pub(crate) fn choice<T: Copy + PartialEq>(
    ui: &mut Ui,
    label: &str,
    current: &mut Option<T>,
    options: &[(T, &str)],
    all: &str,
) -> Response {
    labelled(ui, label, None, |ui| {
        let shown = options.iter().find(|(value, _)| Some(*value) == *current).map_or(all, |(_, words)| *words);
        let combo = ComboBox::from_id_salt(label).selected_text(shown).width(150.0).truncate();
        let combo = combo.show_ui(ui, |ui| {
            ui.selectable_value(current, None, all);
            for (value, words) in options {
                ui.selectable_value(current, Some(*value), *words);
            }
        });
        combo.response
    })
}

/// A value of the card with its label: it can be selected, and copied by a press. An empty one is absent.
pub(crate) fn copyable(ui: &mut Ui, label: &str, value: &str) {
    ui.horizontal_top(|ui| {
        let palette = Palette::of(ui);
        ui.allocate_ui_with_layout(
            egui::vec2(VALUE_LABEL_WIDTH, 0.0),
            egui::Layout::top_down(egui::Align::Min),
            |ui| {
                ui.set_width(VALUE_LABEL_WIDTH);
                ui.add(Label::new(RichText::new(label).color(palette.muted)).wrap());
            },
        );
        if value.is_empty() {
            let absent = ui.label(RichText::new(ABSENT).color(palette.muted));
            named(&absent, egui::accesskit::Role::Label, &format!("{label}: {ABSENT}"));
            return;
        }
        let room = ui.available_width() - 26.0;
        ui.allocate_ui_with_layout(egui::vec2(room, 0.0), egui::Layout::top_down(egui::Align::Min), |ui| {
            ui.set_max_width(room);
            ui.add(Label::new(value).wrap().selectable(true));
        });
        if icon_button(ui, "🗐", &t!("copy", what = label)).clicked() {
            ui.copy_text(value.to_owned());
        }
    });
}
