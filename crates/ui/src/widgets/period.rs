//! A period of dates, with one-press periods. The list and the statistics have the same.
//!
//! Invariant: a one-press period never reaches into the future.

use std::borrow::Cow;

use chrono::{Datelike, Days, NaiveDate};
use egui::{Button, Response, Ui, vec2};
use prikrep_domain::Period;

use super::date::DateField;
use crate::t;

/// Mistakes under the two fields, in words.
pub type PeriodMistakes = (Option<String>, Option<String>);

/// Two dates, both included.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PeriodField {
    from: DateField,
    to: DateField,
}

/// The periods of one press. A month and a quarter are those of the calendar, as reports are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Preset {
    Today,
    Week,
    Month,
    Quarter,
    All,
}

impl Preset {
    const ALL: [Self; 5] = [Self::Today, Self::Week, Self::Month, Self::Quarter, Self::All];

    fn words(self) -> Cow<'static, str> {
        match self {
            Self::Today => t!("period-today"),
            Self::Week => t!("period-week"),
            Self::Month => t!("period-month"),
            Self::Quarter => t!("period-quarter"),
            Self::All => t!("period-all"),
        }
    }

    /// The first day of the period that ends today.
    fn first(self, today: NaiveDate) -> NaiveDate {
        let first_of = |month| NaiveDate::from_ymd_opt(today.year(), month, 1);
        match self {
            Self::Today => Some(today),
            Self::Week => today.checked_sub_days(Days::new(6)),
            Self::Month => first_of(today.month()),
            Self::Quarter => first_of(today.month0() / 3 * 3 + 1),
            Self::All => NaiveDate::from_ymd_opt(2000, 1, 1),
        }
        .map_or(today, |first| first.min(today))
    }
}

impl PeriodField {
    /// Fields that show a period.
    #[must_use]
    pub fn new(period: Period) -> Self {
        let (from, to) = period.dates();
        Self { from: DateField::new(Some(from)), to: DateField::new(Some(to)) }
    }

    /// Fields that show the last days, today among them.
    #[must_use]
    pub fn last_days(today: NaiveDate, days: u64) -> Self {
        let first = today.checked_sub_days(Days::new(days.saturating_sub(1))).unwrap_or(today);
        Self::new(Period::between(first, today))
    }

    /// Shows another period.
    pub fn set(&mut self, period: Period) {
        let (from, to) = period.dates();
        self.from.set(Some(from));
        self.to.set(Some(to));
    }

    /// The period.
    ///
    /// # Errors
    /// What is wrong with each of the fields, in words.
    pub fn value(&self) -> Result<Period, PeriodMistakes> {
        let date = |field: &DateField| field.value()?.ok_or_else(|| t!("period-empty").into_owned());
        match (date(&self.from), date(&self.to)) {
            (Ok(from), Ok(to)) => Period::new(from, to).map_err(|_| (None, Some(t!("period-reversed").into_owned()))),
            (from, to) => Err((from.err(), to.err())),
        }
    }

    /// Both fields, and the one-press periods under them. `mistakes` are shown under the fields.
    pub fn ui(&mut self, ui: &mut Ui, today: NaiveDate, mistakes: &PeriodMistakes) -> Response {
        let [from, to] = self.fields_ui(ui, today, mistakes);
        let mut response = from | to;
        if self.presets_ui(ui, today) {
            response.mark_changed();
        }
        response
    }

    /// Only the fields: from and to. Of both joined only the first one's focus could be asked for.
    pub fn fields_ui(&mut self, ui: &mut Ui, today: NaiveDate, mistakes: &PeriodMistakes) -> [Response; 2] {
        let fields = ui.horizontal_top(|ui| {
            let from = self.from.ui(ui, &t!("period-from"), today, mistakes.0.as_deref());
            [from, self.to.ui(ui, &t!("period-to"), today, mistakes.1.as_deref())]
        });
        fields.inner
    }

    /// Only the one-press periods; says whether one was pressed.
    pub fn presets_ui(&mut self, ui: &mut Ui, today: NaiveDate) -> bool {
        let shown = self.value().ok().map(|period| period.dates());
        let mut pressed = None;
        ui.horizontal_wrapped(|ui| {
            let spacing = ui.spacing_mut();
            spacing.item_spacing = vec2(2.0, 2.0);
            spacing.button_padding.x = 6.0;
            spacing.interact_size.y = 20.0;
            for preset in Preset::ALL {
                let dates = (preset.first(today), today);
                if ui.add(Button::selectable(shown == Some(dates), preset.words())).clicked() {
                    pressed = Period::new(dates.0, dates.1).ok();
                }
            }
        });
        if let Some(period) = pressed {
            self.set(period);
        }
        pressed.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn periods_of_one_press_end_today() {
        let firsts = |today| Preset::ALL.map(|preset| preset.first(today));
        let all = day(2000, 1, 1);
        let november = day(2026, 11, 21);
        assert_eq!(firsts(november), [november, day(2026, 11, 15), day(2026, 11, 1), day(2026, 10, 1), all]);
        let new_year = day(2027, 1, 1);
        assert_eq!(firsts(new_year), [new_year, day(2026, 12, 26), new_year, new_year, all]);
    }

    #[test]
    fn each_field_has_its_own_mistake() {
        let field = |from: &str, to: &str| PeriodField { from: DateField::typed(from), to: DateField::typed(to) };
        let some = |words: Cow<'static, str>| Some(words.into_owned());
        assert_eq!(field("", "31.02.2026").value(), Err((some(t!("period-empty")), some(t!("date-impossible")))));
        assert_eq!(field("02.01.2026", "01.01.2026").value(), Err((None, some(t!("period-reversed")))));
        let period = Period::new(day(2026, 1, 1), day(2026, 1, 2)).unwrap();
        assert_eq!(field("1.1.26", "2.1.26").value(), Ok(period));
        assert_eq!(PeriodField::new(period).value(), Ok(period));
    }
}
