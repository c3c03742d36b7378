//! Applications, answers and moments to begin a test with. Everything is fixed: the same call, the same value.
//!
//! It uses nothing but the domain: the domain's own tests include this file, too.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use prikrep_domain::{
    Answer, AnswerDraft, AnswerId, Applicant, Application, ApplicationId, ApplicationType, AttachmentKind, Decision,
    DecisionKind, Delivery, Doctor, DoctorDraft, Moment, Oid, Organization, Patient, PersonId, PersonName,
    RecordedAnswer, Relation, Standing, Status, stand,
};
use uuid::Uuid;

/// An instant from RFC 3339.
///
/// # Panics
/// When it is not one.
#[must_use]
pub fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
}

/// The time zone of the tests.
pub const ZONE: Tz = chrono_tz::Asia::Barnaul;

/// The 20th of March 2026, noon in Barnaul.
#[must_use]
pub fn moment() -> Moment {
    Moment { now: at("2026-03-20T05:00:00Z"), zone: ZONE }
}

/// The identifier of application number so-and-so.
#[must_use]
pub fn application_id(number: u128) -> ApplicationId {
    Uuid::from_u128(0xA0 << 120 | number).into()
}

/// The identifier of answer number so-and-so.
#[must_use]
pub fn answer_id(number: u128) -> AnswerId {
    Uuid::from_u128(0xB0 << 120 | number).into()
}

/// The identifier of person number so-and-so.
#[must_use]
pub fn person_id(number: u128) -> PersonId {
    Uuid::from_u128(0xC0 << 120 | number).into()
}

/// A name from «Фамилия Имя Отчество».
#[must_use]
pub fn name(full: &str) -> PersonName {
    let mut parts = full.splitn(3, ' ').map(str::to_owned);
    PersonName { family: parts.next().unwrap(), given: parts.next().unwrap_or_default(), patronymic: parts.next() }
}

/// An application with nothing but what the protocol requires. A cancellation names application number 1.
#[must_use]
pub fn application(number: u128, application_type: ApplicationType, status: Status) -> Application {
    Application {
        id: application_id(number),
        version: 1,
        application_type,
        kind: AttachmentKind::Therapeutic,
        status,
        created_at: at("2026-03-10T04:00:00Z"),
        changed_at: at("2026-03-10T04:00:00Z"),
        cancels: (application_type == ApplicationType::Cancellation).then(|| application_id(1)),
        cancel_reason: None,
        patient: Patient {
            guid: person_id(1),
            name: name("Иванова Анна"),
            birth_date: "1980-05-17".parse().unwrap(),
            snils: None,
            oms_policy: None,
            phone: None,
            registration_address: None,
            residence_address: None,
        },
        applicant: None,
        organization: Organization {
            oid: Oid::parse("1.2.643.5.1.13.13.12.2.22.2001").unwrap(),
            name: "Городская поликлиника № 1".to_owned(),
        },
        department: None,
        district: None,
        doctor: None,
        answers: Vec::new(),
    }
}

/// An application with every field filled.
#[must_use]
pub fn full_application() -> Application {
    let mut full = application(7, ApplicationType::Cancellation, Status::CancelFailed);
    full.cancel_reason = Some("Заявление подано по ошибке".to_owned());
    full.patient.name = name("Ёлкина Мария Петровна");
    full.patient.snils = Some("11223344595".to_owned());
    full.patient.oms_policy = Some("8451999122899990".to_owned());
    full.patient.phone = Some("+7 900 000-00-00".to_owned());
    full.patient.registration_address = Some("г. Барнаул, ул. Ленина, 1".to_owned());
    full.patient.residence_address = Some("г. Барнаул, ул. Мира, 2".to_owned());
    full.applicant =
        Some(Applicant { guid: person_id(2), name: name("Ёлкин Пётр"), relation: Some(Relation::Father) });
    full.department = Some("Отделение № 2".to_owned());
    full.district = Some("12".to_owned());
    full.doctor = Some(doctor());
    full
}

/// A doctor.
#[must_use]
pub fn doctor() -> Doctor {
    Doctor {
        full_name: "Петров Пётр Петрович".to_owned(), position: "врач-терапевт участковый".to_owned()
    }
}

/// A complete draft of a decision, taken at [`moment`].
#[must_use]
pub fn draft(decision: DecisionKind) -> AnswerDraft {
    draft_of(decision, moment().now)
}

/// A complete draft of a decision, taken at an instant.
#[must_use]
pub fn draft_of(decision: DecisionKind, now: DateTime<Utc>) -> AnswerDraft {
    let filled = AnswerDraft {
        decision: Some(decision),
        comment: "Приходите с паспортом".to_owned(),
        answered_at: Some(now),
        answered_by: "Сидорова Ольга Ивановна".to_owned(),
        ..AnswerDraft::default()
    };
    match decision {
        DecisionKind::Provide => {
            let Doctor { full_name, position } = doctor();
            AnswerDraft { district: "12".to_owned(), doctor: Some(DoctorDraft { full_name, position }), ..filled }
        }
        DecisionKind::Refuse => AnswerDraft { refusal_reason: "Не та территория".to_owned(), ..filled },
        DecisionKind::ApproveCancel | DecisionKind::FailCancel => filled,
        DecisionKind::Detach => AnswerDraft { answer_date: Some(now.with_timezone(&ZONE).date_naive()), ..filled },
    }
}

/// The answer that [`draft`] makes.
#[must_use]
pub fn answer(decision: DecisionKind) -> Answer {
    let decision = match decision {
        DecisionKind::Provide => Decision::Provide { district: "12".to_owned(), doctor: doctor() },
        DecisionKind::Refuse => Decision::Refuse { reason: "Не та территория".to_owned() },
        DecisionKind::ApproveCancel => Decision::ApproveCancel,
        DecisionKind::FailCancel => Decision::FailCancel,
        DecisionKind::Detach => Decision::Detach { answer_date: "2026-03-20".parse().unwrap() },
    };
    Answer {
        decision,
        comment: "Приходите с паспортом".to_owned(),
        answered_at: moment().now,
        answered_by: "Сидорова Ольга Ивановна".to_owned(),
    }
}

/// A recorded answer with its number.
#[must_use]
pub fn record(number: u128, decision: DecisionKind, delivery: Delivery) -> RecordedAnswer {
    RecordedAnswer { id: answer_id(number), answer: answer(decision), delivery }
}

/// An application as it stands by itself.
#[must_use]
pub fn alone(application: &Application) -> Standing {
    stand(application, &[], [])
}

/// A choice as it stands under a cancellation.
#[must_use]
pub fn stand_with(choice: &Application, cancellation: &Application) -> Standing {
    stand(choice, &[], [cancellation])
}
