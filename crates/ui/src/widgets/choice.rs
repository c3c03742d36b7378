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
    let opens = has_just_opened(ui);
    let mut pressed = false;
    let rows =
        std::iter::once((None, all_words)).chain(options.iter().map(|(option, words)| (Some(option.clone()), *words)));
    for (option, words) in rows {
        let is_current = *current == option;
        let row = ui.selectable_value(current, option, words);
        // The arrows go on from here, whether the list was opened by mouse or by keyboard.
        if opens && is_current {
            row.request_focus();
        }
        pressed |= row.clicked();
    }
    if pressed {
        ui.close();
    }
    pressed
}

/// Whether the list was not drawn in the pass before.
fn has_just_opened(ui: &Ui) -> bool {
    let pass = ui.cumulative_pass_nr();
    let id = ui.scope_id().with("drawn in");
    let last: Option<u64> = ui.data_mut(|data| {
        let last = data.get_temp(id);
        data.insert_temp(id, pass);
        last
    });
    last.is_none_or(|last| last + 1 < pass)
}
