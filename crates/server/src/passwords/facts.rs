//! What is kept about an account's password besides its hash, and whether it must be changed.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::PasswordHash;

/// The most that a configuration may ask to be remembered.
pub(crate) const MOST_FORMER: usize = 24;

/// What is kept about a password. Accounts of the first version have none of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct PasswordFacts {
    /// When it was last changed; `None` is as long ago as the account.
    pub(crate) changed_at: Option<DateTime<Utc>>,
    /// Whether somebody else has set it: its owner must change it first of all.
    pub(crate) temporary: bool,
    /// The latest of those before it, newest first.
    pub(crate) former: Vec<PasswordHash>,
}

impl PasswordFacts {
    /// The facts of a new password that takes the place of an old one.
    pub(crate) fn after(&self, old: PasswordHash, temporary: bool, now: DateTime<Utc>) -> Self {
        let former = std::iter::once(old).chain(self.former.iter().cloned()).take(MOST_FORMER).collect();
        Self { changed_at: Some(now), temporary, former }
    }
}

/// Why a password must be changed before anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PasswordDue {
    /// An administrator has set it.
    Given,
    /// It is too old.
    Aged,
}

impl PasswordDue {
    /// Whether a password is due, by its facts. `made_at` is when its account was made.
    pub(crate) fn of(
        facts: &PasswordFacts,
        made_at: DateTime<Utc>,
        max_age: Option<Duration>,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let age = now - facts.changed_at.unwrap_or(made_at);
        if facts.temporary {
            Some(Self::Given)
        } else if max_age.is_some_and(|most| age > most) {
            Some(Self::Aged)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_due_when_it_was_given_or_is_too_old() {
        let made = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let (most, days) = (Some(Duration::days(90)), Duration::days);
        let of = |facts: &PasswordFacts, most, day| PasswordDue::of(facts, made, most, made + days(day));
        let first_version = PasswordFacts::default();
        assert_eq!(of(&first_version, None, 10_000), None);
        assert_eq!((of(&first_version, most, 90), of(&first_version, most, 91)), (None, Some(PasswordDue::Aged)));
        let given = PasswordFacts { temporary: true, ..PasswordFacts::default() };
        assert_eq!(of(&given, None, 0), Some(PasswordDue::Given));
        let changed = PasswordFacts { changed_at: Some(made + days(80)), ..PasswordFacts::default() };
        assert_eq!((of(&changed, most, 170), of(&changed, most, 171)), (None, Some(PasswordDue::Aged)));
    }
}
