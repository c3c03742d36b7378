//! Whether the process lives, whether it can serve, and in numbers.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use prikrep_domain::Problem;

use super::body::{json_bytes, to_json};
use super::work::Queue;
use super::{Failure, Shared};
use crate::condition::Condition;
use crate::words;

/// The process lives
#[utoipa::path(get, path = "/healthz", operation_id = "healthz", security(()),
    responses((status = 200, description = "ok", body = String, content_type = "text/plain")))]
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// It can serve; JSON with the store, the last pull, the outbox and the quarantine
///
/// No sign-in is asked for and nothing of a person is told; a proxy in front may still keep it, like
/// `/metrics`, to the administrator's network.
#[utoipa::path(get, path = "/readyz", operation_id = "readyz", security(()),
    responses(
        (status = 200, description = "ready", body = Condition),
        (status = 503, description = "not ready", body = Condition, content_type = "application/json"),
    ))]
pub(crate) async fn readyz(State(api): State<Shared>) -> Result<Response, Failure> {
    let condition = read(&api).await?;
    let status = if condition.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok(json_bytes(status, to_json(&condition)?))
}

/// Prometheus text
#[utoipa::path(get, path = "/metrics", operation_id = "metrics", security(()),
    responses((status = 200, description = "metrics", body = String, content_type = "application/openmetrics-text")))]
pub(crate) async fn metrics(State(api): State<Shared>) -> Result<Response, Failure> {
    let condition = read(&api).await?;
    let text = api.parts.metrics.scrape(&condition, api.polls.count()).map_err(|error| words::internal(&error))?;
    let kind = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    Ok(([(CONTENT_TYPE, kind)], text).into_response())
}

async fn read(api: &Shared) -> Result<Condition, Failure> {
    let (conditions, now) = (api.parts.conditions.clone(), api.now());
    api.work.with(Queue::Store, move |_| Ok::<_, Problem>(conditions.read(now))).await
}
