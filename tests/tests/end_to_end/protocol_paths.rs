//! What the register answers on every path of the protocol, held to the protocol's text and to its own.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};

use chrono::Utc;
use prikrep_domain::{ALL_DECISIONS, AnswerId, Application, ApplicationId, DecisionKind, Role, Status, transition};
use prikrep_testkit::{Api, PASSWORD, Region, Reply, draft_of};
use prikrep_tests::{Operation, Protocol};
use reqwest::Method;
use serde_json::{Value, json, to_value};

const FEED: &str = "/v1/feed";
const SEARCH: &str = "/v1/applications";
const CARD: &str = "/v1/applications/{id}";
const PUT: &str = "/v1/applications/{id}/answers/{answer_id}";
const SESSIONS: &str = "/v1/sessions";
const CURRENT: &str = "/v1/sessions/current";
const DIRECTORY: &str = "/v1/directory";
const PERIOD: &str = "from=2000-01-01&to=2099-12-31";

/// Statuses of the protocol that only an overloaded or failing register answers with.
const NOT_PROVOKED: [(&str, &str, u16); 3] = [("get", FEED, 503), ("put", PUT, 503), ("get", "/readyz", 503)];

/// Holds every reply to both descriptions, and remembers which statuses were seen.
struct Judge {
    protocol: Protocol,
    own: Protocol,
    seen: RefCell<BTreeSet<(String, String, u16)>>,
}

impl Judge {
    async fn of(region: &Region) -> Self {
        let own = Protocol::new(Api::new(&region.register.url()).get("/openapi.json").await.json());
        Self { protocol: Protocol::of_the_project(), own, seen: RefCell::default() }
    }

    fn judge(&self, operation: &Operation, reply: &Reply) {
        let Reply { status, body, .. } = reply;
        let content_type = reply.content_type();
        let in_own = self.own.check_response(operation, *status, content_type, body);
        let in_protocol = if self.protocol.statuses(operation).contains(status) {
            self.protocol.check_response(operation, *status, content_type, body)
        } else {
            // What the register adds are refusals only, in the protocol's words.
            assert!((400..600).contains(status), "{operation}: {status} is not in the protocol");
            assert_eq!(content_type, Some("application/problem+json"), "{operation} {status}");
            self.protocol.check("Problem", &reply.json())
        };
        for (whose, verdict) in [("the protocol", in_protocol), ("openapi.json", in_own)] {
            let shown = String::from_utf8_lossy(body);
            verdict.unwrap_or_else(|mistakes| panic!("against {whose}: {operation} {status}\n{mistakes}\n{shown}"));
        }
        if *status >= 400 && content_type == Some("application/problem+json") {
            assert_eq!(reply.json()["status"], json!(status), "{operation}");
            assert!(reply.json()["type"].as_str().unwrap().starts_with("urn:prikrep:problem:"), "{operation}");
        }
        if matches!(status, 429 | 503) {
            let wait = reply.headers.get("retry-after").and_then(|value| value.to_str().ok());
            assert!(wait.is_some_and(|secs| secs.parse::<u32>().is_ok_and(|secs| secs >= 1)), "{operation} {status}");
        }
        self.seen.borrow_mut().insert((operation.method.clone(), operation.path.clone(), *status));
    }

    async fn send(&self, api: &Api, method: Method, template: &str, path: &str, body: Option<&Value>) -> Reply {
        let operation = Operation { method: method.as_str().to_lowercase(), path: template.to_owned() };
        let reply = api.send(method, path, body).await.unwrap();
        self.judge(&operation, &reply);
        reply
    }

    /// Reads a path and expects a status.
    async fn get(&self, api: &Api, template: &str, path: &str, status: u16) -> Reply {
        let reply = self.send(api, Method::GET, template, path, None).await;
        assert_eq!(reply.status, status, "{path}: {}", String::from_utf8_lossy(&reply.body));
        reply
    }

    async fn search(&self, api: &Api, query: &str, status: u16) -> Reply {
        self.get(api, SEARCH, &format!("{SEARCH}?{query}"), status).await
    }

