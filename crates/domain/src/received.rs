//! Reading one application from outside: what cannot be understood is told apart from what is only odd.
//!
//! A bad check digit is odd: it is kept and shown. An unknown enumeration value, a missing field, a field
//! over the protocol's limit or a date out of range make the record unreadable: it goes to quarantine.

use chrono::{DateTime, Datelike, Utc};
use serde::Deserialize;

use crate::answer::{MAX_DISTRICT_CHARS, MAX_NAME_CHARS, MAX_REASON_CHARS};
use crate::{
    Application, ApplicationId, Decision, Delivery, Doctor, MAX_COMMENT_CHARS, MAX_RECORD_BYTES, PersonName,
    RecordedAnswer,
};

/// A record that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unreadable {
    /// The application's identifier, when at least that could be read.
    pub id: Option<ApplicationId>,
    /// What is wrong, without any value of the record.
    pub reason: String,
}

/// Reads one application from its JSON.
///
/// # Errors
/// [`Unreadable`] with the reason in words and the identifier where it can be read.
pub fn read_application(json: &str) -> Result<Application, Unreadable> {
    let unreadable = |reason: String| Unreadable { id: id_of(json), reason };
    if json.len() > MAX_RECORD_BYTES {
        return Err(unreadable(format!("запись больше {} КиБ", MAX_RECORD_BYTES >> 10)));
    }
    let application: Application = serde_json::from_str(json).map_err(|error| unreadable(words_of(&error)))?;
    match limits(&application) {
        Ok(()) => Ok(application),
        Err(field) => Err(unreadable(format!("значение вне пределов протокола: {field}"))),
    }
}

fn id_of(json: &str) -> Option<ApplicationId> {
    #[derive(Deserialize)]
    struct OnlyId {
        id: ApplicationId,
    }
    // A record over the limit is not read at all, not even for its identifier.
    if json.len() > MAX_RECORD_BYTES { None } else { serde_json::from_str::<OnlyId>(json).ok().map(|only| only.id) }
}

/// The parser's words name fields and what it expected, but may quote a text of the record: that is cut.
fn words_of(error: &serde_json::Error) -> String {
    let message = error.to_string();
    if message.starts_with("missing field") || message.starts_with("duplicate field") {
        return format!("не удалось разобрать: {message}");
    }
    let expected = message.strip_prefix("unknown variant").and_then(|quoted| quoted.rsplit_once("`, expected"));
    match expected {
        Some((_, expected)) => format!("не удалось разобрать: unknown variant, expected{expected}"),
        None => format!("не удалось разобрать: строка {}, столбец {}", error.line(), error.column()),
    }
}

fn limits(application: &Application) -> Result<(), &'static str> {
    let check = |ok: bool, field: &'static str| if ok { Ok(()) } else { Err(field) };
    check(application.version >= 1, "version")?;
    check(is_plausible(application.created_at), "created_at")?;
    check(is_plausible(application.changed_at), "changed_at")?;
    check((1850..2100).contains(&application.patient.birth_date.year()), "patient.birth_date")?;
    check(name_fits(&application.patient.name), "patient.name")?;
    check(application.applicant.as_ref().is_none_or(|applicant| name_fits(&applicant.name)), "applicant.name")?;
    check(application.doctor.as_ref().is_none_or(doctor_fits), "doctor")?;
    check(application.answers.iter().all(answer_fits), "answers")
}

/// Times of the service's own age: the columns of a list count seconds from 2000.
fn is_plausible(at: DateTime<Utc>) -> bool {
    (2000..2100).contains(&at.year())
}

fn fits(text: &str, most: usize) -> bool {
    text.len() <= most || text.chars().count() <= most
}

fn name_fits(name: &PersonName) -> bool {
    fits(&name.family, 128) && fits(&name.given, 128) && fits(name.patronymic.as_deref().unwrap_or_default(), 128)
}

fn doctor_fits(doctor: &Doctor) -> bool {
    fits(&doctor.full_name, MAX_NAME_CHARS) && fits(&doctor.position, MAX_NAME_CHARS)
}

fn answer_fits(RecordedAnswer { answer, delivery, .. }: &RecordedAnswer) -> bool {
    let times = [Some(answer.answered_at), delivery_time(delivery)];
    times.into_iter().flatten().all(is_plausible)
        && fits(&answer.comment, MAX_COMMENT_CHARS)
        && fits(&answer.answered_by, MAX_NAME_CHARS)
        && match &answer.decision {
            Decision::Provide { district, doctor } => fits(district, MAX_DISTRICT_CHARS) && doctor_fits(doctor),
            Decision::Refuse { reason } => fits(reason, MAX_REASON_CHARS),
            Decision::ApproveCancel | Decision::FailCancel => true,
            Decision::Detach { answer_date } => (2000..2100).contains(&answer_date.year()),
        }
}

const fn delivery_time(delivery: &Delivery) -> Option<DateTime<Utc>> {
    match delivery {
        Delivery::Queued => None,
        Delivery::Delivered { at } | Delivery::Rejected { at, .. } => *at,
    }
}
