//! The client over HTTP: what it sends, and what it makes of everything that may come back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Method, Response};
use prikrep_daemon::{
    DirectoryNews, HttpOptions, HttpUpstream, NetworkFault, PasswordSource, Pushed, Secret, Timeouts, Upstream,
    UpstreamError,
};
use prikrep_domain::{
    Answer, AnswerId, Application, Cursor, Decision, Delivery, MAX_PAGE_BYTES, PasswordChange, ProblemKind,
    RecordedAnswer, Role,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::fixture::{application_id, choice, start_of_time};
use crate::server::{Asked, Raw, SESSION, Server, behind_sign_in, impatient, options, raw, reply, signed_in};

fn record(number: u32) -> Value {
    serde_json::to_value(choice(number)).unwrap()
}

fn page_of(records: &[Value]) -> String {
    json!({"changes": records, "cursor": "c1", "has_more": false, "unknown": {}}).to_string()
}

fn refusal() -> RecordedAnswer {
    let answer = Answer {
        decision: Decision::Refuse { reason: "Не та территория".to_owned() },
        comment: "Приходите".to_owned(),
        answered_at: start_of_time(),
        answered_by: "Сидорова О. И.".to_owned(),
    };
    RecordedAnswer { id: AnswerId::generate(), answer, delivery: Delivery::Queued }
}

fn is_network(error: &UpstreamError, expected: NetworkFault) -> bool {
    matches!(error, UpstreamError::Network { fault, .. } if *fault == expected)
}

#[tokio::test]
async fn a_password_is_changed_in_the_session_and_what_is_not_taken_is_told_by_field() {
    let server = behind_sign_in(|asked: Asked| async move {
        let change: PasswordChange = serde_json::from_slice(&asked.body).unwrap();
        match (asked.method, asked.path.as_str(), change.current.as_str(), change.new.as_str()) {
            (Method::PUT, "/v1/sessions/current/password", "pass-word", "another") => reply(204, "text/plain", ""),
            (Method::PUT, "/v1/sessions/current/password", "pass-word", _) => {
                let problem = json!({"type": "urn:prikrep:problem:bad-request", "title": "x", "status": 400,
                    "errors": [{"field": "new", "message": "Пароль короче 12 знаков"}]});
                reply(400, "application/problem+json", problem.to_string())
            }
            (method, path, ..) => panic!("{method} {path}"),
        }
    })
    .await;
    let upstream = HttpUpstream::new(options(&server.url)).unwrap();
    let change = |new: &str| PasswordChange { current: "pass-word".to_owned(), new: new.to_owned() };
    assert_eq!(upstream.change_password(&change("another")).await, Err(UpstreamError::SignedOut));
    upstream.sign_in().await.unwrap();
    assert_eq!(upstream.change_password(&change("another")).await, Ok(()));
    let error = upstream.change_password(&change("short")).await.unwrap_err();
    let UpstreamError::Response(response) = &error else { panic!("{error:?}") };
    assert_eq!(response.problem.as_ref().unwrap().errors[0].field, "new");
    assert!(!format!("{error:?} {error} {:?}", change("short")).contains("short"));
}

#[tokio::test]
async fn every_request_is_what_the_protocol_says() {
    let server = Server::start(|asked: Asked| async move {
        match (asked.method, asked.path.as_str()) {
            (Method::POST, "/prefix/v1/sessions") => crate::server::json(201, SESSION),
            (Method::GET, "/prefix/v1/feed") => crate::server::json(200, page_of(&[record(1)])),
            (Method::GET, "/prefix/v1/directory") if asked.if_none_match.is_some() => reply(304, "text/plain", ""),
            (Method::GET, "/prefix/v1/directory") => {
                let body = r#"{"departments":[],"districts":[],"doctors":[],"refusal_reasons":["Нет мест"]}"#;
                let mut response = crate::server::json(200, body);
                response.headers_mut().insert("etag", "\"7\"".parse().unwrap());
                response
            }
            (Method::PUT, _) => crate::server::json(201, record(5).to_string()),
            (Method::DELETE, "/prefix/v1/sessions/current") => reply(204, "text/plain", ""),
            (method, path) => panic!("{method} {path}"),
        }
    })
    .await;
    let upstream = HttpUpstream::new(options(&format!("{}/prefix/", server.url))).unwrap();
    assert_eq!(upstream.pull(None, 10, 0).await.unwrap_err(), UpstreamError::SignedOut);
    assert!(server.asked().is_empty(), "without a session nothing is sent");

    let session = upstream.sign_in().await.unwrap();
    assert_eq!((session.role, session.token), (Role::Daemon, None));
    let cursor = Cursor::new("a b&c=ё".to_owned()).unwrap();
    assert_eq!(upstream.pull(Some(&cursor), 1_000, 50).await.unwrap().read().applications, [choice(1)]);
    upstream.pull(None, 7, 0).await.unwrap();
    let answer = refusal();
    let pushed = upstream.push(application_id(5), &answer).await.unwrap();
    assert_eq!(pushed, Pushed { application: Some(choice(5)) });
    let DirectoryNews::Changed { directory, etag } = upstream.directory(None).await.unwrap() else { panic!() };
    assert_eq!(directory.refusal_reasons, ["Нет мест"]);
    assert_eq!(upstream.directory(etag.as_deref()).await.unwrap(), DirectoryNews::Unchanged);
    upstream.sign_out().await.unwrap();
    assert_eq!(upstream.pull(None, 10, 0).await.unwrap_err(), UpstreamError::SignedOut);
    upstream.sign_out().await.unwrap();

    let asked = server.asked();
    assert_eq!(asked.len(), 7);
    let credentials: Value = serde_json::from_slice(&asked[0].body).unwrap();
    assert_eq!(credentials, json!({"login": "region-22", "password": "pass-word"}));
    assert_eq!(asked[0].authorization, None);
    assert!(asked[1..].iter().all(|asked| asked.authorization.as_deref() == Some("Bearer t0ken")));
    assert_eq!(asked[1].query, "after=a+b%26c%3D%D1%91&limit=1000&wait=50");
    assert_eq!(asked[2].query, "limit=7&wait=0");
    let encodings = asked[1].accept_encoding.clone().unwrap();
    assert!(encodings.contains("gzip") && encodings.contains("zstd"), "{encodings}");
    assert_eq!(asked[3].path, format!("/prefix/v1/applications/{}/answers/{}", application_id(5), answer.id));
    let sent: Value = serde_json::from_slice(&asked[3].body).unwrap();
    let expected = json!({"decision": "refuse", "comment": "Приходите", "answered_at": "2026-03-01T04:00:00Z",
        "answered_by": "Сидорова О. И.", "refusal_reason": "Не та территория"});
    assert_eq!(sent, expected);
    assert_eq!(asked[5].if_none_match.as_deref(), Some("\"7\""));
}

#[tokio::test]
async fn one_bad_record_costs_only_itself() {
    let mut unknown = record(2);
    unknown["status"] = json!("teleported");
    let mut without_answers = record(3);
    without_answers.as_object_mut().unwrap().remove("answers");
    let mut large = record(4);
    large["department"] = json!("x".repeat(1 << 20));
    let mut backwards = record(1);
    backwards["version"] = json!(0);
    let mut deep = String::new();
    (0..5_000).for_each(|_| deep.push('['));
    (0..5_000).for_each(|_| deep.push(']'));
    let mut body = format!(
        r#"{{"changes": [{}, {unknown}, {without_answers}, {large}, {backwards}, null, 7, "x", {{}}, {deep}, {}, {},
            {{"id":"{}","version":-1}}, BAD], "cursor": "c", "has_more": true}}"#,
        record(1),
        record(5),
        record(1),
        application_id(6),
    )
    .into_bytes();
    // The family name of one record is not UTF-8.
    let at = body.windows(3).rposition(|found| found == b"BAD").unwrap();
    let mut broken = record(7).to_string().into_bytes();
    let name = broken.windows(2).position(|found| found == "Ё".as_bytes()).unwrap();
    broken[name] = 0xFF;
    body.splice(at..at + 3, broken);

    let server = behind_sign_in(move |_| {
        let body = body.clone();
        async move { reply(200, "text/html; charset=windows-1251", body) }
    })
    .await;
    let page = signed_in(options(&server.url)).await.pull(None, 100, 0).await.unwrap().read();
    assert_eq!(page.applications, [choice(1), choice(3), choice(5), choice(1)]);
    assert!(page.has_more);
    let bad: Vec<_> = page.unreadable.iter().map(|record| record.id).collect();
    let id = |number| Some(application_id(number));
    assert_eq!(bad, [id(2), None, id(1), None, None, None, None, None, id(6), id(7)]);
    assert!(page.unreadable.iter().all(|record| !record.reason.contains("teleported1") && !record.raw.is_empty()));
}

