//! What is done at a workstation is in the register's journal, also what was done without a connection.

use std::time::{Duration, Instant};

use prikrep_domain::{Act, DecisionKind, Numbered, Place};
use prikrep_testkit::PASSWORD;
use prikrep_ui::{Action, Auditing, JournalQuery, Stage};
use zeroize::Zeroizing;

use crate::device::{Device, PASSPHRASE, all_dates, everything};
use crate::region::Region;

const PATIENCE: Duration = Duration::from_secs(45);

/// The register's journal, once it is as expected; nothing wakes for that, so that it is looked at again and
/// again.
fn until(region: &Region, what: &str, is_so: impl Fn(&[Numbered]) -> bool) -> Vec<Numbered> {
    let end = Instant::now() + PATIENCE;
    loop {
        let entries = region.journal();
        if is_so(&entries) {
            return entries;
        }
        assert!(Instant::now() < end, "{what}: {entries:#?}");
        std::thread::yield_now();
    }
}

fn here(entries: &[Numbered]) -> Vec<&'static str> {
    let at_workstations = entries.iter().filter(|one| matches!(one.entry.place, Place::Workstation { .. }));
    at_workstations.map(|one| one.entry.act.name()).collect()
}

#[test]
fn what_is_done_here_is_known_there_once_also_what_was_done_offline() {
    let mut region = Region::start(&["ivanova"]);
    let mut device = Device::signed_in(&region.url(), "ivanova");
    let id = device.waiting_for(DecisionKind::Provide);
    device.open(id);
    let entries = until(&region, "the card is known", |entries| here(entries).contains(&"card_opened"));
    assert!(here(&entries).contains(&"searched"), "the search before it is written first");
    let opened = entries.iter().find(|one| one.entry.act.name() == "card_opened").unwrap();
    assert_eq!(opened.entry.actor.login, "ivanova");
    assert!(matches!(&opened.entry.act, Act::CardOpened { application, patient: Some(_) } if *application == id));

    region.stop_register();
    let mut device = device.restart();
    device.sign_in(PASSWORD, Some(PASSPHRASE));
    device.until("it works offline", |_| Some(()));
    device.act(Action::Lock);
    device.act(Action::Unlock(Zeroizing::new(PASSWORD.to_owned())));
    device.until("it is open again", |_| Some(()));
    device.act(Action::Search(everything()));
    device.open(id);
    // Nothing of it is lost by a restart.
    let mut device = device.restart();
    region.start_register();
    device.sign_in(PASSWORD, Some(PASSPHRASE));
    device.until("somebody works", |_| Some(()));
    let expected = ["card_opened", "searched", "unlocked", "locked", "signed_in"];
    let entries = until(&region, "all of it is known", |entries| {
        let acts = here(entries);
        expected.iter().all(|act| acts.contains(act)) && acts.iter().filter(|act| **act == "card_opened").count() == 2
    });
    let acts = here(&entries);
    let at = |name| acts.iter().position(|act| *act == name).unwrap();
    assert!(at("card_opened") < at("unlocked") && at("unlocked") < at("locked"), "in the order in which it was done");
    let sequences: Vec<u64> = entries
        .iter()
        .filter_map(|one| match one.entry.place {
            Place::Workstation { sequence, .. } => Some(sequence),
            Place::Register { .. } | Place::Console => None,
        })
        .collect();
    assert!(sequences.is_sorted_by(|one, next| one == &(next + 1)), "without a gap: {sequences:?}");
    assert!(entries.iter().any(|one| one.entry.act == Act::SignedIn { offline: true }));
    device.close();
}

#[test]
fn settings_and_exports_are_known_by_what_they_are() {
    let region = Region::start(&["ivanova"]);
    let mut device = Device::signed_in(&region.url(), "ivanova");
    let mut settings = (*device.snapshot().settings).clone();
    settings.zoom_percent = 150;
    settings.keep_drafts = !settings.keep_drafts;
    device.act(Action::Set(settings));
    let names = vec!["zoom_percent".to_owned(), "keep_drafts".to_owned()];
    until(&region, "the settings are known", |entries| {
        entries.iter().any(|one| one.entry.act == Act::SettingsChanged { names: names.clone() })
    });
    device.close();
}

fn until_audit<T>(device: &mut Device, what: &str, look: impl Fn(&Auditing) -> Option<T>) -> T {
    device.until_snapshot(what, |snapshot| match &snapshot.stage {
        Stage::Audit(auditing) => look(auditing),
        Stage::SignIn(_) | Stage::Locked(_) | Stage::Work(_) => None,
    })
}

#[test]
fn an_auditor_sees_who_has_opened_the_card_of_a_patient_and_keeps_nothing() {
    let region = Region::start(&["ivanova"]);
    region.add_auditor("audit");
    let mut device = Device::signed_in(&region.url(), "ivanova");
    let id = device.waiting_for(DecisionKind::Provide);
    let card = device.open(id);
    let patient = card.standing.application.patient.guid;
    until(&region, "the card is known", |entries| here(entries).contains(&"card_opened"));
    device.close();

    let mut auditor = Device::new(&region.url(), "audit");
    auditor.sign_in(PASSWORD, None);
    until_audit(&mut auditor, "the auditor is in", |_| Some(()));
    let query = JournalQuery {
        period: all_dates(),
        login: String::new(),
        act: Some("card_opened"),
        patient: Some(patient),
        application: None,
        before: None,
    };
    auditor.act(Action::SeekJournal(query.clone()));
    let found = until_audit(&mut auditor, "it is found", |auditing| (!auditing.busy).then(|| auditing.clone()));
    assert_eq!((found.trouble, found.before, found.items.len()), (None, None, 1));
    assert_eq!(found.items[0].entry.actor.login, "ivanova");
    assert!(!auditor.profile_folder().exists(), "nothing of it is kept here");
    auditor.act(Action::SignOut { wipe: false });
    auditor.until_snapshot("the auditor has left", |snapshot| matches!(snapshot.stage, Stage::SignIn(_)).then_some(()));
    let folder = auditor.close();
    drop(folder);
}