    async fn all(&self, api: &Api) -> Vec<Application> {
        let found = self.search(api, &format!("{PERIOD}&limit=5000"), 200).await.json();
        serde_json::from_value(found["items"].clone()).unwrap()
    }

    /// Answers and expects a status.
    async fn put(&self, api: &Api, id: ApplicationId, answer: AnswerId, body: &Value, status: u16) -> Value {
        let path = format!("{SEARCH}/{id}/answers/{answer}");
        let reply = self.send(api, Method::PUT, PUT, &path, Some(body)).await;
        assert_eq!(reply.status, status, "{path} {body}: {}", String::from_utf8_lossy(&reply.body));
        reply.json()
    }

    fn everything_was_provoked(&self) {
        let seen = self.seen.borrow();
        let mut missing = Vec::new();
        for operation in self.protocol.operations() {
            for status in self.protocol.statuses(&operation) {
                let is_excused = NOT_PROVOKED.contains(&(&operation.method, &operation.path, status));
                if !is_excused && !seen.contains(&(operation.method.clone(), operation.path.clone(), status)) {
                    missing.push(format!("{operation} {status}"));
                }
            }
        }
        assert_eq!(missing, Vec::<String>::new(), "statuses that no request of this test was answered with");
    }
}

fn body_of(decision: DecisionKind) -> Value {
    to_value(draft_of(decision, Utc::now())).unwrap()
}

