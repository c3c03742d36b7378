//! Two workstations of one organization.

use chrono::Utc;
use prikrep_domain::{DecisionKind, Standing, Status};
use prikrep_testkit::{PASSWORD, draft_of};
use prikrep_ui::{Action, Counts, Hop, Link};

use crate::cable::Cable;
use crate::device::{Device, PASSPHRASE, last_hop};
use crate::region::{Region, employee};

#[test]
fn an_answer_travels_to_the_gateway_and_the_colleague_sees_who_gave_it() {
    let region = Region::start(&["ivanova", "petrova"]);
    let [mut ivanova, mut petrova] = ["ivanova", "petrova"].map(|login| Device::signed_in(&region.url(), login));
    let id = ivanova.waiting_for(DecisionKind::Provide);
    ivanova.open(id);
    let before = petrova.open(id);
    assert!(before.standing.is_pending() && before.answers.is_empty());

    ivanova.send(id, draft_of(DecisionKind::Provide, Utc::now()));
    for device in [&mut ivanova, &mut petrova] {
        let card = device.until_card("it is delivered to the gateway", id, |card| {
            matches!(last_hop(card), Some(Hop::Delivered { .. }))
        });
        assert_eq!(card.answers[0].0.answer.answered_by, employee("ivanova"));
        assert_eq!(card.standing.application.status, Status::Done);
    }
    let applied = region.applied_answers();
    assert_eq!(applied.len(), 1);
    assert_eq!((applied[0].application, applied[0].effects), (id, 1));
    ivanova.close();
    petrova.close();
}

#[test]
fn an_answer_that_is_refused_behind_the_register_is_told_until_it_is_taken_back() {
    let region = Region::start(&["ivanova"]);
    let mut device = Device::signed_in(&region.url(), "ivanova");
    let id = device.waiting_for(DecisionKind::Provide);
    region.hold_answers();
    device.open(id);
    let draft = draft_of(DecisionKind::Refuse, Utc::now());
    device.send(id, draft.clone());
    device.until("it is on its way behind the register", |work| {
        let [row] = &work.outbox[..] else { return None };
        (row.hop == Hop::Registered).then_some(())
    });
    device.until_counts("and is counted", |counts| (counts.queued, counts.registered, counts.rejected) == (0, 1, 0));

    region.answer_elsewhere(id, &draft_of(DecisionKind::Provide, Utc::now()));
    let refused = |work: &prikrep_ui::Work| match &work.outbox[..] {
        [row] if matches!(row.hop, Hop::Rejected { .. }) => Some(row.record.id),
        _ => None,
    };
    device.until("it is told", refused);
    let mut device = device.restart();
    device.sign_in(PASSWORD, Some(PASSPHRASE));
    let answer = device.until("it is still told after a restart", refused);
    device.until_counts("and is counted", |counts| (counts.registered, counts.rejected) == (0, 1));
    let card = device.open(id);
    assert_eq!(card.standing.application.status, Status::Done, "the other answer stands");
    assert!(matches!(last_hop(&card), Some(Hop::Rejected { words, .. }) if !words.is_empty()), "{:?}", card.answers);

    device.act(Action::Rework(answer));
    device.until("it is taken back", |work| work.outbox.is_empty().then_some(()));
    let card = device.until_card("what was written is there", id, |card| card.draft.is_some());
    assert_eq!(card.draft.as_ref().map(|kept| &kept.refusal_reason), Some(&draft.refusal_reason));
    device.close();
}

#[test]
fn an_answer_passes_the_hops_in_their_order() {
    let region = Region::start(&["ivanova"]);
    let mut cable = Cable::to(&region);
    let mut ivanova = Device::signed_in(&cable.url(), "ivanova");
    let id = ivanova.waiting_for(DecisionKind::Refuse);
    ivanova.open(id);
    cable.pull_out(&region);
    ivanova.until("the register is away", |work| matches!(work.link, Link::Offline { .. }).then_some(()));
    ivanova.send(id, draft_of(DecisionKind::Refuse, Utc::now()));
    let mut hops = Vec::new();
    ivanova.until_card("it is queued", id, |card| matches!(last_hop(card), Some(Hop::Queued { .. })));
    ivanova.until_counts("it is counted", |counts| counts.queued == 1);
    cable.put_back(&region);
    ivanova.act(Action::Refresh);
    ivanova.until("it is delivered", |work| {
        let prikrep_ui::CardState::Open(card) = &work.card else { return None };
        let rank = match last_hop(card)? {
            Hop::Queued { .. } => 0,
            Hop::Registered => 1,
            Hop::Delivered { .. } => 2,
            Hop::Rejected { words, .. } => panic!("{words}"),
        };
        hops.push(rank);
        (rank == 2).then_some(())
    });
    assert!(hops.is_sorted(), "no step back: {hops:?}");
    ivanova.until_counts("nothing is on its way any more", |counts| counts.queued == 0);
    ivanova.close();
}

