//! When the next daily pull is due. Pure: both clocks are parameters.
//!
//! Invariant: whatever the clock does, a pull comes within a day of service, and a pull that was completed
//! is not repeated before the next due time, except once after the clock was set back by more than
//! [`TOLERANCE`].

use chrono::{DateTime, Days, Duration, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

/// A completed pull this far in the future still counts as just now: clocks are corrected by little all
/// the time. Beyond it the stored time was written by a wrong clock and says nothing.
pub const TOLERANCE: Duration = Duration::minutes(5);

/// Once a day at a local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Daily {
    /// The local time. Where the clocks skip it, the first moment after the gap; where they repeat it, the
    /// first of the two.
    pub at: NaiveTime,
    /// The time zone.
    pub zone: Tz,
}

/// When to pull.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextPull {
    /// At once: the last due pull was missed.
    Now,
    /// At this instant, which is in the future.
    At(DateTime<Utc>),
}

impl Daily {
    /// When to pull, given the present instant and the end of the last completed pull.
    #[must_use]
    pub fn next(&self, now: DateTime<Utc>, last_completed: Option<DateTime<Utc>>) -> NextPull {
        let known = last_completed.filter(|last| *last <= now + TOLERANCE);
        let missed = known.is_none_or(|last| self.last_due(now).is_some_and(|due| last < due));
        if missed { NextPull::Now } else { NextPull::At(self.next_due(now)) }
    }

    /// The last due time that is not after `now`.
    fn last_due(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.around(now).filter(|due| *due <= now).max()
    }

    /// The first due time after `now`.
    fn next_due(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.around(now).filter(|due| *due > now).min().unwrap_or(now + Duration::days(1))
    }

    /// The due times of the dates about `now`. A zone that skips a whole date gives it to the next one.
    fn around(&self, now: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
        let today = now.with_timezone(&self.zone).date_naive();
        let before = (0..=2).filter_map(move |days| today.checked_sub_days(Days::new(days)));
        let after = (1..=2).filter_map(move |days| today.checked_add_days(Days::new(days)));
        before.chain(after).filter_map(|date| self.on(date))
    }

    /// The due time of a local date.
    fn on(&self, date: NaiveDate) -> Option<DateTime<Utc>> {
        let wanted = date.and_time(self.at);
        (0..=24 * 60)
            .filter_map(|minutes| wanted.checked_add_signed(Duration::minutes(minutes)))
            .find_map(|local| self.zone.from_local_datetime(&local).earliest())
            .map(|due| due.with_timezone(&Utc))
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::{America, Asia, Europe, Pacific};
    use proptest::prelude::*;

    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
    }

    fn daily(at: &str, zone: Tz) -> Daily {
        Daily { at: NaiveTime::parse_from_str(at, "%H:%M").unwrap(), zone }
    }

