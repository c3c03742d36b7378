//! Applications, answers and a directory to show.

use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use prikrep_domain::{
    Answer, AnswerId, Applicant, Application, ApplicationId, ApplicationType, AttachmentKind, Decision, Delivery,
    Directory, District, Doctor, Moment, Oid, Organization, Patient, PersonId, PersonName, RecordedAnswer, Relation,
    Status,
};

use crate::desk::{day, today};

pub(crate) const SNILS: &str = "11223344595";
pub(crate) const COLLEAGUE: &str = "Соколова Ольга Ивановна";

/// Thursday, 19 November 2026, 10:42 in Barnaul.
pub(crate) fn moment() -> Moment {
    let now = Utc.with_ymd_and_hms(2026, 11, 19, 3, 42, 0).single().expect("an instant of a test");
    let moment = Moment { now, zone: chrono_tz::Asia::Barnaul };
    assert_eq!(moment.today(), today());
    moment
}

/// So many hours before [`moment`].
pub(crate) fn hours_ago(hours: i64) -> DateTime<Utc> {
    moment().now - TimeDelta::hours(hours)
}

fn guid(kind: u32, number: u32) -> String {
    format!("{kind:08}-0000-4000-8000-{number:012}")
}

pub(crate) fn id(number: u32) -> ApplicationId {
    ApplicationId::parse(&guid(1, number)).expect("a GUID of a test")
}

pub(crate) fn person(number: u32) -> PersonId {
    PersonId::parse(&guid(2, number)).expect("a GUID of a test")
}

pub(crate) fn answer_id(number: u32) -> AnswerId {
    AnswerId::parse(&guid(3, number)).expect("a GUID of a test")
}

pub(crate) fn organization() -> Organization {
    let oid = Oid::parse("1.2.643.5.1.13.13.12.2.22.2001").expect("an OID of a test");
    Organization { oid, name: "Городская поликлиника № 1".to_owned() }
}

pub(crate) fn doctor() -> Doctor {
    Doctor {
        full_name: "Иванова Мария Петровна".to_owned(), position: "врач-терапевт участковый".to_owned()
    }
}

/// The patients of the tests, by their number: the list of the newest first begins with the first.
pub(crate) const NAMES: [&str; 6] = [
    "Абрамов Пётр Ильич",
    "Борисова Анна Олеговна",
    "Власов Денис Юрьевич",
    "Громова Ирина Сергеевна",
    "Дёмин Олег Павлович",
    "Ершова Нина Львовна",
];

pub(crate) fn name(full: &str) -> PersonName {
    let mut parts = full.splitn(3, ' ').map(str::to_owned);
    let (family, given) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    PersonName { family, given, patronymic: parts.next() }
}

/// An application that has only what every application has.
pub(crate) fn application(number: u32, application_type: ApplicationType) -> Application {
    let full = NAMES[(number as usize + NAMES.len() - 1) % NAMES.len()];
    let created_at = hours_ago(24 * i64::from(number));
    Application {
        id: id(number),
        version: u64::from(number),
        application_type,
        kind: AttachmentKind::Therapeutic,
        status: match application_type {
            ApplicationType::Choice | ApplicationType::Detachment => Status::Sent,
            ApplicationType::Cancellation => Status::Accepted,
        },
        created_at,
        changed_at: created_at,
        cancels: None,
        cancel_reason: None,
        patient: Patient {
            guid: person(number),
            name: name(full),
            birth_date: day(1980, 5, 17),
            snils: Some(SNILS.to_owned()),
            oms_policy: None,
            phone: None,
            registration_address: None,
            residence_address: None,
        },
        applicant: None,
        organization: organization(),
        department: None,
        district: None,
        doctor: None,
        answers: Vec::new(),
    }
}

pub(crate) fn choice(number: u32) -> Application {
    application(number, ApplicationType::Choice)
}

pub(crate) fn cancellation(number: u32, of: u32) -> Application {
    Application {
        cancels: Some(id(of)),
        cancel_reason: Some("Передумал".to_owned()),
        ..application(number, ApplicationType::Cancellation)
    }
}

pub(crate) fn detachment(number: u32) -> Application {
    application(number, ApplicationType::Detachment)
}

/// A choice that has everything an application can have.
pub(crate) fn whole(number: u32) -> Application {
    let bare = choice(number);
    Application {
        kind: AttachmentKind::Pediatric,
        patient: Patient {
            oms_policy: Some("2256320822000120".to_owned()),
            phone: Some("+7 913 000-00-01".to_owned()),
            registration_address: Some("Барнаул, ул. Ленина, 1, кв. 2".to_owned()),
            residence_address: Some("Барнаул, ул. Мира, 3".to_owned()),
            ..bare.patient
        },
        applicant: Some(Applicant {
            guid: person(900),
            name: name("Абрамова Елена Игоревна"),
            relation: Some(Relation::Mother),
        }),
        department: Some("Детское отделение".to_owned()),
        district: Some("7".to_owned()),
        doctor: Some(doctor()),
        ..bare
    }
}

/// An answer of a colleague, an hour ago.
pub(crate) fn answer(number: u32, decision: Decision, delivery: Delivery) -> RecordedAnswer {
    let answer = Answer {
        decision,
        comment: "Приходите с паспортом".to_owned(),
        answered_at: hours_ago(1),
        answered_by: COLLEAGUE.to_owned(),
    };
    RecordedAnswer { id: answer_id(number), answer, delivery }
}

pub(crate) fn provided() -> Decision {
    Decision::Provide { district: "12".to_owned(), doctor: doctor() }
}

pub(crate) fn refused() -> Decision {
    Decision::Refuse { reason: "Адрес вне территории обслуживания".to_owned() }
}

pub(crate) fn directory() -> Directory {
    let district = |number: &str, kind, doctor| District {
        number: number.to_owned(),
        kind,
        department: Some("Поликлиника".to_owned()),
        doctor: Some(doctor),
    };
    let other = Doctor {
        full_name: "Петров Илья Олегович".to_owned(), position: "врач-педиатр".to_owned()
    };
    Directory {
        departments: vec!["Поликлиника".to_owned()],
        districts: vec![
            district("12", AttachmentKind::Therapeutic, doctor()),
            district("15", AttachmentKind::Therapeutic, other.clone()),
            district("7", AttachmentKind::Pediatric, other.clone()),
        ],
        doctors: vec![doctor(), other],
        refusal_reasons: vec!["Адрес вне территории обслуживания".to_owned(), "Нет свободных мест".to_owned()],
    }
}
