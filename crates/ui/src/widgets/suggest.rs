//! A field that offers what a directory has, and takes what it has not.
//!
//! Invariant: what is typed is never changed but by a choice that a person makes.

mod matching;

use egui::text::{CCursor, CCursorRange};
use egui::text_edit::TextEditState;
use egui::{AsIdSalt, Button, Context, EventFilter, Id, Key, Modifiers, Popup, PopupCloseBehavior, Response};
use egui::{ScrollArea, Sense, SetOpenCommand, TextEdit, Ui};

use super::field::labelled;
use crate::theme::{FIELD_HEIGHT, ROW_HEIGHT};
use matching::matching;

/// The rows that are seen at once; the others are reached by scrolling.
const ROWS: f32 = 12.0;

/// What a field with suggestions gives back.
#[derive(Debug)]
pub struct SuggestResponse {
    /// Of the field; `changed()` also after a choice.
    pub response: Response,
    /// Which of the options was chosen in this pass.
    pub chosen: Option<usize>,
}

/// The list under the field, between two passes.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    open: bool,
    /// Its place among the matches.
    selected: Option<usize>,
    /// Whether the selected row has to be scrolled into view.
    moved: bool,
}

/// A text field with those of `options` in a list below that contain what is typed. Arrows and Enter, or a
/// click, choose; Escape closes. `id_salt` must contain the record's identifier, or undoing in one record
/// would bring back the text of another.
pub fn suggest<S: AsRef<str>>(
    ui: &mut Ui,
    id_salt: impl AsIdSalt,
    value: &mut String,
    options: &[S],
    label: &str,
    hint: &str,
    error: Option<&str>,
) -> SuggestResponse {
    let id = ui.make_persistent_id(id_salt);
    let mut state: State = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    let mut chosen = None;
    let response = labelled(ui, label, error, |ui| {
        let focused = ui.memory(|memory| memory.has_focus(id));
        let found = if state.open { matching(options, value) } else { Vec::new() };
        if focused {
            chosen = state.keys(ui, &found);
        }
        let mut response = field_ui(ui, id, value, hint, state.open && !found.is_empty());
        state.follow(&response);
        if state.open {
            let found = matching(options, value);
            chosen = chosen.or(state.popup(ui, &response, options, &found));
        }
        if let Some(option) = chosen.and_then(|chosen| options.get(chosen)) {
            option.as_ref().clone_into(value);
            state = State::default();
            response.mark_changed();
            response.request_focus();
            cursor_to_end(ui.ctx(), id, value);
        }
        response
    });
    ui.data_mut(|data| data.insert_temp(id, state));
    SuggestResponse { response, chosen }
}

/// While the list is open, Escape closes it and does not leave the field.
fn field_ui(ui: &mut Ui, id: Id, value: &mut String, hint: &str, listed: bool) -> Response {
    let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, escape: listed, tab: false };
    let width = ui.available_width();
    ui.add(
        TextEdit::singleline(value)
            .id(id)
            .hint_text(hint.to_owned())
            .event_filter(filter)
            .desired_width(width)
            .min_size(egui::vec2(0.0, FIELD_HEIGHT)),
    )
}

/// Puts the cursor of a text field behind its last character.
pub fn cursor_to_end(ctx: &Context, id: Id, value: &str) {
    let mut state = TextEditState::load(ctx, id).unwrap_or_default();
    let end = CCursor::new(egui::text::CharIndex(value.chars().count()));
    state.cursor.set_char_range(Some(CCursorRange::one(end)));
    state.store(ctx, id);
}

