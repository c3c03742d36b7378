//! The JSON of the protocol, to the letter.

use prikrep_domain::{
    ALL_DECISIONS, Answer, Application, ApplicationType, Cursor, DecisionKind, Delivery, FeedPage, FieldError, Oid,
    Organization, Problem, ProblemKind, RawFeedPage, RecordedAnswer, Refusal, Role, Session, Status, read_application,
};
use serde_json::{Value, from_value, json, to_value};

use crate::given::{answer, application, application_id, at, full_application, record};

const COMMENT: &str = "Приходите с паспортом";
const EMPLOYEE: &str = "Сидорова Ольга Ивановна";
const ANSWERED_AT: &str = "2026-03-20T05:00:00Z";

fn flat(decision: DecisionKind) -> Value {
    let mut flat = json!({"comment": COMMENT, "answered_at": ANSWERED_AT, "answered_by": EMPLOYEE});
    let fields = match decision {
        DecisionKind::Provide => json!({
            "decision": "provide",
            "district": "12",
            "doctor": {"full_name": "Петров Пётр Петрович", "position": "врач-терапевт участковый"},
        }),
        DecisionKind::Refuse => json!({"decision": "refuse", "refusal_reason": "Не та территория"}),
        DecisionKind::ApproveCancel => json!({"decision": "approve_cancel"}),
        DecisionKind::FailCancel => json!({"decision": "fail_cancel"}),
        DecisionKind::Detach => json!({"decision": "detach", "answer_date": "2026-03-20"}),
    };
    flat.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    flat
}

#[test]
fn an_answer_is_flat_and_has_no_fields_of_other_decisions() {
    for decision in ALL_DECISIONS {
        assert_eq!(to_value(answer(decision)).unwrap(), flat(decision));
        assert_eq!(from_value::<Answer>(flat(decision)).unwrap(), answer(decision));
    }
}

#[test]
fn a_recorded_answer_is_the_answer_with_its_id_and_delivery_beside() {
    let problem = Problem::new(ProblemKind::WrongStatus);
    let deliveries = [
        (Delivery::Queued, json!({"state": "queued"})),
        (Delivery::Delivered { at: Some(at(ANSWERED_AT)) }, json!({"state": "delivered", "at": ANSWERED_AT})),
        (
            Delivery::Rejected { at: Some(at(ANSWERED_AT)), problem: Some(Box::new(problem.clone())) },
            json!({"state": "rejected", "at": ANSWERED_AT, "problem": to_value(&problem).unwrap()}),
        ),
    ];
    for decision in ALL_DECISIONS {
        for (delivery, wire) in &deliveries {
            let mut expected = flat(decision);
            expected["id"] = json!("b0000000-0000-0000-0000-000000000001");
            expected["delivery"] = wire.clone();
            let record = record(1, decision, delivery.clone());
            assert_eq!(to_value(&record).unwrap(), expected);
            assert_eq!(from_value::<RecordedAnswer>(expected).unwrap(), record);
        }
    }
}

#[test]
fn an_upstream_may_leave_out_whatever_the_protocol_lets_it() {
    let bare = json!({
        "id": "b0000000-0000-0000-0000-000000000001", "delivery": {"state": "delivered"},
        "decision": "detach", "comment": "x", "answered_at": "2026-03-20T12:00:00+07:00", "answered_by": "",
        "doctor": null, "district": null, "refusal_reason": null, "answer_date": null, "of_a_later_version": [1, 2],
    });
    let read: RecordedAnswer = from_value(bare).unwrap();
    assert_eq!(read.delivery, Delivery::Delivered { at: None });
    assert_eq!(read.answer.answered_at, at(ANSWERED_AT));
    for required in ["decision", "answered_at"] {
        let mut without = flat(DecisionKind::Detach);
        without.as_object_mut().unwrap().remove(required);
        assert!(from_value::<Answer>(without).is_err(), "{required}");
    }
}

