//! What an answer does at the gateway: checked by the domain, applied once, told to the feed.

use chrono::{DateTime, Utc};
use prikrep_domain::{
    Answer, AnswerDraft, AnswerId, Application, ApplicationId, Delivery, DoctorDraft, Moment, OnTheWay, Problem,
    ProblemKind, RecordedAnswer, Refusal,
};

use super::Gateway;
use crate::world::ZONE;

/// An answer that was accepted, now or before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The application as it now stands.
    pub application: Application,
    /// Whether the same answer had been accepted before.
    pub repeated: bool,
}

/// Why an answer is not accepted; it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// There is no such application.
    #[error("Заявление не найдено")]
    NotFound,
    /// The identifier belongs to another answer.
    #[error("Ответ с таким номером уже есть, и он другой")]
    IdReused(Box<Application>),
    /// The domain refuses it.
    #[error("{refusal}")]
    Refused {
        /// Why.
        refusal: Refusal,
        /// The application as it now stands.
        application: Box<Application>,
    },
}

impl From<AnswerError> for Problem {
    fn from(error: AnswerError) -> Self {
        let words = error.to_string();
        match error {
            AnswerError::NotFound => Self::new(ProblemKind::NotFound).with_detail(words),
            AnswerError::IdReused(application) => {
                Self::new(ProblemKind::AnswerIdReused).with_detail(words).with_application(*application)
            }
            AnswerError::Refused { refusal, application } => {
                let problem = Self::from(&refusal);
                if problem.status == 409 { problem.with_application(*application) } else { problem }
            }
        }
    }
}

impl Gateway {
    /// Answers an application. The same answer again changes nothing and is told so.
    ///
    /// # Errors
    /// [`AnswerError`]: no such application, an identifier used for another answer, or a refusal of the domain.
    pub fn answer(
        &mut self,
        id: ApplicationId,
        answer_id: AnswerId,
        draft: &AnswerDraft,
        now: DateTime<Utc>,
    ) -> Result<Answered, AnswerError> {
        let ordinal = self.find(id).ok_or(AnswerError::NotFound)?;
        let standing = self.standing_of(ordinal);
        if let Some(known) = standing.application.answers.iter().find(|record| record.id == answer_id) {
            let same = Answer::try_from(trimmed(draft)).is_ok_and(|answer| answer.same_content(&known.answer));
            let application = standing.application;
            if !same {
                return Err(AnswerError::IdReused(Box::new(application)));
            }
            self.journal.repeated(answer_id);
            return Ok(Answered { application, repeated: true });
        }
        if self.journal.application_of(answer_id).is_some() {
            return Err(AnswerError::IdReused(Box::new(standing.application)));
        }
        let answer = standing
            .check(draft, Moment { now, zone: ZONE })
            .map_err(|refusal| AnswerError::Refused { refusal, application: Box::new(standing.application) })?;
        self.apply(
            ordinal,
            RecordedAnswer { id: answer_id, answer, delivery: Delivery::Delivered { at: Some(now) } },
            now,
        );
        Ok(Answered { application: self.standing_of(ordinal).application, repeated: false })
    }

    fn apply(&mut self, ordinal: u32, record: RecordedAnswer, now: DateTime<Utc>) {
        let index = self.index(ordinal);
        let choice = self.world.choice_of(index).and_then(|choice| self.ordinal(choice));
        let before = choice.map(|choice| self.standing_of(choice).application);
        self.journal.applied(self.world.id(index), record.id, record.answer.decision.kind(), now);
        self.answers.entry(ordinal).or_default().push(OnTheWay { record, applies: true });
        self.touch(ordinal);
        // A cancellation that has ended moves its choice in the same step, so that both stand side by side.
        if let (Some(choice), Some(before)) = (choice, before)
            && self.standing_of(choice).application != before
        {
            self.touch(choice);
        }
    }
}

/// A draft as [`prikrep_domain::Standing::check`] would have read it, so that it compares with what was recorded.
fn trimmed(draft: &AnswerDraft) -> AnswerDraft {
    let trim = |text: &str| text.trim().to_owned();
    AnswerDraft {
        comment: trim(&draft.comment),
        district: trim(&draft.district),
        doctor: draft
            .doctor
            .as_ref()
            .map(|doctor| DoctorDraft { full_name: trim(&doctor.full_name), position: trim(&doctor.position) }),
        refusal_reason: trim(&draft.refusal_reason),
        ..draft.clone()
    }
}
