//! What a list shows, for one application and for two: the reference that the columns are held to.

use std::cmp::Ordering;

use prikrep_domain::{
    Application, ApplicationType, AttachmentKind, NameSearch, Oid, Period, Query, Snils, Sort, SortColumn, Standing,
    Status, StatusFilter,
};
use proptest::prelude::*;
use proptest::sample::select;

use crate::given::{alone, application, at, name, person_id, stand_with};

const ZONE: chrono_tz::Tz = chrono_tz::Asia::Barnaul;

fn march() -> Query {
    Query::of(Period::new("2026-03-01".parse().unwrap(), "2026-03-31".parse().unwrap()).unwrap())
}

fn choice() -> Application {
    application(1, ApplicationType::Choice, Status::Sent)
}

#[test]
fn a_period_is_of_local_dates_both_included() {
    for (created_at, shown) in [
        ("2026-02-28T16:59:59Z", false), // 23:59:59 on the last of February in Barnaul
        ("2026-02-28T17:00:00Z", true),
        ("2026-03-31T16:59:59.999Z", true),
        ("2026-03-31T17:00:00Z", false),
    ] {
        let filed = Application { created_at: at(created_at), ..choice() };
        assert_eq!(march().matches(&alone(&filed), ZONE), shown, "{created_at}");
    }
    let date = |text: &str| text.parse().unwrap();
    assert!(Period::new(date("2026-03-02"), date("2026-03-01")).is_err());
    assert!(Period::new(date("2026-03-01"), date("2026-03-01")).is_ok());
}

#[test]
fn each_filter_keeps_its_own_and_nothing_else() {
    let mut wanted = choice();
    wanted.kind = AttachmentKind::Dental;
    wanted.patient.snils = Some("112-233-445 95".to_owned());
    wanted.patient.name = name("Ёлкина Анна Петровна");
    let wanted = alone(&wanted);
    let other = {
        let mut other = application(2, ApplicationType::Detachment, Status::Done);
        other.patient.guid = person_id(2);
        other.organization.oid = Oid::parse("1.2.3").unwrap();
        alone(&other)
    };
    let queries = [
        Query { patient: Some(person_id(1)), ..march() },
        Query { snils: Some(Snils::parse("11223344595").unwrap()), ..march() },
        Query { application_type: Some(ApplicationType::Choice), ..march() },
        Query { kind: Some(AttachmentKind::Dental), ..march() },
        Query { status: Some(StatusFilter::Is(Status::Sent)), ..march() },
        Query { status: Some(StatusFilter::Pending), ..march() },
        Query { name: NameSearch::new("елкин"), ..march() },
        Query { organization: Some(wanted.application.organization.oid.clone()), ..march() },
    ];
    for query in queries {
        assert!(query.matches(&wanted, ZONE), "{query:?}");
        assert!(!query.matches(&other, ZONE), "{query:?}");
    }
    assert!(march().matches(&wanted, ZONE) && march().matches(&other, ZONE));
}

#[test]
fn a_superseded_choice_does_not_wait_for_an_answer() {
    let cancellation = application(2, ApplicationType::Cancellation, Status::Accepted);
    let waiting = Query { status: Some(StatusFilter::Pending), ..march() };
    assert!(waiting.matches(&alone(&choice()), ZONE));
    assert!(!waiting.matches(&stand_with(&choice(), &cancellation), ZONE));
    assert!(waiting.matches(&alone(&cancellation), ZONE));
}

#[test]
fn a_snils_is_found_by_its_digits_even_when_its_check_fails() {
    let wrong = Snils::digits_of("112-233-445 96");
    assert_eq!(Application { ..choice() }.snils_digits(), None);
    let mut odd = choice();
    odd.patient.snils = Some("112 233 445 96".to_owned());
    assert_eq!(odd.snils_digits(), wrong);
}

#[test]
fn a_name_search_wants_every_word_somewhere() {
    let named = |full: &str| {
        let mut named = choice();
        named.patient.name = name(full);
        alone(&named)
    };
    let found = |typed: &str, full: &str| {
        let search = NameSearch::new(typed).unwrap();
        Query { name: Some(search), ..march() }.matches(&named(full), ZONE)
    };
    for typed in ["Ёлкина", "елкина", "ЕЛК", "анна елк", "  нна   петр ", "а"] {
        assert!(found(typed, "Ёлкина Анна Петровна"), "{typed}");
    }
    for typed in ["елкин анна я", "ёлкинаанна", "пётр иванов"] {
        assert!(!found(typed, "Ёлкина Анна Петровна"), "{typed}");
    }
    assert_eq!(NameSearch::new(" \t "), None);
    let long = format!("{}{}", "а".repeat(NameSearch::MAX_CHARS), "не считается");
    assert!(found(&long, &"а".repeat(NameSearch::MAX_CHARS)));
}

