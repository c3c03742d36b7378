//! Faults on request: rules that fire on some requests, by chance or so many times.
//!
//! The rules and their own seed decide everything: the same requests in the same order meet the same faults.

use serde::{Deserialize, Serialize};

use crate::dice::{Dice, Stream};

/// The most rules at a time.
pub const MAX_RULES: usize = 100;
/// The longest latency, in milliseconds.
pub const MAX_LATENCY_MS: u64 = 600_000;

/// Which requests a rule looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Every request of the protocol.
    #[default]
    Any,
    /// Signing in and out.
    Sessions,
    /// The feed.
    Feed,
    /// Search and cards.
    Applications,
    /// Answers.
    Answers,
    /// The directory.
    Directory,
}

impl Scope {
    /// The scope of a path of the protocol.
    pub(crate) fn of(path: &str) -> Self {
        let mut parts = path.trim_start_matches('/').split('/').skip(1);
        match (parts.next(), parts.nth(1)) {
            (Some("sessions"), _) => Self::Sessions,
            (Some("feed"), _) => Self::Feed,
            (Some("applications"), Some("answers")) => Self::Answers,
            (Some("applications"), _) => Self::Applications,
            (Some("directory"), _) => Self::Directory,
            _ => Self::Any,
        }
    }
}

/// What is wrong with a record of the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Malformation {
    /// A status that nobody knows.
    UnknownStatus,
    /// A type that nobody knows.
    UnknownType,
    /// A number where a text belongs.
    WrongType,
    /// No patient.
    MissingField,
    /// A date of the far future.
    DateOutOfRange,
    /// A record of more than a mebibyte.
    Oversized,
    /// Not an object at all.
    NotAnObject,
    /// The same record twice in a page.
    Duplicate,
    /// A record with version 1 again, after it had a newer one.
    StaleVersion,
}

/// What happens when a rule fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// The request is held before it is looked at.
    Latency {
        /// How long, in milliseconds.
        latency_ms: u64,
    },
    /// The request is refused with a status.
    Status {
        /// 429, 500 or 503.
        status: u16,
        /// `Retry-After`, with 429 and 503.
        #[serde(default)]
        retry_after_secs: Option<u32>,
    },
    /// The connection ends before the request takes effect.
    DropBefore,
    /// The request takes effect, then the connection ends without an answer.
    DropAfter,
    /// The response ends in the middle of its body, with the connection.
    CutBody,
    /// The response is whole as HTTP, but half of its JSON is missing.
    Truncate,
    /// A page of the feed has a malformed record.
    Malformed {
        /// What is wrong with it.
        malformation: Malformation,
        /// Whether it takes the place of a real record, instead of standing beside the real ones.
        #[serde(default)]
        replace: bool,
    },
    /// The feed says that the cursor has expired, though the epoch is the same.
    ExpireCursor,
    /// All sessions end.
    ExpireSessions,
}

impl Fault {
    const fn is_for(self, scope: Scope) -> bool {
        match self {
            Self::Malformed { .. } | Self::ExpireCursor => matches!(scope, Scope::Feed),
            Self::Latency { .. }
            | Self::Status { .. }
            | Self::DropBefore
            | Self::DropAfter
            | Self::CutBody
            | Self::Truncate
            | Self::ExpireSessions => true,
        }
    }
}

/// When which fault happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// The fault.
    #[serde(flatten)]
    pub fault: Fault,
    /// Which requests it looks at.
    #[serde(default)]
    pub on: Scope,
    /// How likely it fires on each of them, from 0 to 1.
    #[serde(default = "always")]
    pub probability: f64,
    /// How often it may still fire; absent means without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// How often it has fired.
    #[serde(default)]
    pub fired: u64,
}

const fn always() -> f64 {
    1.0
}

impl Rule {
    /// A rule that fires on every request of a scope.
    #[must_use]
    pub const fn new(fault: Fault, on: Scope) -> Self {
        Self { fault, on, probability: 1.0, count: None, fired: 0 }
    }

    /// The same rule, so many times at most.
    #[must_use]
    pub const fn times(self, count: u64) -> Self {
        Self { count: Some(count), ..self }
    }

    /// The same rule, so likely.
    #[must_use]
    pub const fn with_probability(self, probability: f64) -> Self {
        Self { probability, ..self }
    }

    fn check(&self) -> Result<(), BadFaults> {
        if !(0.0..=1.0).contains(&self.probability) {
            return Err(BadFaults::Probability);
        }
        match self.fault {
            Fault::Latency { latency_ms } if latency_ms > MAX_LATENCY_MS => Err(BadFaults::Latency),
            Fault::Status { status, .. } if !matches!(status, 429 | 500 | 503) => Err(BadFaults::Status),
            Fault::Latency { .. }
            | Fault::Status { .. }
            | Fault::DropBefore
            | Fault::DropAfter
            | Fault::CutBody
            | Fault::Truncate
            | Fault::Malformed { .. }
            | Fault::ExpireCursor
            | Fault::ExpireSessions => Ok(()),
        }
    }
}

