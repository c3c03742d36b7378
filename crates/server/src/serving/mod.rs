//! Serving connections: how many, how slow, how large their headers, over TLS or not; and letting them end.
//!
//! Invariant: a client that sends slowly or not at all, or does not read, holds a connection, never a thread and
//! never the next client, and loses it.

#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod linger;
mod strict;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutWriter;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::config::Patience;
use crate::http::{Peer, Secured};
use crate::tls::Tls;
pub(crate) use linger::linger;
use strict::Strict;

const MAX_HEADER_BYTES: usize = 32 << 10;
const MAX_HEADERS: usize = 64;
/// What is read ahead of a connection, and kept of an answer that is not read.
const MAX_BUFFER_BYTES: usize = 64 << 10;
/// For requests that are running when the server stops.
const ENDING_TIME: Duration = Duration::from_secs(3);
/// After a failure to accept, for example because files have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How the door is kept.
pub(crate) struct Door {
    /// Connections at a time, those that are still shaking hands included.
    pub(crate) connections: usize,
    /// How long each of their steps may take.
    pub(crate) patience: Patience,
    /// Without it HTTP is spoken in the clear.
    pub(crate) tls: Option<Arc<Tls>>,
}

/// Serves until `stopping`, then lets running requests end for a few seconds.
pub(crate) async fn serve(listener: TcpListener, router: Router, door: Door, stopping: CancellationToken) {
    let places = Arc::new(Semaphore::new(door.connections));
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
        let client = Client { address, router: router.clone(), patience: door.patience, watcher: graceful.watcher() };
        let (tls, stopping, abandoned) = (door.tls.clone(), stopping.clone(), abandon.clone());
        tasks.spawn(async move {
            tokio::select! {
                () = client.served(stream, tls, stopping) => (),
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

type Accepted = (TcpStream, IpAddr, tokio::sync::OwnedSemaphorePermit);

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

struct Client {
    address: IpAddr,
    router: Router,
    patience: Patience,
    watcher: Watcher,
}

impl Client {
    async fn served(self, stream: TcpStream, tls: Option<Arc<Tls>>, stopping: CancellationToken) {
        let Some(tls) = tls else {
            let stream = unblocked(stream, self.patience);
            return self.talk(stream, None).await;
        };
        let shaken = tokio::select! {
            shaken = tokio::time::timeout(self.patience.handshake, tls.accept(stream, self.patience)) => shaken,
            () = stopping.cancelled() => return,
        };
        match shaken {
            Ok(Some((stream, secured))) => self.talk(stream, Some(secured)).await,
            // The reason has been logged, and how a client's connection ends is the client's business.
            Ok(None) => {}
            Err(_) => tracing::debug!("a client did not shake hands in time"),
        }
    }

    async fn talk(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, secured: Option<Secured>) {
        let Self { address, router, patience, watcher } = self;
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(address));
            if let Some(secured) = secured {
                request.extensions_mut().insert(secured);
            }
            router.clone().oneshot(request)
        });
        let connection = parser()
            .timer(TokioTimer::new())
            .header_read_timeout(patience.headers)
            .serve_connection(TokioIo::new(Strict::new(stream, MAX_HEADER_BYTES)), service);
        // How a client's connection ends is the client's business.
        let _ = watcher.watch(connection).await;
    }
}

/// The parser of requests.
fn parser() -> http1::Builder {
    let mut parser = http1::Builder::new();
    parser.max_headers(MAX_HEADERS).max_header_size(MAX_HEADER_BYTES).max_buf_size(MAX_BUFFER_BYTES);
    parser
}

/// A connection, on which nothing that is written may wait for long.
pub(crate) type Unblocked = std::pin::Pin<Box<TimeoutWriter<TcpStream>>>;

pub(crate) fn unblocked(stream: TcpStream, patience: Patience) -> Unblocked {
    let mut stream = TimeoutWriter::new(stream);
    stream.set_timeout(Some(patience.writing));
    Box::pin(stream)
}
