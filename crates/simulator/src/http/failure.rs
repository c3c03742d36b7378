//! Problem documents as responses, and bodies and queries read into them when they are wrong.

use axum::body::Bytes;
use axum::extract::Query;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use prikrep_domain::{FieldError, Problem, ProblemKind, Refusal};
use serde::de::DeserializeOwned;

/// What a request is refused with.
#[derive(Debug)]
pub(super) struct Failure {
    problem: Box<Problem>,
    retry_after_secs: Option<u64>,
}

impl Failure {
    pub(super) fn of(kind: ProblemKind, words: impl Into<String>) -> Self {
        Problem::new(kind).with_detail(words).into()
    }

    pub(super) fn bad_request(words: impl Into<String>) -> Self {
        Self::of(ProblemKind::BadRequest, words)
    }

    /// The protocol has no problem type of its own for a method that a path does not know.
    pub(super) fn method(method: &Method) -> Self {
        let status = StatusCode::METHOD_NOT_ALLOWED.as_u16();
        let problem =
            Problem::new(ProblemKind::BadRequest).with_detail(format!("Метод {method} здесь не поддерживается"));
        Problem { status, ..problem }.into()
    }

    /// An answer whose fields are wrong, as a refusal of the domain would tell it.
    pub(super) fn fields(errors: Vec<FieldError>) -> Self {
        Problem::from(&Refusal::Invalid(errors)).into()
    }

    pub(super) const fn retry_after(mut self, secs: u64) -> Self {
        self.retry_after_secs = Some(secs);
        self
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let retry_after_secs = matches!(problem.status, 429 | 503).then_some(1);
        Self { problem: Box::new(problem), retry_after_secs }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(_: serde_json::Error) -> Self {
        Problem::new(ProblemKind::Internal).into()
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // A problem document has nothing that cannot be written as JSON.
        let body = serde_json::to_vec(&self.problem).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if let Some(secs) = self.retry_after_secs {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        response
    }
}

/// Reads a JSON body. What cannot be read is told by its place only: it may hold personal data.
pub(super) fn read_json<T: DeserializeOwned>(body: Result<Bytes, BytesRejection>) -> Result<T, Failure> {
    serde_json::from_slice(&read_body(body)?).map_err(|error| Failure::bad_request(unreadable(&error)))
}

pub(super) fn read_body(body: Result<Bytes, BytesRejection>) -> Result<Bytes, Failure> {
    body.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Failure::of(ProblemKind::TooLarge, format!("Тело запроса больше {} КиБ", super::MAX_BODY_BYTES >> 10))
        } else {
            Failure::bad_request("Тело запроса не получено целиком")
        }
    })
}

pub(super) fn unreadable(error: &serde_json::Error) -> String {
    format!("Тело запроса не разобрано: строка {}, столбец {}", error.line(), error.column())
}

pub(super) fn read_query<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, Failure> {
    match query {
        Ok(Query(query)) => Ok(query),
        // The library's words name the parameter, but may quote its value.
        Err(_) => Err(Failure::bad_request("Параметры запроса не разобраны: сверьтесь с /openapi.json")),
    }
}