#[test]
fn both_converge_and_nothing_changes_any_more() {
    let region = Region::start(&["ivanova", "petrova"]);
    let mut devices = ["ivanova", "petrova"].map(|login| Device::signed_in(&region.url(), login));
    // The second chooses from what it sees of the first one's answer.
    for (turn, decision) in [DecisionKind::Provide, DecisionKind::Refuse].into_iter().enumerate() {
        let id = devices[turn].waiting_for(decision);
        devices[turn].send(id, draft_of(decision, Utc::now()));
        for device in &mut devices {
            device.open(id);
            device.until_card("it is delivered", id, |card| matches!(last_hop(card), Some(Hop::Delivered { .. })));
        }
    }
    let settled: [_; 2] = devices.each_mut().map(look);
    assert_eq!(settled[0].1, settled[1].1);
    assert!(without_versions(&settled[0].0) == without_versions(&settled[1].0), "both see the same");
    let applied = region.applied_answers().len();
    for _ in 0..2 {
        for (device, before) in devices.iter_mut().zip(&settled) {
            device.refresh();
            assert!(look(device) == *before, "nothing has changed");
        }
    }
    assert_eq!(region.applied_answers().len(), applied);
    devices.into_iter().for_each(|device| drop(device.close()));
}

/// A version is the change number of the store that it is read from.
fn without_versions(rows: &[Standing]) -> Vec<Standing> {
    let mut rows = rows.to_vec();
    rows.iter_mut().for_each(|row| row.application.version = 0);
    rows
}

fn look(device: &mut Device) -> (Vec<Standing>, Counts) {
    let rows = device.rows();
    let pending = rows.iter().filter(|row| row.is_pending()).count();
    let counts = device.until_counts("the counters agree with the rows", |counts| {
        (counts.applications, counts.pending, counts.queued) == (rows.len(), pending, 0)
    });
    (rows, counts)
}

#[test]
fn the_second_is_told_who_was_first_and_loses_nothing_that_was_typed() {
    let region = Region::start(&["ivanova", "petrova"]);
    let mut cable = Cable::to(&region);
    let mut ivanova = Device::signed_in(&region.url(), "ivanova");
    let mut petrova = Device::signed_in(&cable.url(), "petrova");
    let id = ivanova.waiting_for(DecisionKind::Provide);
    petrova.open(id);
    cable.pull_out(&region);
    petrova.until("the register is away", |work| matches!(work.link, Link::Offline { .. }).then_some(()));
    ivanova.open(id);
    ivanova.send(id, draft_of(DecisionKind::Provide, Utc::now()));
    ivanova.until_card("the register has it", id, |card| {
        matches!(last_hop(card), Some(Hop::Registered | Hop::Delivered { .. }))
    });
    let typed = draft_of(DecisionKind::Refuse, Utc::now());
    petrova.send(id, typed.clone());
    petrova.until_counts("it waits", |counts| (counts.queued, counts.rejected) == (1, 0));

    cable.put_back(&region);
    petrova.act(Action::Refresh);
    petrova.until_counts("it is refused", |counts| (counts.queued, counts.rejected) == (0, 1));
    let is_rejected = |hop: &Hop| matches!(hop, Hop::Rejected { .. });
    let card = petrova.until_card("both answers are there", id, |card| {
        card.answers.len() == 2 && card.answers.iter().any(|(_, hop)| is_rejected(hop))
    });
    assert_eq!(card.standing.application.status, Status::Done, "the first one counts");
    let (mine, hop) = card.answers.iter().find(|(_, hop)| is_rejected(hop)).unwrap().clone();
    let Hop::Rejected { words, .. } = hop else { unreachable!() };
    assert!(words.contains(&employee("ivanova")), "{words}");

    petrova.act(Action::Rework(mine.id));
    let card = petrova.until_card("it is a draft again", id, |card| card.draft.is_some());
    let draft = card.draft.clone().unwrap();
    assert_eq!(
        (draft.decision, draft.refusal_reason, draft.comment),
        (typed.decision, typed.refusal_reason, typed.comment)
    );
    assert_eq!(card.answers.len(), 1);
    petrova.until("the outbox is empty", |work| {
        (work.outbox.is_empty() && (work.counts.queued, work.counts.rejected) == (0, 0)).then_some(())
    });
    assert_eq!(region.applied_answers().len(), 1);
    ivanova.close();
    petrova.close();
}
