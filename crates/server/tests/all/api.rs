//! The protocol over real HTTP.

use prikrep_domain::Role;
use prikrep_server::{Config, Running, Server};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::{OURS, PASSWORD, THEIRS, add, answer_id, application, at, config, id, noon, page};

/// A running register with accounts and applications, and a client signed in.
pub(crate) struct Served {
    pub(crate) _folder: TempDir,
    pub(crate) running: Running,
    pub(crate) client: Client,
    pub(crate) token: String,
}

pub(crate) fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().tls_certs_only([]).build().unwrap()
}

pub(crate) fn client_without_pool() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().tls_certs_only([]).pool_max_idle_per_host(0).build().unwrap()
}

impl Served {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(&folder);
        change(&mut config);
        let running = Server::start_with(config, noon()).await.unwrap();
        add(running.register(), "ivanova", Role::Registrar, Some(OURS));
        add(running.register(), "petrova", Role::Viewer, Some(OURS));
        let all = (1..=3).map(|number| application(number, OURS)).chain([application(11, THEIRS)]);
        running.register().store().apply(&page(all.collect(), "1"), at(0)).unwrap();
        let mut served = Self { _folder: folder, running, client: client(), token: String::new() };
        served.token = served.token_of("ivanova").await;
        served
    }

    pub(crate) async fn token_of(&self, login: &str) -> String {
        let answer = self.sign_in(login, PASSWORD).await;
        assert_eq!(answer.status(), 201);
        answer.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn sign_in(&self, login: &str, password: &str) -> Response {
        let body = json!({"login": login, "password": password});
        self.anonymous(Method::POST, "/v1/sessions").json(&body).send().await.unwrap()
    }

    pub(crate) fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.running.url()))
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.anonymous(method, path).bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    async fn put(&self, application: u128, answer: u128, body: &Value) -> Response {
        let path = format!("/v1/applications/{}/answers/{}", id(application), answer_id(answer));
        self.request(Method::PUT, &path).json(body).send().await.unwrap()
    }
}

fn refuse(comment: &str) -> Value {
    json!({
        "decision": "refuse", "comment": comment, "refusal_reason": "Не та территория",
        "answered_at": at(0), "answered_by": "Кто-то Другой",
    })
}

/// A problem document: its code, with the status of the response checked against it.
pub(crate) async fn problem(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let retry = response.headers().get("retry-after").map(|value| value.to_str().unwrap().parse::<u64>().unwrap());
    assert_eq!(retry.is_some(), matches!(status, 429 | 503), "Retry-After of {status}");
    assert!(retry.is_none_or(|secs| secs >= 1));
    let document: Value = response.json().await.unwrap();
    assert_eq!(document["status"], status);
    let code = document["type"].as_str().unwrap().strip_prefix("urn:prikrep:problem:").unwrap();
    (status, code.to_owned())
}

