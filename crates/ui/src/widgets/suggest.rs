//! A text field that offers what a directory has, as one types. What is not in it may be typed all the same.

use egui::{Id, Key, Modifiers, Popup, PopupCloseBehavior, Response, ScrollArea, TextEdit, Ui};
use prikrep_domain::collate::fold;

use super::field::labelled;

/// So many entries are offered at most.
const OFFERED: usize = 12;
const LIST_HEIGHT: f32 = 220.0;

/// What was done with the field.
pub(crate) struct Suggested {
    /// The text field.
    pub(crate) response: Response,
    /// The entry that was chosen.
    pub(crate) chosen: Option<usize>,
}

/// The state of the list while the field has the keyboard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Offering {
    /// The entry that the keys stand on, in the order of the list.
    at: Option<usize>,
    /// Closed by Escape or by a choice, until something is typed.
    closed: bool,
}

/// Draws the field. `salt` contains the record's identifier, so that undo never leads to another record.
pub(crate) fn suggest<S: AsRef<str>>(
    ui: &mut Ui,
    salt: impl std::hash::Hash + std::fmt::Debug,
    value: &mut String,
    options: &[S],
    label: &str,
    hint: &str,
    error: Option<&str>,
) -> Suggested {
    let id = Id::unique(("suggest", salt));
    let memory_id = id.with("offering");
    let mut offering: Offering = ui.data(|data| data.get_temp(memory_id)).unwrap_or_default();
    let has_keyboard = ui.memory(|memory| memory.has_focus(id));
    let found = if has_keyboard && !offering.closed { matching(options, value) } else { Vec::new() };
    let mut chosen = keys(ui, &mut offering, &found);
    let response = labelled(ui, label, error, |ui| {
        let field = TextEdit::singleline(value).id(id).hint_text(hint).desired_width(f32::INFINITY).char_limit(1_024);
        ui.add(field)
    });
    if response.changed() {
        offering = Offering::default();
    }
    if response.gained_focus() {
        offering.closed = false;
    }
    if !found.is_empty() {
        chosen = list_ui(&response, options, &found, offering.at).or(chosen);
    }
    if chosen.is_some() {
        offering = Offering { at: None, closed: true };
    }
    if !has_keyboard {
        offering = Offering::default();
    }
    ui.data_mut(|data| data.insert_temp(memory_id, offering));
    if let Some(option) = chosen.and_then(|chosen| options.get(chosen)) {
        option.as_ref().clone_into(value);
        super::small::cursor_to_end(ui, id, value);
    }
    Suggested { response, chosen }
}

/// The keys of the list, taken before the field sees them.
fn keys(ui: &Ui, offering: &mut Offering, found: &[usize]) -> Option<usize> {
    let last = found.len().checked_sub(1)?;
    let pressed = |key: Key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    if pressed(Key::ArrowDown) {
        offering.at = Some(offering.at.map_or(0, |at| (at + 1).min(last)));
    }
    if pressed(Key::ArrowUp) {
        offering.at = offering.at.and_then(|at| at.checked_sub(1));
    }
    if pressed(Key::Escape) {
        *offering = Offering { at: None, closed: true };
        return None;
    }
    let at = offering.at?;
    pressed(Key::Enter).then(|| found.get(at).copied()).flatten()
}

fn list_ui<S: AsRef<str>>(field: &Response, options: &[S], found: &[usize], at: Option<usize>) -> Option<usize> {
    let popup = Popup::from_response(field)
        .open(true)
        .width(field.rect.width())
        .close_behavior(PopupCloseBehavior::IgnoreClicks);
    let shown = popup.show(|ui| {
        let mut chosen = None;
        ScrollArea::vertical().max_height(LIST_HEIGHT).show(ui, |ui| {
            for (place, option) in found.iter().enumerate() {
                let Some(words) = options.get(*option) else { continue };
                let entry = egui::Button::selectable(at == Some(place), words.as_ref());
                let entry = ui.add(entry.truncate().min_size(egui::vec2(ui.available_width(), 0.0)));
                // A press takes the keyboard away from the field before it is a click.
                if entry.is_pointer_button_down_on() || entry.clicked() {
                    chosen = Some(*option);
                }
                if at == Some(place) {
                    entry.scroll_to_me(None);
                }
            }
        });
        chosen
    });
    shown.and_then(|shown| shown.inner)
}

/// The entries that contain what is typed, those that begin with it first. An entry that is typed already is
/// not offered alone.
fn matching<S: AsRef<str>>(options: &[S], typed: &str) -> Vec<usize> {
    let needle = fold(typed);
    let rank = |option: &S| {
        let folded = fold(option.as_ref());
        if needle.is_empty() || folded.starts_with(&needle) {
            Some(0)
        } else {
            folded.windows(needle.len()).any(|part| part == needle.as_slice()).then_some(1)
        }
    };
    let mut found: Vec<(u8, usize)> =
        options.iter().enumerate().filter_map(|(place, option)| Some((rank(option)?, place))).collect();
    found.sort_unstable();
    found.truncate(OFFERED);
    let found: Vec<usize> = found.into_iter().map(|(_, place)| place).collect();
    match found.as_slice() {
        [only] if options.get(*only).is_some_and(|option| option.as_ref() == typed) => Vec::new(),
        _ => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_with_the_typed_comes_first_and_yo_is_ye() {
        let options = ["Петров Семён", "Семёнов Пётр", "Иванова Анна"];
        assert_eq!(matching(&options, "семен"), [1, 0]);
        assert_eq!(matching(&options, "АННА"), [2]);
        assert_eq!(matching(&options, "Иванова Анна"), Vec::<usize>::new());
        assert_eq!(matching(&options, "").len(), 3);
        assert!(matching(&options, "нет такого").is_empty());
    }
}
