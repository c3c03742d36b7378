//! Dates as they are written.

use std::borrow::Cow;

use chrono::{Datelike, NaiveDate, Weekday};

use crate::t;

/// As it stands in a field: `21.11.2026`.
pub(super) fn digits(date: NaiveDate) -> String {
    date.format("%d.%m.%Y").to_string()
}

/// «21 ноября 2026».
#[must_use]
pub fn date_in_words(date: NaiveDate) -> Cow<'static, str> {
    t!("date-words", day = date.day(), month = date.month(), year = date.year())
}

/// «Ноябрь 2026».
pub(super) fn month(date: NaiveDate) -> Cow<'static, str> {
    t!("date-month", month = date.month(), year = date.year())
}

/// «Пн».
pub(super) fn weekday(day: Weekday) -> Cow<'static, str> {
    t!("date-weekday", weekday = day.number_from_monday())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_in_russian() {
        let date = NaiveDate::from_ymd_opt(2026, 5, 1).unwrap();
        assert_eq!(date_in_words(date), "1 мая 2026");
        assert_eq!(month(date), "Май 2026");
        assert_eq!(weekday(date.weekday()), "Пт");
        assert_eq!(digits(date), "01.05.2026");
    }
}