#[test]
fn an_application_has_every_field_of_the_protocol() {
    let mut full = full_application();
    full.answers.push(record(1, DecisionKind::FailCancel, Delivery::Queued));
    let mut recorded = flat(DecisionKind::FailCancel);
    recorded["id"] = json!("b0000000-0000-0000-0000-000000000001");
    recorded["delivery"] = json!({"state": "queued"});
    let wire = json!({
        "id": "a0000000-0000-0000-0000-000000000007",
        "version": 1,
        "type": "cancellation",
        "kind": "therapeutic",
        "status": "cancel_failed",
        "created_at": "2026-03-10T04:00:00Z",
        "changed_at": "2026-03-10T04:00:00Z",
        "cancels": "a0000000-0000-0000-0000-000000000001",
        "cancel_reason": "Заявление подано по ошибке",
        "patient": {
            "guid": "c0000000-0000-0000-0000-000000000001",
            "name": {"family": "Ёлкина", "given": "Мария", "patronymic": "Петровна"},
            "birth_date": "1980-05-17",
            "snils": "11223344595",
            "oms_policy": "8451999122899990",
            "phone": "+7 900 000-00-00",
            "registration_address": "г. Барнаул, ул. Ленина, 1",
            "residence_address": "г. Барнаул, ул. Мира, 2",
        },
        "applicant": {
            "guid": "c0000000-0000-0000-0000-000000000002",
            "name": {"family": "Ёлкин", "given": "Пётр", "patronymic": null},
            "relation": "father",
        },
        "organization": {"oid": "1.2.643.5.1.13.13.12.2.22.2001", "name": "Городская поликлиника № 1"},
        "department": "Отделение № 2",
        "district": "12",
        "doctor": {"full_name": "Петров Пётр Петрович", "position": "врач-терапевт участковый"},
        "answers": [recorded],
    });
    assert_eq!(to_value(&full).unwrap(), wire);
    assert_eq!(read_application(&wire.to_string()).unwrap(), full);
}

#[test]
fn an_application_may_come_with_the_required_fields_only() {
    let minimal = application(7, ApplicationType::Choice, Status::Sent);
    let mut wire = to_value(&minimal).unwrap();
    let fields = wire.as_object_mut().unwrap();
    fields.retain(|_, value| !value.is_null() && *value != json!([]));
    fields["patient"].as_object_mut().unwrap().retain(|_, value| !value.is_null());
    fields["patient"]["name"].as_object_mut().unwrap().retain(|_, value| !value.is_null());
    assert_eq!(fields.len(), 9, "{fields:?}");
    assert_eq!(read_application(&wire.to_string()).unwrap(), minimal);
    wire["of_a_later_version"] = json!({"unknown": true});
    assert_eq!(read_application(&wire.to_string()).unwrap(), minimal);
}

#[test]
fn a_problem_leaves_out_what_it_has_not() {
    let problem = Problem::new(ProblemKind::NotFound);
    let wire = json!({"type": "urn:prikrep:problem:not-found", "title": "Не найдено", "status": 404});
    assert_eq!(to_value(&problem).unwrap(), wire);
    assert_eq!(from_value::<Problem>(wire).unwrap(), problem);

    let field = FieldError {
        field: "comment".to_owned(), message: "Заполните поле: комментарий к ответу".to_owned()
    };
    let current = application(7, ApplicationType::Choice, Status::Done);
    let problem = Problem::from(&Refusal::Invalid(vec![field])).with_application(current.clone());
    let wire = json!({
        "type": "urn:prikrep:problem:invalid-answer",
        "title": "Ответ заполнен неверно",
        "status": 422,
        "detail": "Исправьте поля ответа: Заполните поле: комментарий к ответу",
        "errors": [{"field": "comment", "message": "Заполните поле: комментарий к ответу"}],
        "application": to_value(&current).unwrap(),
    });
    assert_eq!(to_value(&problem).unwrap(), wire);
    assert_eq!(from_value::<Problem>(wire).unwrap(), problem);
}

#[test]
fn problems_have_the_urns_and_statuses_of_the_protocol() {
    let table = [
        ("bad-credentials", 401),
        ("too-many-attempts", 429),
        ("session-expired", 401),
        ("not-allowed", 403),
        ("not-found", 404),
        ("bad-request", 400),
        ("cursor-expired", 410),
        ("already-answered", 409),
        ("wrong-status", 409),
        ("superseded", 409),
        ("answer-id-reused", 409),
        ("invalid-answer", 422),
        ("too-large", 413),
        ("overloaded", 429),
        ("unavailable", 503),
        ("internal", 500),
    ];
    for (code, status) in table {
        let urn = format!("urn:prikrep:problem:{code}");
        let kind: ProblemKind = from_value(json!(urn)).unwrap();
        assert!(!matches!(kind, ProblemKind::Other(_)), "{code}");
        assert_eq!((to_value(&kind).unwrap(), kind.status()), (json!(urn), status));
    }
    let unknown: ProblemKind = from_value(json!("about:blank")).unwrap();
    assert_eq!(unknown, ProblemKind::Other("about:blank".to_owned()));
    assert_eq!(to_value(&unknown).unwrap(), json!("about:blank"));
}

