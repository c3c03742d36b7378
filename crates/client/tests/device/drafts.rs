//! What is typed and not sent yet.

use chrono::Utc;
use prikrep_domain::{AnswerDraft, DecisionKind};
use prikrep_testkit::{PASSWORD, draft_of};
use prikrep_ui::Action;

use crate::device::{Device, PASSPHRASE};
use crate::region::Region;

fn half_typed() -> AnswerDraft {
    AnswerDraft {
        decision: Some(DecisionKind::Refuse),
        comment: "Перезвонить после обеда".to_owned(),
        ..AnswerDraft::default()
    }
}

#[test]
fn a_draft_survives_a_restart() {
    let region = Region::start(&["ivanova"]);
    let mut device = Device::signed_in(&region.url(), "ivanova");
    let id = device.waiting_for(DecisionKind::Refuse);
    // Closed right behind the last key.
    device.act(Action::SaveDraft(id, AnswerDraft { comment: "Пере".to_owned(), ..half_typed() }));
    device.act(Action::SaveDraft(id, half_typed()));
    let mut device = device.restart();
    device.sign_in(PASSWORD, Some(PASSPHRASE));
    let card = device.open(id);
    assert_eq!(card.draft, Some(half_typed()));
    assert!(card.standing.is_pending(), "nothing was sent");
    device.close();
}

#[test]
fn a_draft_is_gone_after_its_answer_was_sent() {
    let region = Region::start(&["ivanova"]);
    let mut device = Device::signed_in(&region.url(), "ivanova");
    let id = device.waiting_for(DecisionKind::Refuse);
    device.act(Action::SaveDraft(id, half_typed()));
    assert!(device.open(id).draft.is_some());
    device.send(id, draft_of(DecisionKind::Refuse, Utc::now()));
    device.until_card("the form is empty", id, |card| card.draft.is_none() && !card.standing.is_pending());
    device.close();
}

#[test]
fn a_draft_that_is_dropped_does_not_come_back() {
    let region = Region::start(&["ivanova"]);
    let mut device = Device::signed_in(&region.url(), "ivanova");
    let id = device.waiting_for(DecisionKind::Refuse);
    device.act(Action::SaveDraft(id, half_typed()));
    device.act(Action::DropDraft(id));
    assert_eq!(device.open(id).draft, None);
    let mut device = device.restart();
    device.sign_in(PASSWORD, Some(PASSPHRASE));
    assert_eq!(device.open(id).draft, None);
    device.close();
}

#[test]
fn an_answer_that_is_not_complete_is_refused_by_field_and_kept_as_a_draft() {
    let region = Region::start(&["ivanova"]);
    let mut device = Device::signed_in(&region.url(), "ivanova");
    let id = device.waiting_for(DecisionKind::Refuse);
    device.act(Action::SaveDraft(id, half_typed()));
    device.act(Action::Send { attempt: 1, application: id, draft: half_typed() });
    let sent = device.until("the form is told", |work| work.sent.clone());
    let refused = sent.outcome.clone().unwrap_err();
    assert!(refused.errors.iter().any(|error| error.field == "refusal_reason"), "{refused:?}");
    let card = device.open(id);
    assert_eq!(card.draft, Some(half_typed()));
    assert!(card.standing.is_pending() && card.answers.is_empty());
    device.close();
}
