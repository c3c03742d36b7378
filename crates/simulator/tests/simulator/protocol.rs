//! The protocol over HTTP.

use prikrep_domain::{AnswerId, Application, ApplicationType, DecisionKind, Directory, Found, Role, Session, Status};
use prikrep_simulator::Options;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Bench, draft, pending, problem, scale};

#[tokio::test]
async fn a_session_is_needed_and_ends() {
    let bench = Bench::start(10).await;
    let session: Session = bench.get("/v1/sessions/current").await.json().await.unwrap();
    assert_eq!((session.role, session.organization, session.token), (Role::Daemon, None, None));
    for path in ["/v1/feed", "/v1/applications?from=2026-01-01&to=2026-01-02", "/v1/directory", "/v1/sessions/current"]
    {
        let url = format!("{}{path}", bench.running.url());
        problem(bench.client.get(&url).send().await.unwrap(), 401, "session-expired").await;
        let foreign = bench.client.get(&url).bearer_auth("0".repeat(64)).send().await.unwrap();
        problem(foreign, 401, "session-expired").await;
        let basic = bench.client.get(&url).header("authorization", format!("Basic {}", bench.token)).send().await;
        problem(basic.unwrap(), 401, "session-expired").await;
    }
    let gone = bench.request(Method::DELETE, "/v1/sessions/current").send().await.unwrap();
    assert_eq!(gone.status(), 204);
    problem(bench.get("/v1/feed").await, 401, "session-expired").await;
    bench.running.stop().await;
}

#[tokio::test]
async fn wrong_credentials_are_refused_and_then_locked() {
    let bench = Bench::start(10).await;
    let sign_in = |body: Value| bench.post("/v1/sessions", body);
    let wrong = json!({ "login": "region-22", "password": "guess" });
    for _ in 0..10 {
        problem(sign_in(wrong.clone()).await, 401, "bad-credentials").await;
    }
    let locked = sign_in(wrong).await;
    let seconds: u64 = locked.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=31).contains(&seconds));
    problem(locked, 429, "too-many-attempts").await;
    for body in
        [json!({}), json!({ "login": "", "password": "x" }), json!({ "login": "x", "password": "x".repeat(1_025) })]
    {
        problem(sign_in(body).await, 400, "bad-request").await;
    }
}

#[tokio::test]
async fn the_feed_is_read_page_by_page() {
    let bench = Bench::start(250).await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = bench.feed(&format!("after={cursor}&limit=100")).await;
        seen.extend(page.changes);
        cursor = page.cursor.to_string();
        if !page.has_more {
            break;
        }
    }
    assert_eq!(seen, bench.running.read(crate::support::everything));
    for query in ["limit=0", "limit=5001", "limit=x", "wait=61", "limit=-1", "after=nonsense"] {
        problem(bench.get(&format!("/v1/feed?{query}")).await, 400, "bad-request").await;
    }
    problem(bench.get(&format!("/v1/feed?after={}", "x".repeat(129))).await, 400, "bad-request").await;
}

#[tokio::test]
async fn a_long_poll_is_answered_by_a_change_and_by_the_stop() {
    let bench = Bench::start(5).await;
    let cursor = bench.feed("").await.cursor;
    let query = format!("after={cursor}&wait=60");
    let (page, ids) = tokio::join!(bench.feed(&query), async {
        // Whichever comes first, the poll sees the arrival.
        tokio::task::yield_now().await;
        bench.running.arrive(2)
    });
    assert_eq!(page.changes.iter().map(|a| a.id).collect::<Vec<_>>().first(), ids.first());

    let cursor = bench.feed("").await.cursor;
    let waiting = bench.request(Method::GET, &format!("/v1/feed?after={cursor}&wait=60"));
    let poll = tokio::spawn(waiting.send());
    bench.running.stop().await;
    // Either the poll was held and is answered, or it came too late to be accepted at all.
    if let Ok(response) = poll.await.unwrap() {
        assert_eq!(response.status(), 200);
    }
}

#[tokio::test]
async fn a_page_is_compressed_as_asked() {
    let bench = Bench::start(200).await;
    let plain = reqwest::Client::builder().no_gzip().no_zstd().build().unwrap();
    for (asked, got) in [("gzip", Some("gzip")), ("zstd", Some("zstd")), ("identity", None)] {
        let url = format!("{}/v1/feed", bench.running.url());
        let response = plain.get(url).bearer_auth(&bench.token).header("accept-encoding", asked).send().await.unwrap();
        let encoding = response.headers().get("content-encoding").map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(encoding.as_deref(), got);
        let bytes = response.bytes().await.unwrap().len();
        assert_eq!(bytes < 100_000, got.is_some(), "{asked}: {bytes}");
    }
    assert_eq!(bench.feed("").await.changes.len(), 200);
}

