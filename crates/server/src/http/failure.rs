//! A request that failed, as it is answered: a problem document with the headers that belong to it.

use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use prikrep_domain::{Problem, ProblemKind};

use crate::Refused;

/// The type of a problem document.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";
/// What is asked for where nothing better is known.
const RETRY_SOON: Duration = Duration::from_secs(5);

/// A failure. Boxed, because it is the rare case of every handler's result.
#[derive(Debug)]
pub(crate) struct Failure(Box<Parts>);

#[derive(Debug)]
struct Parts {
    problem: Problem,
    retry_after: Option<Duration>,
}

impl Failure {
    /// The same failure under an HTTP status that its kind does not imply.
    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        self.0.problem.status = status.as_u16();
        self
    }

    pub(crate) fn retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(Box::new(Parts { problem, retry_after: None }))
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        let retry_after = refused.retry_after.and_then(|wait| wait.to_std().ok());
        Self(Box::new(Parts { problem: *refused.problem, retry_after }))
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Parts { problem, retry_after } = *self.0;
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (status, [(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON))], body).into_response();
        let headers = response.headers_mut();
        if matches!(problem.kind, ProblemKind::SessionExpired) {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            // Rounded up: who comes back a moment too early is refused again.
            let wait = retry_after.unwrap_or(RETRY_SOON);
            let secs = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(RETRY_AFTER, HeaderValue::from(secs.max(1)));
        }
        response
    }
}