fn sorted(column: SortColumn, of: &[Application]) -> Vec<u128> {
    let query = Query { sort: Sort { column, descending: false }, ..march() };
    let mut standings: Vec<Standing> = of.iter().map(alone).collect();
    standings.sort_by(|a, b| query.compare(a, b));
    standings.iter().map(|standing| standing.application.id.uuid().as_u128() & 0xFF).collect()
}

#[test]
fn each_column_sorts_as_a_reader_expects() {
    let mut of = [1, 2, 3, 4].map(|number| application(number, ApplicationType::Choice, Status::Sent));
    for (one, (full, snils)) in of.iter_mut().zip([
        ("Жуков Юрий", Some("нет")),
        ("елкина Анна", Some("087-654-303 00")),
        ("Ёлкин Пётр", None),
        ("Ежов Иван", Some("11223344595")),
    ]) {
        one.patient.name = name(full);
        one.patient.snils = snils.map(str::to_owned);
    }
    of[0].created_at = at("2026-03-12T00:00:00Z");
    of[1].kind = AttachmentKind::Pediatric;
    of[2].application_type = ApplicationType::Detachment;
    of[3].status = Status::CancelFailed;
    assert_eq!(sorted(SortColumn::Name, &of), [4, 3, 2, 1]);
    assert_eq!(sorted(SortColumn::Snils, &of), [2, 4, 3, 1], "those without eleven digits come last, by date");
    assert_eq!(sorted(SortColumn::Kind, &of), [3, 4, 1, 2]);
    assert_eq!(sorted(SortColumn::CreatedAt, &of), [2, 3, 4, 1]);
    assert_eq!(sorted(SortColumn::Type, &of), [2, 4, 1, 3]);
    assert_eq!(sorted(SortColumn::Status, &of), [2, 3, 1, 4]);
}

#[test]
fn a_sort_is_written_as_the_protocol_has_it() {
    for text in "name -name snils -snils kind -kind created_at -created_at type -type status -status".split(' ') {
        assert_eq!(text.parse::<Sort>().unwrap().to_string(), text);
    }
    assert_eq!(Sort::default().to_string(), "-created_at");
    for text in ["", "-", "--name", "Name", "version", "+name"] {
        assert!(text.parse::<Sort>().is_err(), "{text:?}");
    }
}

fn any_application() -> impl Strategy<Value = Standing> {
    let names = select(&["Ёлкин Пётр", "елкин пётр", "Жуков Юрий", "Smith John"][..]);
    let snils = select(&[None, Some("11223344595"), Some("08765430300"), Some("нет")][..]);
    let shape = (select(&ApplicationType::ALL[..]), select(&Status::ALL[..]), select(&AttachmentKind::ALL[..]));
    (1..40u128, 0..3i64, 0..2_000i64, names, snils, shape).prop_map(
        |(number, days, millis, full, snils, (application_type, status, kind))| {
            let mut one = application(number, application_type, status);
            one.created_at += chrono::Duration::days(days) + chrono::Duration::milliseconds(millis);
            one.patient.name = name(full);
            one.patient.snils = snils.map(str::to_owned);
            alone(&Application { kind, ..one })
        },
    )
}

proptest! {
    /// Sorting may rely on it: a total order, equal for the same application only, and descending is its reverse.
    #[test]
    fn an_order_is_total(
        [a, b, c] in [any_application(), any_application(), any_application()],
        column in select(&SortColumn::ALL[..]),
    ) {
        let query = |descending| Query { sort: Sort { column, descending }, ..march() };
        let compare = |x: &Standing, y: &Standing| query(false).compare(x, y);
        prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
        prop_assert_eq!(query(true).compare(&a, &b), compare(&b, &a));
        if compare(&a, &b) != Ordering::Greater && compare(&b, &c) != Ordering::Greater {
            prop_assert_ne!(compare(&a, &c), Ordering::Greater);
        }
        if compare(&a, &b) == Ordering::Equal {
            prop_assert_eq!(a.application.id, b.application.id);
        }
    }
}
