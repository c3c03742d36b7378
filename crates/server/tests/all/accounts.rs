//! Signing in: credentials, lockout, sessions, and what ends them.

use chrono::{DateTime, Utc};
use prikrep_domain::Role;
use prikrep_server::{AccountChange, Login, NewOrganization, Order, OrderError, Outcome, Scope, Secret, SignedIn};

use crate::common::{Fixture, OURS, PASSWORD, THEIRS, add, at, code};

fn login(text: &str) -> Login {
    text.parse().unwrap()
}

fn refused(fixture: &Fixture, name: &str, password: &str, now: DateTime<Utc>) -> (String, Option<i64>) {
    let refused = fixture.sign_in(name, password, now).unwrap_err();
    (code(&refused.problem), refused.retry_after.map(|wait| wait.num_seconds()))
}

fn order(fixture: &Fixture, order: Order) -> Result<Outcome, OrderError> {
    fixture.register.carry_out(order, None, at(0))
}

#[test]
fn whatever_is_wrong_with_credentials_is_told_in_the_same_words() {
    let fixture = Fixture::new();
    add(&fixture.register, "ivanova", Role::Registrar, Some(OURS));
    add(&fixture.register, "gone", Role::Registrar, Some(OURS));
    order(&fixture, Order::DisableUser(login("gone"))).unwrap();
    let wrong = ("bad-credentials".to_owned(), None);
    for (name, password) in [("ivanova", "неверный"), ("nobody", PASSWORD), ("gone", PASSWORD), ("не логин!", PASSWORD)]
    {
        assert_eq!(refused(&fixture, name, password, at(0)), wrong, "{name}");
    }
    assert_eq!(refused(&fixture, "", PASSWORD, at(0)).0, "bad-request");
    assert_eq!(refused(&fixture, "ivanova", &"я".repeat(1025), at(0)).0, "bad-request");
    let session = fixture.sign_in(" IVANOVA ", PASSWORD, at(0)).unwrap();
    assert_eq!(session.token.as_ref().map(String::len), Some(64));
    assert_eq!(session.expires_at, at(12 * 3600));
    assert_eq!(session.employee, "Сотрудник ivanova");
    assert!(!format!("{session:?}").contains(session.token.as_deref().unwrap()));
}

#[test]
fn a_login_waits_after_too_many_failures_even_with_the_right_password() {
    let fixture = Fixture::with(|config| config.sessions.attempts = 3);
    add(&fixture.register, "ivanova", Role::Registrar, Some(OURS));
    for second in 0..3 {
        assert_eq!(refused(&fixture, "ivanova", "неверный", at(second)).0, "bad-credentials");
        assert_eq!(refused(&fixture, "nobody", "неверный", at(second)).0, "bad-credentials");
    }
    let waits = ("too-many-attempts".to_owned(), Some(899));
    assert_eq!(refused(&fixture, "ivanova", PASSWORD, at(3)), waits);
    assert_eq!(refused(&fixture, "IVANOVA ", PASSWORD, at(3)), waits, "another spelling is the same login");
    assert_eq!(refused(&fixture, "nobody", PASSWORD, at(3)), waits, "so it says nothing of who exists");
    assert!(fixture.sign_in("ivanova", PASSWORD, at(2 + 900)).is_ok());
    assert_eq!(refused(&fixture, "ivanova", "неверный", at(903)).0, "bad-credentials");
    assert!(fixture.sign_in("ivanova", PASSWORD, at(904)).is_ok(), "a success had forgotten the failures");
}

#[test]
fn a_session_lives_its_time_and_through_a_restart() {
    let fixture = Fixture::with(|config| config.sessions.idle_minutes = 24 * 60);
    add(&fixture.register, "ivanova", Role::Registrar, Some(OURS));
    let token = fixture.sign_in("ivanova", PASSWORD, at(0)).unwrap().token.unwrap();
    let fixture = fixture.reopened(at(60));
    let who = fixture.register.signed_in(&token, at(12 * 3600 - 1)).unwrap();
    assert_eq!(who.account.login, login("ivanova"));
    assert_eq!(who.session().token, None);
    let over = fixture.register.signed_in(&token, at(12 * 3600)).unwrap_err();
    assert_eq!(code(&over), "session-expired");
    assert_eq!(fixture.register.sweep(at(12 * 3600)).unwrap(), 1);
    for text in ["", "x", &token[1..], &token.to_uppercase()] {
        assert!(fixture.register.signed_in(text, at(0)).is_err());
    }
}