#[tokio::test]
async fn what_is_no_page_is_an_error_in_words_without_its_values() {
    let many = json!({"changes": vec![1; 5_001], "cursor": "c", "has_more": false}).to_string();
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("empty", Vec::new()),
        ("html", b"<html>Petrov</html>".to_vec()),
        ("null", b"null".to_vec()),
        ("array", b"[]".to_vec()),
        ("no cursor", br#"{"changes":[],"has_more":false}"#.to_vec()),
        ("no has_more", br#"{"changes":[],"cursor":"c"}"#.to_vec()),
        ("no changes", br#"{"cursor":"Petrov","has_more":false}"#.to_vec()),
        ("changes no list", br#"{"changes":{"Petrov":1},"cursor":"c","has_more":false}"#.to_vec()),
        ("cursor no text", br#"{"changes":[],"cursor":5,"has_more":false}"#.to_vec()),
        ("long cursor", json!({"changes": [], "cursor": "Petrov".repeat(30), "has_more": false}).to_string().into()),
        ("has_more no bool", br#"{"changes":[],"cursor":"c","has_more":"Petrov"}"#.to_vec()),
        ("cut off", page_of(&[record(1)]).as_bytes()[..500].to_vec()),
        ("trailing", [page_of(&[]).as_bytes(), b"Petrov"].concat()),
        ("two changes", br#"{"changes":[],"changes":[],"cursor":"c","has_more":false}"#.to_vec()),
        ("not text", vec![0xFF; 100]),
    ];
    for (name, body) in bodies {
        let server = behind_sign_in(move |_| {
            let body = body.clone();
            async move { crate::server::json(200, body) }
        })
        .await;
        let error = signed_in(options(&server.url)).await.pull(None, 10, 0).await.unwrap_err();
        assert!(matches!(error, UpstreamError::Unintelligible(_)), "{name}: {error:?}");
        assert!(!format!("{error} {error:?} {}", error.words()).contains("Petrov"), "{name}: {error:?}");
    }
    let server = behind_sign_in(move |_| {
        let many = many.clone();
        async move { crate::server::json(200, many) }
    })
    .await;
    let error = signed_in(options(&server.url)).await.pull(None, 10, 0).await.unwrap_err();
    assert!(matches!(error, UpstreamError::TooLarge(_)), "{error:?}");
}

#[tokio::test]
async fn compressed_pages_are_read_and_bombs_are_not() {
    let records: Vec<_> = (0..500).map(record).collect();
    let body = page_of(&records);
    let server = behind_sign_in(move |_| {
        let body = body.clone();
        async move { crate::server::json(200, body) }
    })
    .await;
    let mut sizes = Vec::new();
    for encoding in ["identity", "gzip", "zstd"] {
        let (upstream, mut carried) = only(encoding, &server.url).await;
        carried.recv().await.unwrap();
        let page = upstream.pull(None, 1_000, 0).await.unwrap().read();
        assert_eq!(page.applications.len(), 500);
        sizes.push(carried.recv().await.unwrap());
    }
    assert!(sizes[1] * 5 < sizes[0] && sizes[2] * 5 < sizes[0] && sizes[1] != sizes[2], "{sizes:?}");

    for encoding in ["gzip", "zstd", "identity"] {
        let bomb = behind_sign_in(move |_| async move {
            // A gigabyte that never has to exist: the body is made as it is read.
            let chunk = axum::body::Bytes::from(vec![b' '; 1 << 20]);
            let chunks = futures::stream::repeat(Ok::<_, std::convert::Infallible>(chunk));
            let body = Body::from_stream(futures::StreamExt::take(chunks, 1_024));
            Response::builder().header("content-type", "application/json").body(body).unwrap()
        })
        .await;
        let error = only(encoding, &bomb.url).await.0.pull(None, 10, 0).await.unwrap_err();
        assert!(matches!(error, UpstreamError::TooLarge(_)), "{encoding}: {error:?}");
    }

    let server = behind_sign_in(|_| async { crate::server::json(200, vec![b' '; MAX_PAGE_BYTES + 1]) }).await;
    let error = signed_in(options(&server.url)).await.pull(None, 10, 0).await.unwrap_err();
    assert!(matches!(error, UpstreamError::TooLarge(_)), "{error:?}");
}

/// A client whose server compresses by one encoding only, and the bytes that each of its connections carried.
async fn only(encoding: &'static str, url: &str) -> (HttpUpstream, mpsc::UnboundedReceiver<u64>) {
    let server = url.strip_prefix("http://").unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut options = options(&format!("http://{}", listener.local_addr().unwrap()));
    // An unoptimised compressor on a busy machine is slow: that is not what is tested here.
    let long = Duration::from_secs(600);
    options.timeouts = Timeouts { answer: long, silence: long, transfer: long, ..options.timeouts };
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(carry(client, TcpStream::connect(&server).await.unwrap(), encoding, sender.clone()));
        }
    });
    (signed_in(options).await, receiver)
}

async fn carry(mut client: TcpStream, mut server: TcpStream, encoding: &str, carried: mpsc::UnboundedSender<u64>) {
    // The head comes in one piece on loopback; its list of encodings is replaced.
    let mut head = vec![0; 8_192];
    let read = client.read(&mut head).await.unwrap();
    let text = String::from_utf8_lossy(&head[..read]).into_owned();
    let lines = text.split("\r\n").map(|line| match line.to_lowercase() {
        lower if lower.starts_with("accept-encoding:") => format!("connection: close\r\naccept-encoding: {encoding}"),
        _ => line.to_owned(),
    });
    server.write_all(lines.collect::<Vec<_>>().join("\r\n").as_bytes()).await.unwrap();
    if let Ok((_, down)) = tokio::io::copy_bidirectional(&mut client, &mut server).await {
        let _ = carried.send(down);
    }
}

#[tokio::test]
async fn a_status_keeps_the_servers_words_and_none_leak() {
    let problem = json!({"type": "urn:prikrep:problem:already-answered", "title": "t", "status": 409,
        "detail": "На заявление уже ответила Petrova", "application": record(5)});
    let bodies: [(u16, String, Option<ProblemKind>); 6] = [
        (409, problem.to_string(), Some(ProblemKind::AlreadyAnswered)),
        (
            422,
            r#"{"type":"urn:prikrep:problem:invalid-answer","detail":"Petrova"}"#.to_owned(),
            Some(ProblemKind::InvalidAnswer),
        ),
        (404, "<h1>Petrova not found</h1>".to_owned(), None),
        (503, "x".repeat(3 << 20), None),
        (500, String::new(), None),
        (302, String::new(), None),
    ];
    for (status, body, kind) in bodies {
        let server = behind_sign_in(move |_| {
            let body = body.clone();
            async move {
                let mut response = reply(status, "application/problem+json", body);
                response.headers_mut().insert("retry-after", "17".parse().unwrap());
                response.headers_mut().insert("location", "/elsewhere".parse().unwrap());
                response
            }
        })
        .await;
        let upstream = signed_in(options(&server.url)).await;
        let pushed = upstream.push(application_id(5), &refusal()).await.unwrap_err();
        let pulled = upstream.pull(None, 10, 0).await.unwrap_err();
        assert_eq!(pushed, pulled);
        assert!(!format!("{pushed} {pushed:?}").contains("Petrova"), "{pushed:?}");
        let UpstreamError::Response(response) = pushed else { panic!("{pushed:?}") };
        assert_eq!((response.status, response.retry_after), (status, Some(Duration::from_secs(17))));
        assert_eq!(response.problem.as_ref().map(|problem| problem.kind.clone()), kind);
        if status == 409 {
            assert_eq!(response.to_problem().words(), "На заявление уже ответила Petrova");
            assert_eq!(response.to_problem().application.as_deref(), Some(&choice(5)));
        }
        assert_eq!(server.asked().len(), 3, "a redirect is not followed");
    }
}

#[tokio::test]
async fn what_a_push_may_be_told() {
    let mut unknown = record(5);
    unknown["status"] = json!("teleported");
    let rows: [(u16, String, Result<Option<Application>, ()>); 9] = [
        (200, record(5).to_string(), Ok(Some(choice(5)))),
        (201, record(5).to_string(), Ok(Some(choice(5)))),
        (201, String::new(), Ok(None)),
        (204, String::new(), Ok(None)),
        (200, unknown.to_string(), Ok(None)),
        (200, record(6).to_string(), Err(())),
        (200, String::new(), Err(())),
        (200, "<html>Sign in to the hotel's network</html>".to_owned(), Err(())),
        (201, "{}".to_owned(), Err(())),
    ];
    for (status, body, expected) in rows {
        let shown = body.clone();
        let server = behind_sign_in(move |_| {
            let body = body.clone();
            async move { crate::server::json(status, body) }
        })
        .await;
        let result = signed_in(options(&server.url)).await.push(application_id(5), &refusal()).await;
        match (&result, &expected) {
            (Ok(pushed), Ok(application)) => assert_eq!(&pushed.application, application),
            (Err(UpstreamError::Unintelligible(_)), Err(())) => {}
            _ => panic!("{status} {shown}: {result:?}"),
        }
    }
}

#[tokio::test]
async fn a_session_ends_with_a_401_and_only_then() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let server = behind_sign_in(move |_| {
        let call = counter.fetch_add(1, Ordering::SeqCst);
        async move { if call == 1 { reply(401, "text/html", "no") } else { crate::server::json(200, page_of(&[])) } }
    })
    .await;
    let upstream = signed_in(options(&server.url)).await;
    upstream.pull(None, 1, 0).await.unwrap();
    assert_eq!(upstream.pull(None, 1, 0).await.unwrap_err(), UpstreamError::SignedOut);
    assert_eq!(upstream.pull(None, 1, 0).await.unwrap_err(), UpstreamError::SignedOut);
    assert_eq!(calls.load(Ordering::SeqCst), 2, "the dead token is not sent again");
    upstream.sign_in().await.unwrap();
    upstream.pull(None, 1, 0).await.unwrap();
}

#[tokio::test]
async fn a_sign_in_that_fails_says_why() {
    let bodies = [
        (401, r#"{"type":"urn:prikrep:problem:bad-credentials","detail":"Неверный логин или пароль"}"#),
        (429, r#"{"type":"urn:prikrep:problem:too-many-attempts"}"#),
        (200, "{}"),
        (201, r#"{"expires_at":"2030-01-01T00:00:00Z","employee":"x","role":"daemon","organization":null}"#),
        (
            201,
            r#"{"token":"a\nb","expires_at":"2030-01-01T00:00:00Z","employee":"x","role":"daemon","organization":null}"#,
        ),
        (
            201,
            r#"{"token":"t","expires_at":"2030-01-01T00:00:00Z","employee":"x","role":"emperor","organization":null}"#,
        ),
    ];
    for (status, body) in bodies {
        let server = Server::start(move |_| async move { crate::server::json(status, body) }).await;
        let upstream = HttpUpstream::new(options(&server.url)).unwrap();
        let error = upstream.sign_in().await.unwrap_err();
        match status {
            200 | 201 => assert!(matches!(error, UpstreamError::Unintelligible(_)), "{error:?}"),
            status => assert!(matches!(&error, UpstreamError::Response(response) if response.status == status)),
        }
        assert!(!format!("{error:?} {error}").contains("pass-word"));
        assert_eq!(upstream.pull(None, 1, 0).await.unwrap_err(), UpstreamError::SignedOut);
    }
    let password = PasswordSource::new(|| Err("файл /etc/prikrep/password не читается".to_owned()));
    let upstream = HttpUpstream::new(HttpOptions { password, ..options("http://127.0.0.1:9") }).unwrap();
    assert!(matches!(upstream.sign_in().await, Err(UpstreamError::NoPassword(words)) if words.contains("/etc")));
    let password = PasswordSource::new(|| panic!("a fault that was asked for"));
    let upstream = HttpUpstream::new(HttpOptions { password, ..options("http://127.0.0.1:9") }).unwrap();
    assert!(matches!(upstream.sign_in().await, Err(UpstreamError::NoPassword(_))));
    assert!(!format!("{:?}", PasswordSource::fixed(Secret::new("pass-word".to_owned()))).contains("pass"));
}

#[tokio::test]
async fn connections_that_break_are_told_apart() {
    let head = |length: usize| format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n").into_bytes();
    let cut = [head(10_000), b"{\"changes\":[".to_vec()].concat();
    let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"cha\r\n".to_vec();
    let bad_gzip =
        [b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 9\r\n\r\n".to_vec(), b"not gzip!".to_vec()]
            .concat();
    let endless = [b"HTTP/1.1 200 OK\r\nx: ".to_vec(), vec![b'a'; 2 << 20]].concat();
    let rows = [
        (Raw::Says(Vec::new()), NetworkFault::Broken),
        (Raw::Says(b"SSH-2.0-OpenSSH_9\r\n".to_vec()), NetworkFault::Broken),
        (Raw::Says(b"HTTP/1.1 9999 ?\r\n\r\n".to_vec()), NetworkFault::Broken),
        (Raw::Says(endless), NetworkFault::Broken),
        (Raw::Says(cut.clone()), NetworkFault::Broken),
        (Raw::Says(chunked), NetworkFault::Broken),
        (Raw::Says(bad_gzip), NetworkFault::Broken),
        (Raw::SaysAndHangs(Vec::new()), NetworkFault::TimedOut),
        (Raw::SaysAndHangs(cut), NetworkFault::TimedOut),
    ];
    for (behaviour, expected) in rows {
        let shown = format!("{behaviour:.60?}");
        let url = raw(behaviour).await;
        let upstream = signed_in(impatient(&url)).await;
        let began = Instant::now();
        let error = upstream.pull(None, 10, 0).await.unwrap_err();
        assert!(is_network(&error, expected), "{shown}: {error:?}");
        assert!(!format!("{error:?}").contains("127.0.0.1"), "addresses are cut: {error:?}");
        let error = upstream.push(application_id(1), &refusal()).await.unwrap_err();
        assert!(is_network(&error, expected), "{shown}: {error:?}");
        assert!(began.elapsed() < Duration::from_secs(10));
    }
    let dripping = Raw::Drips(head(1_000_000));
    let error = signed_in(impatient(&raw(dripping).await)).await.pull(None, 10, 0).await.unwrap_err();
    assert_eq!(error, UpstreamError::TooSlow);

    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = HttpUpstream::new(options(&format!("http://{nobody}"))).unwrap().sign_in().await.unwrap_err();
    assert!(is_network(&error, NetworkFault::NoConnection), "{error:?}");
    let error = HttpUpstream::new(options("http://no-such-host.invalid")).unwrap().sign_in().await.unwrap_err();
    assert!(is_network(&error, NetworkFault::NameNotFound), "{error:?}");
}

#[tokio::test]
async fn a_long_poll_is_waited_for_longer_than_an_answer() {
    let server = behind_sign_in(|asked: Asked| async move {
        let held = if asked.query.contains("wait=1") { 700 } else { 0 };
        tokio::time::sleep(Duration::from_millis(held)).await;
        crate::server::json(200, page_of(&[]))
    })
    .await;
    let upstream = signed_in(impatient(&server.url)).await;
    assert!(upstream.pull(None, 1, 1).await.is_ok());
}

#[test]
fn addresses_that_cannot_be_used_are_refused_in_words() {
    for url in ["", "register", "ftp://x/", "http://", "http://u:p@host/", "http://host/?a=1", "http://host/#x"] {
        let error = HttpUpstream::new(options(url)).unwrap_err().to_string();
        assert!(error.contains("адрес сервера"), "{error}");
        assert!(!error.contains("u:p"), "{error}");
    }
    for url in ["http://127.0.0.1:9000", "http://host/prefix", " https://host:8443/prefix/ "] {
        // A machine without system certificates cannot make a client of HTTPS; that is another error.
        if let Err(error) = HttpUpstream::new(options(url)) {
            assert!(!error.to_string().contains("адрес"), "{error}");
        }
    }
    for pem in [&b"no certificate"[..], b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let options = HttpOptions { trusted_pem: Some(pem.to_vec()), ..options("https://host/") };
        assert!(HttpUpstream::new(options).is_err());
    }
}
