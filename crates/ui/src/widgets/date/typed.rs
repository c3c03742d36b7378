//! What a person types for a date.
//!
//! Invariant: a pure function; what it shows for a date it also reads.

use std::borrow::Cow;

use chrono::{Datelike, NaiveDate};

use crate::t;

/// The years that are taken for one; others are slips of the finger.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2099;

/// Why what was typed is no date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadDate {
    /// Not three numbers, nor six or eight digits.
    Unreadable,
    /// There is no such day.
    Impossible,
    /// A year before 1900 or after 2099.
    Year,
}

impl BadDate {
    /// What to do about it, for the person who typed.
    #[must_use]
    pub fn words(self) -> Cow<'static, str> {
        match self {
            Self::Unreadable => t!("date-bad"),
            Self::Impossible => t!("date-impossible"),
            Self::Year => t!("date-year"),
        }
    }
}

/// Reads `21.11.2026`, `1.2.26`, `21/11/26`, `21 11 2026`, `211126`, `21112026`, `2026-11-21` and `20261121`.
/// A year of two digits is of this century. Nothing typed is `None`.
///
/// # Errors
/// [`BadDate`].
pub fn parse_date(typed: &str) -> Result<Option<NaiveDate>, BadDate> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let parts: Vec<&str> = typed.split(['.', ',', '/', '-', ' ']).filter(|part| !part.is_empty()).collect();
    if parts.iter().any(|part| !part.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(BadDate::Unreadable);
    }
    match *parts.as_slice() {
        [digits] => run_together(digits),
        [year, month, day] if year.len() == 4 => date(day, month, year),
        [day, month, year] => date(day, month, year),
        _ => Err(BadDate::Unreadable),
    }
    .map(Some)
}

/// The date that a day and a month without a year, such as `21.11`, mean in the year of today.
pub(super) fn with_year(typed: &str, today: NaiveDate) -> Option<NaiveDate> {
    let typed = typed.trim().trim_end_matches('.');
    let full = format!("{typed}.{}", today.year());
    let separators = typed.matches('.').count();
    (separators == 1).then(|| parse_date(&full).ok().flatten()).flatten()
}

fn run_together(digits: &str) -> Result<NaiveDate, BadDate> {
    let part = |from, to| digits.get(from..to).unwrap_or_default();
    match digits.len() {
        6 => date(part(0, 2), part(2, 4), part(4, 6)),
        8 => date(part(0, 2), part(2, 4), part(4, 8))
            .or_else(|mistake| date(part(6, 8), part(4, 6), part(0, 4)).map_err(|_| mistake)),
        _ => Err(BadDate::Unreadable),
    }
}

fn date(day: &str, month: &str, year: &str) -> Result<NaiveDate, BadDate> {
    if day.len() > 2 || month.len() > 2 || !matches!(year.len(), 2 | 4) {
        return Err(BadDate::Unreadable);
    }
    let number = |text: &str| text.parse::<u32>().map_err(|_| BadDate::Unreadable);
    let century = if year.len() == 2 { 2000 } else { 0 };
    let year = year.parse::<i32>().map_err(|_| BadDate::Unreadable)? + century;
    if !YEARS.contains(&year) {
        return Err(BadDate::Year);
    }
    NaiveDate::from_ymd_opt(year, number(month)?, number(day)?).ok_or(BadDate::Impossible)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn dates_are_read_as_people_type_them() {
        let expected = Ok(Some(day(2026, 11, 21)));
        for typed in
            ["21.11.2026", " 21.11.26 ", "21/11/2026", "21-11-26", "21 11 2026", "21,11,26", "211126", "21112026"]
        {
            assert_eq!(parse_date(typed), expected, "{typed}");
        }
        for typed in ["2026-11-21", "2026.11.21", "20261121"] {
            assert_eq!(parse_date(typed), expected, "{typed}");
        }
        assert_eq!(parse_date("1.2.26"), Ok(Some(day(2026, 2, 1))));
        assert_eq!(parse_date("29.02.2024"), Ok(Some(day(2024, 2, 29))));
        assert_eq!(parse_date("  "), Ok(None));
    }

    #[test]
    fn mistakes_are_told_apart() {
        for typed in ["завтра", "21", "21.11", "2111202", "1.2.3", "٢١.١١.٢٠٢٦", "111.1.2026", "-"] {
            assert_eq!(parse_date(typed).map_err(BadDate::words), Err(t!("date-bad")), "{typed}");
        }
        for typed in ["31.02.2026", "29.02.2026", "32.01.26", "01.13.2026", "00.01.2026"] {
            assert_eq!(parse_date(typed).map_err(BadDate::words), Err(t!("date-impossible")), "{typed}");
        }
        for typed in ["01.01.0026", "01.01.2100", "1899-01-01"] {
            assert_eq!(parse_date(typed).map_err(BadDate::words), Err(t!("date-year")), "{typed}");
        }
    }

    #[test]
    fn a_day_and_a_month_are_of_this_year() {
        let today = day(2026, 11, 21);
        assert_eq!(with_year("1.2", today), Some(day(2026, 2, 1)));
        assert_eq!(with_year("01.02.", today), Some(day(2026, 2, 1)));
        assert_eq!(with_year("31.02", today), None);
        assert_eq!(with_year("12", today), None);
    }
}
