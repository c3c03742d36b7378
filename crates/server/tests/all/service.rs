//! What each path does for each role, and that another organization does not exist.

use prikrep_domain::{Problem, Role};
use prikrep_server::{Search, SignedIn};

use crate::common::{Fixture, OURS, THEIRS, answer_id, at, code, id, refusal};

fn outcome<T>(result: Result<T, Problem>, words: impl FnOnce(T) -> String) -> String {
    result.map_or_else(|problem| code(&problem), words)
}

fn ever() -> Search {
    Search { from: Some("2026-01-01".into()), to: Some("2026-12-31".into()), ..Search::default() }
}

/// What an account gets: feed, search, our card, their card, our answer, their answer.
fn row(fixture: &Fixture, who: &SignedIn, seed: u128) -> [String; 6] {
    let register = &fixture.register;
    let answer = |application: u128| {
        let id_of_answer = answer_id(seed * 100 + application);
        let answered = register.answer(who, id(application), id_of_answer, &refusal("нет"), at(0));
        outcome(answered, |answered| answered.application.answers[0].answer.answered_by.clone())
    };
    [
        outcome(register.feed(who, None, 100), |page| page.changes.len().to_string()),
        outcome(register.search(who, &ever()), |found| found.total.to_string()),
        outcome(register.application(who, id(1)), |_| "card".into()),
        outcome(register.application(who, id(11)), |_| "card".into()),
        answer(seed),
        answer(10 + seed),
    ]
}

#[test]
fn roles_and_paths_as_a_table() {
    let fixture = Fixture::new().filled();
    let no = "not-allowed";
    let none = "not-found";
    let rows: [(&str, Role, Option<&str>, [&str; 6]); 7] = [
        ("registrar", Role::Registrar, Some(OURS), ["3", "3", "card", none, "Сотрудник registrar", none]),
        ("viewer", Role::Viewer, Some(OURS), ["3", "3", "card", none, no, no]),
        ("auditor", Role::Auditor, Some(OURS), [no, no, no, no, no, no]),
        ("admin", Role::Admin, None, [no, no, no, no, no, no]),
        ("region", Role::Daemon, None, ["5", "5", "card", "card", "Кто-то Другой", "Кто-то Другой"]),
        ("ours", Role::Daemon, Some(OURS), ["3", "3", "card", none, "Кто-то Другой", none]),
        ("theirs", Role::Registrar, Some(THEIRS), ["2", "2", none, "card", none, none]),
    ];
    // Who answers takes an application of its own: 1 the registrar, 2 the region, 3 the daemon of ours.
    for ((login, role, organization, expected), seed) in rows.into_iter().zip([1, 1, 1, 1, 2, 3, 3]) {
        let who = fixture.signed_in(login, role, organization);
        assert_eq!(row(&fixture, &who, seed), expected, "{login}");
    }
}

#[test]
fn an_answer_is_accepted_once_and_every_other_one_is_refused_with_the_application() {
    let fixture = Fixture::new().filled();
    let who = fixture.signed_in("ivanova", Role::Registrar, Some(OURS));
    let put = |application: u128, answer: u128, draft| {
        fixture.register.answer(&who, id(application), answer_id(answer), &draft, at(0))
    };
    let first = put(1, 1, refusal("нет")).unwrap();
    assert!(!first.repeated);
    let again = put(1, 1, refusal("нет")).unwrap();
    assert!(again.repeated);
    assert_eq!(again.application, first.application);

    let reused = put(1, 1, refusal("другое")).unwrap_err();
    assert_eq!((code(&reused).as_str(), reused.status), ("answer-id-reused", 409));
    let second = put(1, 2, refusal("другое")).unwrap_err();
    assert_eq!((code(&second).as_str(), second.status), ("already-answered", 409));
    assert!(second.words().contains("Сотрудник ivanova"));
    for problem in [reused, second] {
        assert_eq!(problem.application.as_deref(), Some(&first.application));
    }
    let detach = serde_json::from_value(serde_json::json!({"decision": "detach"})).unwrap();
    let wrong = put(2, 3, detach).unwrap_err();
    assert_eq!((code(&wrong).as_str(), wrong.application.is_some()), ("wrong-status", true));
    let invalid = put(2, 3, refusal(" ")).unwrap_err();
    assert_eq!((code(&invalid).as_str(), invalid.status), ("invalid-answer", 422));
    assert_eq!(invalid.errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), ["comment"]);

    let fixture = fixture.reopened(at(1));
    let session = fixture.sign_in("ivanova", crate::common::PASSWORD, at(1)).unwrap();
    let who = fixture.register.signed_in(&session.token.unwrap(), at(1)).unwrap();
    let mut kept = fixture.register.application(&who, id(1)).unwrap();
    assert!(kept.version >= first.application.version);
    kept.version = first.application.version;
    assert_eq!(kept, first.application);
}

