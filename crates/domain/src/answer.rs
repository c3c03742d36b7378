//! Answers: what a registrar sends back, from the draft that is being typed to the record at every hop.
//!
//! Invariant: an [`Answer`] made from a draft has every field that its decision requires. On the wire an
//! answer is flat; inside, the fields of a decision live in its variant.

mod forms;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{AnswerId, Problem};

/// The longest comment, in characters.
pub const MAX_COMMENT_CHARS: usize = 4_000;
pub(crate) const MAX_REASON_CHARS: usize = 1_000;
pub(crate) const MAX_DISTRICT_CHARS: usize = 32;
pub(crate) const MAX_NAME_CHARS: usize = 256;

/// Which decision an answer takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DecisionKind {
    /// Услуга оказана.
    Provide,
    /// Отказано в предоставлении услуги.
    Refuse,
    /// Отмена заявления одобрена.
    ApproveCancel,
    /// Ошибка отмены заявления.
    FailCancel,
    /// The detachment is done.
    Detach,
}

/// A doctor, by whom the patient is or will be served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Doctor {
    /// ФИО врача, at most 256 characters.
    #[cfg_attr(feature = "openapi", schema(max_length = 256))]
    pub full_name: String,
    /// Должность врача, at most 256 characters.
    #[cfg_attr(feature = "openapi", schema(max_length = 256))]
    pub position: String,
}

/// A decision with the fields that it requires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decision {
    /// Услуга оказана.
    Provide {
        /// Номер участка прикрепления.
        district: String,
        /// The doctor to whom the patient is attached.
        doctor: Doctor,
    },
    /// Отказано в предоставлении услуги.
    Refuse {
        /// Причина отказа в прикреплении.
        reason: String,
    },
    /// Отмена заявления одобрена.
    ApproveCancel,
    /// Ошибка отмены заявления.
    FailCancel,
    /// The detachment is done.
    Detach {
        /// Дата ответа.
        answer_date: NaiveDate,
    },
}

impl Decision {
    /// Which decision it is.
    #[must_use]
    pub const fn kind(&self) -> DecisionKind {
        match self {
            Self::Provide { .. } => DecisionKind::Provide,
            Self::Refuse { .. } => DecisionKind::Refuse,
            Self::ApproveCancel => DecisionKind::ApproveCancel,
            Self::FailCancel => DecisionKind::FailCancel,
            Self::Detach { .. } => DecisionKind::Detach,
        }
    }
}

/// An answer as its author sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The decision and its fields.
    pub decision: Decision,
    /// Комментарий к ответу.
    pub comment: String,
    /// When the registrar pressed «Отправить».
    pub answered_at: DateTime<Utc>,
    /// The employee's full name.
    pub answered_by: String,
}

impl Answer {
    /// Whether two answers say the same, whoever is named as their author: a register overwrites the
    /// author's name with the account's own.
    #[must_use]
    pub fn same_content(&self, other: &Self) -> bool {
        self.decision == other.decision && self.comment == other.comment && self.answered_at == other.answered_at
    }
}

/// A doctor while being typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = AnswerDoctor))]
#[serde(default)]
pub struct DoctorDraft {
    /// ФИО врача.
    pub full_name: String,
    /// Должность врача.
    pub position: String,
}

/// An answer as it is typed, and the flat form that every answer has on the wire: nothing is required yet.
///
/// Absent fields are left out in JSON only: stored values are arrays of fields in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, remote = "Self")]
pub struct AnswerDraft {
    /// The decision.
    pub decision: Option<DecisionKind>,
    /// Комментарий к ответу.
    #[serde(deserialize_with = "null_as_default")]
    pub comment: String,
    /// When the registrar pressed «Отправить».
    #[serde(skip_serializing_if = "Option::is_none", with = "crate::timestamp::option")]
    pub answered_at: Option<DateTime<Utc>>,
    /// The employee's full name.
    #[serde(deserialize_with = "null_as_default")]
    pub answered_by: String,
    /// Номер участка, for `provide`.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub district: String,
    /// The doctor, for `provide`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doctor: Option<DoctorDraft>,
    /// Причина отказа, for `refuse`.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub refusal_reason: String,
    /// Дата ответа, for `detach`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_date: Option<NaiveDate>,
}