/// An application that waits for a decision, and that no cancellation stands over.
fn waiting(all: &[Application], decision: DecisionKind) -> &Application {
    let cancelled: HashSet<ApplicationId> = all.iter().filter_map(|one| one.cancels).collect();
    all.iter()
        .find(|one| transition(one.application_type, one.status, decision).is_some() && !cancelled.contains(&one.id))
        .unwrap_or_else(|| panic!("the gateway has nothing that waits for {decision:?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_path_answers_as_the_protocol_says() {
    let region = Region::start_with(3_000, 1, |config| config.limits.long_polls = 1).await;
    let judge = Judge::of(&region).await;
    let [mo, other, _] = region.organizations().try_into().unwrap();
    let registrar = region.sign_in("registrar", Role::Registrar, Some(&mo)).await;
    let viewer = region.sign_in("viewer", Role::Viewer, Some(&mo)).await;
    let auditor = region.sign_in("auditor", Role::Auditor, None).await;
    let elsewhere = region.sign_in("elsewhere", Role::Registrar, Some(&other)).await;

    signing_in_and_out(&judge, &region).await;
    reading(&judge, &registrar, &elsewhere, &auditor).await;
    feed(&judge, &registrar, &auditor).await;
    answering(&judge, &registrar, &elsewhere, &viewer).await;
    directory(&judge, &registrar).await;
    for path in ["/healthz", "/readyz", "/metrics", "/openapi.json"] {
        judge.get(&registrar.anonymous(), path, path, 200).await;
    }
    region.stop().await;

    let hurried = Region::start_with(20, 2, |config| {
        config.limits.requests_per_sec = 1;
        config.limits.burst = 1;
    })
    .await;
    too_fast(&judge, &hurried).await;
    hurried.stop().await;
    judge.everything_was_provoked();
}

async fn signing_in_and_out(judge: &Judge, region: &Region) {
    let anybody = Api::new(&region.register.url());
    let try_in = async |login: &str, password: &str| {
        let body = json!({"login": login, "password": password});
        judge.send(&anybody, Method::POST, SESSIONS, SESSIONS, Some(&body)).await
    };
    let session = try_in("registrar", PASSWORD).await;
    assert_eq!(session.status, 201);
    assert!(session.json()["token"].is_string());
    assert_eq!(try_in("registrar", "не тот пароль").await.status, 401);
    assert_eq!(try_in("никого", "не тот пароль").await.json(), try_in("registrar", "другой").await.json());
    assert_eq!(try_in("registrar", &"я".repeat(1_025)).await.status, 400);
    let posted = async |body: &str, kind: &'static str| {
        let request = anybody.request(Method::POST, SESSIONS).header("content-type", kind).body(body.to_owned());
        let reply = Api::reply(request).await.unwrap();
        judge.judge(&Operation { method: "post".to_owned(), path: SESSIONS.to_owned() }, &reply);
        reply.status
    };
    assert_eq!(posted("{\"login\": ", "application/json").await, 400);
    assert_eq!(posted("{}", "application/json").await, 400);
    assert_eq!(posted("login=registrar", "application/x-www-form-urlencoded").await, 415);
    assert_eq!(posted(&" ".repeat(1 << 20), "application/json").await, 413);

    let mut last = 0;
    for _ in 0..20 {
        last = try_in("somebody", "не тот пароль").await.status;
    }
    assert_eq!(last, 429, "twenty wrong passwords in a row");

    let api = Api::signed_in(&region.register.url(), "registrar", PASSWORD).await;
    let current = judge.get(&api, CURRENT, CURRENT, 200).await.json();
    assert!(current.get("token").is_none(), "the token is told once");
    judge.get(&api.anonymous(), CURRENT, CURRENT, 401).await;
    assert_eq!(judge.send(&api, Method::DELETE, CURRENT, CURRENT, None).await.status, 204);
    judge.get(&api, CURRENT, CURRENT, 401).await;
}

async fn reading(judge: &Judge, registrar: &Api, elsewhere: &Api, auditor: &Api) {
    let all = judge.all(registrar).await;
    assert!(all.len() > 100, "{} applications", all.len());
    assert!(all.iter().all(|one| one.organization == all[0].organization), "only the account's own");
    let one = &all[0];
    let (guid, type_code, kind, status) =
        (one.patient.guid, one.application_type.code(), one.kind.code(), one.status.code());
    let narrow =
        format!("{PERIOD}&patient={guid}&type={type_code}&kind={kind}&status={status}&sort=-name&limit=1&offset=0");
    assert!(judge.search(registrar, &narrow, 200).await.json()["total"].as_u64().unwrap() >= 1);
    let with_snils =
        all.iter().find_map(|one| one.patient.snils.clone().filter(|text| prikrep_domain::Snils::parse(text).is_ok()));
    let found = judge.search(registrar, &format!("{PERIOD}&snils={}", with_snils.unwrap()), 200).await.json();
    assert!(found["total"].as_u64().unwrap() >= 1);
    for query in ["", "from=2026-01-01", "from=2026-02-01&to=2026-01-01", "from=вчера&to=2026-01-01"] {
        judge.search(registrar, query, 400).await;
    }
    for wrong in [
        "limit=0",
        "limit=5001",
        "limit=x",
        "offset=-1",
        "sort=age",
        "snils=112-233-445+96",
        "patient=x",
        "type=x",
        "kind=x",
        "status=x",
        "unknown=1",
    ] {
        judge.search(registrar, &format!("{PERIOD}&{wrong}"), 400).await;
    }
    judge.search(&registrar.anonymous(), PERIOD, 401).await;
    judge.search(auditor, PERIOD, 403).await;

    let card = format!("{SEARCH}/{}", one.id);
    let read: Application = serde_json::from_value(judge.get(registrar, CARD, &card, 200).await.json()).unwrap();
    assert_eq!(&read, one);
    judge.get(elsewhere, CARD, &card, 404).await;
    judge.get(registrar, CARD, &format!("{SEARCH}/{}", uuid::Uuid::nil()), 404).await;
    judge.get(registrar, CARD, &format!("{SEARCH}/nothing"), 400).await;
    judge.get(&registrar.anonymous(), CARD, &card, 401).await;
}

async fn feed(judge: &Judge, registrar: &Api, auditor: &Api) {
    let mut cursor = String::new();
    let mut ids = HashSet::new();
    loop {
        let page = judge.get(registrar, FEED, &format!("{FEED}?limit=50&after={cursor}"), 200).await.json();
        let changes: Vec<Application> = serde_json::from_value(page["changes"].clone()).unwrap();
        assert!(changes.len() <= 51, "a page of 50, and at most the other one of a pair");
        ids.extend(changes.iter().map(|one| one.id));
        cursor = page["cursor"].as_str().unwrap().to_owned();
        if page["has_more"] == json!(false) {
            break;
        }
    }
    let all: HashSet<ApplicationId> = judge.all(registrar).await.iter().map(|one| one.id).collect();
    assert_eq!(ids, all, "the feed has what the search has");
    for wrong in ["limit=0", "limit=5001", "wait=61", "wait=-1", "after=%D0%BD%D0%B5%D1%82", "unknown=1"] {
        judge.get(registrar, FEED, &format!("{FEED}?{wrong}"), 400).await;
    }
    judge.get(registrar, FEED, &format!("{FEED}?after={}", "c".repeat(129)), 400).await;
    judge.get(&registrar.anonymous(), FEED, FEED, 401).await;
    judge.get(auditor, FEED, FEED, 403).await;

    let rebuilt = Region::start(5, 3).await;
    let owner = rebuilt.sign_in("registrar", Role::Registrar, rebuilt.organizations().first()).await;
    judge.get(&owner, FEED, &format!("{FEED}?after={cursor}"), 410).await;
    rebuilt.stop().await;

    // Of two long polls at once one is too many: it is answered first.
    let path = format!("{FEED}?wait=60&after={cursor}");
    let held = || judge.send(registrar, Method::GET, FEED, &path, None);
    let first = tokio::select! { reply = held() => reply, reply = held() => reply };
    assert_eq!(first.status, 429);
}

async fn answering(judge: &Judge, registrar: &Api, elsewhere: &Api, viewer: &Api) {
    for decision in ALL_DECISIONS {
        let (one, id, body) =
            (waiting(&judge.all(registrar).await, decision).clone(), AnswerId::generate(), body_of(decision));
        let after = transition(one.application_type, one.status, decision).unwrap();
        judge.put(&registrar.anonymous(), one.id, id, &body, 401).await;
        judge.put(viewer, one.id, id, &body, 403).await;
        judge.put(elsewhere, one.id, id, &body, 404).await;
        let empty = judge.put(registrar, one.id, id, &json!({"decision": body["decision"]}), 422).await;
        assert!(empty["errors"].as_array().unwrap().iter().any(|error| error["field"] == "comment"), "{empty}");

        let accepted = judge.put(registrar, one.id, id, &body, 201).await;
        assert_eq!(accepted["status"], after.code());
        let author = &accepted["answers"].as_array().unwrap().last().unwrap()["answered_by"];
        assert_eq!(author, "Сотрудник registrar", "the account's own name");
        let repeated = judge.put(registrar, one.id, id, &body, 200).await;
        assert_eq!(repeated["status"], accepted["status"]);
        let mut changed = body.clone();
        changed["comment"] = json!("Другое");
        let reused = judge.put(registrar, one.id, id, &changed, 409).await;
        assert_eq!(reused["type"], "urn:prikrep:problem:answer-id-reused");
        assert_eq!(reused["application"]["id"], json!(one.id));
        let again = judge.put(registrar, one.id, AnswerId::generate(), &body, 409).await;
        assert_eq!(again["type"], "urn:prikrep:problem:already-answered");
        assert_eq!(again["application"]["status"], after.code());
    }
    let all = judge.all(registrar).await;
    let cancelled: HashSet<ApplicationId> = all.iter().filter_map(|one| one.cancels).collect();
    let superseded = all.iter().find(|one| one.status == Status::Sent && cancelled.contains(&one.id)).unwrap();
    let problem = judge.put(registrar, superseded.id, AnswerId::generate(), &body_of(DecisionKind::Provide), 409).await;
    assert_eq!(problem["type"], "urn:prikrep:problem:superseded");
    let one = waiting(&all, DecisionKind::FailCancel);
    let problem = judge.put(registrar, one.id, AnswerId::generate(), &body_of(DecisionKind::Provide), 409).await;
    assert_eq!(problem["type"], "urn:prikrep:problem:wrong-status");

    let one = waiting(&all, DecisionKind::Detach);
    let path = format!("{SEARCH}/{}/answers/{}", one.id, AnswerId::generate());
    for (body, kind, status) in [
        ("{", "application/json", 400),
        ("{\"decision\": \"unheard of\"}", "application/json", 422),
        ("{}", "text/plain", 415),
        (&*" ".repeat(1 << 20), "application/json", 413),
    ] {
        let request = registrar.request(Method::PUT, &path).header("content-type", kind).body(body.to_owned());
        let reply = Api::reply(request).await.unwrap();
        judge.judge(&Operation { method: "put".to_owned(), path: PUT.to_owned() }, &reply);
        assert_eq!(reply.status, status, "{}", String::from_utf8_lossy(&reply.body));
    }
    let nowhere = format!("{SEARCH}/nothing/answers/{}", AnswerId::generate());
    let reply = judge.send(registrar, Method::PUT, PUT, &nowhere, Some(&body_of(DecisionKind::Detach))).await;
    assert_eq!(reply.status, 400);
}

async fn directory(judge: &Judge, registrar: &Api) {
    let reply = judge.get(registrar, DIRECTORY, DIRECTORY, 200).await;
    assert!(!reply.json()["doctors"].as_array().unwrap().is_empty());
    let etag = reply.headers.get("etag").unwrap();
    let again = Api::reply(registrar.request(Method::GET, DIRECTORY).header("if-none-match", etag)).await.unwrap();
    judge.judge(&Operation { method: "get".to_owned(), path: DIRECTORY.to_owned() }, &again);
    assert_eq!((again.status, again.body.len()), (304, 0));
    judge.get(&registrar.anonymous(), DIRECTORY, DIRECTORY, 401).await;
}

async fn too_fast(judge: &Judge, region: &Region) {
    let api = region.sign_in("registrar", Role::Registrar, region.organizations().first()).await;
    let path = format!("{SEARCH}/{}/answers/{}", uuid::Uuid::nil(), AnswerId::generate());
    let body = body_of(DecisionKind::Detach);
    for _ in 0..1_000 {
        if judge.send(&api, Method::PUT, PUT, &path, Some(&body)).await.status == 429 {
            return;
        }
    }
    panic!("a thousand requests in a row were not too many");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_register_describes_every_path_method_parameter_and_status_of_the_protocol() {
    let region = Region::start(1, 4).await;
    let Judge { protocol, own, .. } = Judge::of(&region).await;
    let beyond: Vec<String> =
        own.operations().iter().filter(|it| !protocol.operations().contains(it)).map(ToString::to_string).collect();
    assert_eq!(
        beyond,
        ["DELETE /v1/sessions", "GET /v1/journal", "POST /v1/journal", "PUT /v1/sessions/current/password"]
    );
    assert!(protocol.operations().iter().all(|operation| own.operations().contains(operation)));
    for operation in protocol.operations() {
        let (known, described) = (protocol.statuses(&operation), own.statuses(&operation));
        assert!(known.iter().all(|status| described.contains(status)), "{operation}: {known:?} against {described:?}");
        let (known, described) = (protocol.parameters(&operation), own.parameters(&operation));
        assert!(known.iter().all(|name| described.contains(name)), "{operation}: {known:?} against {described:?}");
    }
    region.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_in_the_protocol_is_refused_by_a_problem_document() {
    let region = Region::start(1, 5).await;
    let api = region.sign_in("registrar", Role::Registrar, region.organizations().first()).await;
    let protocol = Protocol::of_the_project();
    for (method, path, status) in [
        (Method::GET, "/".to_owned(), 404),
        (Method::GET, "/v1".to_owned(), 404),
        (Method::GET, "/v2/feed".to_owned(), 404),
        (Method::GET, "/v1/feed/".to_owned(), 404),
        (Method::POST, FEED.to_owned(), 405),
        (Method::DELETE, SEARCH.to_owned(), 405),
        (Method::GET, format!("{FEED}?after={}", "c".repeat(8_000)), 414),
    ] {
        let reply = api.send(method.clone(), &path, None).await.unwrap();
        assert_eq!(reply.status, status, "{method} {}", &path[..path.len().min(40)]);
        assert_eq!(reply.content_type(), Some("application/problem+json"));
        protocol.check("Problem", &reply.json()).unwrap();
    }
    region.stop().await;
}
