//! The protocol over HTTP: routes and their description from one registration, limits around them.
//!
//! Invariant: whatever goes wrong is answered by a problem document, and no answer is made on an async
//! worker that may block.

mod answers;
mod applications;
mod body;
mod client;
mod directory;
mod failure;
mod feed;
mod guard;
mod health;
mod longpoll;
mod observe;
mod openapi;
mod query;
mod rates;
mod sessions;
mod shared;
mod work;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use prikrep_domain::{Problem, ProblemKind};
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::words;
pub(crate) use client::{Peer, Secured};
pub(crate) use failure::Failure;
pub(crate) use shared::{Api, ApiParts, Shared};

fn documented() -> OpenApiRouter<Shared> {
    OpenApiRouter::with_openapi(openapi::base())
        .routes(routes!(sessions::sign_in))
        .routes(routes!(sessions::current, sessions::sign_out))
        .routes(routes!(feed::feed))
        .routes(routes!(applications::search))
        .routes(routes!(applications::card))
        .routes(routes!(answers::put))
        .routes(routes!(directory::directory))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
        .routes(routes!(openapi::document))
}

/// The router of the API.
pub(crate) fn router(api: Shared) -> Router {
    let (router, _) = documented().split_for_parts();
    router
        .fallback(async || Failure::from(Problem::new(ProblemKind::NotFound).with_detail("Такого пути нет")))
        .method_not_allowed_fallback(async || {
            Failure::from(words::bad_request("Этот путь не знает такого метода"))
                .with_status(StatusCode::METHOD_NOT_ALLOWED)
        })
        .layer(from_fn_with_state(Shared::clone(&api), guard::time_and_uri))
        .layer(CatchPanicLayer::custom(guard::panicked))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(from_fn(guard::headers))
        .layer(from_fn_with_state(Shared::clone(&api), observe::observe))
        .with_state(api)
}
