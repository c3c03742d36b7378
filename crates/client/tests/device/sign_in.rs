//! The door: the first sign-in, and the later ones with and without a connection.

use std::sync::Arc;

use prikrep_client::vault::MemoryKeyring;
use prikrep_testkit::{Authority, PASSWORD};
use prikrep_ui::{Link, NewPassword, Passphrase, SignIn, SignInField, Stage};

use crate::device::{Device, PASSPHRASE};
use crate::region::{Region, employee, secure};

const WRONG: &str = "совсем другая фраза";

fn field(sign_in: &SignIn) -> Option<SignInField> {
    sign_in.trouble.as_ref().unwrap().field
}

#[test]
fn a_wrong_password_is_told_under_the_password_and_leaves_nothing_behind() {
    let region = Region::start(&["ivanova"]);
    let mut device = Device::new(&region.url(), "ivanova");
    let shown = device.sign_in_in_vain(WRONG, Some(PASSPHRASE));
    assert_eq!(field(&shown), Some(SignInField::Password));
    assert!(!device.profile_folder().exists());
    device.close();
}

#[test]
fn without_a_keyring_a_passphrase_is_to_be_chosen_and_then_the_list_fills() {
    let region = Region::start(&["ivanova"]);
    let mut device = Device::new(&region.url(), "ivanova");
    for passphrase in [None, Some("мала")] {
        let shown = device.sign_in_in_vain(PASSWORD, passphrase);
        assert_eq!((field(&shown), shown.passphrase), (Some(SignInField::Passphrase), Passphrase::Choose));
    }
    device.sign_in(PASSWORD, Some(PASSPHRASE));
    let (who, organization, counts) = device.until("everything has arrived", |work| {
        let is_here = work.complete && work.counts.applications > 0 && !work.directory.districts.is_empty();
        is_here.then(|| (work.employee.clone(), work.organization.clone(), work.counts))
    });
    assert_eq!(who, employee("ivanova"));
    let organization = organization.unwrap();
    let rows = device.rows();
    assert_eq!(rows.len(), counts.applications);
    assert_eq!(rows.iter().filter(|row| row.is_pending()).count(), counts.pending);
    assert!(rows.iter().all(|row| row.application.organization.oid == organization.oid));
    assert_eq!((counts.queued, counts.rejected, counts.quarantined), (0, 0, 0));
    device.close();
}

#[test]
fn with_a_keyring_nobody_asks_for_a_passphrase() {
    let region = Region::start(&["ivanova"]);
    let keyring = Arc::new(MemoryKeyring::default());
    let mut device = Device::with_keyring(&region.url(), "ivanova", Arc::clone(&keyring));
    device.sign_in(PASSWORD, None);
    device.until("the list is whole", |work| work.complete.then_some(()));
    assert_eq!(keyring.count(), 1);
    device.close();
}

#[test]
fn a_second_start_without_a_connection_shows_the_stored_list() {
    let mut region = Region::start(&["ivanova"]);
    let mut device = Device::signed_in(&region.url(), "ivanova");
    let stored = device.rows();
    region.stop_register();
    let mut device = device.restart();
    device.until_passphrase(Passphrase::Enter);
    device.sign_in(PASSWORD, Some(PASSPHRASE));
    let who = device
        .until("the register is away", |work| matches!(work.link, Link::Offline { .. }).then(|| work.employee.clone()));
    assert_eq!(who, employee("ivanova"));
    assert_eq!(device.rows(), stored);
    device.until("the directory is there", |work| (!work.directory.districts.is_empty()).then_some(()));
    device.close();
}

#[test]
fn without_a_connection_a_wrong_password_and_a_wrong_passphrase_are_told_under_their_fields() {
    let mut region = Region::start(&["ivanova"]);
    let device = Device::signed_in(&region.url(), "ivanova");
    region.stop_register();
    let mut device = device.restart();
    let shown = device.sign_in_in_vain(WRONG, Some(PASSPHRASE));
    assert_eq!(field(&shown), Some(SignInField::Password));
    for passphrase in [None, Some(WRONG)] {
        let shown = device.sign_in_in_vain(PASSWORD, passphrase);
        assert_eq!((field(&shown), shown.passphrase), (Some(SignInField::Passphrase), Passphrase::Enter));
    }
    device.sign_in(PASSWORD, Some(PASSPHRASE));
    device.until("the right ones open", |_| Some(()));
    device.close();
}

#[test]
fn a_register_that_refuses_the_password_of_the_last_time_is_believed() {
    let region = Region::start(&["ivanova"]);
    let device = Device::signed_in(&region.url(), "ivanova");
    region.set_password("ivanova", WRONG);
    let mut device = device.restart();
    let shown = device.sign_in_in_vain(PASSWORD, Some(PASSPHRASE));
    assert_eq!(field(&shown), Some(SignInField::Password));
    device.sign_in(WRONG, Some(PASSPHRASE));
    device.until("the new one opens the same data", |work| work.complete.then_some(()));
    device.close();
}

