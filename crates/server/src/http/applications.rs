//! Search and card.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use prikrep_domain::{Application, ApplicationId, Found, MAX_PAGE_BYTES, Problem};

use super::body::{json_bytes, to_json};
use super::query::{Params, PathIds, guid};
use super::work::Queue;
use super::{Failure, Shared};
use crate::search::Search;
use crate::{Register, SignedIn};

/// Search, as the screen does
///
/// Beyond the protocol: `status=pending` finds whatever waits for an answer, `name` searches the patient's
/// name. Unknown parameters are answered 400, so that a misspelt filter does not find everything.
#[utoipa::path(get, path = "/v1/applications", operation_id = "searchApplications", params(Search),
    responses(
        (status = 200, description = "Found", body = Found),
        (status = 400, description = "bad-request, with `errors` by parameter"),
        (status = 401, description = "session-expired"),
        (status = 403, description = "not-allowed: the role may not read applications"),
        (status = 429, description = "overloaded, with Retry-After"),
        (status = 503, description = "unavailable, with Retry-After"),
    ))]
pub(crate) async fn search(
    State(api): State<Shared>,
    who: SignedIn,
    Params(search): Params<Search>,
) -> Result<Response, Failure> {
    let json = api.work.with(Queue::Store, move |register| found(register, &who, search)).await?;
    Ok(json_bytes(StatusCode::OK, json))
}

fn found(register: &Register, who: &SignedIn, mut search: Search) -> Result<Vec<u8>, Problem> {
    loop {
        let found = register.search(who, &search)?;
        let json = to_json(&found)?;
        if json.len() <= MAX_PAGE_BYTES || found.items.len() <= 1 {
            return Ok(json);
        }
        search.limit = Some((found.items.len() / 2).to_string());
    }
}

/// The card
#[utoipa::path(get, path = "/v1/applications/{id}", operation_id = "getApplication",
    params(("id" = ApplicationId, Path, description = "The application")),
    responses(
        (status = 200, description = "The application", body = Application),
        (status = 400, description = "bad-request: the identifier is not a GUID"),
        (status = 401, description = "session-expired"),
        (status = 403, description = "not-allowed: the role may not read applications"),
        (status = 404, description = "not-found, also when it belongs to another organization"),
        (status = 429, description = "overloaded, with Retry-After"),
        (status = 503, description = "unavailable, with Retry-After"),
    ))]
pub(crate) async fn card(
    State(api): State<Shared>,
    who: SignedIn,
    PathIds(id): PathIds<String>,
) -> Result<Response, Failure> {
    let id = guid("id", &id, ApplicationId::parse)?;
    let read = move |register: &Register| to_json(&register.application(&who, id)?);
    Ok(json_bytes(StatusCode::OK, api.work.with(Queue::Store, read).await?))
}
