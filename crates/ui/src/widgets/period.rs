//! A period of dates with the periods that are wanted most, one press each.

use chrono::{Datelike, Days, Months, NaiveDate};
use egui::{Response, Ui};
use prikrep_domain::Period;

use super::DateField;
use super::field::beside_label;
use crate::texts::t;

/// The first date that the service could know of.
const BEGINNING: NaiveDate = match NaiveDate::from_ymd_opt(2000, 1, 1) {
    Some(date) => date,
    None => NaiveDate::MIN,
};

/// A period as it is typed.
#[derive(Default)]
pub(crate) struct PeriodField {
    from: DateField,
    to: DateField,
}

impl PeriodField {
    pub(crate) fn set(&mut self, period: Period) {
        let (from, to) = period.dates();
        self.from.set(Some(from));
        self.to.set(Some(to));
    }

    /// The period, or what is wrong with each of its dates.
    pub(crate) fn value(&self) -> Result<Period, (Option<String>, Option<String>)> {
        let required = |field: &DateField| field.value()?.ok_or_else(|| t!("period-required").into_owned());
        match (required(&self.from), required(&self.to)) {
            (Ok(from), Ok(to)) => Period::new(from, to).map_err(|words| (None, Some(words.to_owned()))),
            (from, to) => Err((from.err(), to.err())),
        }
    }

    /// Draws both dates and the ready periods. The response is the first date's, changed when either is.
    pub(crate) fn ui(&mut self, ui: &mut Ui, today: NaiveDate, errors: (Option<&str>, Option<&str>)) -> Response {
        let mut first = self.from.ui(ui, &t!("period-from"), today, errors.0);
        let second = self.to.ui(ui, &t!("period-to"), today, errors.1);
        if second.changed() {
            first.mark_changed();
        }
        beside_label(ui, |ui| {
            ui.menu_button(t!("period-ready"), |ui| {
                for (words, period) in ready_periods(today) {
                    if ui.button(words).clicked() {
                        self.set(period);
                        first.mark_changed();
                        ui.close();
                    }
                }
            })
            .response
        });
        first
    }
}

/// The periods that are wanted most.
fn ready_periods(today: NaiveDate) -> [(std::borrow::Cow<'static, str>, Period); 5] {
    let since = |from: NaiveDate| Period::between(from, today);
    let month = today.with_day(1).unwrap_or(today);
    let quarter =
        today.with_day(1).and_then(|first| first.checked_sub_months(Months::new(first.month0() % 3))).unwrap_or(today);
    [
        (t!("period-today"), since(today)),
        (t!("period-week"), last_days(today, 7)),
        (t!("period-month"), since(month)),
        (t!("period-quarter"), since(quarter)),
        (t!("period-all"), everything(today)),
    ]
}

/// All dates up to today.
pub(crate) fn everything(today: NaiveDate) -> Period {
    Period::between(BEGINNING, today)
}

/// The last so many days, today included.
pub(crate) fn last_days(today: NaiveDate, days: u64) -> Period {
    let first = today.checked_sub_days(Days::new(days.saturating_sub(1)));
    Period::between(first.unwrap_or(BEGINNING), today)
}
