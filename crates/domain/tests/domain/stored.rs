//! Stored values: compact arrays of fields (rmp-serde), which a later version reads when it only adds
//! fields to the end.

use prikrep_domain::{
    ALL_DECISIONS, AnswerDraft, Application, ApplicationType, DecisionKind, Delivery, FieldError, Problem, ProblemKind,
    RecordedAnswer, Status,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::given::{application, at, draft, full_application, record};

fn round_trip<T: Serialize + DeserializeOwned + PartialEq>(value: &T) {
    let body = rmp_serde::to_vec(value).unwrap();
    let back: T = rmp_serde::from_slice(&body).unwrap();
    assert!(&back == value, "another value came back");
}

/// A problem with everything that a 409 brings: an application that itself has answers.
fn problem() -> Problem {
    let mut current = full_application();
    current.answers = ALL_DECISIONS.map(|decision| record(1, decision, Delivery::Queued)).into();
    let mut problem = Problem::new(ProblemKind::AlreadyAnswered).with_detail("Уже ответили").with_application(current);
    problem.errors.push(FieldError { field: "comment".to_owned(), message: "Заполните".to_owned() });
    problem
}

fn deliveries() -> [Delivery; 6] {
    let now = Some(at("2026-03-20T05:00:00.123456Z"));
    [
        Delivery::Queued,
        Delivery::Delivered { at: None },
        Delivery::Delivered { at: now },
        Delivery::Rejected { at: None, problem: None },
        Delivery::Rejected { at: now, problem: Some(Box::new(Problem::new(ProblemKind::Other("about:blank".into())))) },
        Delivery::Rejected { at: now, problem: Some(Box::new(problem())) },
    ]
}

#[test]
fn an_answer_of_every_kind_comes_back_with_every_delivery() {
    for decision in ALL_DECISIONS {
        round_trip(&record(1, decision, Delivery::Queued).answer);
        for delivery in deliveries() {
            round_trip(&delivery);
            round_trip(&record(1, decision, delivery));
        }
    }
}

#[test]
fn a_problem_comes_back_whole_or_bare() {
    round_trip(&problem());
    round_trip(&Problem::new(ProblemKind::Internal));
}

#[test]
fn an_application_comes_back_whole_or_bare() {
    let mut full = full_application();
    let answers = |decision| deliveries().map(|delivery| record(1, decision, delivery));
    full.answers = ALL_DECISIONS.into_iter().flat_map(answers).collect();
    round_trip(&full);
    for application_type in ApplicationType::ALL {
        for status in Status::ALL {
            round_trip(&application(7, application_type, status));
        }
    }
}

#[test]
fn a_draft_comes_back_however_little_was_typed() {
    round_trip(&AnswerDraft::default());
    ALL_DECISIONS.map(draft).iter().for_each(round_trip);
    round_trip(&AnswerDraft { refusal_reason: "Не".to_owned(), ..AnswerDraft::default() });
}

/// What a value of the version before `answers` would be: `answers` is the last field, so that cutting it
/// shows that any new last field with a default lets older values be read.
#[test]
fn a_body_without_the_last_field_is_read_with_its_default() {
    let application = full_application();
    let body = rmp_serde::to_vec(&application).unwrap();
    let (head, fields) = body.split_at(3);
    assert_eq!(head, [0xDC, 0, 16], "an array of 16 fields");
    let (empty_answers, older) = fields.split_last().unwrap();
    assert_eq!(*empty_answers, 0x90, "the last is an empty array");
    let older: Vec<u8> = [&[0x9F], older].concat();
    assert_eq!(rmp_serde::from_slice::<Application>(&older).unwrap(), application);
}

#[test]
fn a_body_cut_short_or_of_another_kind_is_an_error() {
    let body = rmp_serde::to_vec(&record(1, DecisionKind::Provide, Delivery::Queued)).unwrap();
    for end in 0..body.len() {
        assert!(rmp_serde::from_slice::<RecordedAnswer>(&body[..end]).is_err(), "cut at {end}");
    }
    assert!(rmp_serde::from_slice::<Application>(&body).is_err());
}
