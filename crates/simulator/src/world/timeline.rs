//! When applications were filed: over two years up to the start, ever denser, mostly in working hours.

use chrono::{DateTime, Utc};

use crate::dice::{Dice, Stream};

pub(crate) const HOUR: i64 = 3_600;
pub(crate) const DAY: i64 = 24 * HOUR;
const SPAN_DAYS: f64 = 730.0;
/// Altai Krai is seven hours ahead of UTC, without summer time.
const LOCAL_OFFSET: i64 = 7 * HOUR;
/// Of a thousand applications of a Saturday or Sunday, those that are filed on the Friday before instead.
const WEEKDAY_PULL: u64 = 600;

/// When the application of an index, one of `applications`, was filed: never after `start`.
pub(crate) fn filed_at(seed: u64, index: u64, applications: u64, start: DateTime<Utc>) -> DateTime<Utc> {
    let mut dice = Dice::new(seed, Stream::Time, index);
    let jitter = dice.below(1_000) as f64 / 1_000.0;
    let share = ((index as f64 + jitter) / applications.max(1) as f64).min(1.0);
    // The share of applications filed by the time t of 0..1 is 0.4 t + 0.6 t²; this is its inverse.
    let time = ((0.16 + 2.4 * share).sqrt() - 0.4) / 1.2;
    let start_secs = start.timestamp();
    let local = start_secs + LOCAL_OFFSET - seconds(SPAN_DAYS * (1.0 - time));
    let mut day = local.div_euclid(DAY);
    // Day 0, the first of January 1970, was a Thursday.
    let days_after_friday = (day + 6).rem_euclid(7);
    if (1..=2).contains(&days_after_friday) && dice.chance(WEEKDAY_PULL) {
        day -= days_after_friday;
    }
    let at = day * DAY + second_of_day(&mut dice) - LOCAL_OFFSET;
    let at = if at > start_secs { at - DAY } else { at };
    DateTime::from_timestamp(at, 0).unwrap_or(start)
}

#[expect(clippy::cast_possible_truncation, reason = "at most 730 days")]
fn seconds(days: f64) -> i64 {
    (days * 86_400.0) as i64
}

fn second_of_day(dice: &mut Dice) -> i64 {
    if dice.chance(820) {
        // The mean of two even draws: densest in the middle of the day from 8 to 19 o'clock.
        8 * HOUR + (dice.between(0, 11 * HOUR) + dice.between(0, 11 * HOUR)) / 2
    } else {
        dice.between(6 * HOUR, DAY)
    }
}

/// `at` and some seconds, but not after `limit`.
pub(crate) fn later(at: DateTime<Utc>, secs: i64, limit: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(at.timestamp().saturating_add(secs), 0).unwrap_or(at).min(limit).max(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Datelike, Timelike};
    use chrono_tz::Asia::Barnaul;

    #[test]
    fn applications_grow_denser_and_keep_working_hours() {
        let start: DateTime<Utc> = "2026-06-01T04:00:00Z".parse().unwrap();
        let all: Vec<_> = (0..20_000).map(|index| filed_at(3, index, 20_000, start)).collect();
        assert!(all.iter().all(|at| *at <= start && (start - at).num_days() <= 733));
        let recent = all.iter().filter(|at| (start - **at).num_days() < 365).count();
        assert!((12_000..14_500).contains(&recent), "{recent}");
        let local = || all.iter().map(|at| at.with_timezone(&Barnaul));
        let working = local().filter(|at| (8..19).contains(&at.hour())).count();
        assert!((17_000..19_500).contains(&working), "{working}");
        let weekend = local().filter(|at| at.weekday().number_from_monday() > 5).count();
        assert!((1_500..3_500).contains(&weekend), "{weekend}");
    }
}
