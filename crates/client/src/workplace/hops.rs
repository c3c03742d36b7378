//! How far answers have travelled, seen from this workstation.
//!
//! Of an answer that is in the outbox the outbox knows more than the register's word on the application:
//! queued here, taken by the register, refused. What the register says of the others is how far they have
//! come beyond it.

use std::collections::BTreeMap;
use std::sync::Arc;

use prikrep_daemon::PushState;
use prikrep_domain::{AnswerId, Application, Delivery, Problem, RecordedAnswer};
use prikrep_store::{OutboxEntry, OutboxState, Store};
use prikrep_ui::{Hop, OutboxRow};

pub(super) type Pushes = BTreeMap<AnswerId, PushState>;

/// How far an entry of the outbox has come.
pub(super) fn hop_of_entry(entry: &OutboxEntry, pushes: &Pushes) -> Hop {
    match &entry.state {
        OutboxState::Queued => {
            let push = pushes.get(&entry.record.id);
            let trouble = push.and_then(|push| push.last_trouble.as_ref()).map(prikrep_daemon::Trouble::words);
            Hop::Queued { tries: push.map_or(0, |push| push.tries), trouble }
        }
        OutboxState::Delivered { .. } => Hop::Registered,
        OutboxState::Rejected { at, problem } => Hop::Rejected { at: Some(*at), words: problem.words().to_owned() },
    }
}

/// How far an answer has come by the register's own word.
fn hop_of_record(record: &RecordedAnswer) -> Hop {
    match &record.delivery {
        Delivery::Queued => Hop::Registered,
        Delivery::Delivered { at } => Hop::Delivered { at: *at },
        Delivery::Rejected { at, problem } => {
            let words = problem.as_deref().map_or("", Problem::words);
            Hop::Rejected { at: *at, words: words.to_owned() }
        }
    }
}

/// The answers of an application with how far each has come.
pub(super) fn answers_of(
    application: &Application,
    outbox: &[OutboxEntry],
    pushes: &Pushes,
) -> Vec<(RecordedAnswer, Hop)> {
    let hop = |record: &RecordedAnswer| {
        let entry = outbox.iter().find(|entry| entry.record.id == record.id);
        entry.map_or_else(|| hop_of_record(record), |entry| hop_of_entry(entry, pushes))
    };
    application.answers.iter().map(|record| (record.clone(), hop(record))).collect()
}

/// The answers that are not yet with the federal service, or were refused, the last first.
pub(super) fn outbox_rows(store: &dyn Store, pushes: &Pushes) -> Arc<[OutboxRow]> {
    store.outbox().iter().rev().map(|entry| row(store, entry, pushes)).collect()
}

fn row(store: &dyn Store, entry: &OutboxEntry, pushes: &Pushes) -> OutboxRow {
    let standing = store.standing(entry.application).unwrap_or_else(|error| {
        tracing::warn!(%error, "an application of the outbox cannot be read");
        None
    });
    let push = pushes.get(&entry.record.id);
    OutboxRow {
        record: entry.record.clone(),
        application: entry.application,
        application_type: standing.as_ref().map(|standing| standing.application.application_type),
        patient: standing.map(|standing| standing.application.patient.name.full()).unwrap_or_default(),
        hop: hop_of_entry(entry, pushes),
        last_try: push.and_then(|push| push.last_try),
        next_try: push.and_then(|push| push.next_try),
    }
}
