//! Connections that no honest client makes, byte by byte: each ends at a limit, and others are served meanwhile.

use std::net::SocketAddr;
use std::time::Duration;

use prikrep_server::Patience;
use reqwest::{Method, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::api::Served;

/// For what ends by a limit that a test has set short; nothing waits so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// A register that waits for nobody long, but long enough for a machine that is busy.
async fn impatient() -> Served {
    let short = Duration::from_secs(1);
    let mut served = Served::with(|config| {
        config.patience = Patience { headers: short, writing: short, ..Patience::default() };
        config.limits.request_secs = 3;
        config.limits.connections = 8;
    })
    .await;
    // A kept connection may be closed in the moment that it is used again.
    served.client = crate::api::client_without_pool();
    served
}

fn address(served: &Served) -> SocketAddr {
    served.running.url().split_once("://").unwrap().1.parse().unwrap()
}

async fn connect(served: &Served) -> TcpStream {
    TcpStream::connect(address(served)).await.unwrap()
}

/// Everything that a connection says until it is closed, in whatever way.
async fn until_closed(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    let ended = timeout(PATIENCE, stream.read_to_end(&mut said)).await;
    assert!(ended.is_ok(), "the connection stays open: {}", String::from_utf8_lossy(&said));
    String::from_utf8_lossy(&said).into_owned()
}

/// What a new connection says to some bytes until it is closed.
async fn answer(served: &Served, bytes: &str) -> String {
    let mut stream = connect(served).await;
    // The other side may have closed already.
    let _ = stream.write_all(bytes.as_bytes()).await;
    until_closed(&mut stream).await
}

async fn others_are_served(served: &Served) {
    assert_eq!(served.get("/v1/sessions/current").await.status(), StatusCode::OK);
}

fn statuses(said: &str) -> Vec<&str> {
    said.split("HTTP/1.1 ").skip(1).map(|rest| &rest[..3]).collect()
}

/// A request for the health of the register, hidden in the body of another.
const HIDDEN: &str = "GET /healthz HTTP/1.1\r\nHost: r\r\n\r\n";

#[tokio::test]
async fn a_request_that_can_be_read_in_two_ways_is_refused_and_nothing_after_it_is_read() {
    let served = Served::new().await;
    let json = "Host: r\r\nContent-Type: application/json\r\n";
    let post = |headers: &str, body: &str| format!("POST /v1/sessions HTTP/1.1\r\n{json}{headers}\r\n{body}{HIDDEN}");
    let chunked = |body: &str| post("Transfer-Encoding: chunked\r\n", body);
    for request in [
        post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"),
        post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"),
        post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
        post("Transfer-Encoding: \u{b}chunked\r\n", "0\r\n\r\n"),
        post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
        post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"),
        post("Content-Length: 2\r\nContent-Length: 2\r\n", "{}"),
        post("Content-Length: 2\r\nContent-Length: 40\r\n", "{}"),
        post("Content-Length: 2, 2\r\n", "{}"),
        post("Content-Length: +2\r\n", "{}"),
        post("Content-Length: 2 2\r\n", "{}"),
        post("Content-Length: -1\r\n", "{}"),
        post("Content-Length: 99999999999999999999\r\n", "{}"),
        post("X: a\r\n b\r\n", ""),
        post("X: a\nContent-Length: 40\r\n", ""),
        post("X: a\rContent-Length: 40\r\n", ""),
        post("X: a\0b\r\n", ""),
        post("X y: a\r\n", ""),
        post("Host: other\r\n", ""),
        format!("\r\n{HIDDEN}"),
        HIDDEN.replace("\r\n", "\n"),
        HIDDEN.replace("Host: r\r\n", ""),
        HIDDEN.replace("GET ", "GET  "),
        HIDDEN.replace("HTTP/1.1", "HTTP/2.0"),
        HIDDEN.replace("GET", "G\0T"),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        chunked("g\r\n{}\r\n0\r\n\r\n"),
        chunked("\r\n{}\r\n0\r\n\r\n"),
        chunked("-2\r\n{}\r\n0\r\n\r\n"),
        chunked("0x2\r\n{}\r\n0\r\n\r\n"),
        chunked("2 \r\n{}\r\n0\r\n\r\n"),
        chunked("2;a=b\r\n{}\r\n0\r\n\r\n"),
        chunked(&format!("2;{}\r\n{{}}\r\n0\r\n\r\n", "a".repeat(100_000))),
        chunked("2\n{}\r\n0\r\n\r\n"),
        chunked("2\r\n{}\n0\r\n\r\n"),
        chunked("2\r\n{}}\r\n0\r\n\r\n"),
        chunked("fffffffffffffffff\r\n{}\r\n0\r\n\r\n"),
        chunked("2\r\n{}\r\n0\r\nX-Trailer: a\r\n\r\n"),
    ] {
        let said = answer(&served, &request).await;
        let statuses = statuses(&said);
        assert!(statuses.len() <= 1 && statuses.iter().all(|status| *status == "400"), "{request:?}: {said}");
        assert!(!said.contains("ok\n"), "{request:?}: what was hidden in it is no request: {said}");
        others_are_served(&served).await;
    }
    let honest = answer(&served, &HIDDEN.replace("Host: r", "Host: r\r\nConnection: close")).await;
    assert_eq!(statuses(&honest), ["200"]);
    let two = answer(&served, &format!("{HIDDEN}{}", HIDDEN.replace("Host: r", "Host: r\r\nConnection: close"))).await;
    assert_eq!(statuses(&two), ["200", "200"], "one after another is no offence");
    let chunked = chunked("2\r\n{}\r\n0\r\n\r\n").replace("Host: r\r\n\r\n", "Host: r\r\nConnection: close\r\n\r\n");
    let said = answer(&served, &chunked).await;
    assert_eq!(statuses(&said), ["400", "200"], "{said}");
    served.running.stop().await;
}

#[tokio::test]
async fn whatever_is_too_large_is_refused() {
    let served = impatient().await;
    let head = "POST /v1/sessions HTTP/1.1\r\nHost: r\r\nContent-Type: application/json\r\n";
    let large = "x".repeat(40 << 10);
    let many = "X: a\r\n".repeat(100);
    let endless = format!("GET / HTTP/1.1\r\nHost: r\r\nX: {}", "x".repeat(200 << 10));
    let streamed = format!("{}{}", "8000\r\n", "x".repeat(0x8000)).repeat(3).replace("x8000", "x\r\n8000");
    for (request, status) in [
        (format!("GET / HTTP/1.1\r\nHost: r\r\nX: {large}\r\n\r\n"), "431"),
        (format!("GET / HTTP/1.1\r\nHost: r\r\n{many}\r\n"), "431"),
        (endless, "431"),
        (format!("GET /{} HTTP/1.1\r\nHost: r\r\nConnection: close\r\n\r\n", "x".repeat(5_000)), "414"),
        (format!("GET /{} HTTP/1.1\r\nHost: r\r\n\r\n", "x".repeat(100_000)), "431"),
        // Nothing of it has to be sent for that.
        (format!("{head}Content-Length: 1000000000\r\n\r\n"), "413"),
        (format!("{head}Transfer-Encoding: chunked\r\n\r\n{streamed}"), "413"),
    ] {
        let said = answer(&served, &request).await;
        // The reset of a connection on which more was sent than was read may take the answer with it.
        assert!(said.is_empty() || statuses(&said) == [status], "{:.100}: {said}", request);
        others_are_served(&served).await;
    }
    served.running.stop().await;
}

#[tokio::test]
async fn whatever_is_slow_or_silent_loses_its_connection_and_stops_nobody() {
    let served = impatient().await;
    let head = "POST /v1/sessions HTTP/1.1\r\nHost: r\r\nContent-Type: application/json\r\n";
    let mut silent = connect(&served).await;
    let mut half = connect(&served).await;
    half.write_all(b"GET /healthz HTTP/1.1\r\nHos").await.unwrap();
    let mut idle = connect(&served).await;
    idle.write_all(HIDDEN.as_bytes()).await.unwrap();
    let mut body = connect(&served).await;
    body.write_all(format!("{head}Content-Length: 100\r\n\r\n{{").as_bytes()).await.unwrap();
    let mut chunk = connect(&served).await;
    chunk.write_all(format!("{head}Transfer-Encoding: chunked\r\n\r\n8\r\n{{").as_bytes()).await.unwrap();
    let mut dripping = connect(&served).await;
    others_are_served(&served).await;
    let (drips, ()) = tokio::join!(drip(&mut dripping), others_are_served(&served));
    assert!(drips < 10_000, "{drips} bytes of a header were waited for");
    assert_eq!(until_closed(&mut silent).await, "");
    assert!(statuses(&until_closed(&mut half).await).iter().all(|status| *status == "408"));
    assert_eq!(statuses(&until_closed(&mut idle).await), ["200"], "and nothing after it");
    for slow in [&mut body, &mut chunk] {
        let said = until_closed(slow).await;
        assert!(statuses(&said).iter().all(|status| *status == "503"), "{said}");
    }
    others_are_served(&served).await;
    served.running.stop().await;
}

/// Sends one byte of a header after another until the connection is closed; returns how many.
async fn drip(stream: &mut TcpStream) -> usize {
    let _ = stream.write_all(b"GET / HTTP/1.1\r\nX: ").await;
    let mut every = tokio::time::interval(Duration::from_millis(10));
    let dripping = async {
        let mut count = 0;
        loop {
            every.tick().await;
            if stream.write_all(b"x").await.is_err() {
                return count;
            }
            count += 1;
        }
    };
    timeout(PATIENCE, dripping).await.expect("a header may take as long as it likes")
}

#[tokio::test]
async fn who_does_not_read_loses_the_connection() {
    let served = impatient().await;
    // Small buffers, and so many requests that their answers fill them.
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 << 10).unwrap();
    let mut stream = socket.connect(address(&served)).await.unwrap();
    let request = "GET /openapi.json HTTP/1.1\r\nHost: r\r\n\r\n";
    let asking = async { while stream.write_all(request.as_bytes()).await.is_ok() {} };
    timeout(PATIENCE, asking).await.expect("an unread answer may wait as long as it likes");
    others_are_served(&served).await;
    served.running.stop().await;
}