#[test]
fn a_choice_under_its_cancellation_is_superseded() {
    let fixture = Fixture::new().filled();
    let mut cancellation = crate::common::application(4, OURS);
    cancellation.application_type = prikrep_domain::ApplicationType::Cancellation;
    cancellation.status = prikrep_domain::Status::Accepted;
    cancellation.cancels = Some(id(1));
    fixture.register.store().apply(&crate::common::page(vec![cancellation], "2"), at(0)).unwrap();
    let who = fixture.signed_in("ivanova", Role::Registrar, Some(OURS));
    let refused = fixture.register.answer(&who, id(1), answer_id(1), &refusal("нет"), at(0)).unwrap_err();
    assert_eq!((code(&refused).as_str(), refused.status), ("superseded", 409));
}

#[test]
fn a_feed_is_read_by_its_cursors_and_a_strange_cursor_is_told_apart() {
    let fixture = Fixture::new().filled();
    let who = fixture.signed_in("ivanova", Role::Registrar, Some(OURS));
    let first = fixture.register.feed(&who, Some(""), 2).unwrap();
    assert_eq!((first.changes.len(), first.has_more), (2, true));
    let second = fixture.register.feed(&who, Some(first.cursor.as_str()), 2).unwrap();
    assert_eq!((second.changes.len(), second.has_more), (1, false));
    let nothing = fixture.register.feed(&who, Some(second.cursor.as_str()), 2).unwrap();
    assert!(nothing.changes.is_empty() && !nothing.has_more);
    let versions: Vec<u64> = first.changes.iter().chain(&second.changes).map(|change| change.version).collect();
    assert!(versions.is_sorted() && versions[0] >= 1, "{versions:?}");

    let malformed = fixture.register.feed(&who, Some("чужой"), 2).unwrap_err();
    assert_eq!(code(&malformed), "bad-request");
    let (epoch, place) = first.cursor.as_str().split_once('.').unwrap();
    let other: String = epoch.chars().map(|digit| if digit == '0' { '1' } else { '0' }).collect();
    let expired = fixture.register.feed(&who, Some(&format!("{other}.{place}")), 2).unwrap_err();
    assert_eq!((code(&expired).as_str(), expired.status), ("cursor-expired", 410));
}

#[test]
fn a_search_names_every_wrong_field() {
    let fixture = Fixture::new().filled();
    let who = fixture.signed_in("ivanova", Role::Registrar, Some(OURS));
    let search = Search { snils: Some("112-233-445 96".into()), ..ever() };
    let problem = fixture.register.search(&who, &search).unwrap_err();
    assert_eq!((code(&problem).as_str(), problem.errors[0].field.as_str()), ("bad-request", "snils"));
    let search = Search { name: Some("фамилия2".into()), status: Some("pending".into()), ..ever() };
    let found = fixture.register.search(&who, &search).unwrap();
    assert_eq!(found.items.iter().map(|item| item.id).collect::<Vec<_>>(), [id(2)]);
}

#[test]
fn the_directory_is_the_organization_s_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("directory.json");
    let text = format!(
        r#"{{"{OURS}": {{"departments": ["Поликлиника"], "districts": [], "doctors": [], "refusal_reasons": []}}}}"#
    );
    std::fs::write(&file, text).unwrap();
    let fixture = Fixture::with(|config| config.directory.file = Some(file));
    let of = |login: &str, role, organization| {
        let who = fixture.signed_in(login, role, organization);
        String::from_utf8_lossy(&fixture.register.directory(&who, at(0)).unwrap().json).into_owned()
    };
    assert!(of("ours", Role::Registrar, Some(OURS)).contains("Поликлиника"));
    assert!(!of("theirs", Role::Registrar, Some(THEIRS)).contains("Поликлиника"));
    assert!(!of("region", Role::Daemon, None).contains("Поликлиника"));
}