impl State {
    /// The keys of the list, before the field sees them; gives the option that Enter chose.
    fn keys(&mut self, ui: &Ui, found: &[usize]) -> Option<usize> {
        let count = |key| ui.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key));
        if !self.open {
            self.open = count(Key::ArrowDown) > 0;
            return None;
        }
        if found.is_empty() {
            return None;
        }
        for _ in 0..count(Key::ArrowDown) {
            self.select(Some(self.selected.map_or(0, |row| (row + 1).min(found.len() - 1))));
        }
        for _ in 0..count(Key::ArrowUp) {
            self.select(self.selected.and_then(|row| row.checked_sub(1)));
        }
        if count(Key::Escape) > 0 {
            *self = Self::default();
            return None;
        }
        let row = self.selected?;
        if count(Key::Enter) > 0 { found.get(row).copied() } else { None }
    }

    const fn select(&mut self, row: Option<usize>) {
        self.selected = row;
        self.moved = true;
    }

    /// Opens as one types or clicks, closes when the keyboard leaves.
    fn follow(&mut self, field: &Response) {
        if field.changed() {
            *self = Self { open: field.has_focus(), ..Self::default() };
        } else if field.clicked() {
            self.open = true;
        } else if self.open && !field.has_focus() && !about_to_click(field) {
            *self = Self::default();
        }
    }

    /// The list; gives the option that was clicked.
    fn popup(&mut self, ui: &Ui, field: &Response, options: &[impl AsRef<str>], found: &[usize]) -> Option<usize> {
        let id = list_id(field);
        let open = !found.is_empty();
        let popup = Popup::from_response(field)
            .id(id)
            .width(field.rect.width())
            .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
            .open_memory(SetOpenCommand::Bool(open));
        let shown = popup.show(|ui| {
            let frame = egui::Frame::popup(ui.style()).total_margin().sum().x;
            ui.set_width(field.rect.width() - frame);
            self.rows(ui, options, found)
        });
        // Something else was clicked.
        if open && !Popup::is_id_open(ui.ctx(), id) {
            *self = Self::default();
        }
        shown.and_then(|shown| shown.inner)
    }

    fn rows(&mut self, ui: &mut Ui, options: &[impl AsRef<str>], found: &[usize]) -> Option<usize> {
        ui.spacing_mut().item_spacing.y = 0.0;
        let mut area = ScrollArea::vertical().max_height(ROWS * ROW_HEIGHT).auto_shrink([false, true]);
        if std::mem::take(&mut self.moved) {
            area = area.vertical_scroll_offset(offset(self.selected.unwrap_or_default()));
        }
        let selected = self.selected;
        let rows = area.show_rows(ui, ROW_HEIGHT, found.len(), |ui, rows| {
            let row = |row: usize| Some((row, *found.get(row)?, options.get(*found.get(row)?)?));
            rows.filter_map(row).fold(None, |clicked, (row, option, words)| {
                let pressed = row_ui(ui, words.as_ref(), selected == Some(row)).clicked();
                if pressed { Some(option) } else { clicked }
            })
        });
        rows.inner
    }
}

fn list_id(field: &Response) -> Id {
    field.id.with("options")
}

/// Whether the focus has gone only because the mouse is being pressed on the list.
fn about_to_click(field: &Response) -> bool {
    let nobody_else = field.ctx.memory(|memory| memory.focused().is_none());
    let list = field.ctx.memory(|memory| memory.area_rect(list_id(field)));
    let mouse = field.ctx.pointer_interact_pos();
    nobody_else && list.zip(mouse).is_some_and(|(list, mouse)| list.contains(mouse))
}

/// Not a stop of Tab: the keyboard stays in the field.
fn row_ui(ui: &mut Ui, words: &str, selected: bool) -> Response {
    let button = Button::selectable(selected, words).truncate().sense(Sense::CLICK);
    ui.add(button.min_size(egui::vec2(ui.available_width(), ROW_HEIGHT)))
}

/// Where the list scrolls to so that a row is seen with some rows before it.
#[expect(clippy::cast_precision_loss, reason = "a directory has fewer rows than 16 million")]
fn offset(row: usize) -> f32 {
    ((row as f32 - ROWS / 2.0) * ROW_HEIGHT).max(0.0)
}
