//! The present moment as a parameter: an instant and the time zone of the medical organization.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

/// «Now» where the medical organization is. «Today» and «in the future» are the organization's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The instant.
    pub now: DateTime<Utc>,
    /// The time zone of the medical organization.
    pub zone: Tz,
}

impl Moment {
    /// The organization's date at this moment.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        self.date_of(self.now)
    }

    /// The organization's date at an instant.
    #[must_use]
    pub fn date_of(&self, instant: DateTime<Utc>) -> NaiveDate {
        instant.with_timezone(&self.zone).date_naive()
    }
}

/// The first instant of a local date. A date whose midnight the clocks skip begins when they have been moved.
pub(crate) fn start_of(date: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = date.and_time(NaiveTime::MIN);
    (0..=24)
        .find_map(|quarters| {
            let local = midnight + chrono::Duration::minutes(15 * quarters);
            zone.from_local_datetime(&local).earliest()
        })
        .map_or_else(|| Utc.from_utc_datetime(&midnight), |local| local.with_timezone(&Utc))
}

/// The first instant after a local date.
pub(crate) fn end_of(date: NaiveDate, zone: Tz) -> DateTime<Utc> {
    date.checked_add_days(Days::new(1)).map_or(DateTime::<Utc>::MAX_UTC, |next| start_of(next, zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_when_the_clocks_say_so() {
        let date = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
        assert_eq!(start_of(date(2026, 3, 1), chrono_tz::Asia::Barnaul).to_rfc3339(), "2026-02-28T17:00:00+00:00");
        // Beirut moved its clocks at midnight: the 27th of March 2022 began at one o'clock.
        assert_eq!(start_of(date(2022, 3, 27), chrono_tz::Asia::Beirut).to_rfc3339(), "2022-03-26T22:00:00+00:00");
        assert_eq!(
            end_of(date(2026, 3, 1), chrono_tz::Asia::Barnaul),
            start_of(date(2026, 3, 2), chrono_tz::Asia::Barnaul)
        );
    }
}
