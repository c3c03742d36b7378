//! The journal at the register: who did what, without a word about a patient.

use prikrep_domain::{Act, Numbered, Place, Role};
use prikrep_server::{JournalSearch, Order, Outcome, Report, Search, SignedIn};
use serde_json::json;

use crate::common::{Fixture, OURS, PASSWORD, THEIRS, add, answer_id, application, at, code, id, refusal};

fn found(fixture: &Fixture, who: &SignedIn, search: JournalSearch) -> Vec<Numbered> {
    fixture.register.journal(who, &search).unwrap().items
}

fn acts(entries: &[Numbered]) -> Vec<&'static str> {
    entries.iter().map(|one| one.entry.act.name()).collect()
}

fn search_of(snils: &str) -> Search {
    Search {
        from: Some("2026-01-01".into()),
        to: Some("2026-12-31".into()),
        snils: Some(snils.into()),
        name: Some("Фамилия1".into()),
        ..Search::default()
    }
}

#[test]
fn what_is_done_is_written_down_and_says_nothing_of_a_patient() {
    let fixture = Fixture::new().filled();
    let who = fixture.signed_in("ivanova", Role::Registrar, Some(OURS));
    fixture.register.search(&who, &search_of("11223344595")).unwrap();
    fixture.register.application(&who, id(1)).unwrap();
    fixture.register.answer(&who, id(1), answer_id(1), &refusal("нет"), at(1)).unwrap();
    fixture.register.feed(&who, None, 10).unwrap();
    fixture.register.application(&who, id(11)).unwrap_err();
    fixture.register.sign_out(&who).unwrap();
    let auditor = fixture.signed_in("audit", Role::Auditor, None);
    let entries = found(&fixture, &auditor, JournalSearch { login: Some("Ivanova ".into()), ..Default::default() });
    let expected = ["signed_out", "feed_read", "answered", "card_opened", "searched", "signed_in"];
    assert_eq!(acts(&entries), expected);
    let text = serde_json::to_string(&entries).unwrap();
    let patient = application(1, OURS).patient;
    for secret in ["Фамилия", "112-233", "11223344595", &patient.guid.to_string()] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    let Act::Searched { terms } = &entries[4].entry.act else { panic!() };
    assert!(terms.snils.is_some() && terms.name.is_some() && terms.from.is_some());
    assert_eq!(entries[0].entry.actor.employee, "Сотрудник ivanova");

    // Who has looked at the card of this patient.
    let of_patient = JournalSearch { patient: Some(patient.guid.to_string()), ..Default::default() };
    assert_eq!(acts(&found(&fixture, &auditor, of_patient)), ["answered", "card_opened"]);
    let of_another =
        JournalSearch { patient: Some(application(2, OURS).patient.guid.to_string()), ..Default::default() };
    assert_eq!(found(&fixture, &auditor, of_another), []);
    let of_application = JournalSearch { application: Some(id(1).to_string()), ..Default::default() };
    assert_eq!(acts(&found(&fixture, &auditor, of_application)), ["answered", "card_opened"]);
    // The auditor's own readings are there, too.
    let readings = JournalSearch { act: Some("journal_read".into()), ..Default::default() };
    assert_eq!(found(&fixture, &auditor, readings).len(), 5);
    assert_eq!(fixture.register.check_journal().unwrap().problems, Vec::<String>::new());
}

#[test]
fn refused_sign_ins_and_administrators_are_in_it() {
    let fixture = Fixture::new();
    add(&fixture.register, "ivanova", Role::Registrar, Some(OURS));
    fixture.sign_in("ivanova", "неверный", at(0)).unwrap_err();
    fixture.sign_in("nobody", PASSWORD, at(0)).unwrap_err();
    let order = Order::DisableUser("ivanova".parse().unwrap());
    fixture.register.carry_out(order, "petrov", None, at(0)).unwrap();
    let everything = Order::ReadJournal(JournalSearch::default());
    let Outcome::Journal(page) = fixture.register.carry_out(everything, "petrov", None, at(0)).unwrap() else {
        panic!()
    };
    assert_eq!(acts(&page.items), ["journal_read", "account_changed", "sign_in_refused", "sign_in_refused"]);
    let [reading, disabled, stranger, wrong] = page.items.try_into().unwrap();
    assert_eq!((reading.entry.place, reading.entry.actor.login.as_str()), (Place::Console, "petrov"));
    assert_eq!(disabled.entry.act, Act::AccountChanged { login: "ivanova".into(), change: "disable".into() });
    assert_eq!((stranger.entry.actor.login.as_str(), wrong.entry.actor.login.as_str()), ("nobody", "ivanova"));
}

#[test]
fn an_auditor_of_an_organization_reads_of_that_organization_and_others_read_nothing() {
    let fixture = Fixture::new().filled();
    fixture.signed_in("ours", Role::Registrar, Some(OURS));
    fixture.signed_in("theirs", Role::Registrar, Some(THEIRS));
    let auditor = fixture.signed_in("audit", Role::Auditor, Some(OURS));
    let logins: Vec<String> =
        found(&fixture, &auditor, JournalSearch::default()).into_iter().map(|one| one.entry.actor.login).collect();
    assert!(logins.contains(&"ours".to_owned()) && !logins.contains(&"theirs".to_owned()), "{logins:?}");
    for role in [Role::Registrar, Role::Viewer, Role::Admin, Role::Daemon] {
        let who = fixture.signed_in(&format!("{role:?}").to_lowercase(), role, Some(OURS));
        let refused = fixture.register.journal(&who, &JournalSearch::default()).unwrap_err();
        assert_eq!(code(&refused), "not-allowed");
    }
}

