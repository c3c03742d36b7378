//! What the answer forms offer.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use prikrep_domain::Directory;

use super::body::json_bytes;
use super::work::Queue;
use super::{Failure, Shared};
use crate::SignedIn;

/// What the answer forms offer for this account's organization
///
/// An organization without an entry, and an account of the whole region, get an empty directory.
#[utoipa::path(get, path = "/v1/directory", operation_id = "directory",
    params(("If-None-Match" = Option<String>, Header, nullable = false, description = "The ETag that is known")),
    responses(
        (status = 200, description = "The directory, with an ETag", body = Directory,
            headers(("ETag" = String, description = "Weak"))),
        (status = 304, description = "Not changed"),
        (status = 401, description = "session-expired"),
        (status = 403, description = "not-allowed: the role does not read applications"),
        (status = 429, description = "overloaded, with Retry-After"),
        (status = 503, description = "unavailable, with Retry-After"),
    ))]
pub(crate) async fn directory(
    State(api): State<Shared>,
    who: SignedIn,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let now = api.now();
    let read = api.work.with(Queue::Store, move |register| register.directory(&who, now));
    let document = read.await?;
    let mut response = if knows(&headers, &document.etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        json_bytes(StatusCode::OK, document.json)
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Ok(etag) = HeaderValue::from_str(&document.etag) {
        response.headers_mut().insert(ETAG, etag);
    }
    Ok(response)
}

fn knows(headers: &HeaderMap, etag: &str) -> bool {
    let named = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    named.flat_map(|value| value.split(',')).any(|tag| tag.trim() == "*" || opaque(tag) == opaque(etag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_tag_is_recognized_in_every_form() {
        let with = |value: &str| HeaderMap::from_iter([(IF_NONE_MATCH, value.parse().unwrap())]);
        for value in ["W/\"ab\"", "\"ab\"", "*", "\"x\", W/\"ab\""] {
            assert!(knows(&with(value), "W/\"ab\""), "{value}");
        }
        assert!(!knows(&with("\"abc\""), "W/\"ab\""));
        assert!(!knows(&HeaderMap::new(), "W/\"ab\""));
    }
}
