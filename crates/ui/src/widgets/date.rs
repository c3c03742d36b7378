//! A date: typed, or picked from a calendar.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use egui::{Key, Modifiers, Popup, PopupCloseBehavior, Response, RichText, TextEdit, Ui, Vec2};

use super::field::labelled;
use super::small::{icon_button, named};
use crate::format;
use crate::texts::t;
use crate::theme::{self, Palette};

const WIDTH: f32 = 92.0;
const DAY_SIZE: Vec2 = Vec2::new(30.0, 24.0);

/// A date as it is typed.
#[derive(Clone, Debug, Default)]
pub(crate) struct DateField {
    text: String,
    /// The day that the calendar's keys stand on, while it is open.
    at: Option<NaiveDate>,
}

impl DateField {
    pub(crate) fn new(date: Option<NaiveDate>) -> Self {
        Self { text: date.map(format::date).unwrap_or_default(), at: None }
    }

    pub(crate) fn set(&mut self, date: Option<NaiveDate>) {
        self.text = date.map(format::date).unwrap_or_default();
    }

    /// The date; `None` when nothing is typed.
    ///
    /// # Errors
    /// Words, when what is typed is no date.
    pub(crate) fn value(&self) -> Result<Option<NaiveDate>, String> {
        if self.text.trim().is_empty() {
            return Ok(None);
        }
        parse(&self.text).map(Some).ok_or_else(|| t!("date-bad").into_owned())
    }

    /// Draws the field with its calendar's button.
    pub(crate) fn ui(&mut self, ui: &mut Ui, label: &str, today: NaiveDate, error: Option<&str>) -> Response {
        let mut picked = None;
        let mut response = labelled(ui, label, error, |ui| {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 1.0;
                let field = ui.add(TextEdit::singleline(&mut self.text).desired_width(WIDTH).char_limit(16));
                let button = icon_button(ui, "📅", &t!("date-pick", what = label));
                picked = self.calendar_ui(&button, today);
                field
            })
            .inner
        });
        if let Some(date) = picked {
            self.set(Some(date));
            response.mark_changed();
        }
        response
    }

    /// The calendar under its button; returns the day that was picked.
    fn calendar_ui(&mut self, button: &Response, today: NaiveDate) -> Option<NaiveDate> {
        let popup = Popup::from_toggle_button_response(button).close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        if !popup.is_open() {
            self.at = None;
            return None;
        }
        let typed = parse(&self.text);
        let mut at = self.at.or(typed).unwrap_or(today);
        let shown = popup.show(|ui| {
            let entered = keys(ui, &mut at);
            head_ui(ui, &mut at);
            let picked = month_ui(ui, at, typed, today).or(entered.then_some(at));
            if picked.is_some() {
                ui.close();
            }
            picked
        });
        self.at = Some(at);
        shown.and_then(|shown| shown.inner)
    }
}

/// Moves the calendar's day by the keys; whether Enter was pressed.
fn keys(ui: &Ui, at: &mut NaiveDate) -> bool {
    let pressed = |key: Key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let moved = [
        (Key::ArrowLeft, at.checked_sub_days(Days::new(1))),
        (Key::ArrowRight, at.checked_add_days(Days::new(1))),
        (Key::ArrowUp, at.checked_sub_days(Days::new(7))),
        (Key::ArrowDown, at.checked_add_days(Days::new(7))),
        (Key::PageUp, at.checked_sub_months(Months::new(1))),
        (Key::PageDown, at.checked_add_months(Months::new(1))),
    ];
    for (key, date) in moved {
        if pressed(key) {
            *at = date.unwrap_or(*at);
        }
    }
    pressed(Key::Enter)
}