#[test]
fn a_session_that_is_not_used_ends_and_one_that_is_used_ends_all_the_same() {
    let fixture = Fixture::with(|config| config.sessions.idle_minutes = 10);
    add(&fixture.register, "ivanova", Role::Registrar, Some(OURS));
    let token = |second| fixture.sign_in("ivanova", PASSWORD, at(second)).unwrap().token.unwrap();
    let (used, unused) = (token(0), token(0));
    let mut waiting = fixture.register.signed_in(&unused, at(0)).unwrap();
    for second in (0..12 * 3600).step_by(599) {
        fixture.register.signed_in(&used, at(second)).unwrap();
    }
    // Waiting for news is no use by itself: only the request that began it was one.
    waiting = fixture.register.still_signed_in(waiting, at(599)).unwrap();
    assert!(fixture.register.still_signed_in(waiting, at(600)).is_err());
    assert!(fixture.register.signed_in(&unused, at(600)).is_err());
    assert_eq!(fixture.register.sweep(at(600)).unwrap(), 1, "the unused one");
    assert!(fixture.register.signed_in(&used, at(12 * 3600)).is_err(), "the absolute time");
    // A restart is no use, and the time without a register is no idleness.
    let again = token(13 * 3600);
    let fixture = fixture.reopened(at(13 * 3600 + 900));
    assert!(fixture.register.signed_in(&again, at(13 * 3600 + 900 + 599)).is_ok());
}

#[test]
fn signing_out_everywhere_ends_one_s_own_sessions_only() {
    let fixture = Fixture::new();
    add(&fixture.register, "ivanova", Role::Registrar, Some(OURS));
    add(&fixture.register, "petrova", Role::Registrar, Some(OURS));
    let token = |name: &str| fixture.sign_in(name, PASSWORD, at(0)).unwrap().token.unwrap();
    let alive = |token: &str| fixture.register.signed_in(token, at(1)).is_ok();
    let (first, second, other) = (token("ivanova"), token("ivanova"), token("petrova"));
    let who = fixture.register.signed_in(&first, at(1)).unwrap();
    assert_eq!(fixture.register.sign_out_everywhere(&who).unwrap(), 2);
    assert_eq!([alive(&first), alive(&second), alive(&other)], [false, false, true]);
    let Outcome::User(card) = order(&fixture, Order::SignOutUser(login("petrova"))).unwrap() else { panic!() };
    assert_eq!((card.sessions, alive(&other)), (0, false));
    assert!(order(&fixture, Order::SignOutUser(login("nobody"))).is_err());
    assert!(fixture.sign_in("petrova", PASSWORD, at(2)).is_ok(), "it may sign in again");
}

#[test]
fn another_role_and_organization_hold_for_the_next_request() {
    let fixture = Fixture::new().filled();
    let who = fixture.signed_in("ivanova", Role::Registrar, Some(OURS));
    let seen = |who: &SignedIn| fixture.register.feed(who, None, 100).map(|page| page.changes.len());
    assert_eq!(seen(&who).unwrap(), 3);
    let change = |role, scope| {
        let (login, employee) = (login("ivanova"), Some(" Иванова-Петрова ".to_owned()));
        order(&fixture, Order::ChangeUser(AccountChange { login, employee, role, scope }))
    };
    let theirs = NewOrganization { oid: crate::common::oid(THEIRS), name: None };
    change(None, Some(Scope::Organization(theirs))).unwrap();
    let who = fixture.register.still_signed_in(who, at(1)).unwrap();
    assert_eq!((seen(&who).unwrap(), who.session().employee.as_str()), (2, "Иванова-Петрова"));
    assert!(change(None, Some(Scope::Region)).is_err(), "a registrar is of an organization");
    change(Some(Role::Auditor), Some(Scope::Region)).unwrap();
    let who = fixture.register.still_signed_in(who, at(1)).unwrap();
    assert_eq!(code(&seen(&who).unwrap_err()), "not-allowed");
    assert_eq!(who.session().organization, None);
}

#[test]
fn the_token_is_nowhere_in_the_folder() {
    let fixture = Fixture::new();
    add(&fixture.register, "ivanova", Role::Registrar, Some(OURS));
    let token = fixture.sign_in("ivanova", PASSWORD, at(0)).unwrap().token.unwrap();
    let records = fixture.register.store().records(prikrep_store::Shelf::Sessions).unwrap();
    assert_eq!(records.len(), 1);
    let (key, value) = &records[0];
    assert_eq!(*key, Secret::new(token.clone()).digest());
    assert!(!String::from_utf8_lossy(value).contains(&token));
    let accounts = fixture.register.store().records(prikrep_store::Shelf::Accounts).unwrap();
    assert!(!String::from_utf8_lossy(&accounts[0].1).contains(PASSWORD));
}

