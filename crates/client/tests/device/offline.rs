//! Work without a register.

use chrono::Utc;
use prikrep_domain::DecisionKind;
use prikrep_testkit::{PASSWORD, draft_of};
use prikrep_ui::{Action, Hop, Link};

use crate::device::{Device, PASSPHRASE, last_hop};
use crate::region::{Region, employee};

#[test]
fn an_answer_without_a_connection_survives_a_restart_and_is_delivered_once() {
    let mut region = Region::start(&["ivanova"]);
    let mut device = Device::signed_in(&region.url(), "ivanova");
    let id = device.waiting_for(DecisionKind::Provide);
    device.open(id);
    region.stop_register();
    device.send(id, draft_of(DecisionKind::Provide, Utc::now()));
    device.until_card("it waits", id, |card| {
        !card.standing.is_pending() && matches!(last_hop(card), Some(Hop::Queued { .. }))
    });
    let mut device = device.restart();
    device.sign_in(PASSWORD, Some(PASSPHRASE));
    device.open(id);
    device.until_card("it still waits, and was tried", id, |card| {
        matches!(last_hop(card), Some(Hop::Queued { tries: 1.., trouble: Some(_) }))
    });
    device.until_counts("and is counted", |counts| counts.queued == 1);

    region.start_register();
    device.act(Action::Refresh);
    let card = device.until_card("it is delivered", id, |card| matches!(last_hop(card), Some(Hop::Delivered { .. })));
    assert_eq!(card.answers.len(), 1);
    assert_eq!(card.answers[0].0.answer.answered_by, employee("ivanova"));
    let applied = region.applied_answers();
    assert_eq!(applied.len(), 1);
    assert_eq!((applied[0].application, applied[0].effects), (id, 1));
    device.until_counts("nothing is on its way any more", |counts| counts.queued == 0);
    device.close();
}

#[test]
fn a_register_that_comes_back_is_found_without_a_press() {
    let mut region = Region::start(&["ivanova"]);
    let mut device = Device::signed_in(&region.url(), "ivanova");
    let id = device.waiting_for(DecisionKind::Refuse);
    region.stop_register();
    device.until("it is told", |work| matches!(work.link, Link::Offline { .. }).then_some(()));
    device.open(id);
    device.send(id, draft_of(DecisionKind::Refuse, Utc::now()));
    region.start_register();
    device.until_card("it is delivered", id, |card| matches!(last_hop(card), Some(Hop::Delivered { .. })));
    device.until("it is told", |work| (work.link == Link::Online).then_some(()));
    device.close();
}

#[test]
fn a_press_on_retry_does_not_wait_for_the_next_try() {
    let mut region = Region::start(&["ivanova"]);
    let mut device = Device::signed_in(&region.url(), "ivanova");
    let id = device.waiting_for(DecisionKind::Provide);
    region.stop_register();
    device.send(id, draft_of(DecisionKind::Provide, Utc::now()));
    let answer = device.until("it was tried in vain", |work| {
        let row = work.outbox.first()?;
        assert_eq!((row.application, work.outbox.len()), (id, 1));
        matches!(row.hop, Hop::Queued { tries: 1.., trouble: Some(_) }).then_some(row.record.id)
    });
    region.start_register();
    device.act(Action::Retry(answer));
    device.until("it is not on its way any more", |work| work.outbox.is_empty().then_some(()));
    device.open(id);
    device.until_card("it is delivered", id, |card| matches!(last_hop(card), Some(Hop::Delivered { .. })));
    assert_eq!(region.applied_answers().len(), 1);
    device.close();
}
