//! The lock, and leaving.

use chrono::Utc;
use prikrep_domain::DecisionKind;
use prikrep_testkit::{PASSWORD, draft_of};
use prikrep_ui::{Action, Locked, Settings, Snapshot, Stage};
use zeroize::Zeroizing;

use crate::device::{Device, PASSPHRASE};
use crate::region::Region;

fn locked(snapshot: &Snapshot) -> Option<Locked> {
    match &snapshot.stage {
        Stage::Locked(locked) => Some(locked.clone()),
        Stage::SignIn(_) | Stage::Work(_) | Stage::Audit(_) => None,
    }
}

fn unlock(device: &mut Device, password: &str) {
    device.act(Action::Unlock(Zeroizing::new(password.to_owned())));
}

fn sign_out(device: &mut Device, wipe: bool) {
    device.act(Action::SignOut { wipe });
    device.until_snapshot("everything is closed", |snapshot| match &snapshot.stage {
        Stage::SignIn(sign_in) if sign_in.busy.is_none() => {
            assert_eq!(sign_in.trouble, None);
            Some(())
        }
        _ => None,
    });
}

#[test]
fn the_lock_hides_everything_and_only_the_right_password_opens_it() {
    let mut region = Region::start(&["ivanova"]);
    let mut device = Device::signed_in(&region.url(), "ivanova");
    let id = device.waiting_for(DecisionKind::Provide);
    device.open(id);
    // Without a connection, too.
    region.stop_register();
    device.act(Action::Lock);
    assert_eq!(locked(&device.snapshot()).unwrap().login, "ivanova");
    unlock(&mut device, "совсем другая фраза");
    let shown = device.until_snapshot("it is told", |snapshot| locked(snapshot).filter(|it| it.trouble.is_some()));
    assert!(!shown.busy);
    unlock(&mut device, PASSWORD);
    device.until_card("the card is where it was", id, |_| true);
    device.close();
}

#[test]
fn a_window_that_nobody_touches_locks_by_itself() {
    let region = Region::start(&["ivanova"]);
    let mut device = Device::signed_in(&region.url(), "ivanova");
    let mut settings: Settings = (*device.snapshot().settings).clone();
    settings.lock_after_mins = 10;
    device.act(Action::Set(settings));
    let touch = || vec![egui::Event::Text("а".to_owned())];
    assert!(locked(&device.at_secs(100.0, touch())).is_none());
    assert!(locked(&device.at_secs(699.0, Vec::new())).is_none());
    // The next touch begins the time anew.
    assert!(locked(&device.at_secs(699.5, touch())).is_none());
    assert!(locked(&device.at_secs(1_299.0, Vec::new())).is_none());
    assert!(locked(&device.at_secs(1_300.0, Vec::new())).is_some());
    unlock(&mut device, PASSWORD);
    device.until("it is open again", |_| Some(()));
    assert!(locked(&device.at_secs(1_800.0, Vec::new())).is_none());
    device.close();
}

#[test]
fn work_goes_on_behind_the_lock() {
    let region = Region::start(&["ivanova"]);
    let mut device = Device::signed_in(&region.url(), "ivanova");
    let before = device.until_counts("they are known", |counts| counts.applications > 0);
    device.act(Action::Lock);
    let arrived = region.arrive(12);
    assert!(!arrived.is_empty());
    unlock(&mut device, PASSWORD);
    device.until_counts("they have come", |counts| counts.applications == before.applications + arrived.len());
    device.close();
}

#[test]
fn what_is_typed_for_the_lock_screen_of_another_time_changes_nothing() {
    let region = Region::start(&["ivanova"]);
    let mut device = Device::signed_in(&region.url(), "ivanova");
    unlock(&mut device, "совсем другая фраза");
    device.until("it is open", |_| Some(()));
    let settings = Settings { lock_after_mins: 0, ..(*device.snapshot().settings).clone() };
    device.act(Action::Set(settings));
    device.until("it stays open", |_| Some(()));
    device.close();
}

#[test]
fn leaving_keeps_the_data_and_lets_the_folder_go() {
    let region = Region::start(&["ivanova"]);
    let mut device = Device::signed_in(&region.url(), "ivanova");
    let rows = device.rows();
    sign_out(&mut device, false);
    assert!(device.profile_folder().exists());
    device.sign_in(PASSWORD, Some(PASSPHRASE));
    assert_eq!(device.rows(), rows);
    device.close();
}

#[test]
fn leaving_for_good_removes_the_folder() {
    let region = Region::start(&["ivanova"]);
    let mut device = Device::signed_in(&region.url(), "ivanova");
    sign_out(&mut device, true);
    assert!(!device.profile_folder().exists());
    device.sign_in(PASSWORD, Some("другая местная фраза"));
    device.until("another passphrase may be chosen, and the list comes anew", |work| work.complete.then_some(()));
    device.close();
}

#[test]
fn nobody_leaves_for_good_while_an_answer_is_not_delivered() {
    let mut region = Region::start(&["ivanova"]);
    let mut device = Device::signed_in(&region.url(), "ivanova");
    let id = device.waiting_for(DecisionKind::Provide);
    region.stop_register();
    device.send(id, draft_of(DecisionKind::Provide, Utc::now()));
    device.act(Action::SignOut { wipe: true });
    device.until_counts("the work is still open", |counts| counts.queued == 1);
    assert!(device.profile_folder().exists());
    sign_out(&mut device, false);
    device.sign_in(PASSWORD, Some(PASSPHRASE));
    device.until_counts("the answer is still there", |counts| counts.queued == 1);
    device.close();
}

#[test]
fn an_answer_sent_in_the_last_moment_before_leaving_for_good_is_not_lost() {
    let mut region = Region::start(&["ivanova"]);
    let mut device = Device::signed_in(&region.url(), "ivanova");
    let id = device.waiting_for(DecisionKind::Provide);
    region.stop_register();
    // Nobody has counted the answer yet when the second press comes.
    device.act(Action::Send { attempt: 1, application: id, draft: draft_of(DecisionKind::Provide, Utc::now()) });
    device.act(Action::SignOut { wipe: true });
    let left =
        device.until_snapshot("everything is closed, or the work is still open", |snapshot| match &snapshot.stage {
            Stage::SignIn(sign_in) if sign_in.busy.is_none() => Some(Some(sign_in.trouble.clone())),
            Stage::Work(work) if work.counts.queued == 1 => Some(None),
            _ => None,
        });
    if let Some(trouble) = left {
        let words = trouble.expect("why nothing was removed").words;
        assert!(words.contains("не доставлен"), "{words}");
        device.sign_in(PASSWORD, Some(PASSPHRASE));
        device.until_counts("the answer is still there", |counts| counts.queued == 1);
    }
    device.close();
}
