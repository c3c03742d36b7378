//! How an application stands for a reader: the base that the upstream last said, with the answers that
//! are still on their way applied, and under the cancellation that supersedes it.
//!
//! Invariant: a pure function of its inputs, so that it can always be recomputed, in any order of arrival.

use std::borrow::Borrow;

use chrono::{DateTime, Datelike, NaiveDate, Utc};

use crate::answer::{MAX_DISTRICT_CHARS, MAX_NAME_CHARS, MAX_REASON_CHARS};
use crate::transition::ends_cancellation;
use crate::{
    Answer, AnswerDraft, Application, ApplicationId, ApplicationType, Decision, DecisionKind, Delivery, Doctor,
    FieldError, MAX_COMMENT_CHARS, Moment, RecordedAnswer, Refusal, allowed, transition,
};

/// An answer of the serving hop's own outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnTheWay {
    /// The answer and its delivery as this hop knows it.
    pub record: RecordedAnswer,
    /// Whether the base was said before the answer took effect upstream, so that it is to be applied here.
    pub applies: bool,
}

/// An application as readers see it, owned or borrowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing<A = Application> {
    /// The application with everything applied.
    pub application: A,
    /// The cancellation under which this choice stands.
    pub superseded_by: Option<ApplicationId>,
}

/// Whether a cancellation stands over a choice: it names it, and both are of one organization.
#[must_use]
pub fn supersedes(cancellation: &Application, choice: &Application) -> bool {
    cancellation.application_type == ApplicationType::Cancellation
        && choice.application_type == ApplicationType::Choice
        && cancellation.cancels == Some(choice.id)
        && cancellation.organization.oid == choice.organization.oid
}

/// Computes how an application stands. `cancellations` are those known at this hop, as they stand
/// themselves, in any order; of those that supersede the application the last filed prevails.
#[must_use]
pub fn stand<'a>(
    base: &Application,
    on_the_way: &[OnTheWay],
    cancellations: impl IntoIterator<Item = &'a Application>,
) -> Standing {
    stand_owned(base.clone(), on_the_way, cancellations)
}

/// The same of a base that is not needed any more.
#[must_use]
pub fn stand_owned<'a>(
    mut application: Application,
    on_the_way: &[OnTheWay],
    cancellations: impl IntoIterator<Item = &'a Application>,
) -> Standing {
    let known = application.answers.len();
    for OnTheWay { record, applies } in on_the_way {
        if application.answers.iter().take(known).any(|answer| answer.id == record.id) {
            continue;
        }
        let rejected = matches!(record.delivery, Delivery::Rejected { .. });
        if *applies && !rejected {
            apply(&mut application, &record.answer);
        }
        application.answers.push(record.clone());
    }
    let prevailing = cancellations
        .into_iter()
        .filter(|cancellation| supersedes(cancellation, &application))
        .max_by_key(|cancellation| (cancellation.created_at, cancellation.id));
    if let Some(cancellation) = prevailing
        && ends_cancellation(cancellation.status)
    {
        application.status = cancellation.status;
        application.changed_at = application.changed_at.max(cancellation.changed_at);
    }
    Standing { application, superseded_by: prevailing.map(|cancellation| cancellation.id) }
}

/// Applies an answer if the transition allows it; otherwise changes nothing.
fn apply(application: &mut Application, answer: &Answer) {
    let Some(status) = transition(application.application_type, application.status, answer.decision.kind()) else {
        return;
    };
    application.status = status;
    application.changed_at = application.changed_at.max(answer.answered_at);
    if let Decision::Provide { district, doctor } = &answer.decision {
        application.district = Some(district.clone());
        application.doctor = Some(doctor.clone());
    }
}

impl<A: Borrow<Application>> Standing<A> {
    /// The decisions that may be taken now, in the order of the form.
    pub fn allowed(&self) -> impl Iterator<Item = DecisionKind> + use<A> {
        let (application, free) = (self.application.borrow(), self.superseded_by.is_none());
        allowed(application.application_type, application.status).filter(move |_| free)
    }

    /// Whether it waits for an answer.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.allowed().next().is_some()
    }
}