/// The month and the year, with steps to the others.
fn head_ui(ui: &mut Ui, at: &mut NaiveDate) {
    let step = |months: Option<NaiveDate>, at: &mut NaiveDate| *at = months.unwrap_or(*at);
    ui.horizontal(|ui| {
        if icon_button(ui, "⏪", &t!("date-year-before")).clicked() {
            step(at.checked_sub_months(Months::new(12)), at);
        }
        if icon_button(ui, "⏴", &t!("date-month-before")).clicked() {
            step(at.checked_sub_months(Months::new(1)), at);
        }
        ui.allocate_ui_with_layout(
            Vec2::new(120.0, 20.0),
            egui::Layout::centered_and_justified(egui::Direction::LeftToRight),
            |ui| ui.label(theme::bold(&format!("{} {}", month_words(at.month()), at.year()))),
        );
        if icon_button(ui, "⏵", &t!("date-month-after")).clicked() {
            step(at.checked_add_months(Months::new(1)), at);
        }
        if icon_button(ui, "⏩", &t!("date-year-after")).clicked() {
            step(at.checked_add_months(Months::new(12)), at);
        }
    });
}

/// The weeks of a month, from Monday.
fn month_ui(ui: &mut Ui, at: NaiveDate, typed: Option<NaiveDate>, today: NaiveDate) -> Option<NaiveDate> {
    let palette = Palette::of(ui);
    let mut picked = None;
    egui::Grid::new("month").spacing(Vec2::splat(2.0)).show(ui, |ui| {
        let weekdays = t!("date-weekdays");
        for weekday in weekdays.split(' ') {
            ui.add_sized(DAY_SIZE, egui::Label::new(RichText::new(weekday).small().color(palette.muted)));
        }
        ui.end_row();
        let Some(first) = at.with_day(1) else { return };
        let monday = first.week(Weekday::Mon).first_day();
        for week in 0..6 {
            let days = (0..7).filter_map(|day| monday.checked_add_days(Days::new(7 * week + day)));
            for day in days {
                if day_ui(ui, day, at, typed, today) {
                    picked = Some(day);
                }
            }
            ui.end_row();
        }
    });
    picked
}

fn day_ui(ui: &mut Ui, day: NaiveDate, at: NaiveDate, typed: Option<NaiveDate>, today: NaiveDate) -> bool {
    let palette = Palette::of(ui);
    let text = RichText::new(day.day().to_string());
    let text = if day.month() == at.month() { text } else { text.color(palette.muted) };
    let text = if day == today { text.family(theme::bold_family()).color(palette.accent) } else { text };
    let button = egui::Button::selectable(Some(day) == typed || day == at, text);
    let response = ui.add_sized(DAY_SIZE, button);
    named(&response, egui::accesskit::Role::Button, &format::date(day));
    response.clicked()
}

fn month_words(month: u32) -> String {
    let months = t!("date-months");
    let at = usize::try_from(month).unwrap_or(1).saturating_sub(1);
    months.split(' ').nth(at).unwrap_or_default().to_owned()
}

/// A date as people type it: `21.11.2026`, `21.11.26`, `1.2.26`, `211126`, `21112026`, `2026-11-21`.
/// Two digits of a year are of this century.
pub(crate) fn parse(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    let parts: Vec<&str> = text.split(['.', '-', '/', ' ']).filter(|part| !part.is_empty()).collect();
    let (year, month, day) = match parts.as_slice() {
        [year, month, day] if year.len() == 4 => (*year, *month, *day),
        [day, month, year] => (*year, *month, *day),
        [digits] if digits.is_ascii() && matches!(digits.len(), 6 | 8) => {
            (digits.get(4..)?, digits.get(2..4)?, digits.get(..2)?)
        }
        _ => return None,
    };
    let number =
        |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<u32>().ok()).flatten();
    let years = match year.len() {
        2 => 2000,
        4 => 0,
        _ => return None,
    };
    let year = i32::try_from(number(year)?).ok()? + years;
    NaiveDate::from_ymd_opt(year, number(month)?, number(day)?).filter(|date| (1850..2200).contains(&date.year()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_people_type_them() {
        let date = |y, m, d| NaiveDate::from_ymd_opt(y, m, d);
        for (text, expected) in [
            ("21.11.2026", date(2026, 11, 21)),
            (" 1.2.26 ", date(2026, 2, 1)),
            ("211126", date(2026, 11, 21)),
            ("21112026", date(2026, 11, 21)),
            ("2026-11-21", date(2026, 11, 21)),
            ("21/11/2026", date(2026, 11, 21)),
            ("29.02.2026", None),
            ("31.12.999999", None),
            ("21.11", None),
            ("завтра", None),
            ("٢١.11.2026", None),
            ("", None),
        ] {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }
}