impl Serialize for AnswerDraft {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            return Self::serialize(self, to);
        }
        let Self { decision, comment, answered_at, answered_by, district, doctor, refusal_reason, answer_date } = self;
        (decision, comment, answered_at, answered_by, district, doctor, refusal_reason, answer_date).serialize(to)
    }
}

impl<'de> Deserialize<'de> for AnswerDraft {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::deserialize(from)
    }
}

impl AnswerDraft {
    /// The same draft without spaces at the ends of its texts, as an answer keeps them.
    #[must_use]
    pub fn trimmed(&self) -> Self {
        let doctor = self.doctor.as_ref().map(|doctor| DoctorDraft {
            full_name: doctor.full_name.trim().to_owned(),
            position: doctor.position.trim().to_owned(),
        });
        Self {
            comment: self.comment.trim().to_owned(),
            answered_by: self.answered_by.trim().to_owned(),
            district: self.district.trim().to_owned(),
            refusal_reason: self.refusal_reason.trim().to_owned(),
            doctor,
            ..self.clone()
        }
    }
}

fn null_as_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}

/// A mistake in one field of an answer, in words for the person who typed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field's name on the wire, for example `doctor.full_name`.
    pub field: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// A recorded answer without what makes it an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("в ответе нет решения или времени ответа")]
pub struct Incomplete;

impl TryFrom<AnswerDraft> for Answer {
    type Error = Incomplete;

    /// Reads a recorded answer. The protocol does not oblige the upstream to repeat a decision's fields,
    /// so that an absent one is empty here; what a person types goes through [`crate::Standing::check`].
    fn try_from(draft: AnswerDraft) -> Result<Self, Incomplete> {
        let answered_at = draft.answered_at.ok_or(Incomplete)?;
        let doctor = draft.doctor.unwrap_or_default();
        let decision = match draft.decision.ok_or(Incomplete)? {
            DecisionKind::Provide => Decision::Provide {
                district: draft.district,
                doctor: Doctor { full_name: doctor.full_name, position: doctor.position },
            },
            DecisionKind::Refuse => Decision::Refuse { reason: draft.refusal_reason },
            DecisionKind::ApproveCancel => Decision::ApproveCancel,
            DecisionKind::FailCancel => Decision::FailCancel,
            DecisionKind::Detach => {
                Decision::Detach { answer_date: draft.answer_date.unwrap_or_else(|| answered_at.date_naive()) }
            }
        };
        Ok(Self { decision, comment: draft.comment, answered_at, answered_by: draft.answered_by })
    }
}

impl From<&Answer> for AnswerDraft {
    fn from(answer: &Answer) -> Self {
        let mut draft = Self {
            decision: Some(answer.decision.kind()),
            comment: answer.comment.clone(),
            answered_at: Some(answer.answered_at),
            answered_by: answer.answered_by.clone(),
            ..Self::default()
        };
        match &answer.decision {
            Decision::Provide { district, doctor } => {
                draft.district.clone_from(district);
                draft.doctor =
                    Some(DoctorDraft { full_name: doctor.full_name.clone(), position: doctor.position.clone() });
            }
            Decision::Refuse { reason } => draft.refusal_reason.clone_from(reason),
            Decision::Detach { answer_date } => draft.answer_date = Some(*answer_date),
            Decision::ApproveCancel | Decision::FailCancel => {}
        }
        draft
    }
}

/// How far beyond the serving hop an answer has travelled.
///
/// The tag beside the fields is for JSON only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case", remote = "Self")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Delivery {
    /// It waits at the serving hop.
    Queued,
    /// The next hop has it.
    Delivered {
        /// Since when.
        #[serde(default, with = "crate::timestamp::option")]
        at: Option<DateTime<Utc>>,
    },
    /// The next hop refused it.
    Rejected {
        /// Since when.
        #[serde(default, with = "crate::timestamp::option")]
        at: Option<DateTime<Utc>>,
        /// Why, in the next hop's own words.
        #[serde(default)]
        problem: Option<Box<Problem>>,
    },
}

/// An answer with its identifier and how far it has travelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedAnswer {
    /// The identifier, chosen by the author.
    pub id: AnswerId,
    /// The answer.
    pub answer: Answer,
    /// How far beyond the serving hop.
    pub delivery: Delivery,
}