#[tokio::test]
async fn a_search_finds_and_refuses() {
    let bench = Bench::start(1_000).await;
    let search = |query: &str| format!("/v1/applications?from=2024-01-01&to=2026-12-31{query}");
    let all: Found = serde_json::from_value(bench.get_json(&search("&limit=3")).await).unwrap();
    assert_eq!((all.total, all.items.len()), (1_000, 3));
    assert!(all.items[0].created_at >= all.items[1].created_at);
    let one = &all.items[0];
    let exact = format!("&patient={}&type={}&kind={}", one.patient.guid, one.application_type.code(), one.kind.code());
    let found: Found = serde_json::from_value(bench.get_json(&search(&exact)).await).unwrap();
    assert!(found.items.contains(one));
    let with_snils =
        all.items.iter().find_map(|a| prikrep_domain::Snils::parse(a.patient.snils.as_deref()?).ok()).unwrap();
    let found: Found =
        serde_json::from_value(bench.get_json(&search(&format!("&snils={}", String::from(with_snils)))).await).unwrap();
    assert!(found.total >= 1);
    for query in [
        "&sort=age",
        "&limit=0",
        "&limit=5001",
        "&offset=100001",
        "&snils=1",
        "&patient=x",
        "&type=x",
        "&kind=x",
        "&status=pending",
        "&status=",
    ] {
        problem(bench.get(&search(query)).await, 400, "bad-request").await;
    }
    for query in ["", "?from=2026-01-01", "?from=2026-02-01&to=2026-01-01", "?from=x&to=2026-01-01"] {
        problem(bench.get(&format!("/v1/applications{query}")).await, 400, "bad-request").await;
    }
}

#[tokio::test]
async fn an_answer_is_accepted_once_over_http() {
    let bench = Bench::start(2_000).await;
    let choice = bench.running.read(|gateway| pending(gateway, ApplicationType::Choice, Status::Sent));
    let id = AnswerId::generate();
    let path = format!("/v1/applications/{}/answers/{id}", choice.id);
    let put = |path: String, body: Value| bench.request(Method::PUT, &path).json(&body).send();
    let body = serde_json::to_value(draft(DecisionKind::Provide)).unwrap();

    let first = put(path.clone(), body.clone()).await.unwrap();
    assert_eq!(first.status(), 201);
    let application: Application = first.json().await.unwrap();
    assert_eq!(application.status, Status::Done);
    let again = put(path.clone(), body.clone()).await.unwrap();
    assert_eq!(again.status(), 200);
    assert_eq!(again.json::<Application>().await.unwrap(), application);
    let card: Application = bench.get(&format!("/v1/applications/{}", choice.id)).await.json().await.unwrap();
    assert_eq!(card, application);

    let other = serde_json::to_value(draft(DecisionKind::Refuse)).unwrap();
    let reused = problem(put(path, other.clone()).await.unwrap(), 409, "answer-id-reused").await;
    assert_eq!(reused.application.as_deref(), Some(&application));
    let second = format!("/v1/applications/{}/answers/{}", choice.id, AnswerId::generate());
    let already = problem(put(second.clone(), other).await.unwrap(), 409, "already-answered").await;
    assert_eq!(already.application.as_deref(), Some(&application));
    assert!(already.words().contains("Регистратор А. Б."));
    assert_eq!(bench.get_json("/control/answers").await["total"], 1);
}

#[tokio::test]
async fn a_bad_answer_is_told_by_field() {
    let bench = Bench::start(2_000).await;
    let (choice, superseded) = bench.running.read(|gateway| {
        let all = crate::support::everything(gateway);
        let under = |a: &&Application| gateway.standing(a.id).unwrap().superseded_by.is_some();
        (pending(gateway, ApplicationType::Choice, Status::Sent), all.iter().find(under).unwrap().clone())
    });
    let path = |id, answer: &str| format!("/v1/applications/{id}/answers/{answer}");
    let fresh = AnswerId::generate().to_string();
    let put = |path: String, body: Value| bench.request(Method::PUT, &path).json(&body).send();
    let good = serde_json::to_value(draft(DecisionKind::Provide)).unwrap();

    let mut bad = good.clone();
    bad["doctor"]["full_name"] = json!("");
    let invalid = problem(put(path(choice.id, &fresh), bad).await.unwrap(), 422, "invalid-answer").await;
    assert_eq!(invalid.errors[0].field, "doctor.full_name");
    for (field, value) in [("decision", json!("burn")), ("answered_at", json!("yesterday")), ("comment", json!(5))] {
        let mut bad = good.clone();
        bad[field] = value;
        let wrong = problem(put(path(choice.id, &fresh), bad).await.unwrap(), 422, "invalid-answer").await;
        assert_eq!(wrong.errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), [field]);
    }
    problem(put(path(choice.id, "not-a-guid"), good.clone()).await.unwrap(), 422, "invalid-answer").await;
    let wrong = serde_json::to_value(draft(DecisionKind::FailCancel)).unwrap();
    problem(put(path(choice.id, &fresh), wrong).await.unwrap(), 409, "wrong-status").await;
    problem(put(path(superseded.id, &fresh), good.clone()).await.unwrap(), 409, "superseded").await;
    let nobody = "/v1/applications/0198f3a2-1c5e-7d40-8a11-5b2f6f0c9d21";
    problem(put(format!("{nobody}/answers/{fresh}"), good.clone()).await.unwrap(), 404, "not-found").await;
    problem(put(format!("/v1/applications/x/answers/{fresh}"), good).await.unwrap(), 404, "not-found").await;
    problem(bench.get(nobody).await, 404, "not-found").await;
    for path in ["/v1/applications/x", "/v1/applications/%FF"] {
        problem(bench.get(path).await, 404, "not-found").await;
    }

    let raw = |body: Vec<u8>| bench.request(Method::PUT, &path(choice.id, &fresh)).body(body).send();
    problem(raw(b"{\"decision\":".to_vec()).await.unwrap(), 400, "bad-request").await;
    problem(raw(b"\xff\xfe".to_vec()).await.unwrap(), 400, "bad-request").await;
    problem(raw(vec![b' '; 300 << 10]).await.unwrap(), 413, "too-large").await;
    assert_eq!(bench.get_json("/control/answers").await["total"], 0);
}

