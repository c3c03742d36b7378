//! Attacks on passwords, by a driven clock: who is kept out, and who is not.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use prikrep_domain::{Credentials, Role};
use prikrep_server::{Login, Order, Secret};

use crate::common::{Fixture, OURS, PASSWORD, THEIRS, add, at, code};

const DAY: i64 = 24 * 3600;

fn hospital() -> IpAddr {
    IpAddr::from([10, 22, 0, 1])
}

fn elsewhere(number: u32) -> IpAddr {
    IpAddr::from((203_u32 << 24 | number).to_be_bytes())
}

/// What an attempt is answered.
fn attempt(fixture: &Fixture, login: &str, password: &str, from: IpAddr, now: DateTime<Utc>) -> String {
    let credentials = Credentials { login: login.into(), password: password.into() };
    match fixture.register.sign_in(&credentials, from, now) {
        Ok(_) => "in".to_owned(),
        Err(refused) => code(&refused.problem),
    }
}

/// Three registrars of one organization, of whom two have signed in from its address.
fn fixture() -> Fixture {
    let fixture = Fixture::with(|config| {
        config.sessions.attempts = 3;
        config.sessions.address_attempts = 5;
    });
    for login in ["ivanova", "petrova", "novikova"] {
        add(&fixture.register, login, Role::Registrar, Some(OURS));
    }
    add(&fixture.register, "stranger", Role::Registrar, Some(THEIRS));
    for login in ["ivanova", "petrova"] {
        assert_eq!(attempt(&fixture, login, PASSWORD, hospital(), at(0)), "in");
    }
    fixture
}

#[test]
fn whoever_knows_the_logins_keeps_out_nobody_at_the_usual_place() {
    let fixture = fixture();
    for hour in 0..48 {
        let now = at(DAY + hour * 3600);
        for number in 0..4 {
            for login in ["ivanova", "petrova", "novikova"] {
                assert_ne!(attempt(&fixture, login, "наугад", elsewhere(number), now), "in");
            }
        }
        assert_eq!(attempt(&fixture, "ivanova", PASSWORD, elsewhere(9), now), "too-many-attempts", "hour {hour}");
        assert_eq!(attempt(&fixture, "ivanova", PASSWORD, hospital(), now), "in", "hour {hour}");
    }
    // The first day of a registrar, at the address of her colleagues.
    let now = at(3 * DAY - 3600);
    assert_eq!(attempt(&fixture, "novikova", PASSWORD, hospital(), now), "in");
    assert_eq!(attempt(&fixture, "stranger", PASSWORD, elsewhere(50), now), "in", "a login that nobody attacks");
}

#[test]
fn a_workstation_gone_bad_keeps_out_nobody_who_signs_in_from_the_same_address() {
    let fixture = fixture();
    for number in 0..200 {
        let _ = attempt(&fixture, &format!("guess-{number}"), "наугад", hospital(), at(60));
    }
    assert_eq!(attempt(&fixture, "guess", "наугад", hospital(), at(61)), "too-many-attempts");
    assert_eq!(attempt(&fixture, "ivanova", PASSWORD, hospital(), at(61)), "in");
    assert_eq!(attempt(&fixture, "petrova", "опечатка", hospital(), at(61)), "bad-credentials");
    assert_eq!(attempt(&fixture, "petrova", PASSWORD, hospital(), at(62)), "in");
    // Her own failures at her own place stop her there, for the time that the rule says.
    for second in 70..73 {
        assert_eq!(attempt(&fixture, "petrova", "наугад", hospital(), at(second)), "bad-credentials");
    }
    assert_eq!(attempt(&fixture, "petrova", PASSWORD, hospital(), at(73)), "too-many-attempts");
    assert_eq!(attempt(&fixture, "ivanova", PASSWORD, hospital(), at(73)), "in");
    assert_eq!(attempt(&fixture, "petrova", PASSWORD, hospital(), at(72 + 900)), "in");
}

#[test]
fn many_addresses_get_no_more_guesses_than_one() {
    let fixture = fixture();
    let guesses = (0..100).filter(|number| {
        attempt(&fixture, "ivanova", "наугад", elsewhere(*number), at(60 + i64::from(*number))) == "bad-credentials"
    });
    assert_eq!(guesses.count(), 3);
    // Nor does it help that the owner signs in meanwhile.
    assert_eq!(attempt(&fixture, "ivanova", PASSWORD, hospital(), at(200)), "in");
    assert_eq!(attempt(&fixture, "ivanova", "наугад", elsewhere(200), at(201)), "too-many-attempts");
}

#[test]
fn one_address_that_tries_every_login_waits_after_many() {
    let fixture = fixture();
    for name in ["a", "b", "c", "d", "e"] {
        assert_eq!(attempt(&fixture, name, "наугад", elsewhere(1), at(60)), "bad-credentials");
    }
    assert_eq!(attempt(&fixture, "ivanova", PASSWORD, elsewhere(1), at(61)), "too-many-attempts");
    assert_eq!(attempt(&fixture, "ivanova", PASSWORD, elsewhere(1), at(60 + 900)), "in");
    // It is her place now.
    assert!(fixture.register.is_at_its_place(" IVANOVA", elsewhere(1), at(1000)));
    assert!(!fixture.register.is_at_its_place("nobody", elsewhere(1), at(1000)));
}

#[test]
fn usual_places_outlive_a_restart_and_are_forgotten_when_they_are_not_used() {
    let fixture = fixture().reopened(at(DAY));
    assert!(fixture.register.is_at_its_place("ivanova", hospital(), at(DAY)));
    assert!(!fixture.register.is_at_its_place("novikova", hospital(), at(DAY)));
    assert!(!fixture.register.is_at_its_place("ivanova", hospital(), at(90 * DAY)));
}

#[test]
fn an_administrator_lets_a_locked_account_in_at_once() {
    let fixture = fixture();
    let login: Login = "stranger".parse().unwrap();
    let password = Secret::new("другой верный пароль".into());
    let orders = [
        (Order::EnableUser(login.clone()), PASSWORD),
        (Order::SetPassword { login, password, change: Some(false) }, "другой верный пароль"),
    ];
    for ((order, password), second) in orders.into_iter().zip([100, 200]) {
        for _ in 0..3 {
            assert_eq!(
                attempt(&fixture, "stranger", "наугад", elsewhere(second), at(i64::from(second))),
                "bad-credentials"
            );
        }
        assert_eq!(
            attempt(&fixture, "stranger", password, elsewhere(1000 + second), at(i64::from(second))),
            "too-many-attempts"
        );
        fixture.register.carry_out(order, None, at(i64::from(second))).unwrap();
        assert_eq!(attempt(&fixture, "stranger", password, elsewhere(1000 + second), at(i64::from(second))), "in");
    }
}
