//! What has become of an application: its status and the answers that led there.
//!
//! Invariant: every status is reached from the first one by decisions that the domain's transition allows,
//! or is one that only the federal service sets.

use chrono::{DateTime, Utc};
use prikrep_domain::{
    Answer, AnswerId, Decision, DecisionKind, Delivery, District, Doctor, Moment, RecordedAnswer, Status,
};
use uuid::Builder;

use crate::dice::Dice;
use crate::world::organizations::{Clinic, REFUSAL_REASONS};
use crate::world::timeline::{DAY, HOUR, later};

const COMMENTS: [(DecisionKind, &[&str]); 5] = [
    (
        DecisionKind::Provide,
        &[
            "Вы прикреплены к медицинской организации.",
            "Прикрепление оформлено. При первом посещении возьмите паспорт и полис ОМС.",
            "Заявление рассмотрено, прикрепление выполнено.",
            "Прикреплены к участку по месту жительства. Запись к врачу — через Госуслуги или по телефону регистратуры.",
        ],
    ),
    (
        DecisionKind::Refuse,
        &[
            "Обратитесь в медицинскую организацию по месту жительства.",
            "Уточните сведения и подайте заявление повторно.",
            "Отказ по основаниям, указанным в причине. Для разъяснений обратитесь в регистратуру.",
        ],
    ),
    (DecisionKind::ApproveCancel, &["Заявление отменено по просьбе заявителя.", "Отмена заявления одобрена."]),
    (
        DecisionKind::FailCancel,
        &["Отмена невозможна: прикрепление уже выполняется.", "Заявление уже рассмотрено, отменить его нельзя."],
    ),
    (DecisionKind::Detach, &["Открепление выполнено.", "Вы откреплены от медицинской организации."]),
];

/// How far an application has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Course {
    pub(crate) status: Status,
    pub(crate) changed_at: DateTime<Utc>,
    decisions: [Option<(DecisionKind, DateTime<Utc>)>; 2],
}

impl Course {
    /// One that has just arrived, or that a cancellation has moved.
    pub(crate) const fn unanswered(status: Status, changed_at: DateTime<Utc>) -> Self {
        Self { status, changed_at, decisions: [None, None] }
    }

    pub(crate) fn of_choice(dice: &mut Dice, filed_at: DateTime<Utc>, start: DateTime<Utc>) -> Self {
        if is_waiting(dice, filed_at, start) {
            let status = if dice.chance(80) { Status::Cancelling } else { Status::Sent };
            return Self::unanswered(status, filed_at);
        }
        let at = answer_time(dice, filed_at, start);
        let (status, decision) = if dice.chance(870) {
            (Status::Done, DecisionKind::Provide)
        } else {
            (Status::Refused, DecisionKind::Refuse)
        };
        Self { status, changed_at: at, decisions: [Some((decision, at)), None] }
    }

    pub(crate) fn of_cancellation(dice: &mut Dice, filed_at: DateTime<Utc>, start: DateTime<Utc>) -> Self {
        let waits = is_waiting(dice, filed_at, start);
        let failed = dice.chance(if waits { 350 } else { 220 });
        let at = answer_time(dice, filed_at, start);
        let first = Some((DecisionKind::FailCancel, at));
        match (waits, failed) {
            (true, false) => Self::unanswered(Status::Accepted, filed_at),
            (true, true) => Self { status: Status::CancelFailed, changed_at: at, decisions: [first, None] },
            (false, false) => {
                let decisions = [Some((DecisionKind::ApproveCancel, at)), None];
                Self { status: Status::Cancelled, changed_at: at, decisions }
            }
            (false, true) => {
                let changed_at = later(at, dice.between(HOUR, 4 * DAY), start);
                let (status, decision) = if dice.chance(800) {
                    (Status::Done, DecisionKind::Provide)
                } else {
                    (Status::Refused, DecisionKind::Refuse)
                };
                Self { status, changed_at, decisions: [first, Some((decision, changed_at))] }
            }
        }
    }

    pub(crate) fn of_detachment(dice: &mut Dice, filed_at: DateTime<Utc>, start: DateTime<Utc>) -> Self {
        if is_waiting(dice, filed_at, start) {
            return Self::unanswered(Status::Sent, filed_at);
        }
        let at = answer_time(dice, filed_at, start);
        Self { status: Status::Done, changed_at: at, decisions: [Some((DecisionKind::Detach, at)), None] }
    }

    /// Whether the patient was attached, so that district and doctor are the answer's.
    pub(crate) fn provides(&self) -> bool {
        self.decisions.iter().flatten().any(|(decision, _)| *decision == DecisionKind::Provide)
    }

    /// The answers, oldest first.
    pub(crate) fn answers(
        &self,
        dice: &mut Dice,
        clinic: &Clinic,
        district: &District,
        start: DateTime<Utc>,
    ) -> Vec<RecordedAnswer> {
        let mut record = |(kind, at): (DecisionKind, DateTime<Utc>)| RecordedAnswer {
            id: answer_id(dice, at),
            delivery: Delivery::Delivered { at: Some(later(at, dice.between(1, DAY), start)) },
            answer: Answer {
                comment: comment(dice, kind),
                decision: decision(dice, kind, at, district),
                answered_at: at,
                answered_by: clinic.registrars.pick(dice).clone(),
            },
        };
        self.decisions.iter().flatten().map(|decided| record(*decided)).collect()
    }
}

/// The younger, the likelier to wait; a few are forgotten for months.
fn is_waiting(dice: &mut Dice, filed_at: DateTime<Utc>, start: DateTime<Utc>) -> bool {
    let per_mille = match (start - filed_at).num_days() {
        ..7 => 820,
        7..21 => 520,
        21..45 => 120,
        _ => 4,
    };
    dice.chance(per_mille)
}

fn answer_time(dice: &mut Dice, filed_at: DateTime<Utc>, start: DateTime<Utc>) -> DateTime<Utc> {
    later(filed_at, dice.between(HOUR, 8 * DAY), start)
}

fn answer_id(dice: &mut Dice, at: DateTime<Utc>) -> AnswerId {
    let [_, _, _, _, _, _, random @ ..] = dice.bytes16();
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    AnswerId::from(Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}

fn comment(dice: &mut Dice, kind: DecisionKind) -> String {
    let comments = COMMENTS.iter().find(|(of, _)| *of == kind).map_or(&[][..], |(_, comments)| comments);
    dice.pick(comments).to_owned()
}

fn decision(dice: &mut Dice, kind: DecisionKind, at: DateTime<Utc>, district: &District) -> Decision {
    match kind {
        DecisionKind::Provide => Decision::Provide { district: district.number.clone(), doctor: doctor_of(district) },
        DecisionKind::Refuse => Decision::Refuse { reason: dice.pick(&REFUSAL_REASONS).to_owned() },
        DecisionKind::ApproveCancel => Decision::ApproveCancel,
        DecisionKind::FailCancel => Decision::FailCancel,
        DecisionKind::Detach => {
            Decision::Detach { answer_date: Moment { now: at, zone: chrono_tz::Asia::Barnaul }.today() }
        }
    }
}

pub(crate) fn doctor_of(district: &District) -> Doctor {
    district.doctor.clone().unwrap_or_else(|| Doctor { full_name: String::new(), position: String::new() })
}
