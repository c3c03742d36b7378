//! What is seen of each request: a line in the log, a count, its time. The route's template only: an address
//! may hold a SNILS or a name.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use uuid::Uuid;

use super::Shared;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Where the account of a request is noted once it is known, for the log.
#[derive(Clone, Default)]
pub(crate) struct AccountTag(Arc<OnceLock<String>>);

impl AccountTag {
    pub(crate) fn set(&self, tag: String) {
        // The first one stands: a request has one account.
        let _ = self.0.set(tag);
    }
}

pub(crate) async fn observe(State(api): State<Shared>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = Uuid::now_v7().to_string();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned();
    let tag = AccountTag::default();
    request.extensions_mut().insert(tag.clone());
    let mut response = next.run(request).await;
    let status = response.status().as_u16();
    let took = started.elapsed();
    api.parts.metrics.request(method.as_str(), &route, status, took);
    let account = tag.0.get().map_or("-", String::as_str);
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    if status >= 500 {
        tracing::warn!(request = id, method = method.as_str(), route, status, ms, account, "request");
    } else {
        tracing::info!(request = id, method = method.as_str(), route, status, ms, account, "request");
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}
