//! How values are shown: dates and times of the organization, identifiers with their check.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use prikrep_domain::{OmsPolicy, Snils};

use crate::t;

/// What stands in the place of an absent value.
pub(crate) const ABSENT: &str = "—";

/// `21.11.2026`.
pub(crate) fn date(date: NaiveDate) -> String {
    date.format("%d.%m.%Y").to_string()
}

/// `21.11.2026`, of the organization.
pub(crate) fn day(at: DateTime<Utc>, zone: Tz) -> String {
    date(at.with_timezone(&zone).date_naive())
}

/// `21.11.2026 10:42`, of the organization.
pub(crate) fn moment(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%d.%m.%Y %H:%M").to_string()
}

/// `10:42` today, otherwise with the date.
pub(crate) fn recent(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> String {
    let (local, today) = (at.with_timezone(&zone), now.with_timezone(&zone).date_naive());
    let form = if local.date_naive() == today { "%H:%M" } else { "%d.%m.%Y %H:%M" };
    local.format(form).to_string()
}

/// A received SNILS as it is shown, and whether its check holds.
pub(crate) fn snils(received: &str) -> (String, bool) {
    Snils::parse(received).map_or_else(|_| (received.to_owned(), false), |snils| (snils.to_string(), true))
}

/// A received SNILS with a mark when its check fails; a dash when there is none.
pub(crate) fn snils_words(received: Option<&str>) -> String {
    let Some(received) = received else { return ABSENT.to_owned() };
    let (shown, holds) = snils(received);
    if holds { shown } else { format!("{shown} ({})", t!("check-failed")) }
}

/// A received policy with a mark when its check fails; a dash when there is none.
pub(crate) fn policy_words(received: Option<&str>) -> String {
    let Some(received) = received else { return ABSENT.to_owned() };
    if OmsPolicy::parse(received).is_ok() {
        received.to_owned()
    } else {
        format!("{received} ({})", t!("check-failed"))
    }
}

/// A length of time in words: `3 дня`, `5 ч`, `12 мин`.
pub(crate) fn span(secs: u64) -> String {
    let minutes = secs / 60;
    match (minutes / 1_440, minutes / 60) {
        (0, 0) => t!("span-minutes", count = minutes).into_owned(),
        (0, hours) => t!("span-hours", count = hours).into_owned(),
        (days, _) => t!("span-days", count = days).into_owned(),
    }
}
