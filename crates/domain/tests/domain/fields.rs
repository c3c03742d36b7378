//! What a person is told about each field of an answer, in words, and exactly where each limit lies.

use prikrep_domain::{
    Answer, AnswerDraft, ApplicationType, DecisionKind, DoctorDraft, FieldError, Refusal, Standing, Status,
};

use crate::given::{alone, answer, application, at, draft, moment};

fn waiting(decision: Option<DecisionKind>) -> Standing {
    let (application_type, status) = match decision {
        None | Some(DecisionKind::Provide | DecisionKind::Refuse) => (ApplicationType::Choice, Status::Sent),
        Some(DecisionKind::ApproveCancel | DecisionKind::FailCancel) => {
            (ApplicationType::Cancellation, Status::Accepted)
        }
        Some(DecisionKind::Detach) => (ApplicationType::Detachment, Status::Sent),
    };
    alone(&application(7, application_type, status))
}

fn mistakes(draft: &AnswerDraft) -> Vec<FieldError> {
    match waiting(draft.decision).check(draft, moment()) {
        Err(Refusal::Invalid(errors)) => errors,
        other => panic!("expected mistakes, got {other:?}"),
    }
}

#[test]
fn every_mistake_has_its_field_and_its_words() {
    use DecisionKind::{ApproveCancel, Detach, Provide, Refuse};
    let long = |chars: usize| "ж".repeat(chars);
    let doctor = |full_name: String, position: String| Some(DoctorDraft { full_name, position });
    let date = |text: &str| Some(text.parse().unwrap());
    let cases = [
        ("no decision", AnswerDraft { decision: None, ..draft(Provide) }),
        ("nothing but the decision: provide", AnswerDraft { decision: Some(Provide), ..AnswerDraft::default() }),
        ("nothing but the decision: refuse", AnswerDraft { decision: Some(Refuse), ..AnswerDraft::default() }),
        (
            "nothing but the decision: approve_cancel",
            AnswerDraft { decision: Some(ApproveCancel), ..AnswerDraft::default() },
        ),
        ("nothing but the decision: detach", AnswerDraft { decision: Some(Detach), ..AnswerDraft::default() }),
        (
            "only white space",
            AnswerDraft {
                comment: " \n\t".to_owned(),
                district: " ".to_owned(),
                doctor: doctor(" ".into(), " ".into()),
                ..draft(Provide)
            },
        ),
        (
            "too long: provide",
            AnswerDraft {
                comment: long(4_001),
                district: long(33),
                doctor: doctor(long(257), long(300)),
                answered_by: long(257),
                ..draft(Provide)
            },
        ),
        ("too long: refuse", AnswerDraft { refusal_reason: long(1_001), ..draft(Refuse) }),
        ("answered in 1999", AnswerDraft { answered_at: Some(at("1999-12-31T23:59:59Z")), ..draft(ApproveCancel) }),
        ("answered in 2100", AnswerDraft { answered_at: Some(at("2100-01-01T00:00:00Z")), ..draft(ApproveCancel) }),
        ("detached before the application", AnswerDraft { answer_date: date("2026-03-09"), ..draft(Detach) }),
        ("detached in the future", AnswerDraft { answer_date: date("2026-03-21"), ..draft(Detach) }),
    ];
    let mut lines = Vec::new();
    for (case, draft) in cases {
        lines.push(case.to_owned());
        lines.extend(mistakes(&draft).iter().map(|FieldError { field, message }| format!("  {field}: {message}")));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_complete_draft_becomes_the_answer_with_its_ends_trimmed() {
    for decision in prikrep_domain::ALL_DECISIONS {
        let padded = |text: &str| format!("  {text}\n");
        let plain = draft(decision);
        let typed = AnswerDraft {
            comment: padded(&plain.comment),
            answered_by: padded(&plain.answered_by),
            district: padded(&plain.district),
            refusal_reason: padded(&plain.refusal_reason),
            doctor: plain
                .doctor
                .as_ref()
                .map(|doctor| DoctorDraft { full_name: padded(&doctor.full_name), position: padded(&doctor.position) }),
            ..plain
        };
        assert_eq!(waiting(Some(decision)).check(&typed, moment()), Ok(answer(decision)));
    }
}

#[test]
fn a_limit_counts_letters_not_bytes_and_not_the_white_space_around() {
    let comment = format!("  {}  ", "ё".repeat(4_000));
    let refuse = AnswerDraft { comment, refusal_reason: "ж".repeat(1_000), ..draft(DecisionKind::Refuse) };
    assert!(waiting(refuse.decision).check(&refuse, moment()).is_ok());
    let doctor = Some(DoctorDraft { full_name: "ж".repeat(256), position: "ж".repeat(256) });
    let provide =
        AnswerDraft {
            district: "ж".repeat(32), doctor, answered_by: "ж".repeat(256), ..draft(DecisionKind::Provide)
        };
    assert!(waiting(provide.decision).check(&provide, moment()).is_ok());
}

#[test]
fn dates_are_those_of_the_organizations_wall_clock() {
    // Filed at 23:30 on the 10th in Barnaul, which is 16:30 on the 10th in UTC; and at 00:30 on the 11th there.
    for (created_at, first) in [("2026-03-10T16:30:00Z", "2026-03-10"), ("2026-03-10T17:30:00Z", "2026-03-11")] {
        let mut detachment = application(7, ApplicationType::Detachment, Status::Sent);
        detachment.created_at = at(created_at);
        let check = |date: &str| -> Result<Answer, Refusal> {
            let typed = AnswerDraft { answer_date: Some(date.parse().unwrap()), ..draft(DecisionKind::Detach) };
            // Already the 21st in Barnaul, still the 20th in UTC.
            let moment = prikrep_domain::Moment { now: at("2026-03-20T17:00:00Z"), ..moment() };
            alone(&detachment).check(&typed, moment)
        };
        let first: chrono::NaiveDate = first.parse().unwrap();
        assert!(check(&first.to_string()).is_ok(), "{created_at}");
        assert!(check(&first.pred_opt().unwrap().to_string()).is_err(), "{created_at}");
        assert!(check("2026-03-21").is_ok());
        assert!(check("2026-03-22").is_err());
    }
}

#[test]
fn fields_of_another_decision_are_left_out_of_the_answer() {
    let mixed = AnswerDraft {
        refusal_reason: "из прежней попытки".to_owned(),
        answer_date: Some("1990-01-01".parse().unwrap()),
        ..draft(DecisionKind::Provide)
    };
    assert_eq!(waiting(mixed.decision).check(&mixed, moment()), Ok(answer(DecisionKind::Provide)));
}
