//! The statistics of a period: counted from applications as they stand, one at a time, without pixels.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use prikrep_domain::{Application, ApplicationId, ApplicationType, Decision, Delivery, Period, Standing, Status};

/// Reasons are free text: beyond this many different ones the rest are counted together.
const MAX_REASONS: usize = 10_000;

/// The statistics of a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// The period, by the date of the application.
    pub period: Period,
    /// Applications by day and type, in the order of [`ApplicationType::ALL`]; only days that have any.
    pub days: BTreeMap<NaiveDate, [usize; 3]>,
    /// Applications by status, in the order of [`Status::ALL`].
    pub statuses: [usize; 7],
    /// Applications in all.
    pub total: usize,
    /// Those that wait for an answer.
    pub pending: usize,
    /// Half of the answers came within so many seconds of their application.
    pub median_answer_secs: Option<u64>,
    /// The application that has waited longest, and since when.
    pub oldest_pending: Option<(DateTime<Utc>, ApplicationId)>,
    /// Refusals by reason, the most frequent first.
    pub refusals: Vec<(String, usize)>,
}

/// Statistics being counted.
pub struct Counting {
    zone: Tz,
    figures: Figures,
    answer_secs: Vec<u64>,
    refusals: HashMap<String, usize>,
}

impl Counting {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(period: Period, zone: Tz) -> Self {
        let figures = Figures {
            period,
            days: BTreeMap::new(),
            statuses: [0; 7],
            total: 0,
            pending: 0,
            median_answer_secs: None,
            oldest_pending: None,
            refusals: Vec::new(),
        };
        Self { zone, figures, answer_secs: Vec::new(), refusals: HashMap::new() }
    }

    /// Counts an application.
    pub fn add(&mut self, standing: &Standing) {
        let application = &standing.application;
        let figures = &mut self.figures;
        figures.total += 1;
        let day = application.created_at.with_timezone(&self.zone).date_naive();
        bump(figures.days.entry(day).or_default(), place(&ApplicationType::ALL, &application.application_type));
        bump(&mut figures.statuses, place(&Status::ALL, &application.status));
        if standing.is_pending() {
            figures.pending += 1;
            let waits = (application.created_at, application.id);
            figures.oldest_pending = Some(figures.oldest_pending.map_or(waits, |oldest| oldest.min(waits)));
        }
        self.count_answers(application);
    }

    /// How many were counted.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.figures.total
    }

    fn count_answers(&mut self, application: &Application) {
        let mut standing = application.answers.iter().filter(|record| !is_rejected(&record.delivery)).peekable();
        if let Some(first) = standing.peek() {
            let took = (first.answer.answered_at - application.created_at).num_seconds();
            self.answer_secs.push(u64::try_from(took).unwrap_or(0));
        }
        for record in standing {
            if let Decision::Refuse { reason } = &record.answer.decision {
                let reason = reason.trim();
                let is_known = self.refusals.contains_key(reason);
                let reason = if is_known || self.refusals.len() < MAX_REASONS { reason } else { "" };
                *self.refusals.entry(reason.to_owned()).or_default() += 1;
            }
        }
    }

    /// The statistics.
    #[must_use]
    pub fn finish(mut self) -> Figures {
        let middle = self.answer_secs.len() / 2;
        self.figures.median_answer_secs =
            (!self.answer_secs.is_empty()).then(|| *self.answer_secs.select_nth_unstable(middle).1);
        self.figures.refusals = self.refusals.into_iter().collect();
        self.figures.refusals.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        self.figures
    }
}

const fn is_rejected(delivery: &Delivery) -> bool {
    matches!(delivery, Delivery::Rejected { .. })
}

fn place<T: PartialEq>(all: &[T], one: &T) -> usize {
    all.iter().position(|known| known == one).unwrap_or(0)
}

fn bump(counts: &mut [usize], at: usize) {
    if let Some(count) = counts.get_mut(at) {
        *count += 1;
    }
}