#[test]
fn a_password_that_was_given_is_changed_before_anything_is_shown() {
    const NEW: &str = "моя собственная фраза";
    let region = Region::start(&["ivanova"]);
    let device = Device::signed_in(&region.url(), "ivanova");
    region.give_password("ivanova", WRONG, true);
    let mut device = device.restart();
    let asked = device.sign_in_in_vain(WRONG, Some(PASSPHRASE));
    assert_eq!(asked.new_password, NewPassword::Asked);
    assert_eq!(field(&asked), None);
    for (current, new, wrong) in [
        (WRONG, "мала", SignInField::NewPassword),
        (WRONG, WRONG, SignInField::NewPassword),
        (PASSWORD, NEW, SignInField::Password),
    ] {
        device.change_password(current, new, Some(PASSPHRASE));
        let refused = device.until_refused();
        assert_eq!(field(&refused), Some(wrong), "{refused:?}");
    }
    device.change_password(WRONG, NEW, Some(PASSPHRASE));
    device.until("the new one opens the same data", |work| work.complete.then_some(()));
    let mut device = device.restart();
    device.sign_in(NEW, Some(PASSPHRASE));
    device.until("it is the password now", |work| (work.link == Link::Online).then_some(()));
    device.close();
}

#[test]
fn a_password_changed_at_the_very_first_sign_in_counts_although_a_passphrase_is_still_to_be_chosen() {
    const NEW: &str = "моя собственная фраза";
    let region = Region::start(&["ivanova"]);
    region.give_password("ivanova", WRONG, true);
    let mut device = Device::new(&region.url(), "ivanova");
    assert_eq!(device.sign_in_in_vain(WRONG, None).new_password, NewPassword::Asked);
    device.change_password(WRONG, NEW, None);
    let shown = device.until_refused();
    assert_eq!((field(&shown), shown.passphrase), (Some(SignInField::Passphrase), Passphrase::Choose));
    assert_eq!(shown.new_password, NewPassword::Taken, "the form goes on with the new one");
    device.sign_in(NEW, Some(PASSPHRASE));
    device.until("the list is there", |work| work.complete.then_some(()));
    device.close();
}

#[test]
fn where_nobody_has_signed_in_before_a_register_that_is_away_is_told() {
    let mut region = Region::start(&[]);
    region.stop_register();
    let mut device = Device::new(&region.url(), "ivanova");
    let shown = device.sign_in_in_vain(PASSWORD, Some(PASSPHRASE));
    assert_eq!(field(&shown), Some(SignInField::Server));
    assert!(matches!(device.snapshot().stage, Stage::SignIn(_)));
    device.close();
}

#[test]
fn a_register_with_tls_is_entered_with_the_certificates_of_its_region_only() {
    let (authority, stranger) = (Authority::new("Регион"), Authority::new("Чужой"));
    let mut ca_file = None;
    let region = Region::start_with(&["ivanova"], |config| ca_file = Some(secure(config, &authority)));
    let ca_file = ca_file.unwrap();
    let words = |shown: &SignIn| shown.trouble.as_ref().unwrap().words.clone();

    let other = ca_file.with_file_name("other.pem");
    std::fs::write(&other, stranger.pem()).unwrap();
    for (file, expected) in [
        (&other, "попросите у администратора файл сертификатов региона"),
        (&ca_file.with_file_name("nowhere.pem"), "nowhere.pem не читается"),
    ] {
        let mut device = Device::trusting(&region.url(), "ivanova", file);
        let shown = device.sign_in_in_vain(PASSWORD, None);
        assert!(words(&shown).contains(expected) && field(&shown) == Some(SignInField::Server), "{}", words(&shown));
        assert!(!words(&shown).contains("Проверьте адрес и сеть"), "the network is not to blame");
        device.close();
    }
    let mut device = Device::trusting(&region.url().replace("https://", "http://"), "ivanova", &ca_file);
    let shown = device.sign_in_in_vain(PASSWORD, None);
    assert!(words(&shown).contains("должен начинаться с https://"), "{}", words(&shown));
    device.close();

    let mut device = Device::trusting(&region.url(), "ivanova", &ca_file);
    device.sign_in(PASSWORD, None);
    device.until("the list is whole", |work| (work.complete && work.link == Link::Online).then_some(()));
    let mut device = device.restart();
    assert_eq!(device.snapshot().settings.ca_file, ca_file.to_str().unwrap(), "it is remembered");
    device.close();
}
