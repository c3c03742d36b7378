//! The two forms of a recorded answer: flat JSON on the wire, compact in stored values.
//!
//! Every record of a page has an answer or two, so that both are read without a buffer between, which serde would
//! use for fields that are flattened or stand beside a tag.

use std::borrow::Cow;

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Answer, AnswerDraft, Decision, DecisionKind, Delivery, DoctorDraft, Incomplete, RecordedAnswer};
use crate::timestamp::Timestamp;
use crate::{AnswerId, Problem};

/// How far an answer has travelled, as it is read on the wire.
#[derive(Deserialize)]
struct WireDelivery {
    state: DeliveryState,
    #[serde(default)]
    at: Option<Timestamp>,
    #[serde(default)]
    problem: Option<Box<Problem>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum DeliveryState {
    Queued,
    Delivered,
    Rejected,
}

#[derive(Serialize, Deserialize)]
enum StoredDelivery {
    Queued,
    Delivered(Option<Timestamp>),
    Rejected(Option<Timestamp>, Option<Box<Problem>>),
}

impl Serialize for Delivery {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            return Self::serialize(self, to);
        }
        let stored = match self {
            Self::Queued => StoredDelivery::Queued,
            Self::Delivered { at } => StoredDelivery::Delivered(at.map(Timestamp)),
            Self::Rejected { at, problem } => StoredDelivery::Rejected(at.map(Timestamp), problem.clone()),
        };
        stored.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Delivery {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let instant = |at: Option<Timestamp>| at.map(|Timestamp(at)| at);
        if from.is_human_readable() {
            let WireDelivery { state, at, problem } = WireDelivery::deserialize(from)?;
            return Ok(match state {
                DeliveryState::Queued => Self::Queued,
                DeliveryState::Delivered => Self::Delivered { at: instant(at) },
                DeliveryState::Rejected => Self::Rejected { at: instant(at), problem },
            });
        }
        Ok(match StoredDelivery::deserialize(from)? {
            StoredDelivery::Queued => Self::Queued,
            StoredDelivery::Delivered(at) => Self::Delivered { at: instant(at) },
            StoredDelivery::Rejected(at, problem) => Self::Rejected { at: instant(at), problem },
        })
    }
}

/// The compact form of an answer in stored values: the variant carries its fields.
#[derive(Serialize, Deserialize)]
struct StoredAnswer(Decision, String, Timestamp, String);

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            AnswerDraft::from(self).serialize(to)
        } else {
            (&self.decision, &self.comment, Timestamp(self.answered_at), &self.answered_by).serialize(to)
        }
    }
}

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if from.is_human_readable() {
            Self::try_from(AnswerDraft::deserialize(from)?).map_err(serde::de::Error::custom)
        } else {
            let StoredAnswer(decision, comment, Timestamp(answered_at), answered_by) = StoredAnswer::deserialize(from)?;
            Ok(Self { decision, comment, answered_at, answered_by })
        }
    }
}

/// A doctor on the wire.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct WireDoctor<'a> {
    full_name: Cow<'a, str>,
    position: Cow<'a, str>,
}

/// A recorded answer on the wire: the fields of [`AnswerDraft`] beside its identifier and delivery.
#[derive(Serialize, Deserialize)]
struct WireRecord<'a> {
    id: AnswerId,
    delivery: Cow<'a, Delivery>,
    decision: Option<DecisionKind>,
    comment: Option<Cow<'a, str>>,
    answered_at: Option<Timestamp>,
    answered_by: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    district: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    doctor: Option<WireDoctor<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal_reason: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer_date: Option<NaiveDate>,
}

impl<'a> From<&'a RecordedAnswer> for WireRecord<'a> {
    fn from(RecordedAnswer { id, answer, delivery }: &'a RecordedAnswer) -> Self {
        let mut wire = Self {
            id: *id,
            delivery: Cow::Borrowed(delivery),
            decision: Some(answer.decision.kind()),
            comment: Some(Cow::Borrowed(&answer.comment)),
            answered_at: Some(Timestamp(answer.answered_at)),
            answered_by: Some(Cow::Borrowed(&answer.answered_by)),
            district: None,
            doctor: None,
            refusal_reason: None,
            answer_date: None,
        };
        // What the upstream has not repeated is not said empty to others.
        let said = |text: &'a str| (!text.is_empty()).then_some(Cow::Borrowed(text));
        match &answer.decision {
            Decision::Provide { district, doctor } => {
                wire.district = said(district);
                wire.doctor = Some(WireDoctor {
                    full_name: Cow::Borrowed(&doctor.full_name),
                    position: Cow::Borrowed(&doctor.position),
                });
            }
            Decision::Refuse { reason } => wire.refusal_reason = said(reason),
            Decision::Detach { answer_date } => wire.answer_date = Some(*answer_date),
            Decision::ApproveCancel | Decision::FailCancel => {}
        }
        wire
    }
}

impl TryFrom<WireRecord<'_>> for RecordedAnswer {
    type Error = Incomplete;

    fn try_from(wire: WireRecord<'_>) -> Result<Self, Incomplete> {
        let text = |text: Option<Cow<'_, str>>| text.unwrap_or_default().into_owned();
        let draft = AnswerDraft {
            decision: wire.decision,
            comment: text(wire.comment),
            answered_at: wire.answered_at.map(|Timestamp(at)| at),
            answered_by: text(wire.answered_by),
            district: text(wire.district),
            doctor: wire.doctor.map(|WireDoctor { full_name, position }| DoctorDraft {
                full_name: full_name.into_owned(),
                position: position.into_owned(),
            }),
            refusal_reason: text(wire.refusal_reason),
            answer_date: wire.answer_date,
        };
        Ok(Self { id: wire.id, answer: draft.try_into()?, delivery: wire.delivery.into_owned() })
    }
}

#[derive(Serialize, Deserialize)]
struct StoredRecord(AnswerId, Answer, Delivery);

impl Serialize for RecordedAnswer {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            WireRecord::from(self).serialize(to)
        } else {
            (self.id, &self.answer, &self.delivery).serialize(to)
        }
    }
}

impl<'de> Deserialize<'de> for RecordedAnswer {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if from.is_human_readable() {
            WireRecord::deserialize(from)?.try_into().map_err(serde::de::Error::custom)
        } else {
            let StoredRecord(id, answer, delivery) = StoredRecord::deserialize(from)?;
            Ok(Self { id, answer, delivery })
        }
    }
}
