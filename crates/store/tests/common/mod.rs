//! Builders for the store's tests.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

use std::path::Path;

use chrono::{DateTime, Duration, NaiveDate, TimeZone, Utc};
use prikrep_domain::{
    Answer, AnswerDraft, AnswerId, Application, ApplicationId, ApplicationType, AttachmentKind, Cursor, Decision,
    DecisionKind, Delivery, DoctorDraft, Oid, Organization, Patient, Period, PersonName, Query, RecordedAnswer, Status,
};
use prikrep_store::{Author, Key, Options, Page, SledStore};
use uuid::Uuid;

pub const ZONE: chrono_tz::Tz = chrono_tz::Asia::Barnaul;

pub fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 5, 20, 4, 0, 0).unwrap()
}

pub fn open(folder: &Path) -> SledStore {
    SledStore::open(folder, options()).unwrap()
}

pub fn options() -> Options {
    Options { key: Key::from_bytes([42; 32]), zone: ZONE, now: now(), scrub: false }
}

pub fn application_id(number: u32) -> ApplicationId {
    Uuid::from_u128(0xA000_0000_0000_4000_8000_0000_0000_0000 | u128::from(number)).into()
}

pub fn answer_id(number: u32) -> AnswerId {
    Uuid::from_u128(0xB000_0000_0000_7000_8000_0000_0000_0000 | u128::from(number)).into()
}

pub fn organization(number: u32) -> Organization {
    Organization {
        oid: Oid::parse(&format!("1.2.643.5.{number}")).unwrap(), name: format!("Больница № {number}")
    }
}

pub fn choice(number: u32) -> Application {
    Application {
        id: application_id(number),
        version: u64::from(number),
        application_type: ApplicationType::Choice,
        kind: AttachmentKind::Therapeutic,
        status: Status::Sent,
        created_at: now() - Duration::days(10) + Duration::minutes(i64::from(number)),
        changed_at: now() - Duration::days(9),
        cancels: None,
        cancel_reason: None,
        patient: Patient {
            guid: Uuid::from_u128(0xC000 + u128::from(number)).into(),
            name: PersonName {
                family: format!("Ёлкин{number}"),
                given: "Пётр".into(),
                patronymic: Some("Ильич".into()),
            },
            birth_date: NaiveDate::from_ymd_opt(1980, 2, 3).unwrap(),
            snils: Some("112-233-445 95".into()),
            oms_policy: Some("1234567890123452".into()),
            phone: Some("+7 913 000-00-00".into()),
            registration_address: Some("г. Барнаул, пр. Ленина, 1".into()),
            residence_address: None,
        },
        applicant: None,
        organization: organization(number % 3),
        department: Some("Поликлиника".into()),
        district: Some("7".into()),
        doctor: None,
        answers: Vec::new(),
    }
}

pub fn cancellation(number: u32, of: u32) -> Application {
    Application {
        application_type: ApplicationType::Cancellation,
        status: Status::Accepted,
        cancels: Some(application_id(of)),
        organization: organization(of % 3),
        ..choice(number)
    }
}

pub fn page(applications: Vec<Application>, cursor: &str, has_more: bool) -> Page {
    Page { applications, unreadable: Vec::new(), cursor: Cursor::new(cursor.into()).unwrap(), has_more }
}

pub fn draft(decision: DecisionKind) -> AnswerDraft {
    AnswerDraft {
        decision: Some(decision),
        comment: "Приходите с паспортом".into(),
        answered_at: Some(now()),
        answered_by: "Иванова А. А.".into(),
        district: "12".into(),
        doctor: Some(DoctorDraft {
            full_name: "Петров Пётр".into(), position: "врач-терапевт".into()
        }),
        refusal_reason: "Нет мест".into(),
        answer_date: Some(NaiveDate::from_ymd_opt(2026, 5, 20).unwrap()),
    }
}

pub fn anyone() -> Author {
    Author { employee: None, organization: None }
}

pub fn everything() -> Query {
    let date = |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
    Query::of(Period::new(date(2000), date(2099)).unwrap())
}

/// What an upstream says of an application after it has taken an answer.
pub fn answered_upstream(base: &Application, id: AnswerId, version: u64, delivery: Delivery) -> Application {
    let answer = Answer {
        decision: Decision::Refuse { reason: "Нет мест".into() },
        comment: "Приходите с паспортом".into(),
        answered_at: now(),
        answered_by: "Иванова А. А.".into(),
    };
    let status = if matches!(delivery, Delivery::Rejected { .. }) { base.status } else { Status::Refused };
    Application { version, status, answers: vec![RecordedAnswer { id, answer, delivery }], ..base.clone() }
}
