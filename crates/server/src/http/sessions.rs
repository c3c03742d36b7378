//! Signing in and out.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use prikrep_domain::{Credentials, PasswordChange, Session};

use super::body::{BodyFault, JsonBytes, json_bytes, to_json};
use super::client::ClientAddress;
use super::work::Queue;
use super::{Failure, Secured, Shared};
use crate::{Register, SignedIn, words};

/// Sign in
///
/// Wrong credentials are answered in the same words and time, whether or not there is such an account. After
/// too many failures in a row an account waits, 429 with `Retry-After`: at each address that it has signed in
/// from before by itself, and at all others together. After many more failures of logins that are strange to
/// an address, they wait there. Who tries too often is answered 429 `overloaded`.
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
    let credentials: Credentials = body.read().map_err(|fault| match fault {
        BodyFault::Malformed(problem) => problem,
        BodyFault::Field(error) => words::bad_fields(vec![error]),
    })?;
    let now = api.now();
    let is_at_its_place = api.parts.register.is_at_its_place(&credentials.login, address, now);
    api.rates.sign_in(address, is_at_its_place.then(|| credentials.login.trim().to_ascii_lowercase()))?;
    let work = move |register: &Register| register.sign_in(&credentials, address, now);
    let session = api.work.with(Queue::Password { is_at_its_place }, work).await?;
    if let Err(problem) = api.check_certificate(session.role, secured.as_deref()) {
        // Nobody has its token, and nobody gets it.
        let token = session.token.unwrap_or_default();
        api.work.with(Queue::Store, move |register| register.sign_out(&register.signed_in(&token, now)?)).await?;
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
    api.work.with(Queue::Store, move |register| register.sign_out(&who)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sign out everywhere
///
/// All sessions of the account end, this one too.
#[utoipa::path(delete, path = "/v1/sessions", operation_id = "signOutEverywhere",
    responses(
        (status = 204, description = "Gone; the tokens are dead at once"),
        (status = 401, description = "session-expired"),
        (status = 429, description = "overloaded, with Retry-After"),
        (status = 503, description = "unavailable, with Retry-After; the tokens are dead all the same"),
    ))]
pub(crate) async fn sign_out_everywhere(State(api): State<Shared>, who: SignedIn) -> Result<StatusCode, Failure> {
    api.work.with(Queue::Store, move |register| register.sign_out_everywhere(&who)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Change one's own password
///
/// While `password_change_required` of the session is true (an administrator has set the password, or it is too
/// old) this is all that is allowed, besides asking for the session and ending it: every other path answers 403
/// `not-allowed`. All other sessions of the account end. A wrong present password counts as a failed attempt to
/// sign in.
#[utoipa::path(put, path = "/v1/sessions/current/password", operation_id = "changePassword",
    request_body = PasswordChange,
    responses(
        (status = 204, description = "Changed; the other sessions are over"),
        (status = 400, description = "bad-request, with `errors` by field: `current` is wrong, or `new` is not taken"),
        (status = 401, description = "session-expired"),
        (status = 413, description = "too-large"),
        (status = 415, description = "bad-request: the body is not plain `application/json`"),
        (status = 429, description = "too-many-attempts or overloaded, with Retry-After"),
        (status = 503, description = "unavailable, with Retry-After"),
    ))]
pub(crate) async fn change_password(
    State(api): State<Shared>,
    ClientAddress(address): ClientAddress,
    who: SignedIn,
    body: JsonBytes,
) -> Result<StatusCode, Failure> {
    let change: PasswordChange = body.read().map_err(|fault| match fault {
        BodyFault::Malformed(problem) => problem,
        BodyFault::Field(error) => words::bad_fields(vec![error]),
    })?;
    let (now, login) = (api.now(), who.account.login.as_str());
    let is_at_its_place = api.parts.register.is_at_its_place(login, address, now);
    api.rates.sign_in(address, is_at_its_place.then(|| login.to_owned()))?;
    let work = move |register: &Register| register.change_password(&who, &change, address, now);
    api.work.with(Queue::Password { is_at_its_place }, work).await?;
    Ok(StatusCode::NO_CONTENT)
}
