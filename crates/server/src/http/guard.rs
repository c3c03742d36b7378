//! Around every request: time, the length of the address, panics, headers of every response.

use std::any::Any;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use prikrep_domain::{Problem, ProblemKind};

use super::{Failure, Secured, Shared, feed, words};

const MAX_URI_BYTES: usize = 4 << 10;
/// A browser that is led here by mistake or by somebody shows, runs, frames and tells nothing.
const FIXED: [(HeaderName, HeaderValue); 4] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];
/// A year.
const ONLY_TLS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Ends a request that takes too long, and refuses an address that is too long.
pub(crate) async fn time_and_uri(State(api): State<Shared>, request: Request, next: Next) -> Response {
    let length = request.uri().path_and_query().map_or(0, |whole| whole.as_str().len());
    if length > MAX_URI_BYTES {
        let problem = Problem::new(ProblemKind::TooLarge).with_detail("Адрес запроса длиннее 4 КиБ");
        return Failure::from(problem).with_status(StatusCode::URI_TOO_LONG).into_response();
    }
    let wait = if request.uri().path() == feed::PATH { feed::MAX_WAIT_SECS } else { 0 };
    let time = api.limits.request_time() + Duration::from_secs(u64::from(wait));
    match tokio::time::timeout(time, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Failure::from(words::busy()).into_response(),
    }
}

/// What a panic is answered with. Its message stays inside: it may quote anything.
pub(crate) fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a request panicked");
    Failure::from(Problem::new(ProblemKind::Internal)).into_response()
}

/// Headers of every response: personal data is kept by no cache on the way, and by no browser.
pub(crate) async fn headers(request: Request, next: Next) -> Response {
    let secured = request.extensions().get::<Secured>().is_some();
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.extend(FIXED);
    if secured {
        headers.insert(STRICT_TRANSPORT_SECURITY, ONLY_TLS);
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::{Router, routing};
    use tower::ServiceExt;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_answered_without_its_message() {
        async fn falls() -> StatusCode {
            panic!("Иванов")
        }
        let router = Router::new().route("/", routing::get(falls)).layer(CatchPanicLayer::custom(panicked));
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = to_bytes(response.into_body(), 1024).await.unwrap();
        let problem: Problem = serde_json::from_slice(&body).unwrap();
        assert_eq!(problem.kind, ProblemKind::Internal);
        assert!(!String::from_utf8_lossy(&body).contains("Иванов"));
    }
}
