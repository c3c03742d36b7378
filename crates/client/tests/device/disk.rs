//! A workstation whose disk takes nothing more, for a while.

use std::path::Path;

use chrono::Utc;
use prikrep_domain::{AnswerDraft, ApplicationId, DecisionKind};
use prikrep_testkit::disk::{DiskState, again_on_a_disk, change_own_disk, is_on_a_disk};
use prikrep_testkit::{PASSWORD, draft_of};
use prikrep_ui::{Action, CardState, DiskTrouble};

use crate::device::{Device, PASSPHRASE};
use crate::region::Region;

fn typed(words: String) -> AnswerDraft {
    AnswerDraft { comment: words, ..draft_of(DecisionKind::Refuse, Utc::now()) }
}

fn a_disk_takes_nothing(state: DiskState, trouble: DiskTrouble) {
    let region = Region::start(&["ivanova"]);
    let within = std::env::var_os("DISK_FOLDER").unwrap();
    let mut device = Device::within(Path::new(&within), &region.url(), "ivanova");
    device.sign_in(PASSWORD, Some(PASSPHRASE));
    device.until("the list is whole", |work| work.complete.then_some(()));
    let first = device.waiting_for(DecisionKind::Refuse);
    device.send(first, draft_of(DecisionKind::Refuse, Utc::now()));
    let second = device.waiting_for(DecisionKind::Refuse);
    device.act(Action::SaveDraft(second, typed("до беды".to_owned())));
    device.open(second);

    change_own_disk(state);
    let refused = until_refused(&mut device, second);
    assert_eq!(refused, trouble.words(), "the form is told in plain words, and stays open");
    device.until("the window says what is wrong", |work| (work.disk == Some(trouble)).then_some(()));
    // What is on the disk is read on.
    let card = device.open(second);
    assert!(
        card.standing.is_pending() && card.draft.as_ref().unwrap().comment.starts_with("до беды"),
        "{:?}",
        card.draft
    );
    assert!(!device.open(first).standing.is_pending(), "what was accepted stays");

    change_own_disk(DiskState::Well);
    device.until("it works again", |work| (work.disk.is_none() && work.desk_trouble.is_none()).then_some(()));
    device.act(Action::SaveDraft(second, typed("после беды".to_owned())));
    assert_eq!(device.open(second).draft.as_ref().unwrap().comment, "после беды");
    device.send(second, draft_of(DecisionKind::Refuse, Utc::now()));
    let mut device = device.restart();
    device.sign_in(PASSWORD, Some(PASSPHRASE));
    for id in [first, second] {
        let card = device.open(id);
        assert!(!card.standing.is_pending() && card.answers.len() == 1, "{:?}", card.answers);
    }
    device.until("nothing is damaged", |work| work.attention.is_empty().then_some(()));
    device.close();
}

/// Types on until the disk takes nothing more, then presses «Отправить»; returns what the form is told.
fn until_refused(device: &mut Device, id: ApplicationId) -> String {
    for number in 0..2_000 {
        let draft = typed(format!("до беды {number} {}", "слово ".repeat(500)));
        device.act(Action::SaveDraft(id, draft.clone()));
        device.act(Action::Open(id));
        let is_refused = device.until("it is kept or refused", |work| match &work.card {
            _ if work.desk_trouble.is_some() => Some(true),
            CardState::Open(card) if card.draft.as_ref().is_some_and(|kept| kept.comment == draft.comment) => {
                Some(false)
            }
            _ => None,
        });
        if is_refused {
            return device.try_to_send(id, draft_of(DecisionKind::Refuse, Utc::now())).unwrap_err().words;
        }
    }
    panic!("the disk takes everything")
}

#[test]
fn a_full_disk_is_told_and_what_was_typed_stays() {
    if !is_on_a_disk() {
        drop(again_on_a_disk("disk::a_full_disk_is_told_and_what_was_typed_stays", false));
        return;
    }
    a_disk_takes_nothing(DiskState::Full, DiskTrouble::Full);
}

#[test]
fn a_read_only_disk_is_told_and_what_was_typed_stays() {
    if !is_on_a_disk() {
        drop(again_on_a_disk("disk::a_read_only_disk_is_told_and_what_was_typed_stays", false));
        return;
    }
    a_disk_takes_nothing(DiskState::ReadOnly, DiskTrouble::Refusing);
}