#[test]
fn signing_out_disabling_and_a_new_password_end_sessions_at_once_and_for_good() {
    type End = fn(&Fixture, &str);
    let ends: [(&str, End); 3] = [
        ("sign out", |fixture, token| {
            let who = fixture.register.signed_in(token, at(1)).unwrap();
            fixture.register.sign_out(&who).unwrap();
            assert!(fixture.register.still_signed_in(who, at(1)).is_err());
        }),
        ("disable", |fixture, _| drop(order(fixture, Order::DisableUser(login("ivanova"))).unwrap())),
        ("password", |fixture, _| {
            let password = Secret::new("совсем другой пароль".into());
            order(fixture, Order::SetPassword { login: login("ivanova"), password, change: None }).unwrap();
        }),
    ];
    for (name, end) in ends {
        let fixture = Fixture::new();
        add(&fixture.register, "ivanova", Role::Registrar, Some(OURS));
        let token = fixture.sign_in("ivanova", PASSWORD, at(0)).unwrap().token.unwrap();
        end(&fixture, &token);
        assert!(fixture.register.signed_in(&token, at(1)).is_err(), "{name}");
        // Enabled again, the old session stays dead.
        order(&fixture, Order::EnableUser(login("ivanova"))).unwrap();
        assert!(fixture.register.signed_in(&token, at(1)).is_err(), "{name}");
        let fixture = fixture.reopened(at(2));
        assert!(fixture.register.signed_in(&token, at(2)).is_err(), "{name}");
    }
}

#[test]
fn at_the_limit_the_greediest_account_loses_its_oldest_session() {
    let fixture = Fixture::with(|config| config.sessions.most = 3);
    add(&fixture.register, "greedy", Role::Daemon, None);
    add(&fixture.register, "modest", Role::Registrar, Some(OURS));
    let token = |name: &str, second| fixture.sign_in(name, PASSWORD, at(second)).unwrap().token.unwrap();
    let (first, modest, second) = (token("greedy", 0), token("modest", 1), token("greedy", 2));
    let third = token("greedy", 3);
    let alive = |token: &str| fixture.register.signed_in(token, at(4)).is_ok();
    assert_eq!([alive(&first), alive(&modest), alive(&second), alive(&third)], [false, true, true, true]);
}

#[test]
fn accounts_that_do_not_fit_are_refused_in_words() {
    let fixture = Fixture::new();
    add(&fixture.register, "ivanova", Role::Registrar, Some(OURS));
    let new = |login: &str, password: &str, employee: &str, role, with_organization: bool| {
        let organization = serde_json::json!({"oid": OURS, "name": null});
        let account = serde_json::json!({
            "login": login, "password": password, "employee": employee, "role": role,
            "organization": with_organization.then_some(organization),
        });
        let order = Order::AddUser(serde_json::from_value(account).unwrap());
        self::order(&fixture, order).map(drop).map_err(|error| error.to_string())
    };
    let words = |result: Result<(), String>| result.unwrap_err();
    assert!(words(new("ivanova", PASSWORD, "И", "registrar", true)).contains("уже есть"));
    assert!(words(new("b", "короткий", "И", "registrar", true)).contains("короче 12"));
    assert!(words(new("b", PASSWORD, " ", "registrar", true)).contains("имя"));
    assert!(words(new("b", PASSWORD, "И", "viewer", false)).contains("--organization"));
    assert!(new("b", PASSWORD, "И", "auditor", false).is_ok());
    let unknown = order(&fixture, Order::DisableUser(login("nobody"))).map(drop).unwrap_err();
    assert!(unknown.to_string().contains("nobody"));
}

#[test]
fn an_organization_without_a_name_gets_that_of_its_applications() {
    let fixture = Fixture::new().filled();
    let account = |login: &str, oid: &str| {
        let value = serde_json::json!({
            "login": login, "password": PASSWORD, "employee": "И", "role": "viewer",
            "organization": {"oid": oid, "name": null},
        });
        Order::AddUser(serde_json::from_value(value).unwrap())
    };
    let named = |outcome: Outcome| match outcome {
        Outcome::User(card) => card.organization.unwrap().name,
        _ => panic!("not a user"),
    };
    assert_eq!(named(order(&fixture, account("a", OURS)).unwrap()), "КГБУЗ «ЦРБ»");
    assert_eq!(named(order(&fixture, account("b", "1.2.3")).unwrap()), "1.2.3");
}
