//! The protocol's bodies: what an upstream says, and what a client sends.

use std::sync::LazyLock;

use chrono::{DateTime, Datelike, Utc};
use jsonschema::Validator;
use prikrep_daemon::{FetchedPage, UpstreamError, fuzzing};
use prikrep_domain::{
    Answer, AnswerDraft, Application, ApplicationType, MAX_PAGE_RECORDS, MAX_RECORD_BYTES, Status, read_application,
};
use prikrep_server::fuzzing as server;
use prikrep_testkit::given::{alone, application, moment};
use prikrep_tests::Protocol;
use serde_json::{Value, to_value};

use crate::pieces::{kind, pieces};

/// A page of the feed: what is understood fits the limits and is the same after it is written; every other record
/// is kept as it came.
pub fn page(data: &[u8]) {
    let page = match FetchedPage::parse(data.to_vec()) {
        Ok(page) => page,
        Err(error) => return assert!(matches!(error, UpstreamError::Unintelligible(_) | UpstreamError::TooLarge(_))),
    };
    let records = page.len();
    let page = page.read();
    assert_eq!(page.applications.len() + page.unreadable.len(), records);
    assert!(records <= MAX_PAGE_RECORDS);
    assert!(page.cursor.as_str().chars().count() <= 128);
    page.applications.iter().for_each(is_within_limits);
    let text = String::from_utf8_lossy(data);
    for record in &page.unreadable {
        assert!(text.contains(&record.raw), "kept as it came");
        assert!(record.reason.chars().count() < 600, "{}", record.reason);
        assert!(read_application(&record.raw).is_err() || record.raw.contains('\u{FFFD}'));
    }
}

fn is_within_limits(application: &Application) {
    let json = serde_json::to_string(application).unwrap();
    // Escapes and nulls may make a record longer than it came.
    if json.len() <= MAX_RECORD_BYTES {
        assert_eq!(read_application(&json).as_ref(), Ok(application));
    }
    assert!(application.version >= 1);
    assert!((2000..2100).contains(&application.created_at.year()));
    assert!(application.patient.name.family.chars().count() <= 128);
    assert!(application.answers.iter().all(|record| record.answer.comment.chars().count() <= 4_000));
}

/// What an upstream says when it refuses: a problem document, and how long to wait.
pub fn problem(data: &[u8]) {
    let now = DateTime::<Utc>::from_timestamp(1_800_000_000, 0).unwrap();
    let Some((status, rest)) = kind(data) else { return };
    if let [asked, date, ..] = pieces(rest, 2)[..] {
        // Whatever it is, it is no reason to fail; how long is really waited is bounded elsewhere.
        let _ = fuzzing::retry_after(asked, date, now);
    }
    let Some(problem) = fuzzing::problem(u16::from(status) + 400, rest) else { return };
    assert_eq!(problem.status, u16::from(status) + 400);
    assert!(problem.title.chars().count() <= 256 && problem.words().chars().count() <= 4_000);
    assert!(problem.errors.len() <= 100);
    problem.application.as_deref().into_iter().for_each(is_within_limits);
    let json = serde_json::to_vec(&problem).unwrap();
    assert_eq!(fuzzing::problem(problem.status, &json), Some(problem), "what is kept of it is shown again");
}

static ANSWER: LazyLock<Validator> = LazyLock::new(|| Protocol::of_the_project().judge("Answer"));

/// What clients send: an answer that is taken fits the protocol; the words for what is not are short.
pub fn bodies(data: &[u8]) {
    let Some((kind, body)) = kind(data) else { return };
    let refused = match kind % 4 {
        0 => server::answer(body).map(|draft| answered(&draft)).err(),
        1 => server::credentials(body).map(|read| assert_eq!(rewritten(&read)["login"], read.login)).err(),
        2 => server::password_change(body).map(|read| assert_eq!(rewritten(&read)["new"], read.new)).err(),
        _ => server::report(body).map(|report| assert!(report.acts.len() <= body.len())).err(),
    };
    // Words name fields and what may stand there, never what stands there.
    assert!(refused.is_none_or(|words| words.chars().count() <= 400));
}

fn rewritten(value: &impl serde::Serialize) -> Value {
    to_value(value).unwrap()
}

fn answered(draft: &AnswerDraft) {
    for (application_type, status) in [
        (ApplicationType::Choice, Status::Sent),
        (ApplicationType::Cancellation, Status::Sent),
        (ApplicationType::Detachment, Status::Sent),
    ] {
        let Ok(answer) = alone(&application(1, application_type, status)).check(draft, moment()) else { continue };
        let json = to_value(&answer).unwrap();
        let mistakes: Vec<String> = ANSWER.iter_errors(&json).map(|error| error.to_string()).collect();
        assert_eq!(mistakes, Vec::<String>::new(), "{json}");
        let again: Answer = serde_json::from_value(json).unwrap();
        assert!(again == answer && AnswerDraft::from(&answer) == AnswerDraft::from(&answer).trimmed());
    }
}
