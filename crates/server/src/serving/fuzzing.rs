//! What a connection is understood as, for the fuzz targets alone: by the strict reader, and by the parser behind it.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;

use super::{MAX_HEADER_BYTES, parser, strict};

/// A request as the parser hands it to the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// The method and the address.
    pub line: String,
    /// The body; `None` when it broke off.
    pub body: Option<Vec<u8>>,
}

/// Where each whole request of a connection ends, or the place of the byte that is refused.
pub(crate) fn ends(bytes: &[u8]) -> Result<Vec<usize>, usize> {
    strict::ends(bytes, MAX_HEADER_BYTES)
}

/// What the parser serves of these bytes, by itself.
pub(crate) async fn served(bytes: &[u8]) -> Vec<Served> {
    let served = Arc::new(Mutex::new(Vec::new()));
    let service = service_fn(|request: Request<Incoming>| {
        let served = Arc::clone(&served);
        async move {
            let line = format!("{} {}", request.method(), request.uri());
            let body = to_bytes(Body::new(request.into_body()), usize::MAX).await.ok().map(Vec::from);
            served.lock().push(Served { line, body });
            Ok::<_, Infallible>(Response::new(Body::empty()))
        }
    });
    let stream = TokioIo::new(tokio::io::join(bytes, tokio::io::sink()));
    // The bytes end at once, and what they asked for is to be served all the same.
    let _ = parser().half_close(true).serve_connection(stream, service).await;
    std::mem::take(&mut *served.lock())
}