fn expect(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn the_whole_road_of_an_answer() {
    let served = Served::new().await;
    let found: Value = served
        .get("/v1/applications?from=2026-03-01&to=2026-03-31&status=pending&sort=name&limit=1")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!((&found["total"], &found["items"][0]["id"]), (&json!(3), &json!(id(1))));
    let first = served.put(1, 1, &refuse("нет")).await;
    assert_eq!(first.status(), StatusCode::CREATED);
    let accepted: Value = first.json().await.unwrap();
    assert_eq!(accepted["status"], "refused");
    assert_eq!(accepted["answers"][0]["answered_by"], "Сотрудник ivanova");
    assert_eq!(accepted["answers"][0]["delivery"]["state"], "queued");
    let again = served.put(1, 1, &refuse("нет")).await;
    assert_eq!(again.status(), StatusCode::OK);
    assert_eq!(again.json::<Value>().await.unwrap(), accepted);
    let card: Value = served.get(&format!("/v1/applications/{}", id(1))).await.json().await.unwrap();
    assert_eq!(card, accepted);
    let feed: Value = served.get("/v1/feed").await.json().await.unwrap();
    let changes = feed["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 3);
    assert_eq!(changes[2], accepted, "the last change comes last");

    assert_eq!(problem(served.put(1, 2, &refuse("да")).await).await, expect(409, "already-answered"));
    assert_eq!(problem(served.put(1, 1, &refuse("да")).await).await, expect(409, "answer-id-reused"));
    assert_eq!(problem(served.put(2, 3, &json!({"decision": "detach"})).await).await, expect(409, "wrong-status"));
    assert_eq!(problem(served.put(2, 3, &refuse("")).await).await, expect(422, "invalid-answer"));
    assert_eq!(problem(served.put(11, 3, &refuse("нет")).await).await, expect(404, "not-found"));
    assert_eq!(problem(served.put(99, 3, &refuse("нет")).await).await, expect(404, "not-found"));
    let strange = format!("/v1/applications/{}", id(11));
    assert_eq!(problem(served.get(&strange).await).await, expect(404, "not-found"));
    served.running.stop().await;
}

#[tokio::test]
async fn sessions_over_http() {
    let mut served = Served::new().await;
    let current = served.get("/v1/sessions/current").await;
    assert_eq!(current.headers()["cache-control"], "no-store");
    let current: Value = current.json().await.unwrap();
    assert_eq!((&current["employee"], current.get("token")), (&json!("Сотрудник ivanova"), None));
    let wrong = served.sign_in("ivanova", "неверный").await;
    assert!(wrong.headers().get("www-authenticate").is_none());
    assert_eq!(problem(wrong).await, expect(401, "bad-credentials"));
    let gone = served.request(Method::DELETE, "/v1/sessions/current").send().await.unwrap();
    assert_eq!(gone.status(), 204);
    let dead = served.get("/v1/sessions/current").await;
    assert_eq!(dead.headers()["www-authenticate"], "Bearer");
    assert_eq!(problem(dead).await, expect(401, "session-expired"));
    served.token = served.token_of("petrova").await;
    assert_eq!(problem(served.put(1, 1, &refuse("нет")).await).await, expect(403, "not-allowed"));
    assert_eq!(served.get("/v1/feed").await.status(), 200);
    served.running.stop().await;
}

#[tokio::test]
async fn whatever_is_wrong_is_a_problem_document() {
    let served = Served::new().await;
    let answer = format!("/v1/applications/{}/answers/{}", id(1), answer_id(1));
    let put = |body: &'static str, kind: &'static str| {
        served.request(Method::PUT, &answer).header("content-type", kind).body(body).send()
    };
    let large = served.request(Method::PUT, &answer).header("content-type", "application/json");
    let compressed = large.try_clone().unwrap().header("content-encoding", "gzip").body("{}").send();
    let signing_in = |body: &'static str| {
        served.anonymous(Method::POST, "/v1/sessions").header("content-type", "application/json").body(body).send()
    };
    let long = format!("/v1/feed?after={}", "a".repeat(5000));
    let rows = [
        (served.anonymous(Method::GET, "/v1/feed").send().await, 401, "session-expired"),
        (served.anonymous(Method::GET, "/v1/nothing").send().await, 404, "not-found"),
        (served.anonymous(Method::GET, "/").send().await, 404, "not-found"),
        (served.request(Method::POST, "/v1/feed").send().await, 405, "bad-request"),
        (served.request(Method::GET, &long).send().await, 414, "too-large"),
        (served.request(Method::GET, "/v1/feed?wait=61").send().await, 400, "bad-request"),
        (served.request(Method::GET, "/v1/feed?limit=0").send().await, 400, "bad-request"),
        (served.request(Method::GET, "/v1/feed?limit=1&limit=2").send().await, 400, "bad-request"),
        (served.request(Method::GET, "/v1/feed?since=1").send().await, 400, "bad-request"),
        (served.request(Method::GET, "/v1/feed?after=%FF%FE").send().await, 400, "bad-request"),
        (served.request(Method::GET, "/v1/applications?from=2026-03-01").send().await, 400, "bad-request"),
        (served.request(Method::GET, "/v1/applications/1").send().await, 400, "bad-request"),
        (served.request(Method::GET, "/v1/applications/%FF").send().await, 400, "bad-request"),
        (put("{}", "text/plain").await, 415, "bad-request"),
        (compressed.await, 415, "bad-request"),
        (put("{", "application/json").await, 400, "bad-request"),
        (put("{} {}", "application/json").await, 400, "bad-request"),
        (put("[]", "application/json; charset=utf-8").await, 422, "invalid-answer"),
        (put(r#"{"decision": "maybe"}"#, "application/json").await, 422, "invalid-answer"),
        (put(r#"{"comment": 5}"#, "application/json").await, 422, "invalid-answer"),
        (large.body(vec![b' '; 65 << 10]).send().await, 413, "too-large"),
        (signing_in(r#"{"login": "a"}"#).await, 400, "bad-request"),
        (signing_in(r#"{"login": "", "password": "x"}"#).await, 400, "bad-request"),
    ];
    for (number, (response, status, code)) in rows.into_iter().enumerate() {
        assert_eq!(problem(response.unwrap()).await, expect(status, code), "row {number}");
    }
    served.running.stop().await;
}

#[tokio::test]
async fn a_wrong_field_is_named_without_its_value() {
    let served = Served::new().await;
    let path = format!("/v1/applications/{}/answers/{}", id(1), answer_id(1));
    let body = r#"{"decision": "provide", "doctor": {"full_name": ["Тайна"]}}"#;
    let request = served.request(Method::PUT, &path).header("content-type", "application/json").body(body);
    let document: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(document["errors"][0]["field"], "doctor.full_name");
    assert!(!document.to_string().contains("Тайна"));
    served.running.stop().await;
}

#[tokio::test]
async fn accounts_and_addresses_are_slowed_down() {
    let served = Served::with(|config| {
        config.limits.requests_per_sec = 1;
        config.limits.burst = 2;
        config.limits.sign_ins_per_min = 1;
        config.limits.sign_in_burst = 2;
    })
    .await;
    assert_eq!(served.get("/v1/sessions/current").await.status(), 200);
    assert_eq!(served.get("/v1/sessions/current").await.status(), 200);
    assert_eq!(problem(served.get("/v1/sessions/current").await).await, expect(429, "overloaded"));
    // One attempt at a strange address was made by the fixture.
    assert_eq!(problem(served.sign_in("guess", "неверный").await).await, expect(401, "bad-credentials"));
    assert_eq!(problem(served.sign_in("petrova", PASSWORD).await).await, expect(429, "overloaded"));
    // Whoever has signed in from here is not slowed down by that, but by attempts of the same login.
    assert_eq!(problem(served.sign_in("ivanova", "неверный").await).await, expect(401, "bad-credentials"));
    assert_eq!(served.sign_in("ivanova", PASSWORD).await.status(), 201);
    assert_eq!(problem(served.sign_in("ivanova", PASSWORD).await).await, expect(429, "overloaded"));
    served.running.stop().await;
}

#[tokio::test]
async fn a_locked_login_is_told_how_long_to_wait() {
    let served = Served::with(|config| config.sessions.attempts = 3).await;
    for _ in 0..3 {
        assert_eq!(problem(served.sign_in("petrova", "неверный").await).await, expect(401, "bad-credentials"));
    }
    let locked = served.sign_in("petrova", PASSWORD).await;
    assert_eq!(locked.headers()["retry-after"], "900");
    assert_eq!(problem(locked).await, expect(429, "too-many-attempts"));
    served.running.stop().await;
}

#[tokio::test]
async fn a_body_that_never_comes_is_given_up() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let served = Served::with(|config| config.limits.request_secs = 1).await;
    let address = served.running.url().trim_start_matches("http://").to_owned();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = "POST /v1/sessions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let length = stream.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("problem:unavailable"), "{answer}");
    served.running.stop().await;
}

#[tokio::test]
async fn headers_beyond_the_limit_are_refused() {
    let served = Served::new().await;
    let request = served.anonymous(Method::GET, "/healthz").header("x-large", "a".repeat(40 << 10));
    assert_eq!(request.send().await.unwrap().status(), 431);
    assert_eq!(served.get("/healthz").await.status(), 200);
    served.running.stop().await;
}

#[tokio::test]
async fn responses_are_compressed_when_asked() {
    let mut served = Served::new().await;
    // A client that unpacks by itself does not show what it received.
    served.client = Client::builder().no_proxy().tls_certs_only([]).gzip(false).zstd(false).build().unwrap();
    for (accepted, encoding) in [("gzip", Some("gzip")), ("zstd", Some("zstd")), ("identity", None)] {
        let request = served.request(Method::GET, "/v1/feed").header("accept-encoding", accepted);
        let response = request.send().await.unwrap();
        let used = response.headers().get("content-encoding").map(|value| value.to_str().unwrap());
        assert_eq!(used, encoding);
    }
    served.running.stop().await;
}

#[tokio::test]
async fn the_directory_is_not_sent_twice() {
    let served = Served::new().await;
    let first = served.get("/v1/directory").await;
    let etag = first.headers()["etag"].clone();
    assert!(first.json::<Value>().await.unwrap()["districts"].is_array());
    let known = served.request(Method::GET, "/v1/directory").header("if-none-match", &etag).send().await.unwrap();
    assert_eq!((known.status().as_u16(), &known.headers()["etag"]), (304, &etag));
    assert_eq!(known.bytes().await.unwrap().len(), 0);
    served.running.stop().await;
}

#[tokio::test]
async fn the_condition_is_told_to_probes_and_in_metrics() {
    let served = Served::new().await;
    assert_eq!(served.get("/v1/applications/1").await.status(), 400);
    let health = served.anonymous(Method::GET, "/healthz").send().await.unwrap();
    assert_eq!(health.text().await.unwrap(), "ok\n");
    let ready = served.anonymous(Method::GET, "/readyz").send().await.unwrap();
    assert_eq!(ready.status(), 200);
    let ready: Value = ready.json().await.unwrap();
    let free_bytes = &ready["store"]["free_bytes"];
    assert!(free_bytes.as_u64().unwrap() > 0, "{ready}");
    assert_eq!(ready["store"], json!({"applications": 4, "pending": 4, "free_bytes": free_bytes}));
    assert_eq!((&ready["ready"], &ready["upstream"], &ready["sessions"]), (&json!(true), &Value::Null, &json!(1)));
    let metrics = served.anonymous(Method::GET, "/metrics").send().await.unwrap().text().await.unwrap();
    for line in [
        r#"prikrep_http_requests_total{method="POST",route="/v1/sessions",status="201"} 1"#,
        r#"prikrep_http_requests_total{method="GET",route="/v1/applications/{id}",status="400"} 1"#,
        r#"prikrep_http_request_duration_seconds_count{route="/healthz"} 1"#,
        "prikrep_disk_free_bytes ",
        "prikrep_applications 4",
        "prikrep_applications_pending 4",
        r#"prikrep_answers{state="queued"} 0"#,
        "prikrep_sessions 1",
        "prikrep_ready 1",
        concat!(r#"prikrep_build_info{version=""#, env!("CARGO_PKG_VERSION")),
    ] {
        assert!(metrics.contains(line), "{line} in\n{metrics}");
    }
    assert!(metrics.ends_with("# EOF\n"));
    served.running.stop().await;
}

#[tokio::test]
async fn after_a_stop_the_folder_is_free_and_everything_accepted_is_there() {
    let served = Served::new().await;
    assert_eq!(served.put(1, 1, &refuse("нет")).await.status(), 201);
    let Served { _folder: folder, running, client, token } = served;
    running.stop().await;
    let running = Server::start_with(config(&folder), noon()).await.unwrap();
    let path = format!("{}/v1/applications/{}", running.url(), id(1));
    let card: Value = client.get(path).bearer_auth(token).send().await.unwrap().json().await.unwrap();
    assert_eq!(card["status"], "refused", "the session lives on too");
    running.stop().await;
}

#[tokio::test]
async fn a_page_that_is_made_ahead_is_as_the_register_is_when_it_is_asked_for() {
    let served = Served::new().await;
    add(served.running.register(), "auditor", Role::Auditor, None);
    let auditor = served.token_of("auditor").await;
    let noted = async || {
        let journal = served.anonymous(Method::GET, "/v1/journal?act=feed_read").bearer_auth(&auditor).send();
        journal.await.unwrap().json::<Value>().await.unwrap()["items"].as_array().unwrap().len()
    };
    let page = async |after: &str| {
        let page: Value = served.get(&format!("/v1/feed?limit=1&after={after}")).await.json().await.unwrap();
        let change = &page["changes"][0];
        (change["id"].clone(), change["answers"].clone(), page["cursor"].as_str().unwrap().to_owned())
    };
    let (first, _, after_first) = page("").await;
    assert_eq!(first, json!(id(1)));
    // The second application changes when its page is made already.
    assert_eq!(served.put(2, 1, &refuse("нет полиса")).await.status(), StatusCode::CREATED);
    let (second, _, after_second) = page(&after_first).await;
    assert_eq!(second, json!(id(3)), "what has changed comes at its last place");
    let (third, answers, _) = page(&after_second).await;
    assert_eq!((third, answers.as_array().unwrap().len()), (json!(id(2)), 1));
    assert_eq!(noted().await, 3, "a page is noted when it is given");

    let login = "ivanova".parse().unwrap();
    served.running.register().carry_out(prikrep_server::Order::DisableUser(login), "root", None, at(0)).unwrap();
    let refused = served.get(&format!("/v1/feed?limit=1&after={after_first}")).await;
    assert_eq!(problem(refused).await, (401, "session-expired".to_owned()));
    served.running.stop().await;
}
