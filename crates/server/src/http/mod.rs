//! The protocol over HTTP: routes and their description from one registration, limits around them.
//!
//! Invariant: whatever goes wrong is answered by a problem document, and no answer is made on an async
//! worker that may block.

mod access;
mod ahead;
mod answers;
mod applications;
mod body;
mod client;
mod directory;
mod failure;
mod feed;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod guard;
mod health;
mod journal;
mod longpoll;
mod observe;
mod openapi;
mod query;
mod rates;
mod sending;
mod sessions;
mod shared;
mod work;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use prikrep_domain::{Action, Problem, ProblemKind};
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use crate::words;
use access::Access;
pub(crate) use client::{Peer, Secured};
pub(crate) use failure::Failure;
pub(crate) use shared::{Api, ApiParts, Shared};

/// Every path, with whom it is for.
fn paths() -> [(Access, UtoipaMethodRouter<Shared>); 15] {
    [
        (Access::Everybody, routes!(sessions::sign_in)),
        (Access::Only(Action::OwnSession), routes!(sessions::current, sessions::sign_out)),
        (Access::Only(Action::OwnSession), routes!(sessions::sign_out_everywhere)),
        (Access::Only(Action::OwnSession), routes!(sessions::change_password)),
        (Access::Only(Action::ReadFeed), routes!(feed::feed)),
        (Access::Only(Action::Search), routes!(applications::search)),
        (Access::Only(Action::OpenCard), routes!(applications::card)),
        (Access::Only(Action::Answer), routes!(answers::put)),
        (Access::Only(Action::ReadDirectory), routes!(directory::directory)),
        (Access::Only(Action::Report), routes!(journal::report)),
        (Access::Only(Action::ReadJournal), routes!(journal::read)),
        (Access::Everybody, routes!(health::healthz)),
        (Access::Everybody, routes!(health::readyz)),
        (Access::Everybody, routes!(health::metrics)),
        (Access::Everybody, routes!(openapi::document)),
    ]
}

/// The description alone: its paths lead nowhere.
fn description() -> utoipa::openapi::OpenApi {
    let base = OpenApiRouter::with_openapi(openapi::base());
    let all = paths().into_iter().fold(base, |router, (access, path)| router.routes(access::described(access, path)));
    all.into_openapi()
}

/// The router of the API.
pub(crate) fn router(api: Shared) -> Router {
    let guarded = paths().map(|(access, path)| access::guarded(&api, access, path));
    let (router, _) = guarded.into_iter().fold(OpenApiRouter::new(), OpenApiRouter::routes).split_for_parts();
    router
        .fallback(async || Failure::from(Problem::new(ProblemKind::NotFound).with_detail("Такого пути нет")))
        .method_not_allowed_fallback(async || {
            Failure::from(words::bad_request("Этот путь не знает такого метода"))
                .with_status(StatusCode::METHOD_NOT_ALLOWED)
        })
        .layer(from_fn_with_state(Shared::clone(&api), guard::time_and_uri))
        .layer(CatchPanicLayer::custom(guard::panicked))
        .layer(from_fn_with_state(Shared::clone(&api), sending::bounded))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(from_fn(guard::headers))
        .layer(from_fn_with_state(Shared::clone(&api), observe::observe))
        .with_state(api)
}
