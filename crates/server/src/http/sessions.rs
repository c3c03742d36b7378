//! Signing in and out.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use prikrep_domain::{Credentials, Session};

use super::body::{BodyFault, JsonBytes, json_bytes, to_json};
use super::client::ClientAddress;
use super::{Failure, Secured, Shared};
use crate::{SignedIn, words};

/// Sign in
///
/// Wrong credentials are answered in the same words and time, whether or not there is such an account. After
/// too many failures in a row the login, and after many more the address, waits: 429 with `Retry-After`.
/// An address that tries too often is answered 429 `overloaded`.
#[utoipa::path(post, path = "/v1/sessions", operation_id = "signIn", security(()),
    request_body = Credentials,
    responses(
        (status = 201, description = "A session", body = Session),
        (status = 400, description = "bad-request: not JSON, or a field is missing or too long"),
        (status = 401, description = "bad-credentials"),
        (status = 403, description = "not-allowed: an account of the role daemon without a client certificate"),
        (status = 413, description = "too-large"),
        (status = 415, description = "bad-request: the body is not plain `application/json`"),
        (status = 429, description = "too-many-attempts or overloaded, with Retry-After"),
        (status = 503, description = "unavailable, with Retry-After"),
    ))]
pub(crate) async fn sign_in(
    State(api): State<Shared>,
    ClientAddress(address): ClientAddress,
    secured: Option<Extension<Secured>>,
    body: JsonBytes,
) -> Result<Response, Failure> {
    api.rates.sign_in(address)?;
    let credentials: Credentials = body.read().map_err(|fault| match fault {
        BodyFault::Malformed(problem) => problem,
        BodyFault::Field(error) => words::bad_fields(vec![error]),
    })?;
    let now = api.now();
    let session = api.work.with_password(move |register| register.sign_in(&credentials, address, now)).await?;
    if let Err(problem) = api.check_certificate(session.role, secured.as_deref()) {
        // Nobody has its token, and nobody gets it.
        let token = session.token.unwrap_or_default();
        api.work.with_store(move |register| register.sign_out(&register.signed_in(&token, now)?)).await?;
        return Err(problem.into());
    }
    Ok(json_bytes(StatusCode::CREATED, to_json(&session)?))
}

/// Who am I
#[utoipa::path(get, path = "/v1/sessions/current", operation_id = "currentSession",
    responses(
        (status = 200, description = "The session (without its token)", body = Session),
        (status = 401, description = "session-expired"),
        (status = 429, description = "overloaded, with Retry-After"),
    ))]
pub(crate) async fn current(who: SignedIn) -> Result<Response, Failure> {
    Ok(json_bytes(StatusCode::OK, to_json(&who.session())?))
}

/// Sign out
#[utoipa::path(delete, path = "/v1/sessions/current", operation_id = "signOut",
    responses(
        (status = 204, description = "Gone; the token is dead at once"),
        (status = 401, description = "session-expired"),
        (status = 429, description = "overloaded, with Retry-After"),
        (status = 503, description = "unavailable, with Retry-After; the token is dead all the same"),
    ))]
pub(crate) async fn sign_out(State(api): State<Shared>, who: SignedIn) -> Result<StatusCode, Failure> {
    api.work.with_store(move |register| register.sign_out(&who)).await?;
    Ok(StatusCode::NO_CONTENT)
}
