//! Signing in and out, and the session that every other path of the protocol needs.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use prikrep_domain::{Credentials, ProblemKind, Session};

use super::failure::{Failure, read_json};
use super::{Shared, now};
use crate::sessions::SignInError;

/// Proof that a request brought the token of a session.
pub(super) struct SignedIn {
    token: String,
    session: Session,
}

impl FromRequestParts<Arc<Shared>> for SignedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Failure> {
        let expired = || Failure::of(ProblemKind::SessionExpired, "Сеанса нет или он завершён: войдите снова");
        let value = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (scheme, token) = value.and_then(|value| value.split_once(' ')).ok_or_else(expired)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(expired());
        }
        let session = shared.sessions.lock().current(token.trim(), now()).ok_or_else(expired)?;
        Ok(Self { token: token.trim().to_owned(), session })
    }
}

pub(super) async fn sign_in(
    State(shared): State<Arc<Shared>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let credentials: Credentials = read_json(body)?;
    let fits = |text: &str, most: usize| (1..=most).contains(&text.chars().count());
    if !fits(&credentials.login, 128) || !fits(&credentials.password, 1_024) {
        return Err(Failure::bad_request("Логин — от 1 до 128 знаков, пароль — от 1 до 1024"));
    }
    let outcome = shared.sessions.lock().sign_in(&credentials, now());
    match outcome {
        Ok(session) => Ok((StatusCode::CREATED, Json(session)).into_response()),
        Err(SignInError::Wrong) => Err(Failure::of(ProblemKind::BadCredentials, "Неверный логин или пароль")),
        Err(SignInError::Locked { for_secs }) => {
            let words = format!("Слишком много неверных паролей: попробуйте через {for_secs} с");
            Err(Failure::of(ProblemKind::TooManyAttempts, words).retry_after(for_secs))
        }
    }
}

pub(super) async fn current(signed_in: SignedIn) -> Json<Session> {
    Json(signed_in.session)
}

pub(super) async fn sign_out(State(shared): State<Arc<Shared>>, signed_in: SignedIn) -> StatusCode {
    shared.sessions.lock().sign_out(&signed_in.token);
    StatusCode::NO_CONTENT
}
