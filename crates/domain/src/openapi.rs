//! The shapes of types whose serialization is written by hand, for the description of the protocol.
//!
//! Invariant: the fields here are those of the wire; a test of the server validates real answers against them.

use chrono::{DateTime, NaiveDate, Utc};
use utoipa::ToSchema;

use crate::{AnswerId, DecisionKind, Delivery, Doctor};

/// An answer: the decision with the fields that it requires.
#[derive(ToSchema)]
#[schema(as = Answer)]
pub struct AnswerSchema {
    /// The decision.
    pub decision: DecisionKind,
    /// Комментарий к ответу.
    #[schema(min_length = 1, max_length = 4000)]
    pub comment: String,
    /// When the registrar pressed «Отправить».
    pub answered_at: DateTime<Utc>,
    /// The employee's full name; a register overwrites it with the account's own, except from a trusted daemon.
    #[schema(max_length = 256)]
    pub answered_by: String,
    /// Номер участка; required for `provide`, and only there.
    #[schema(nullable = false, max_length = 32)]
    pub district: Option<String>,
    /// Врач; required for `provide`, and only there.
    #[schema(nullable = false)]
    pub doctor: Option<Doctor>,
    /// Причина отказа; required for `refuse`, and only there.
    #[schema(nullable = false, max_length = 1000)]
    pub refusal_reason: Option<String>,
    /// Дата ответа; required for `detach`, and only there.
    #[schema(nullable = false)]
    pub answer_date: Option<NaiveDate>,
}

/// An answer with its identifier and how far it has travelled.
#[derive(ToSchema)]
#[schema(as = RecordedAnswer)]
pub struct RecordedAnswerSchema {
    /// The identifier, chosen by the author.
    pub id: AnswerId,
    /// How far beyond the serving hop it has travelled.
    pub delivery: Delivery,
    /// The answer itself: its fields stand beside these.
    #[schema(inline)]
    #[serde(flatten)]
    pub answer: AnswerSchema,
}
