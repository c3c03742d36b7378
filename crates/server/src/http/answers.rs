//! Answering.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use prikrep_domain::{AnswerDraft, AnswerId, AnswerSchema, Application, ApplicationId, Problem, ProblemKind};

use super::body::{BodyFault, JsonBytes, json_bytes, to_json};
use super::query::{PathIds, guid};
use super::work::Queue;
use super::{Failure, Shared};
use crate::SignedIn;

/// Answer an application
///
/// The author of the answer chooses its identifier (UUIDv7) and repeats the request with the same one until
/// it is answered. `answered_by` becomes the account's employee, except from an account of role `daemon`;
/// it does not count when a repetition is compared. Fields of other decisions are ignored.
#[utoipa::path(put, path = "/v1/applications/{id}/answers/{answer_id}", operation_id = "putAnswer",
    params(
        ("id" = ApplicationId, Path, description = "The application"),
        ("answer_id" = AnswerId, Path, description = "The answer's identifier, chosen by its author"),
    ),
    request_body(content = AnswerSchema, content_type = "application/json"),
    responses(
        (status = 201, description = "Accepted and durable; the application as it now stands", body = Application),
        (status = 200, description = "This answer was accepted before; the application as it now stands",
            body = Application),
        (status = 400, description = "bad-request: not JSON, or an identifier is not a GUID"),
        (status = 401, description = "session-expired"),
        (status = 403, description = "not-allowed: the role may only read"),
        (status = 404, description = "not-found, also when it belongs to another organization"),
        (status = 409, description = "already-answered, wrong-status, superseded, answer-id-reused; \
            `application` holds the current state"),
        (status = 413, description = "too-large"),
        (status = 415, description = "bad-request: the body is not plain `application/json`"),
        (status = 422, description = "invalid-answer, with `errors` by field"),
        (status = 429, description = "overloaded, with Retry-After"),
        (status = 503, description = "unavailable, with Retry-After; whether it was accepted is told by repeating it"),
    ))]
pub(crate) async fn put(
    State(api): State<Shared>,
    who: SignedIn,
    PathIds((id, answer_id)): PathIds<(String, String)>,
    body: JsonBytes,
) -> Result<Response, Failure> {
    let id = guid("id", &id, ApplicationId::parse)?;
    let answer_id = guid("answer_id", &answer_id, AnswerId::parse)?;
    let draft: AnswerDraft = body.read().map_err(|fault| match fault {
        BodyFault::Malformed(problem) => problem,
        BodyFault::Field(error) => {
            let detail = format!("Исправьте поля ответа: {}: {}", error.field, error.message);
            Problem { errors: vec![error], ..Problem::new(ProblemKind::InvalidAnswer).with_detail(detail) }
        }
    })?;
    let now = api.now();
    let (repeated, json) = api
        .work
        .with(Queue::Store, move |register| {
            let answered = register.answer(&who, id, answer_id, &draft, now)?;
            Ok::<_, Problem>((answered.repeated, to_json(&answered.application)?))
        })
        .await?;
    Ok(json_bytes(if repeated { StatusCode::OK } else { StatusCode::CREATED }, json))
}
