//! Faults, put in the way of the protocol's requests.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::{StreamExt as _, stream};
use prikrep_domain::{MAX_PAGE_BYTES, Problem, ProblemKind};
use tokio::time::sleep;

use super::failure::Failure;
use super::{Shared, Switch, count};
use crate::faults::{Fault, Malformation, Scope};

/// Lets the first half of a body, and the head, be written before the connection ends.
const BEFORE_CUT: Duration = Duration::from_millis(20);

/// How the page that answers this request is to be spoilt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spoil {
    pub(super) malformation: Malformation,
    pub(super) replace: bool,
}

pub(super) async fn faults(
    State(shared): State<Arc<Shared>>,
    Extension(switch): Extension<Switch>,
    mut request: Request,
    next: Next,
) -> Response {
    let struck = shared.faults.lock().strike(Scope::of(request.uri().path()));
    count(&shared.counters.faults, struck.len());
    for fault in &struck {
        if let Some(response) = before(&shared, &switch, &mut request, *fault).await {
            return response;
        }
    }
    let mut response = next.run(request).await;
    for fault in struck {
        response = after(&switch, response, fault).await;
    }
    response
}

/// The response that a fault gives instead of the real one.
async fn before(shared: &Shared, switch: &Switch, request: &mut Request, fault: Fault) -> Option<Response> {
    match fault {
        Fault::Latency { latency_ms } => {
            tokio::select! {
                () = sleep(Duration::from_millis(latency_ms)) => None,
                () = shared.closing.cancelled() => None,
            }
        }
        Fault::Status { status, retry_after_secs } => Some(refusal(status, retry_after_secs)),
        Fault::DropBefore => {
            switch.cut();
            Some(Response::new(Body::empty()))
        }
        Fault::ExpireCursor => {
            Some(Failure::of(ProblemKind::CursorExpired, "Курсор устарел: читайте с начала").into_response())
        }
        Fault::ExpireSessions => {
            shared.sessions.lock().expire();
            None
        }
        Fault::Malformed { malformation, replace } => {
            request.extensions_mut().insert(Spoil { malformation, replace });
            None
        }
        Fault::DropAfter | Fault::CutBody | Fault::Truncate => None,
    }
}

async fn after(switch: &Switch, response: Response, fault: Fault) -> Response {
    match fault {
        Fault::DropAfter => {
            switch.cut();
            response
        }
        Fault::CutBody => {
            let (parts, half) = halved(response).await;
            let lost = std::io::Error::from(std::io::ErrorKind::ConnectionAborted);
            let end = stream::once(async {
                sleep(BEFORE_CUT).await;
                Err(lost)
            });
            Response::from_parts(parts, Body::from_stream(stream::iter([Ok(half)]).chain(end)))
        }
        Fault::Truncate => {
            let (parts, half) = halved(response).await;
            Response::from_parts(parts, Body::from(half))
        }
        Fault::Latency { .. }
        | Fault::Status { .. }
        | Fault::DropBefore
        | Fault::Malformed { .. }
        | Fault::ExpireCursor
        | Fault::ExpireSessions => response,
    }
}

async fn halved(response: Response) -> (axum::http::response::Parts, Bytes) {
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let whole = to_bytes(body, 2 * MAX_PAGE_BYTES).await.unwrap_or_default();
    let half = whole.slice(..whole.len() / 2);
    (parts, half)
}

fn refusal(status: u16, retry_after_secs: Option<u32>) -> Response {
    let kind = match status {
        429 => ProblemKind::Overloaded,
        503 => ProblemKind::Unavailable,
        _ => ProblemKind::Internal,
    };
    let failure = Failure::from(Problem::new(kind));
    match retry_after_secs.filter(|_| status != 500) {
        Some(secs) => failure.retry_after(u64::from(secs)).into_response(),
        None => failure.into_response(),
    }
}
