//! Serving connections: how many, how slow, how large their headers; and letting them end.
//!
//! Invariant: a client that sends slowly or not at all holds a connection, never a thread, and loses it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::http::Peer;

const MAX_HEADER_BYTES: usize = 32 << 10;
const MAX_HEADERS: usize = 64;
/// From the end of one request to the end of the next one's headers.
const HEADER_TIME: Duration = Duration::from_secs(60);
/// For requests that are running when the server stops.
const ENDING_TIME: Duration = Duration::from_secs(3);
/// After a failure to accept, for example because files have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stopping`, then lets running requests end for a few seconds.
pub(crate) async fn serve(listener: TcpListener, router: Router, connections: usize, stopping: CancellationToken) {
    let places = Arc::new(Semaphore::new(connections));
    let (graceful, tasks, abandon) = (GracefulShutdown::new(), TaskTracker::new(), CancellationToken::new());
    loop {
        let accepted = tokio::select! {
            () = stopping.cancelled() => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, address, place)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let router = router.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(address));
            router.clone().oneshot(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIME)
            .max_headers(MAX_HEADERS)
            .max_header_size(MAX_HEADER_BYTES)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        let abandoned = abandon.clone();
        tasks.spawn(async move {
            tokio::select! {
                // How a client's connection ends is the client's business.
                _ = connection => (),
                () = abandoned.cancelled() => (),
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(ENDING_TIME, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still running when the server stopped");
    }
    abandon.cancel();
    tasks.close();
    tasks.wait().await;
}

type Accepted = (TcpStream, std::net::IpAddr, tokio::sync::OwnedSemaphorePermit);

/// The next connection, once there is a place for it; `None` when accepting failed.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<Accepted> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, address)) => {
            // Answers are written whole: waiting for more to send would only delay them.
            let _ = stream.set_nodelay(true);
            Some((stream, address.ip(), place))
        }
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            None
        }
    }
}
