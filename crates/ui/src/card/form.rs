//! The answer form: what was typed, its mistakes, and whether it is on its way.
//!
//! Invariant: what may be answered and what is a mistake is asked of the domain; nothing typed is dropped
//! before the answer is durable or the person says so.

use chrono::{DateTime, Utc};
use prikrep_domain::{
    Answer, AnswerDraft, ApplicationId, Decision, DecisionKind, Delivery, FieldError, Moment, Refusal, Standing,
};

use crate::t;
use crate::widgets::DateField;
use crate::{Action, Card, NotSent};

/// The fields of the forms, from top to bottom, as they are named on the wire.
pub(crate) const FIELDS: [&str; 6] =
    ["district", "doctor.full_name", "doctor.position", "refusal_reason", "answer_date", "comment"];

/// An answer as it is typed.
pub(crate) struct Form {
    pub(crate) application: ApplicationId,
    pub(crate) draft: AnswerDraft,
    pub(crate) answer_date: DateField,
    /// Mistakes by field, since the last try to send.
    pub(crate) errors: Vec<FieldError>,
    /// Why the last try was refused as a whole.
    pub(crate) refused: Option<String>,
    /// The number under which it is being made durable.
    pub(crate) sending: Option<u64>,
    /// Whether the person has typed anything.
    pub(crate) touched: bool,
    /// The field that is to have the keyboard, by its name on the wire.
    pub(crate) wanted_field: Option<String>,
}

impl Form {
    /// The form of a card: with its draft, or what was rejected, or empty with the first decision chosen.
    pub(crate) fn of(card: &Card) -> Self {
        let kept = card.draft.clone();
        let touched = kept.is_some();
        let mut draft = kept.or_else(|| rejected_draft(card)).unwrap_or_default();
        let mut allowed = card.standing.allowed();
        let fits = draft.decision.is_some_and(|decision| card.standing.allowed().any(|one| one == decision));
        if !fits {
            draft.decision = allowed.next();
        }
        Self {
            application: card.standing.application.id,
            answer_date: DateField::new(draft.answer_date),
            draft,
            errors: Vec::new(),
            refused: None,
            sending: None,
            touched,
            wanted_field: None,
        }
    }

    /// The mistake of a field, if any.
    pub(crate) fn error(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }

    /// The keyboard goes to the first field of the decision.
    pub(crate) fn begin(&mut self) {
        let field = match self.draft.decision {
            Some(DecisionKind::Provide) => "district",
            Some(DecisionKind::Refuse) => "refusal_reason",
            Some(DecisionKind::Detach) => "answer_date",
            Some(DecisionKind::ApproveCancel | DecisionKind::FailCancel) | None => "comment",
        };
        self.wanted_field = Some(field.to_owned());
    }

    /// The keyboard goes to the uppermost field that is mistaken.
    fn go_to_mistake(&mut self) {
        let mistaken = FIELDS.into_iter().find(|field| self.error(field).is_some());
        self.wanted_field = mistaken.map(str::to_owned);
    }

    /// What was typed, as it is kept.
    pub(crate) fn typed(&self) -> AnswerDraft {
        AnswerDraft { answer_date: self.answer_date.value().ok().flatten(), ..self.draft.clone() }
    }

    /// Something was typed: mistakes of the last try go as far as they were corrected.
    pub(crate) fn changed(&mut self, standing: &Standing, employee: &str, moment: Moment) {
        self.touched = true;
        if !self.errors.is_empty() {
            self.errors = match self.check(standing, employee, moment) {
                Ok(_) => Vec::new(),
                Err(errors) => errors,
            };
        }
        self.refused = None;
    }

    /// «Отправить»: the action, or the mistakes.
    pub(crate) fn send(&mut self, standing: &Standing, employee: &str, moment: Moment, attempt: u64) -> Option<Action> {
        let permitted = self.draft.decision.map(|decision| standing.permit(decision, moment));
        self.refused = permitted.and_then(Result::err).map(|refusal| refusal.to_string());
        if self.refused.is_some() {
            return None;
        }
        match self.check(standing, employee, moment) {
            Ok(draft) => {
                self.errors.clear();
                self.sending = Some(attempt);
                Some(Action::Send { attempt, application: self.application, draft })
            }
            Err(errors) => {
                self.errors = errors;
                self.go_to_mistake();
                None
            }
        }
    }

    /// It was not accepted.
    pub(crate) fn not_sent(&mut self, why: &NotSent) {
        self.sending = None;
        self.errors.clone_from(&why.errors);
        self.refused = why.errors.is_empty().then(|| why.words.clone());
        self.go_to_mistake();
    }

    /// The answer as it would be sent at this moment.
    fn stamped(&self, employee: &str, at: DateTime<Utc>) -> AnswerDraft {
        AnswerDraft { answered_at: Some(at), answered_by: employee.to_owned(), ..self.typed() }
    }

    fn check(&self, standing: &Standing, employee: &str, moment: Moment) -> Result<AnswerDraft, Vec<FieldError>> {
        let draft = self.stamped(employee, moment.now);
        let mut errors = match standing.check(&draft, moment) {
            Ok(_) => Vec::new(),
            Err(Refusal::Invalid(errors)) => errors,
            Err(refusal) => vec![FieldError { field: "decision".to_owned(), message: refusal.to_string() }],
        };
        // A date that cannot be read is told as such, not as one that is missing.
        if let Err(words) = self.answer_date.value()
            && self.draft.decision == Some(DecisionKind::Detach)
        {
            errors.retain(|error| error.field != "answer_date");
            errors.insert(0, FieldError { field: "answer_date".to_owned(), message: words });
        }
        if errors.is_empty() { Ok(draft) } else { Err(errors) }
    }
}

/// The content of the last rejected answer that nothing has come after.
fn rejected_draft(card: &Card) -> Option<AnswerDraft> {
    let last = card.standing.application.answers.last()?;
    matches!(last.delivery, Delivery::Rejected { .. }).then(|| AnswerDraft::from(&last.answer))
}

/// An answer in words, to be copied when it can no longer be sent.
pub(crate) fn words_of(draft: &AnswerDraft) -> String {
    let mut lines: Vec<String> = Vec::new();
    lines.extend(draft.decision.map(|decision| decision.words().to_owned()));
    let doctor = draft.doctor.clone().unwrap_or_default();
    let texts = [&draft.district, &doctor.full_name, &doctor.position, &draft.refusal_reason, &draft.comment];
    lines.extend(texts.into_iter().filter(|text| !text.trim().is_empty()).cloned());
    lines.extend(draft.answer_date.map(crate::format::date));
    lines.join("\n")
}

/// What an answer says beside its decision and its comment.
pub(crate) fn details(answer: &Answer) -> Option<String> {
    match &answer.decision {
        Decision::Provide { district, doctor } => {
            let (name, position) = (doctor.full_name.as_str(), doctor.position.as_str());
            Some(t!("answer-provided", district = district.as_str(), doctor = name, position = position).into_owned())
        }
        Decision::Refuse { reason } => Some(reason.clone()),
        Decision::Detach { answer_date } => Some(crate::format::date(*answer_date)),
        Decision::ApproveCancel | Decision::FailCancel => None,
    }
}
