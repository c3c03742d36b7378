//! Servers on loopback that say what a test wants: over axum, or byte by byte.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Method, Request, Response, StatusCode};
use parking_lot::Mutex;
use prikrep_daemon::{HttpOptions, HttpUpstream, PasswordSource, Secret, Timeouts, Upstream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const SESSION: &str = r#"{"token":"t0ken","expires_at":"2030-01-01T00:00:00Z","employee":"Демон","role":"daemon","organization":null,"new":1}"#;

/// A request as a server has seen it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) authorization: Option<String>,
    pub(crate) if_none_match: Option<String>,
    pub(crate) accept_encoding: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// A server and what it was asked.
pub(crate) struct Server {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// Serves every request by `reply`, on a port of the system's choice, until the runtime ends.
    pub(crate) async fn start<F, R>(reply: F) -> Self
    where
        F: Fn(Asked) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Response<Body>> + Send + 'static,
    {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let handler = move |request: Request<Body>| {
            let (log, reply) = (Arc::clone(&log), reply.clone());
            async move {
                let asked = read(request).await;
                log.lock().push(asked.clone());
                reply(asked).await
            }
        };
        // What the client accepts decides on the compression, as in every real server.
        let router = Router::new().fallback(handler).layer(tower_http::compression::CompressionLayer::new());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, asked }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().clone()
    }
}

async fn read(request: Request<Body>) -> Asked {
    let (parts, body) = request.into_parts();
    let header = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    Asked {
        method: parts.method.clone(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        authorization: header("authorization"),
        if_none_match: header("if-none-match"),
        accept_encoding: header("accept-encoding"),
        body: axum::body::to_bytes(body, 1 << 20).await.unwrap().to_vec(),
    }
}

pub(crate) fn reply(status: u16, content_type: &str, body: impl Into<Bytes>) -> Response<Body> {
    let status = StatusCode::from_u16(status).unwrap();
    Response::builder().status(status).header("content-type", content_type).body(Body::from(body.into())).unwrap()
}

pub(crate) fn json(status: u16, body: impl Into<Bytes>) -> Response<Body> {
    reply(status, "application/json", body)
}

/// A server that lets everybody in, and replies to everything else by `reply`.
pub(crate) async fn behind_sign_in<F, R>(reply: F) -> Server
where
    F: Fn(Asked) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response<Body>> + Send + 'static,
{
    Server::start(move |asked: Asked| {
        let reply = reply.clone();
        async move { if asked.path.ends_with("/v1/sessions") { json(201, SESSION) } else { reply(asked).await } }
    })
    .await
}

/// What a raw connection does once it has read a request.
#[derive(Clone, Debug)]
pub(crate) enum Raw {
    /// Writes these bytes and closes.
    Says(Vec<u8>),
    /// Writes these bytes and then nothing, for ever.
    SaysAndHangs(Vec<u8>),
    /// Writes these bytes, then one more again and again.
    Drips(Vec<u8>),
}

/// A server that speaks raw bytes to everything but a sign-in.
pub(crate) async fn raw(behaviour: Raw) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, behaviour.clone()));
        }
    });
    format!("http://{address}")
}

async fn converse(mut stream: TcpStream, behaviour: Raw) -> Option<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut buffer).await.ok().filter(|read| *read > 0)?;
        request.extend_from_slice(&buffer[..read]);
    }
    if request.starts_with(b"POST /v1/sessions ") {
        let head = format!("HTTP/1.1 201 Created\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", SESSION.len());
        stream.write_all(head.as_bytes()).await.ok()?;
        stream.write_all(SESSION.as_bytes()).await.ok()?;
        return stream.shutdown().await.ok();
    }
    match behaviour {
        Raw::Says(bytes) => {
            stream.write_all(&bytes).await.ok()?;
            stream.shutdown().await.ok()
        }
        Raw::SaysAndHangs(bytes) => {
            stream.write_all(&bytes).await.ok()?;
            std::future::pending().await
        }
        Raw::Drips(bytes) => {
            stream.write_all(&bytes).await.ok()?;
            let mut tick = tokio::time::interval(Duration::from_millis(20));
            loop {
                tick.tick().await;
                stream.write_all(b" ").await.ok()?;
            }
        }
    }
}

pub(crate) fn options(url: &str) -> HttpOptions {
    HttpOptions {
        url: url.to_owned(),
        login: "region-22".to_owned(),
        password: PasswordSource::fixed(Secret::new("pass-word".to_owned())),
        trusted_pem: None,
        identity_pem: None,
        timeouts: Timeouts::default(),
    }
}

/// Patience for tests of impatience.
pub(crate) fn impatient(url: &str) -> HttpOptions {
    let timeouts = Timeouts {
        connect: Duration::from_secs(5),
        answer: Duration::from_millis(300),
        silence: Duration::from_millis(300),
        transfer: Duration::from_millis(900),
    };
    HttpOptions { timeouts, ..options(url) }
}

/// A client with a session.
pub(crate) async fn signed_in(options: HttpOptions) -> HttpUpstream {
    let upstream = HttpUpstream::new(options).unwrap();
    upstream.sign_in().await.unwrap();
    upstream
}
