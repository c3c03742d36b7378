//! The journal: workstations report, auditors read.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use prikrep_domain::{JournalPage, Problem};

use super::body::{BodyFault, JsonBytes, json_bytes, to_json};
use super::query::Params;
use super::work::Queue;
use super::{Failure, Shared};
use crate::journal::{JournalSearch, Report, Reported};
use crate::{SignedIn, words};

/// Report what was done at a workstation
///
/// Beyond the protocol. Acts are numbered at the workstation, so that a report may be repeated: what is known
/// is not written down again. Whose acts they are is the session's word.
#[utoipa::path(post, path = "/v1/journal", operation_id = "reportActs",
    request_body(content = Report, content_type = "application/json"),
    responses(
        (status = 200, description = "Written down, durably", body = Reported),
        (status = 400, description = "bad-request, with `errors`"),
        (status = 401, description = "session-expired"),
        (status = 413, description = "too-large"),
        (status = 415, description = "bad-request: the body is not plain `application/json`"),
        (status = 429, description = "overloaded, with Retry-After"),
        (status = 503, description = "unavailable, with Retry-After"),
    ))]
pub(crate) async fn report(State(api): State<Shared>, who: SignedIn, body: JsonBytes) -> Result<Response, Failure> {
    let report: Report = body.read().map_err(|fault| match fault {
        BodyFault::Malformed(problem) => problem,
        BodyFault::Field(error) => words::bad_fields(vec![error]),
    })?;
    let written = api.work.with(Queue::Store, move |register| to_json(&register.report(&who, &report)?)).await?;
    Ok(json_bytes(StatusCode::OK, written))
}

/// Read the journal
///
/// Beyond the protocol: for accounts of role `auditor`; of an organization when the account is of one. The
/// newest first. `patient` answers who has looked at the card of a patient. The reading is written down.
#[utoipa::path(get, path = "/v1/journal", operation_id = "readJournal", params(JournalSearch),
    responses(
        (status = 200, description = "A part of the journal", body = JournalPage),
        (status = 400, description = "bad-request, with `errors` by parameter"),
        (status = 401, description = "session-expired"),
        (status = 403, description = "not-allowed: the role may not read the journal"),
        (status = 429, description = "overloaded, with Retry-After"),
        (status = 503, description = "unavailable, with Retry-After"),
    ))]
pub(crate) async fn read(
    State(api): State<Shared>,
    who: SignedIn,
    Params(search): Params<JournalSearch>,
) -> Result<Response, Failure> {
    let read =
        move |register: &crate::Register| -> Result<Vec<u8>, Problem> { to_json(&register.journal(&who, &search)?) };
    Ok(json_bytes(StatusCode::OK, api.work.with(Queue::Store, read).await?))
}