/// The rules and the seed of their chances: the body of `POST /control/faults`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FaultPlan {
    /// The seed of the chances.
    #[serde(default)]
    pub seed: u64,
    /// The rules; several may fire on one request.
    pub rules: Vec<Rule>,
}

/// A plan that cannot be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadFaults {
    /// Too many rules.
    #[error("Правил может быть не больше {MAX_RULES}")]
    TooMany,
    /// Not a probability.
    #[error("probability: число от 0 до 1")]
    Probability,
    /// Too long.
    #[error("latency_ms: не больше {MAX_LATENCY_MS}")]
    Latency,
    /// A status that the protocol does not have for this.
    #[error("status: 429, 500 или 503")]
    Status,
}

/// The rules at work.
#[derive(Debug)]
pub(crate) struct Faults {
    plan: FaultPlan,
    dice: Dice,
}

impl Faults {
    pub(crate) fn new(plan: FaultPlan) -> Result<Self, BadFaults> {
        if plan.rules.len() > MAX_RULES {
            return Err(BadFaults::TooMany);
        }
        plan.rules.iter().try_for_each(Rule::check)?;
        let dice = Dice::new(plan.seed, Stream::Faults, 0);
        Ok(Self { plan, dice })
    }

    pub(crate) fn none() -> Self {
        Self { plan: FaultPlan::default(), dice: Dice::new(0, Stream::Faults, 0) }
    }

    pub(crate) const fn plan(&self) -> &FaultPlan {
        &self.plan
    }

    /// The faults that a request meets, in the order of the rules.
    pub(crate) fn strike(&mut self, scope: Scope) -> Vec<Fault> {
        let mut struck = Vec::new();
        for rule in &mut self.plan.rules {
            let looks = (rule.on == Scope::Any || rule.on == scope) && rule.fault.is_for(scope);
            if looks && rule.count != Some(0) && self.dice.fraction() < rule.probability {
                rule.count = rule.count.map(|count| count - 1);
                rule.fired += 1;
                struck.push(rule.fault);
            }
        }
        struck
    }

    pub(crate) fn dice(&mut self) -> &mut Dice {
        &mut self.dice
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scope_of_a_path() {
        for (path, scope) in [
            ("/v1/feed", Scope::Feed),
            ("/v1/sessions/current", Scope::Sessions),
            ("/v1/applications", Scope::Applications),
            ("/v1/applications/x", Scope::Applications),
            ("/v1/applications/x/answers/y", Scope::Answers),
            ("/v1/directory", Scope::Directory),
            ("/v1/other", Scope::Any),
        ] {
            assert_eq!(Scope::of(path), scope, "{path}");
        }
    }

    #[test]
    fn chances_follow_the_seed_and_counts_run_out() {
        let strikes = |seed| {
            let rule = Rule::new(Fault::DropBefore, Scope::Feed).with_probability(0.3).times(20);
            let mut faults = Faults::new(FaultPlan { seed, rules: vec![rule] }).unwrap();
            assert!(faults.strike(Scope::Answers).is_empty());
            (0..1_000).map(|_| faults.strike(Scope::Feed).len()).collect::<Vec<_>>()
        };
        let first = strikes(1);
        assert_eq!(first, strikes(1));
        assert_ne!(first, strikes(2));
        assert_eq!(first.iter().sum::<usize>(), 20);
        assert!(first.iter().take(30).sum::<usize>() < 20);
    }

    #[test]
    fn a_bad_plan_is_refused() {
        let plan = |rule: Rule| FaultPlan { seed: 0, rules: vec![rule] };
        let rule = Rule::new(Fault::DropAfter, Scope::Any);
        assert_eq!(Faults::new(plan(rule.clone().with_probability(1.5))).unwrap_err(), BadFaults::Probability);
        assert_eq!(Faults::new(plan(rule.clone().with_probability(f64::NAN))).unwrap_err(), BadFaults::Probability);
        let status = Fault::Status { status: 418, retry_after_secs: None };
        assert_eq!(Faults::new(plan(Rule::new(status, Scope::Any))).unwrap_err(), BadFaults::Status);
        let latency = Fault::Latency { latency_ms: MAX_LATENCY_MS + 1 };
        assert_eq!(Faults::new(plan(Rule::new(latency, Scope::Any))).unwrap_err(), BadFaults::Latency);
        let many = FaultPlan { seed: 0, rules: vec![rule; MAX_RULES + 1] };
        assert_eq!(Faults::new(many).unwrap_err(), BadFaults::TooMany);
    }
}
