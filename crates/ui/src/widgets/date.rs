//! A date: typed, or picked from a calendar.
//!
//! Invariant: what was typed stays as it was typed until it is left, and is never thrown away.

mod calendar;
mod typed;
mod words;

use chrono::NaiveDate;
use egui::{EventFilter, Id, Key, Modifiers, Popup, PopupCloseBehavior, Response, Sense, SetOpenCommand, TextEdit, Ui};

use super::field::labelled;
use super::icon::{Icon, icon_button_at, right_end};
use crate::t;
use crate::theme::{DATE_WIDTH, FIELD_HEIGHT};
use calendar::{Calendar, Pressed};
pub use typed::{BadDate, parse_date};
pub use words::date_in_words;

/// A field for a date. `PartialEq` compares what is typed.
#[derive(Clone, Debug, Default)]
pub struct DateField {
    text: String,
    /// Open, and the day in it that the arrow keys move.
    calendar: Option<Calendar>,
}

impl PartialEq for DateField {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl DateField {
    /// A field that shows a date.
    #[must_use]
    pub fn new(date: Option<NaiveDate>) -> Self {
        Self { text: date.map(words::digits).unwrap_or_default(), calendar: None }
    }

    #[cfg(test)]
    pub(super) fn typed(text: &str) -> Self {
        Self { text: text.to_owned(), calendar: None }
    }

    /// Shows another date.
    pub fn set(&mut self, date: Option<NaiveDate>) {
        self.text = date.map(words::digits).unwrap_or_default();
    }

    /// The date; `None` when nothing is typed.
    ///
    /// # Errors
    /// What is wrong with what was typed, in words.
    pub fn value(&self) -> Result<Option<NaiveDate>, String> {
        parse_date(&self.text).map_err(|mistake| mistake.words().into_owned())
    }

    /// What is typed, as it is typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The field. `error` is shown under it; without one its own, once it is left. Its identity is its name
    /// within `ui`: where the same form shows several records, give it a `ui` of the record (`ui.push_id`).
    pub fn ui(&mut self, ui: &mut Ui, label: &str, today: NaiveDate, error: Option<&str>) -> Response {
        let id = ui.make_persistent_id(("date", label));
        let focused = ui.memory(|memory| memory.has_focus(id));
        let own = if focused { None } else { self.value().err() };
        let error = error.or(own.as_deref());
        let wants_calendar = focused && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::ArrowDown));
        labelled(ui, label, error, |ui| {
            let mut response = self.input(ui, id);
            let button = calendar_button(ui, &response, label);
            if response.lost_focus() && self.tidy(today) {
                response.mark_changed();
            }
            if self.popup(&button, &response, today, wants_calendar) {
                response.mark_changed();
            }
            response
        })
    }

    fn input(&mut self, ui: &mut Ui, id: Id) -> Response {
        let mut margin = egui::Margin::from(ui.spacing().button_padding);
        margin.right = 24;
        let input = TextEdit::singleline(&mut self.text)
            .id(id)
            .hint_text(t!("date-hint").into_owned())
            .char_limit(24)
            .margin(margin)
            .desired_width(DATE_WIDTH)
            .min_size(egui::vec2(DATE_WIDTH.min(ui.available_width()), FIELD_HEIGHT));
        ui.add(input)
    }

    /// Writes what was typed as dates are written; says whether that gave a date where there was none.
    fn tidy(&mut self, today: NaiveDate) -> bool {
        let whole = parse_date(&self.text).ok().flatten();
        let guessed = typed::with_year(&self.text, today);
        if let Some(date) = whole.or(guessed) {
            self.set(Some(date));
        }
        whole.is_none() && guessed.is_some()
    }

    /// The calendar below; says whether a day was picked.
    fn popup(&mut self, button: &Response, field: &Response, today: NaiveDate, wanted: bool) -> bool {
        let id = field.id.with("calendar");
        let ctx = &field.ctx;
        if wanted || button.clicked() {
            let shown = self.value().ok().flatten().unwrap_or(today);
            let closing = Popup::is_id_open(ctx, id);
            self.calendar = (!closing).then(|| Calendar::new(shown));
        }
        let Some(calendar) = &mut self.calendar else {
            return false;
        };
        let chosen = parse_date(&self.text).ok().flatten();
        let popup = Popup::from_response(field).id(id).close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        let open = (wanted || button.clicked()).then_some(SetOpenCommand::Bool(true));
        let pressed = popup.open_memory(open).show(|ui| calendar.ui(ui, chosen, today)).map(|shown| shown.inner);
        match pressed {
            // Shown for the last time: something else was clicked.
            Some(Pressed::Nothing) if Popup::is_id_open(ctx, id) => return false,
            Some(Pressed::Day(date)) => self.set(Some(date)),
            Some(Pressed::Nothing | Pressed::Escape | Pressed::Left) | None => {}
        }
        self.calendar = None;
        Popup::close_id(ctx, id);
        if matches!(pressed, Some(Pressed::Day(_) | Pressed::Escape)) {
            field.request_focus();
        }
        matches!(pressed, Some(Pressed::Day(_)))
    }
}

/// Not a stop of Tab: from the field, the arrow down does the same.
fn calendar_button(ui: &Ui, field: &Response, label: &str) -> Response {
    let name = t!("date-open", field = label);
    icon_button_at(ui, right_end(field.rect), Icon::Calendar, &name, Sense::CLICK).on_hover_text(t!("date-open-hint"))
}

/// The arrow keys and Escape are the calendar's own while it has the focus.
const fn keys_of_calendar() -> EventFilter {
    EventFilter { tab: false, horizontal_arrows: true, vertical_arrows: true, escape: true }
}