#[tokio::test]
async fn the_directory_has_a_tag() {
    let bench = Bench::start(1).await;
    let response = bench.get("/v1/directory").await;
    let tag = response.headers()["etag"].to_str().unwrap().to_owned();
    let directory: Directory = response.json().await.unwrap();
    assert!(directory.districts.len() > 10 && directory.refusal_reasons.len() > 3);
    for (asked, status) in [(tag.as_str(), 304), ("*", 304), ("\"other\"", 200)] {
        let again = bench.request(Method::GET, "/v1/directory").header("if-none-match", asked).send().await.unwrap();
        assert_eq!(again.status(), status, "{asked}");
        assert_eq!(again.headers()["etag"], tag.as_str());
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems_too() {
    let bench = Bench::start(1).await;
    for path in ["/", "/v1", "/v1/nothing", "/v2/feed", "/control"] {
        problem(bench.get(path).await, 404, "not-found").await;
    }
    for (method, path) in [(Method::POST, "/v1/feed"), (Method::GET, "/v1/sessions"), (Method::PATCH, "/healthz")] {
        let response = bench.request(method, path).send().await.unwrap();
        assert!(response.headers().contains_key("allow"), "{path}");
        problem(response, 405, "bad-request").await;
    }
}

#[tokio::test]
async fn an_administrator_sees_how_it_is() {
    let bench = Bench::start(42).await;
    let anonymous = |path: &str| bench.client.get(format!("{}{path}", bench.running.url())).send();
    assert_eq!(anonymous("/healthz").await.unwrap().status(), 200);
    let ready: Value = anonymous("/readyz").await.unwrap().json().await.unwrap();
    assert_eq!(ready, json!({ "ready": true, "applications": 42, "head": 42, "epoch": 1 }));
    bench.feed("limit=10").await;
    let metrics = anonymous("/metrics").await.unwrap().text().await.unwrap();
    for line in ["prikrep_simulator_applications 42", "prikrep_simulator_feed_records_total 10"] {
        assert!(metrics.lines().any(|found| found == line), "{line}");
    }
}

#[tokio::test]
async fn what_openapi_describes_is_there() {
    let bench = Bench::start(1).await;
    let described = bench.get_json("/openapi.json").await;
    let paths = described["paths"].as_object().unwrap();
    assert!(paths.len() >= 16);
    let guid = "0198f3a2-1c5e-7d40-8a11-5b2f6f0c9d21";
    for (path, operations) in paths {
        let path = path.replace("{id}", guid).replace("{answer_id}", guid);
        for (method, operation) in operations.as_object().unwrap().iter().filter(|(key, _)| *key != "parameters") {
            let method: Method = method.to_uppercase().parse().unwrap();
            let response = bench.client.request(method.clone(), format!("{}{path}", bench.running.url())).send();
            let response = response.await.unwrap();
            let status = response.status().as_u16();
            let needs_session = operation.get("security").is_none();
            assert_eq!(status == 401, needs_session, "{method} {path}: {status}");
            assert_ne!(status, 405, "{method} {path}");
            if status == 404 {
                let problem: Value = response.json().await.unwrap();
                assert_eq!(problem["detail"], "Заявление не найдено", "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn applications_arrive_over_time() {
    let bench = Bench::with(Options { rate: 500.0, ..Options::of(scale(0)) }).await;
    let page = bench.feed("wait=60").await;
    assert!(!page.changes.is_empty());
    let next = bench.feed(&format!("wait=60&after={}", page.cursor)).await;
    assert!(!next.changes.is_empty());
    bench.running.stop().await;
}

#[tokio::test]
async fn a_busy_port_and_a_bad_rate_are_told_in_words() {
    let bench = Bench::start(1).await;
    let listen = bench.running.addr();
    let Err(error) = prikrep_simulator::Simulator::start(Options { listen, ..Options::of(scale(1)) }).await else {
        panic!("the port is taken")
    };
    assert!(error.to_string().contains("уже занят"), "{error}");
    for rate in [-1.0, f64::NAN, 1e9] {
        assert!(prikrep_simulator::Simulator::start(Options { rate, ..Options::of(scale(1)) }).await.is_err());
    }
}
