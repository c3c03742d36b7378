//! What an answer may do: both tables of the domain, and the reasons of a refusal in words.
//!
//! Invariant: no other code compares statuses to decide what is allowed. Which forms are offered, what
//! counts as pending and what a server accepts are all asked here.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::{ApplicationId, ApplicationType, DecisionKind, FieldError, Status};

/// Every decision, in the order in which a form offers them: the first that is allowed is preselected.
pub const ALL_DECISIONS: [DecisionKind; 5] = [
    DecisionKind::Provide,
    DecisionKind::Refuse,
    DecisionKind::ApproveCancel,
    DecisionKind::FailCancel,
    DecisionKind::Detach,
];

/// The status after an answer; `None` when the answer is not allowed.
#[must_use]
pub const fn transition(application_type: ApplicationType, status: Status, decision: DecisionKind) -> Option<Status> {
    use ApplicationType::{Cancellation, Choice, Detachment};
    use DecisionKind::{ApproveCancel, Detach, FailCancel, Provide, Refuse};
    use Status::{Accepted, CancelFailed, Cancelled, Cancelling, Done, Refused, Sent};
    match (application_type, status) {
        (Choice, Sent) | (Cancellation, CancelFailed) => match decision {
            Provide => Some(Done),
            Refuse => Some(Refused),
            ApproveCancel | FailCancel | Detach => None,
        },
        (Cancellation, Accepted) => match decision {
            ApproveCancel => Some(Cancelled),
            FailCancel => Some(CancelFailed),
            Provide | Refuse | Detach => None,
        },
        (Detachment, Sent) => match decision {
            Detach => Some(Done),
            Provide | Refuse | ApproveCancel | FailCancel => None,
        },
        (Choice | Detachment, Accepted | CancelFailed)
        | (Cancellation, Sent)
        | (Choice | Cancellation | Detachment, Done | Refused | Cancelling | Cancelled) => None,
    }
}

/// The decisions that a type and a status allow, in the order of the form.
pub fn allowed(application_type: ApplicationType, status: Status) -> impl Iterator<Item = DecisionKind> {
    ALL_DECISIONS.into_iter().filter(move |decision| transition(application_type, status, *decision).is_some())
}

/// Whether an application of this type and status, that no cancellation supersedes, waits for an answer.
#[must_use]
pub fn is_pending(application_type: ApplicationType, status: Status) -> bool {
    allowed(application_type, status).next().is_some()
}

/// Whether a cancellation in this status has come to its end, so that its status becomes the choice's too.
pub(crate) const fn ends_cancellation(status: Status) -> bool {
    match status {
        Status::Done | Status::Refused | Status::Cancelled => true,
        Status::Sent | Status::Accepted | Status::Cancelling | Status::CancelFailed => false,
    }
}

/// Why an answer is refused; nothing is changed by it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Somebody has answered, and the status allows no more answers.
    #[error(
        "На заявление уже ответил(а) {by} {at}, его статус — «{status}». Ваш ответ не принят.",
        by = if by.is_empty() { "другой сотрудник" } else { by },
        at = local(at, *zone),
        status = status.table_words()
    )]
    AlreadyAnswered {
        /// The employee who answered.
        by: String,
        /// When.
        at: DateTime<Utc>,
        /// The status since then.
        status: Status,
        /// The organization's time zone, for the words.
        zone: Tz,
    },
    /// The status does not allow this decision.
    #[error(
        "Ответ «{decision}» невозможен: это «{kind}» в статусе «{status}».",
        decision = decision.words(),
        kind = application_type.words(),
        status = status.table_words()
    )]
    WrongStatus {
        /// The application's type.
        application_type: ApplicationType,
        /// The status that it has.
        status: Status,
        /// The decision that was sent.
        decision: DecisionKind,
    },
    /// A cancellation stands over this choice: the answer belongs there.
    #[error("По этому заявлению подана отмена {by}: отвечайте на неё.")]
    Superseded {
        /// The cancellation.
        by: ApplicationId,
    },
    /// Fields are wrong.
    #[error("Исправьте поля ответа: {}", .0.iter().map(|e| e.message.as_str()).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<FieldError>),
}

fn local(at: &DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%d.%m.%Y в %H:%M").to_string()
}