impl Standing {
    /// Checks what a person typed against the application as it stands, and makes the answer.
    ///
    /// # Errors
    /// [`Refusal`]: the status does not allow the decision, or fields are missing, too long or out of range.
    pub fn check(&self, draft: &AnswerDraft, moment: Moment) -> Result<Answer, Refusal> {
        if let Some(decision) = draft.decision {
            self.permit(decision, moment)?;
        } else if !self.is_pending() {
            // Without a decision the status still says more than «choose a decision».
            self.permit(DecisionKind::Provide, moment)?;
        }
        let mut mistakes = Mistakes::default();
        let answered_at = mistakes.instant(draft.answered_at);
        mistakes.length("answered_by", "Сотрудник", &draft.answered_by, MAX_NAME_CHARS);
        let comment = mistakes.text("comment", "комментарий к ответу", &draft.comment, MAX_COMMENT_CHARS);
        let decision = mistakes.decision(draft, moment.date_of(self.application.created_at), moment.today());
        match (decision, answered_at) {
            (Some(decision), Some(answered_at)) if mistakes.0.is_empty() => {
                Ok(Answer { decision, comment, answered_at, answered_by: draft.answered_by.trim().to_owned() })
            }
            _ => Err(Refusal::Invalid(mistakes.0)),
        }
    }

    /// Whether a decision may be taken now.
    ///
    /// # Errors
    /// [`Refusal`] with who answered before, which status it has, or which cancellation stands over it.
    pub fn permit(&self, decision: DecisionKind, moment: Moment) -> Result<(), Refusal> {
        if let Some(by) = self.superseded_by {
            return Err(Refusal::Superseded { by });
        }
        let Application { application_type, status, ref answers, .. } = self.application;
        if transition(application_type, status, decision).is_some() {
            return Ok(());
        }
        let last = answers.iter().rev().find(|record| !matches!(record.delivery, Delivery::Rejected { .. }));
        Err(match last {
            Some(record) => Refusal::AlreadyAnswered {
                by: record.answer.answered_by.clone(),
                at: record.answer.answered_at,
                status,
                zone: moment.zone,
            },
            None => Refusal::WrongStatus { application_type, status, decision },
        })
    }
}

#[derive(Default)]
struct Mistakes(Vec<FieldError>);

impl Mistakes {
    fn add(&mut self, field: &str, message: impl Into<String>) {
        self.0.push(FieldError { field: field.to_owned(), message: message.into() });
    }

    fn length(&mut self, field: &str, name: &str, value: &str, most: usize) {
        let length = value.trim().chars().count();
        if length > most {
            self.add(field, format!("{name}: не больше {most} знаков, сейчас {length}"));
        }
    }

    fn text(&mut self, field: &str, name: &str, value: &str, most: usize) -> String {
        let value = value.trim();
        if value.is_empty() {
            self.add(field, format!("Заполните поле: {name}"));
        }
        self.length(field, &capitalized(name), value, most);
        value.to_owned()
    }

    fn instant(&mut self, at: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        let at = at.filter(|at| (2000..2100).contains(&at.year()));
        if at.is_none() {
            self.add("answered_at", "Нет времени ответа, или оно вне 2000–2099 годов: проверьте часы компьютера");
        }
        at
    }

    fn decision(&mut self, draft: &AnswerDraft, created: NaiveDate, today: NaiveDate) -> Option<Decision> {
        match draft.decision {
            None => {
                self.add("decision", "Выберите статус заявления");
                None
            }
            Some(DecisionKind::Provide) => {
                let doctor = draft.doctor.clone().unwrap_or_default();
                Some(Decision::Provide {
                    district: self.text("district", "номер участка", &draft.district, MAX_DISTRICT_CHARS),
                    doctor: Doctor {
                        full_name: self.text("doctor.full_name", "ФИО врача", &doctor.full_name, MAX_NAME_CHARS),
                        position: self.text("doctor.position", "должность врача", &doctor.position, MAX_NAME_CHARS),
                    },
                })
            }
            Some(DecisionKind::Refuse) => Some(Decision::Refuse {
                reason: self.text(
                    "refusal_reason",
                    "причина отказа в прикреплении",
                    &draft.refusal_reason,
                    MAX_REASON_CHARS,
                ),
            }),
            Some(DecisionKind::ApproveCancel) => Some(Decision::ApproveCancel),
            Some(DecisionKind::FailCancel) => Some(Decision::FailCancel),
            Some(DecisionKind::Detach) => {
                self.answer_date(draft.answer_date, created, today).map(|answer_date| Decision::Detach { answer_date })
            }
        }
    }

    fn answer_date(&mut self, date: Option<NaiveDate>, created: NaiveDate, today: NaiveDate) -> Option<NaiveDate> {
        let shown = |date: NaiveDate| date.format("%d.%m.%Y").to_string();
        match date {
            None => self.add("answer_date", "Укажите дату ответа"),
            Some(date) if date < created => {
                self.add("answer_date", format!("Дата ответа не может быть раньше даты заявления ({})", shown(created)))
            }
            Some(date) if date > today => {
                self.add("answer_date", format!("Дата ответа не может быть в будущем (сегодня {})", shown(today)))
            }
            Some(_) => {}
        }
        date
    }
}

fn capitalized(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