#[test]
fn a_refusal_keeps_its_meaning_as_a_problem() {
    let by = application_id(3);
    let refusal = Refusal::Superseded { by };
    let problem = Problem::from(&refusal);
    assert_eq!(problem.kind, ProblemKind::Superseded);
    assert_eq!(problem.words(), refusal.to_string());
    assert!(problem.words().contains(&by.to_string()));
    let (zone, at) = (chrono_tz::Asia::Barnaul, at(ANSWERED_AT));
    let refusal = Refusal::AlreadyAnswered { by: EMPLOYEE.to_owned(), at, status: Status::Done, zone };
    assert_eq!(Problem::from(&refusal).kind, ProblemKind::AlreadyAnswered);
    let status = Status::Cancelled;
    let refusal =
        Refusal::WrongStatus { application_type: ApplicationType::Choice, status, decision: DecisionKind::Provide };
    assert_eq!(Problem::from(&refusal).kind, ProblemKind::WrongStatus);
}

#[test]
fn a_session_shows_its_token_only_when_it_has_one() {
    let mut session = Session {
        token: Some("secret".to_owned()),
        expires_at: at(ANSWERED_AT),
        employee: EMPLOYEE.to_owned(),
        role: Role::Registrar,
        organization: Some(Organization { oid: Oid::parse("1.2.643").unwrap(), name: "МО".to_owned() }),
        password_change_required: false,
    };
    let wire = json!({
        "token": "secret", "expires_at": ANSWERED_AT, "employee": EMPLOYEE, "role": "registrar",
        "organization": {"oid": "1.2.643", "name": "МО"},
    });
    assert_eq!(to_value(&session).unwrap(), wire);
    assert_eq!(from_value::<Session>(wire).unwrap(), session);
    let shown = format!("{session:?}");
    assert!(!shown.contains("secret") && !shown.contains(EMPLOYEE), "{shown}");

    session.token = None;
    session.organization = None;
    session.role = Role::Daemon;
    let mut wire = json!({"expires_at": ANSWERED_AT, "employee": EMPLOYEE, "role": "daemon", "organization": null});
    assert_eq!(to_value(&session).unwrap(), wire);
    session.password_change_required = true;
    wire["password_change_required"] = json!(true);
    assert_eq!(to_value(&session).unwrap(), wire);
    session.password_change_required = false;
    wire.as_object_mut().unwrap().remove("password_change_required");
    assert_eq!(from_value::<Session>(wire).unwrap(), session);
}

#[test]
fn a_page_is_read_raw_first_so_that_one_record_does_not_stop_the_others() {
    let page = FeedPage {
        changes: vec![application(1, ApplicationType::Choice, Status::Sent), full_application()],
        cursor: Cursor::new("e1.42".to_owned()).unwrap(),
        has_more: true,
    };
    let mut wire = to_value(&page).unwrap();
    assert_eq!(from_value::<FeedPage>(wire.clone()).unwrap(), page);
    wire["changes"].as_array_mut().unwrap().insert(1, json!({"status": "of a later version"}));
    let text = wire.to_string();
    let raw: RawFeedPage = serde_json::from_str(&text).unwrap();
    let read: Vec<Option<Application>> = raw.changes.iter().map(|record| read_application(record.get()).ok()).collect();
    let [first, second] = page.changes.try_into().unwrap();
    assert_eq!(read, [Some(first), None, Some(second)]);
    assert_eq!((raw.cursor.as_str(), raw.has_more), ("e1.42", true));
}

#[test]
fn a_cursor_has_at_most_128_characters() {
    assert!(from_value::<Cursor>(json!("ж".repeat(128))).is_ok());
    assert!(from_value::<Cursor>(json!("c".repeat(129))).is_err());
}
