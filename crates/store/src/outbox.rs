//! The outbox in memory: answers on their way, by order and by application.
//!
//! Invariant: it holds what the desk holds; the desk is written first. An entry leaves when the upstream's
//! feed says that its answer was delivered (a reply may be newer than pages that are still to come); the desk
//! forgets it only when the base with that word is durable. One that was refused, here or further on, stays until a
//! person has taken it back or answered anew.

use std::collections::{BTreeMap, HashMap};

use prikrep_domain::{Answer, AnswerId, Application, ApplicationId, Delivery, OnTheWay, Problem, RecordedAnswer};
use serde::{Deserialize, Serialize};

use crate::codec::{decode, encode};
use crate::desk::{Change, Drawer, Records};
use crate::{OutboxEntry, OutboxState, StoreError};

/// An answer of the outbox as the desk keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredAnswer {
    pub(crate) application: ApplicationId,
    pub(crate) id: AnswerId,
    pub(crate) answer: Answer,
    pub(crate) state: OutboxState,
}

impl StoredAnswer {
    /// The answer as the protocol shows it: its delivery is how far beyond this hop it has travelled.
    pub(crate) fn record(&self) -> RecordedAnswer {
        let delivery = match &self.state {
            OutboxState::Queued => Delivery::Queued,
            OutboxState::Delivered { at, .. } => Delivery::Delivered { at: Some(*at) },
            OutboxState::Rejected { at, problem } => {
                Delivery::Rejected { at: Some(*at), problem: Some(Box::new(problem.clone())) }
            }
        };
        RecordedAnswer { id: self.id, answer: self.answer.clone(), delivery }
    }

    /// Whether the answer is to be applied to a base: the base was said before the answer took effect.
    fn applies_to(&self, base: &Application) -> bool {
        match &self.state {
            OutboxState::Queued => true,
            OutboxState::Delivered { version, .. } => version.is_none_or(|version| base.version < version),
            OutboxState::Rejected { .. } => false,
        }
    }

    /// The answer over a base.
    pub(crate) fn over(&self, base: &Application) -> OnTheWay {
        OnTheWay { record: self.record(), applies: self.applies_to(base) }
    }

    pub(crate) fn is_queued(&self) -> bool {
        matches!(self.state, OutboxState::Queued)
    }
}

/// What a base says of an answer, when that is the last word on it.
pub(crate) fn last_word(base: &Application, id: AnswerId) -> Option<&Delivery> {
    let known = base.answers.iter().find(|known| known.id == id)?;
    match known.delivery {
        Delivery::Queued => None,
        Delivery::Delivered { .. } | Delivery::Rejected { .. } => Some(&known.delivery),
    }
}

/// The state of an answer that the domain or the upstream refuses.
pub(crate) fn rejected_state(mut problem: Problem, at: chrono::DateTime<chrono::Utc>) -> OutboxState {
    // The application is kept as the base, not once more inside every refusal.
    problem.application = None;
    OutboxState::Rejected { at, problem }
}

/// The outbox.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    entries: BTreeMap<u64, StoredAnswer>,
    by_id: HashMap<AnswerId, u64>,
    by_application: HashMap<ApplicationId, Vec<u64>>,
    last_order: u64,
}

impl Outbox {
    /// Reads the outbox from the desk's records.
    pub(crate) fn read(records: &Records) -> Result<Self, StoreError> {
        let mut outbox = Self::default();
        for ((drawer, key), plain) in records {
            if *drawer != Drawer::Answers {
                continue;
            }
            let order = <[u8; 8]>::try_from(key.as_slice())
                .map(u64::from_be_bytes)
                .map_err(|_| StoreError::Damaged { what: "номер ответа в очереди".into() })?;
            outbox.put(order, decode(plain, "ответ в очереди")?);
        }
        Ok(outbox)
    }

    pub(crate) fn next_order(&self) -> u64 {
        self.last_order + 1
    }

    pub(crate) fn put(&mut self, order: u64, answer: StoredAnswer) {
        self.last_order = self.last_order.max(order);
        if self.by_id.insert(answer.id, order).is_none() {
            let orders = self.by_application.entry(answer.application).or_default();
            let at = orders.partition_point(|known| *known < order);
            orders.insert(at, order);
        }
        self.entries.insert(order, answer);
    }

    pub(crate) fn remove(&mut self, order: u64) -> Option<StoredAnswer> {
        let answer = self.entries.remove(&order)?;
        self.by_id.remove(&answer.id);
        if let Some(orders) = self.by_application.get_mut(&answer.application) {
            orders.retain(|known| *known != order);
            if orders.is_empty() {
                self.by_application.remove(&answer.application);
            }
        }
        Some(answer)
    }

    pub(crate) fn get(&self, id: AnswerId) -> Option<(u64, &StoredAnswer)> {
        let order = *self.by_id.get(&id)?;
        Some((order, self.entries.get(&order)?))
    }

    /// The answers of an application in their order.
    pub(crate) fn of(&self, application: ApplicationId) -> impl Iterator<Item = (u64, &StoredAnswer)> {
        let orders = self.by_application.get(&application).map(Vec::as_slice).unwrap_or_default();
        orders.iter().filter_map(|order| Some((*order, self.entries.get(order)?)))
    }

    /// The applications that have answers here.
    pub(crate) fn applications(&self) -> impl Iterator<Item = ApplicationId> {
        self.by_application.keys().copied()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &StoredAnswer)> {
        self.entries.iter().map(|(order, answer)| (*order, answer))
    }

    /// The answers that stand over a base.
    pub(crate) fn on_the_way(&self, base: &Application) -> Vec<OnTheWay> {
        self.of(base.id).map(|(_, answer)| answer.over(base)).collect()
    }

    pub(crate) fn listing(&self) -> Vec<OutboxEntry> {
        self.iter()
            .map(|(order, answer)| OutboxEntry {
                order,
                application: answer.application,
                record: answer.record(),
                state: answer.state.clone(),
            })
            .collect()
    }
}

/// The desk's change that keeps an answer.
pub(crate) fn put_change(order: u64, answer: &StoredAnswer) -> Result<Change, StoreError> {
    Ok(Change::Put(Drawer::Answers, order.to_be_bytes().to_vec(), encode(answer, "ответ")?))
}

/// The desk's change that forgets an answer.
pub(crate) fn remove_change(order: u64) -> Change {
    Change::Remove(Drawer::Answers, order.to_be_bytes().to_vec())
}
