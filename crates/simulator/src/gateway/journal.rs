//! What the gateway was told: every answer that was applied, and how often, so that a test can prove that
//! it took effect exactly once.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use prikrep_domain::{AnswerId, ApplicationId, DecisionKind};
use serde::Serialize;

/// An answer that was applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AppliedAnswer {
    /// The application.
    pub application: ApplicationId,
    /// The answer.
    pub answer: AnswerId,
    /// Its decision.
    pub decision: DecisionKind,
    /// When it was applied.
    pub at: DateTime<Utc>,
    /// How often it changed the application; anything but 1 is a fault of the gateway.
    pub effects: u64,
    /// How often it was sent, the first time included.
    pub puts: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: Vec<AppliedAnswer>,
    by_answer: HashMap<AnswerId, usize>,
}

impl Journal {
    pub(crate) fn entries(&self) -> &[AppliedAnswer] {
        &self.entries
    }

    /// The application that an answer's identifier was used on.
    pub(crate) fn application_of(&self, answer: AnswerId) -> Option<ApplicationId> {
        let entry = self.entries.get(*self.by_answer.get(&answer)?)?;
        Some(entry.application)
    }

    pub(crate) fn applied(
        &mut self,
        application: ApplicationId,
        answer: AnswerId,
        decision: DecisionKind,
        at: DateTime<Utc>,
    ) {
        let place = *self.by_answer.entry(answer).or_insert(self.entries.len());
        match self.entries.get_mut(place) {
            Some(entry) => entry.effects += 1,
            None => self.entries.push(AppliedAnswer { application, answer, decision, at, effects: 1, puts: 1 }),
        }
    }

    pub(crate) fn repeated(&mut self, answer: AnswerId) {
        let place = self.by_answer.get(&answer).copied();
        if let Some(entry) = place.and_then(|place| self.entries.get_mut(place)) {
            entry.puts += 1;
        }
    }
}