#[tokio::test]
async fn places_held_by_silent_clients_come_back() {
    let served = impatient().await;
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(connect(&served).await);
    }
    // Behind them all, by a connection of its own.
    let client = crate::api::client();
    let late = client.get(format!("{}/healthz", served.running.url())).send();
    assert_eq!(timeout(PATIENCE, late).await.unwrap().unwrap().status(), StatusCode::OK);
    served.running.stop().await;
}

#[tokio::test]
async fn headers_that_a_browser_obeys_are_on_every_answer() {
    let served = Served::new().await;
    for (method, path, status) in [
        (Method::GET, "/healthz", 200),
        (Method::GET, "/readyz", 200),
        (Method::GET, "/metrics", 200),
        (Method::GET, "/openapi.json", 200),
        (Method::GET, "/v1/feed", 200),
        (Method::GET, "/nowhere", 404),
        (Method::PATCH, "/v1/feed", 405),
        (Method::POST, "/v1/sessions", 415),
    ] {
        let answer = served.request(method, path).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        for (name, value) in [
            ("cache-control", Some("no-store")),
            ("x-content-type-options", Some("nosniff")),
            ("content-security-policy", Some("default-src 'none'; frame-ancestors 'none'")),
            ("x-frame-options", Some("DENY")),
            ("referrer-policy", Some("no-referrer")),
            ("strict-transport-security", None),
            ("server", None),
        ] {
            let found = header(name);
            // A directory may be kept as long as it is asked about again.
            assert!(found.as_deref() == value, "{path}: {name}: {found:?}");
        }
    }
    served.running.stop().await;
}
