//! One of several, or all: a box that opens a list.

use egui::{ComboBox, Response, Ui};

use super::field::labelled;

/// A box that shows the chosen one of `options`; `all_words` stands first and means none of them. It is as
/// wide as there is room.
pub fn choice<T: Clone + PartialEq>(
    ui: &mut Ui,
    label: &str,
    current: &mut Option<T>,
    options: &[(T, &str)],
    all_words: &str,
) -> Response {
    labelled(ui, label, None, |ui| {
        let words = |value: &T| options.iter().find(|(option, _)| option == value).map(|(_, words)| *words);
        let shown = current.as_ref().and_then(words).unwrap_or(all_words);
        let before = current.clone();
        let shown = ComboBox::from_id_salt(("choice", label))
            .selected_text(shown)
            .width(ui.available_width())
            .truncate()
            .show_ui(ui, |ui| rows_ui(ui, current, options, all_words));
        let mut response = shown.response;
        if shown.inner == Some(true) {
            response.request_focus();
        }
        if before != *current {
            response.mark_changed();
        }
        response
    })
}

/// The open list; says whether one was pressed. It closes then: by itself it would only for the mouse.
fn rows_ui<T: Clone + PartialEq>(ui: &mut Ui, current: &mut Option<T>, options: &[(T, &str)], all_words: &str) -> bool {
    let mut pressed = ui.selectable_value(current, None, all_words).clicked();
    for (option, words) in options {
        pressed |= ui.selectable_value(current, Some(option.clone()), *words).clicked();
    }
    if pressed {
        ui.close();
    }
    pressed
}
