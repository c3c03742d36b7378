//! The domain's values, as they are written, against the schemas of the protocol.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use prikrep_domain::{
    ALL_DECISIONS, Application, ApplicationType, AttachmentKind, Cursor, DecisionKind, Delivery, Directory, District,
    FeedPage, FieldError, Found, Problem, ProblemKind, RecordedAnswer, Relation, Role, Session, Status,
};
use prikrep_testkit::given::{answer, application, doctor, full_application, moment, record};
use prikrep_tests::{Operation, Protocol};
use serde::Serialize;
use serde_json::{Value, json, to_value};

fn valid(component: &str, value: &impl Serialize) {
    let value = to_value(value).unwrap();
    Protocol::of_the_project().check(component, &value).unwrap_or_else(|mistakes| panic!("{mistakes}\n{value:#}"));
}

fn full(relation: Option<Relation>) -> Application {
    let mut full = full_application();
    full.applicant.as_mut().unwrap().relation = relation;
    full.answers = records();
    full
}

fn records() -> Vec<RecordedAnswer> {
    let mut records = Vec::new();
    for decision in ALL_DECISIONS {
        let problem = Some(Box::new(Problem::new(ProblemKind::Other("about:blank".to_owned()))));
        for delivery in [
            Delivery::Queued,
            Delivery::Delivered { at: None },
            Delivery::Delivered { at: Some(moment().now) },
            Delivery::Rejected { at: None, problem: None },
            Delivery::Rejected { at: Some(moment().now), problem },
        ] {
            records.push(record(1, decision, delivery));
        }
    }
    records
}

#[test]
fn applications() {
    for application_type in ApplicationType::ALL {
        for status in Status::ALL {
            for kind in AttachmentKind::ALL {
                valid("Application", &Application { kind, ..application(7, application_type, status) });
            }
        }
    }
    for relation in [None, Some(Relation::Mother), Some(Relation::Father), Some(Relation::Guardian)] {
        valid("Application", &full(relation));
    }
}

#[test]
fn answers() {
    ALL_DECISIONS.map(answer).iter().for_each(|answer| valid("Answer", answer));
    records().iter().for_each(|record| valid("RecordedAnswer", record));
}

#[test]
fn problems() {
    valid("Problem", &Problem::new(ProblemKind::NotFound));
    let mut problem = Problem::new(ProblemKind::InvalidAnswer).with_detail("Исправьте").with_application(full(None));
    problem.errors.push(FieldError { field: "comment".to_owned(), message: "Заполните".to_owned() });
    valid("Problem", &problem);
}

#[test]
fn sessions() {
    let organization = || full(None).organization;
    for (role, organization) in [
        (Role::Registrar, Some(organization())),
        (Role::Viewer, Some(organization())),
        (Role::Auditor, None),
        (Role::Admin, None),
        (Role::Daemon, None),
    ] {
        for token in [None, Some("token".to_owned())] {
            let employee = "Сидорова Ольга".to_owned();
            let (expires_at, organization) = (moment().now, organization.clone());
            let password_change_required = false;
            valid("Session", &Session { token, expires_at, employee, role, organization, password_change_required });
        }
    }
}

#[test]
fn directories() {
    valid("Directory", &Directory::default());
    let district =
        |department, doctor| District { number: "12".to_owned(), kind: AttachmentKind::Pediatric, department, doctor };
    valid(
        "Directory",
        &Directory {
            departments: vec!["№ 1".to_owned()],
            districts: vec![district(None, None), district(Some("№ 1".to_owned()), Some(doctor()))],
            doctors: vec![doctor()],
            refusal_reasons: vec!["Не та территория".to_owned()],
        },
    );
}

fn body(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

fn get(path: &str) -> Operation {
    Operation { method: "get".to_owned(), path: path.to_owned() }
}

#[test]
fn pages() {
    let protocol = Protocol::of_the_project();
    let cursor = Cursor::new("e1.2".to_owned()).unwrap();
    let page = FeedPage { changes: vec![full(None)], cursor, has_more: false };
    protocol.check_response(&get("/v1/feed"), 200, Some("application/json"), &body(&page)).unwrap();
    let found = Found { total: 1, items: vec![full(None)] };
    protocol
        .check_response(&get("/v1/applications"), 200, Some("application/json; charset=utf-8"), &body(&found))
        .unwrap();
}

/// The judge itself: what it must not let through.
#[test]
fn what_the_protocol_does_not_have_is_found() {
    let protocol = Protocol::of_the_project();
    let with = |pointer: &str, field: &str, value: Value| {
        let mut wire = to_value(full(None)).unwrap();
        wire.pointer_mut(pointer).unwrap()[field] = value;
        wire
    };
    for (pointer, field, value) in [
        ("", "status", json!("unheard of")),
        ("", "version", json!(0)),
        ("", "created_at", json!("yesterday")),
        ("", "id", json!("not a GUID")),
        ("", "extra", json!(1)),
        ("/patient", "extra", json!(1)),
        ("/patient", "birth_date", json!("31.12.1980")),
        ("/applicant", "extra", json!(1)),
        ("/applicant", "relation", json!("aunt")),
        ("/organization", "oid", json!("one.two")),
        ("/answers/0", "extra", json!(1)),
        ("/answers/0", "comment", json!("")),
        ("/answers/0", "answer_date", json!(null)),
        ("/answers/0/doctor", "extra", json!(1)),
        ("/answers/0/delivery", "state", json!("lost")),
        ("/answers/4/delivery/problem", "extra", json!(1)),
    ] {
        assert!(protocol.check("Application", &with(pointer, field, value)).is_err(), "{pointer}/{field}");
    }
    let mut answer = to_value(answer(DecisionKind::Provide)).unwrap();
    answer["extra"] = json!(1);
    assert!(protocol.check("Answer", &answer).is_err());

    let problem = body(&Problem::new(ProblemKind::NotFound));
    let card = get("/v1/applications/{id}");
    protocol.check_response(&card, 404, Some("application/problem+json"), &problem).unwrap();
    assert!(protocol.check_response(&card, 404, Some("application/json"), &problem).is_err());
    assert!(protocol.check_response(&card, 404, Some("application/problem+json"), b"{}").is_err());
    assert!(protocol.check_response(&card, 404, Some("application/problem+json"), b"not found").is_err());
    assert!(protocol.check_response(&card, 418, Some("application/problem+json"), &problem).is_err());
    assert_eq!(protocol.operations().len(), 12);
    assert_eq!(protocol.statuses(&card), [200, 404]);
    assert_eq!(protocol.parameters(&card), ["path id"]);
}
