//! The protocol over HTTP. Every error is a problem document.
//!
//! Invariant: the gateway's lock is held for a page or an answer, never across an await; whoever changes the
//! gateway wakes the long polls.

mod applications;
mod control;
mod failure;
mod feed;
mod info;
mod inject;
mod listener;
mod sessions;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post, put};
use axum::{Router, http::Method};
use chrono::Utc;
use parking_lot::{Mutex, RwLock};
use prikrep_domain::ProblemKind;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

use crate::faults::Faults;
use crate::gateway::Gateway;
use crate::sessions::Sessions;
use failure::Failure;
pub(crate) use listener::{CuttableListener, Switch};

/// The largest request body.
const MAX_BODY_BYTES: usize = 256 << 10;
/// The most long polls that are held at a time.
const MAX_POLLS: usize = 256;

/// What all requests share.
pub(crate) struct Shared {
    gateway: RwLock<Gateway>,
    wake: watch::Sender<u64>,
    pub(crate) sessions: Mutex<Sessions>,
    pub(crate) faults: Mutex<Faults>,
    polls: Semaphore,
    counters: Counters,
    pub(crate) closing: CancellationToken,
}

#[derive(Default)]
struct Counters {
    requests: AtomicU64,
    pages: AtomicU64,
    records: AtomicU64,
    faults: AtomicU64,
}

impl Shared {
    pub(crate) fn new(gateway: Gateway, sessions: Sessions, closing: CancellationToken) -> Self {
        Self {
            gateway: RwLock::new(gateway),
            wake: watch::Sender::new(0),
            sessions: Mutex::new(sessions),
            faults: Mutex::new(Faults::none()),
            polls: Semaphore::new(MAX_POLLS),
            counters: Counters::default(),
            closing,
        }
    }

    /// Reads the gateway.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Gateway) -> T) -> T {
        look(&self.gateway.read())
    }

    /// Changes the gateway and wakes whoever waits for changes.
    pub(crate) fn change<T>(&self, act: impl FnOnce(&mut Gateway) -> T) -> T {
        let outcome = act(&mut self.gateway.write());
        self.wake.send_modify(|changes| *changes += 1);
        outcome
    }
}

/// Everything that the gateway serves.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let protocol = Router::new()
        .route("/v1/sessions", post(sessions::sign_in))
        .route("/v1/sessions/current", get(sessions::current).delete(sessions::sign_out))
        .route("/v1/feed", get(feed::feed))
        .route("/v1/applications", get(applications::search))
        .route("/v1/applications/{id}", get(applications::card))
        .route("/v1/applications/{id}/answers/{answer_id}", put(applications::answer))
        .route("/v1/directory", get(applications::directory))
        .layer(from_fn_with_state(Arc::clone(&shared), inject::faults));
    let service = Router::new()
        .route("/healthz", get(info::healthz))
        .route("/readyz", get(info::readyz))
        .route("/metrics", get(info::metrics))
        .route("/openapi.json", get(info::openapi))
        .route("/control/faults", get(control::show_faults).post(control::set_faults).delete(control::clear_faults))
        .route("/control/arrive", post(control::arrive))
        .route("/control/epoch", post(control::epoch))
        .route("/control/forget", post(control::forget))
        .route("/control/answers", get(control::answers));
    protocol
        .merge(service)
        .fallback(|| async { Failure::of(ProblemKind::NotFound, "Такого пути нет: см. /openapi.json") })
        .method_not_allowed_fallback(|method: Method| async move { Failure::method(&method) })
        .layer(from_fn_with_state(Arc::clone(&shared), observe))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(from_fn(listener::guard))
        .with_state(shared)
}

/// Counts and logs a request: by its route, since paths and queries may name persons.
async fn observe(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let route =
        request.extensions().get::<MatchedPath>().map_or_else(|| "—".to_owned(), |path| path.as_str().to_owned());
    let began = Instant::now();
    let response = next.run(request).await;
    count(&shared.counters.requests, 1);
    let millis = began.elapsed().as_millis();
    tracing::debug!(%method, route, status = response.status().as_u16(), millis, "request");
    response
}

fn count(counter: &AtomicU64, by: usize) {
    counter.fetch_add(by as u64, std::sync::atomic::Ordering::Relaxed);
}

fn now() -> chrono::DateTime<Utc> {
    Utc::now()
}