    #[test]
    fn the_next_pull_as_a_table() {
        let barnaul = daily("02:30", Asia::Barnaul); // UTC+7, no summer time
        let berlin = daily("02:30", Europe::Berlin); // 2026-03-29 skips 02:00-03:00, 2026-10-25 repeats it
        let evening = daily("23:59", America::New_York);
        let apia = daily("02:30", Pacific::Apia); // the date 2011-12-30 was skipped
        let rows = [
            // now, last completed, expected; never pulled: at once
            (barnaul, "2026-03-01T12:00:00Z", None, None),
            // the pull of today is done
            (barnaul, "2026-03-01T12:00:00Z", Some("2026-02-28T19:31:00Z"), Some("2026-03-01T19:30:00Z")),
            // the last one was of the day before: missed, catch up
            (barnaul, "2026-03-01T12:00:00Z", Some("2026-02-28T19:29:59Z"), None),
            (barnaul, "2026-03-01T12:00:00Z", Some("2020-01-01T00:00:00Z"), None),
            // exactly due
            (barnaul, "2026-03-01T19:30:00Z", Some("2026-02-28T19:30:05Z"), None),
            (barnaul, "2026-03-01T19:29:59Z", Some("2026-02-28T19:30:05Z"), Some("2026-03-01T19:30:00Z")),
            // a pull by hand shortly before the due time does not replace it, one that ends after does
            (barnaul, "2026-03-01T19:30:00Z", Some("2026-03-01T19:29:00Z"), None),
            (barnaul, "2026-03-01T19:31:00Z", Some("2026-03-01T19:30:30Z"), Some("2026-03-02T19:30:00Z")),
            // a skipped local time: the first moment after the gap
            (berlin, "2026-03-29T00:30:00Z", Some("2026-03-28T02:00:00Z"), Some("2026-03-29T01:00:00Z")),
            (berlin, "2026-03-29T01:00:00Z", Some("2026-03-28T02:00:00Z"), None),
            (berlin, "2026-03-29T02:00:00Z", Some("2026-03-29T01:00:10Z"), Some("2026-03-30T00:30:00Z")),
            // a repeated local time: once, the first
            (berlin, "2026-10-25T00:29:00Z", Some("2026-10-24T01:00:00Z"), Some("2026-10-25T00:30:00Z")),
            (berlin, "2026-10-25T01:31:00Z", Some("2026-10-25T00:31:00Z"), Some("2026-10-26T01:30:00Z")),
            // across midnight
            (evening, "2026-01-02T05:00:00Z", Some("2026-01-02T04:59:30Z"), Some("2026-01-03T04:59:00Z")),
            // a date that does not exist
            (apia, "2011-12-30T09:00:00Z", Some("2011-12-29T13:00:00Z"), Some("2011-12-30T10:00:00Z")),
            // the clock was a little ahead at the last pull: it counts
            (barnaul, "2026-03-01T12:00:00Z", Some("2026-03-01T12:04:00Z"), Some("2026-03-01T19:30:00Z")),
            // ...also when that was about the due time: the pull is not repeated
            (barnaul, "2026-03-01T19:30:00Z", Some("2026-03-01T19:31:00Z"), Some("2026-03-02T19:30:00Z")),
            // the clock was far ahead at the last pull: it says nothing
            (barnaul, "2026-03-01T12:00:00Z", Some("2035-01-01T00:00:00Z"), None),
        ];
        for (daily, now, last, expected) in rows {
            let expected = expected.map_or(NextPull::Now, |at| NextPull::At(utc(at)));
            assert_eq!(daily.next(utc(now), last.map(utc)), expected, "{daily:?} at {now} after {last:?}");
        }
    }

    #[test]
    fn the_ends_of_time_do_no_harm() {
        let daily = daily("02:30", Asia::Barnaul);
        for now in [DateTime::<Utc>::MIN_UTC + Duration::days(3), DateTime::<Utc>::MAX_UTC - Duration::days(3)] {
            assert_eq!(daily.next(now, None), NextPull::Now);
            assert!(matches!(daily.next(now, Some(now)), NextPull::At(next) if next > now));
        }
    }

    fn zones() -> impl Strategy<Value = Tz> {
        (0..chrono_tz::TZ_VARIANTS.len()).prop_map(|index| chrono_tz::TZ_VARIANTS[index])
    }

    proptest! {
        #[test]
        fn the_next_pull_is_in_the_future_and_within_two_days(
            zone in zones(),
            minutes in 0u32..24 * 60,
            now in 0i64..4_000_000_000,
            ago in 0i64..200_000,
        ) {
            let at = NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0).unwrap();
            let daily = Daily { at, zone };
            let now = DateTime::from_timestamp(now, 0).unwrap();
            if let NextPull::At(next) = daily.next(now, Some(now - Duration::seconds(ago))) {
                prop_assert!(next > now && next <= now + Duration::hours(49), "{next}");
            }
            prop_assert!(matches!(daily.next(now, Some(now)), NextPull::At(_)), "a completed pull is not repeated");
        }

        /// A service that looks every ten minutes of real time, with a clock that is set wrong at random.
        #[test]
        fn a_clock_that_jumps_gives_no_storm_and_no_pull_that_never_comes(
            jumps in proptest::collection::vec((0i64..1440, -400_000i64..400_000), 0..6),
        ) {
            let daily = daily("02:30", Asia::Barnaul);
            let start = utc("2026-03-01T00:00:00Z");
            let (mut last, mut offset, mut since) = (Some(start), Duration::zero(), 0i64);
            let (mut pulls, mut longest) = (0usize, 0i64);
            for look in 0..1440 {
                for (at, jump) in &jumps {
                    if *at == look {
                        offset += Duration::seconds(*jump);
                    }
                }
                let now = start + Duration::minutes(10 * look) + offset;
                since += 1;
                longest = longest.max(since);
                if daily.next(now, last) == NextPull::Now {
                    (last, since) = (Some(now), 0);
                    pulls += 1;
                }
            }
            prop_assert!(pulls <= 10 + 2 * jumps.len(), "{pulls} pulls in ten days");
            prop_assert!(longest <= 144 * (1 + i64::try_from(jumps.len()).unwrap()), "{longest} looks without one");
        }
    }
}
