//! Which passwords must be changed, by a driven clock, and who may guess the present one.

use prikrep_domain::{Action, PasswordChange, Role};
use prikrep_server::{NewAccount, NewOrganization, Order, Outcome, Secret, SignedIn};

use crate::common::{Fixture, HERE, OURS, PASSWORD, add, at, code, oid};

const DAY: i64 = 24 * 3600;
const NEXT: &str = "совсем другой пароль";

fn new(login: &str, role: Role, change_password: Option<bool>) -> Order {
    let (login, password) = (login.parse().unwrap(), Secret::new(PASSWORD.into()));
    let organization = Some(NewOrganization { oid: oid(OURS), name: Some("ЦРБ".into()) });
    Order::AddUser(NewAccount {
        login, password, employee: "Сотрудник".into(), role, organization, change_password
    })
}

fn who(fixture: &Fixture, login: &str, password: &str, secs: i64) -> SignedIn {
    let session = fixture.sign_in(login, password, at(secs)).unwrap();
    fixture.register.signed_in(&session.token.unwrap(), at(secs)).unwrap()
}

fn change(fixture: &Fixture, who: &SignedIn, current: &str, new: &str, secs: i64) -> Result<(), String> {
    let change = PasswordChange { current: current.into(), new: new.into() };
    let changed = fixture.register.change_password(who, &change, HERE, at(secs));
    changed.map_err(|refused| format!("{} {}", code(&refused.problem), refused.problem.words()))
}

#[test]
fn people_change_a_password_that_was_given_to_them_and_machines_do_not() {
    let fixture = Fixture::new();
    for (login, role, asked, required) in [
        ("registrar", Role::Registrar, None, true),
        ("viewer", Role::Viewer, None, true),
        ("auditor", Role::Auditor, None, true),
        ("admin", Role::Admin, None, true),
        ("daemon", Role::Daemon, None, false),
        ("known", Role::Registrar, Some(false), false),
        ("stubborn", Role::Daemon, Some(true), false),
    ] {
        let Outcome::User(card) = fixture.register.carry_out(new(login, role, asked), None, at(0)).unwrap() else {
            panic!()
        };
        assert_eq!(card.password_change_required, required, "{login}");
        let session = who(&fixture, login, PASSWORD, 0).session();
        assert_eq!(session.password_change_required, required, "{login}");
    }
    let weak = NewAccount { password: Secret::new("пароль123456".into()), ..account("weak", Role::Daemon) };
    let refused = fixture.register.carry_out(Order::AddUser(weak), None, at(0)).map(drop).unwrap_err();
    assert!(refused.to_string().contains("легко подобрать"), "{refused}");
}

fn account(login: &str, role: Role) -> NewAccount {
    let Order::AddUser(account) = new(login, role, None) else { panic!() };
    account
}

#[test]
fn an_old_password_is_changed_before_anything_else_except_by_a_machine() {
    let fixture = Fixture::with(|config| config.passwords.max_age_days = 90);
    add(&fixture.register, "ivanova", Role::Registrar, Some(OURS));
    add(&fixture.register, "system", Role::Daemon, None);
    let ivanova = who(&fixture, "ivanova", PASSWORD, 90 * DAY);
    assert!(ivanova.may(Action::ReadFeed).is_ok());
    // A session that was there when the day came.
    let ivanova = fixture.register.still_signed_in(ivanova, at(90 * DAY + 1)).unwrap();
    let refused = fixture.register.feed(&ivanova, None, 1).unwrap_err();
    assert_eq!(code(&refused), "not-allowed");
    assert!(refused.words().contains("истёк"));
    assert!(who(&fixture, "system", PASSWORD, 91 * DAY).may(Action::ReadFeed).is_ok());
    let Outcome::Status(condition) = fixture.register.carry_out(Order::Status, None, at(91 * DAY)).unwrap() else {
        panic!()
    };
    assert!(condition.attention.iter().any(|words| words.contains("(роль daemon): 1")), "{:?}", condition.attention);

    change(&fixture, &ivanova, PASSWORD, NEXT, 90 * DAY + 2).unwrap();
    let ivanova = who(&fixture, "ivanova", NEXT, 180 * DAY);
    assert!(ivanova.may(Action::ReadFeed).is_ok());
    let fixture = fixture.reopened(at(181 * DAY));
    assert!(who(&fixture, "ivanova", NEXT, 181 * DAY).may(Action::ReadFeed).is_err());
}

#[test]
fn a_stolen_session_does_not_guess_the_password_either() {
    let fixture = Fixture::with(|config| config.sessions.attempts = 3);
    add(&fixture.register, "ivanova", Role::Registrar, Some(OURS));
    let ivanova = who(&fixture, "ivanova", PASSWORD, 0);
    for second in 0..3 {
        assert!(change(&fixture, &ivanova, "наугад", NEXT, second).unwrap_err().starts_with("bad-request"));
    }
    assert!(change(&fixture, &ivanova, PASSWORD, NEXT, 3).unwrap_err().starts_with("too-many-attempts"));
    change(&fixture, &ivanova, PASSWORD, NEXT, 902).unwrap();
}

#[test]
fn two_changes_at_once_are_one() {
    let fixture = Fixture::new();
    add(&fixture.register, "ivanova", Role::Registrar, Some(OURS));
    let (first, second) = (who(&fixture, "ivanova", PASSWORD, 0), who(&fixture, "ivanova", PASSWORD, 0));
    change(&fixture, &first, PASSWORD, NEXT, 1).unwrap();
    // It was let in before the first change ended its session.
    let late = change(&fixture, &second, PASSWORD, "ещё один пароль", 1).unwrap_err();
    assert!(late.contains("уже изменён"), "{late}");
    assert!(fixture.sign_in("ivanova", NEXT, at(2)).is_ok());
}

#[test]
fn the_latest_passwords_are_remembered_through_a_restart() {
    let fixture = Fixture::with(|config| config.passwords.history = 1);
    add(&fixture.register, "ivanova", Role::Registrar, Some(OURS));
    let ivanova = who(&fixture, "ivanova", PASSWORD, 0);
    change(&fixture, &ivanova, PASSWORD, NEXT, 1).unwrap();
    let fixture = fixture.reopened(at(2));
    let ivanova = who(&fixture, "ivanova", NEXT, 2);
    assert!(change(&fixture, &ivanova, NEXT, PASSWORD, 3).unwrap_err().contains("уже был"));
    change(&fixture, &ivanova, NEXT, "третий, тоже длинный", 4).unwrap();
    let ivanova = who(&fixture, "ivanova", "третий, тоже длинный", 5);
    change(&fixture, &ivanova, "третий, тоже длинный", PASSWORD, 6).unwrap();
}