#[test]
fn a_journal_is_read_on_page_by_page() {
    let fixture = Fixture::new().filled();
    let who = fixture.signed_in("ivanova", Role::Registrar, Some(OURS));
    for _ in 0..10 {
        fixture.register.application(&who, id(1)).unwrap();
    }
    let auditor = fixture.signed_in("audit", Role::Auditor, None);
    let mut search = JournalSearch { act: Some("card_opened".into()), limit: Some("4".into()), ..Default::default() };
    let mut numbers = Vec::new();
    loop {
        let page = fixture.register.journal(&auditor, &search).unwrap();
        numbers.extend(page.items.iter().map(|one| one.number));
        let Some(before) = page.before else { break };
        search.before = Some(before.to_string());
    }
    assert_eq!(numbers.len(), 10);
    assert!(numbers.is_sorted_by(|one, next| one > next), "{numbers:?}");
    for wrong in [
        JournalSearch { limit: Some("501".into()), ..Default::default() },
        JournalSearch { from: Some("вчера".into()), ..Default::default() },
        JournalSearch { patient: Some("Иванов".into()), ..Default::default() },
    ] {
        assert_eq!(code(&fixture.register.journal(&auditor, &wrong).unwrap_err()), "bad-request");
    }
}

#[test]
fn a_workstation_reports_once_whatever_it_repeats() {
    let fixture = Fixture::new().filled();
    let who = fixture.signed_in("ivanova", Role::Registrar, Some(OURS));
    let report = |first: u64, acts: Vec<serde_json::Value>| -> Report {
        let numbered = acts.into_iter().zip(first..).map(|(mut act, sequence)| {
            act["sequence"] = json!(sequence);
            act["at"] = json!(at(-600));
            act
        });
        let device = "00000000-0000-4000-8000-000000000001";
        serde_json::from_value(json!({"device": device, "acts": numbered.collect::<Vec<_>>()})).unwrap()
    };
    let morning = vec![
        json!({"act": "card_opened", "application": id(2), "patient": "чужая отметка"}),
        json!({"act": "searched", "terms": {"from": null, "to": null, "snils": "112-233-445 95"}}),
        json!({"act": "account_changed", "login": "admin", "change": "add"}),
        json!({"act": "dreamed_of", "more": [1, 2]}),
    ];
    assert_eq!(fixture.register.report(&who, &report(1, morning.clone())).unwrap().through, 4);
    assert_eq!(fixture.register.report(&who, &report(1, morning)).unwrap().through, 4);
    assert_eq!(fixture.register.report(&who, &report(4, vec![json!({"act": "locked"}); 2])).unwrap().through, 5);
    let fixture = fixture.reopened(at(5));
    let who = fixture.sign_in("ivanova", PASSWORD, at(5)).unwrap();
    let who = fixture.register.signed_in(&who.token.unwrap(), at(5)).unwrap();
    assert_eq!(fixture.register.report(&who, &report(5, vec![json!({"act": "locked"})])).unwrap().through, 5);
    let auditor = fixture.signed_in("audit", Role::Auditor, None);
    let entries = found(&fixture, &auditor, JournalSearch { login: Some("ivanova".into()), ..Default::default() });
    assert_eq!(acts(&entries), ["signed_in", "locked", "command", "command", "searched", "card_opened", "signed_in"]);
    assert!(!serde_json::to_string(&entries).unwrap().contains("112-233"));
    let opened = &entries[5].entry;
    assert_eq!(opened.at, at(-600));
    assert!(matches!(opened.place, Place::Workstation { sequence: 1, received_at, .. } if received_at == at(0)));
    let Act::CardOpened { patient: Some(mark), .. } = &opened.act else { panic!() };
    assert!(mark.len() == 24 && mark.is_ascii());
    let many = report(6, vec![json!({"act": "locked"}); 501]);
    assert_eq!(code(&fixture.register.report(&who, &many).unwrap_err()), "bad-request");
}

#[test]
fn entries_are_removed_after_their_time_and_that_is_written_down() {
    let fixture = Fixture::with(|config| config.journal.keep_days = 30).filled();
    let long = "x".repeat(15_000);
    for day in 0..700 {
        fixture.register.note_command("root", &long, at(day * 86_400)).unwrap();
    }
    let gone = fixture.register.trim_journal(at(700 * 86_400)).unwrap().unwrap();
    assert!(gone < 670, "{gone}");
    let check = fixture.register.check_journal().unwrap();
    assert_eq!((check.first, check.problems), (gone + 1, Vec::new()));
    let Outcome::Journal(page) = fixture
        .register
        .carry_out(
            Order::ReadJournal(JournalSearch { act: Some("trimmed".into()), ..Default::default() }),
            "root",
            None,
            at(0),
        )
        .unwrap()
    else {
        panic!()
    };
    assert_eq!(page.items[0].entry.act, Act::Trimmed { through: gone });
}
