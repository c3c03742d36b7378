//! The description of the protocol as this server implements it, generated from the handlers.

use std::sync::LazyLock;

use axum::http::StatusCode;
use axum::response::Response;
use bytes::Bytes;
use prikrep_domain::Problem;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, Ref, RefOr};
use utoipa::{Modify, OpenApi, ToSchema};

use super::body::json_bytes;
use super::failure::PROBLEM_JSON;
use crate::search::{SearchSort, SearchStatus};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Прикрепление онлайн — the feed protocol",
        version = "1.0",
        description = "The register as a producer of the feed protocol: for workstations and other systems of a \
            medical organization.\n\nAll times are RFC 3339 with an offset. Bodies are UTF-8 JSON; \
            `Accept-Encoding: gzip, zstd` is honoured. Errors are RFC 9457 problem documents \
            (`application/problem+json`) whose `type` is `urn:prikrep:problem:` and a code; every path may answer \
            500 `internal`. An unknown path is answered 404 `not-found`, a method that a path does not know 405 \
            `bad-request`, an address beyond 4 KiB 414 `too-large`. A body may have 64 KiB.\n\n\
            Every account is of one organization, or of the whole region. Another organization's applications do \
            not exist for it: not in the feed, not in a search, not by their identifier. Roles: registrar and daemon \
            read and answer, viewer reads, auditor and admin see no applications (403 `not-allowed`). `x-action` of \
            an operation names what the role must allow. An account whose password must be changed first may do no \
            more than `own_session` until then (403 `not-allowed`)."
    ),
    servers((url = "/")),
    security(("bearer" = [])),
    components(schemas(Problem, SearchStatus, SearchSort)),
    modifiers(&Bearer)
)]
struct Base;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// What no handler says for itself.
pub(super) fn base() -> utoipa::openapi::OpenApi {
    Base::openapi()
}

static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| {
    let mut openapi = super::description();
    for item in openapi.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete];
        operations.into_iter().flatten().for_each(problems_in_words);
    }
    openapi.to_json().map(Bytes::from).unwrap_or_default()
});

/// Every failure that names no body of its own is a problem document; those to be repeated say when.
fn problems_in_words(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        if !response.content.is_empty() || !status.starts_with(['4', '5']) {
            continue;
        }
        let problem = Content::builder().schema(Some(Ref::from_schema_name(Problem::name()))).build();
        response.content.insert(PROBLEM_JSON.to_owned(), problem.into());
        if matches!(status.as_str(), "429" | "503") {
            let seconds = ObjectBuilder::new().schema_type(Type::Integer);
            let header = HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds")).build();
            response.headers.insert("Retry-After".to_owned(), header.into());
        }
    }
}

/// This description as the server implements it
#[utoipa::path(get, path = "/openapi.json", operation_id = "openapi", security(()),
    responses((status = 200, description = "OpenAPI 3.1", body = Object, content_type = "application/json")))]
pub(crate) async fn document() -> Response {
    json_bytes(StatusCode::OK, DOCUMENT.clone())
}
