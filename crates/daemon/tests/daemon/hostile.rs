//! The whole daemon over HTTP, in real time, against a server that misbehaves in every way in turn: nothing
//! hangs, nothing is lost, nothing takes effect twice.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::{Method, Response};
use parking_lot::Mutex;
use prikrep_daemon::{Config, Daemon, HttpUpstream, RetryPolicy, SystemClock};
use prikrep_domain::{
    Answer, AnswerId, Application, ApplicationId, DecisionKind, Delivery, Problem, ProblemKind, RecordedAnswer,
    transition,
};
use prikrep_store::{OutboxState, Store};
use serde_json::json;

use crate::fixture::{answer, application_id, choice, live, open, really_until};
use crate::server::{Asked, SESSION, Server, impatient, json as json_reply, reply};

const APPLICATIONS: u32 = 60;
const PAGE: usize = 7;

#[derive(Default)]
struct Register {
    applications: Vec<Application>,
    version: u64,
    requests: usize,
    sign_ins: usize,
    effects: Vec<AnswerId>,
    behaves: bool,
}

impl Register {
    fn put(&mut self, mut application: Application) -> Application {
        self.version += 1;
        application.version = self.version;
        self.applications.retain(|known| known.id != application.id);
        self.applications.push(application.clone());
        application
    }

    fn page(&self, query: &str) -> String {
        let after = asked_after(query);
        let mut changes: Vec<_> = self.applications.iter().filter(|known| known.version > after).collect();
        let has_more = changes.len() > PAGE;
        changes.truncate(PAGE);
        let end = changes.last().map_or(self.version.max(after), |last| last.version);
        let mut records: Vec<_> = changes.iter().map(|known| serde_json::to_value(known).unwrap()).collect();
        // Every page has the first record twice, an older version of it, and one that nobody understands.
        if let Some(first) = records.first().cloned() {
            let mut older = first.clone();
            older["version"] = json!(1);
            older["status"] = json!("cancelling");
            let unknown = json!({"id": ApplicationId::from(uuid::Uuid::from_u128(end.into())), "status": "teleported"});
            records.extend([first, older, unknown]);
        }
        json!({"changes": records, "cursor": format!("c:{end}"), "has_more": has_more}).to_string()
    }

    fn take(&mut self, path: &str, body: &[u8]) -> Response<Body> {
        let ids: Vec<&str> = path.split('/').collect();
        let (id, answer_id) = (ApplicationId::parse(ids[3]).unwrap(), AnswerId::parse(ids[5]).unwrap());
        let known = self.applications.iter().find(|known| known.id == id).unwrap().clone();
        if known.answers.iter().any(|taken| taken.id == answer_id) {
            return json_reply(200, serde_json::to_string(&known).unwrap());
        }
        let answer: Answer = serde_json::from_slice(body).unwrap();
        let Some(status) = transition(known.application_type, known.status, answer.decision.kind()) else {
            let problem = Problem::new(ProblemKind::AlreadyAnswered).with_application(known);
            return reply(409, "application/problem+json", serde_json::to_string(&problem).unwrap());
        };
        let mut next = Application { status, ..known };
        next.answers.push(RecordedAnswer { id: answer_id, answer, delivery: Delivery::Delivered { at: None } });
        self.effects.push(answer_id);
        let next = self.put(next);
        json_reply(201, serde_json::to_string(&next).unwrap())
    }

    fn serve(&mut self, asked: &Asked) -> Response<Body> {
        match (&asked.method, asked.path.as_str()) {
            (&Method::POST, "/v1/sessions") => {
                self.sign_ins += 1;
                json_reply(201, SESSION)
            }
            (&Method::GET, "/v1/feed") => json_reply(200, self.page(&asked.query)),
            (&Method::PUT, path) => self.take(path, &asked.body),
            _ => reply(204, "text/plain", ""),
        }
    }
}

fn asked_after(query: &str) -> u64 {
    let after = query.split('&').find_map(|pair| pair.strip_prefix("after="));
    after.map_or(0, |after| after.trim_start_matches("c%3A").parse().unwrap())
}

/// One way to misbehave by number; some before and some after the request's effect. `None` is to behave.
async fn misbehave(register: &Mutex<Register>, asked: &Asked, number: usize) -> Option<Response<Body>> {
    let effect = |register: &Mutex<Register>| register.lock().serve(asked);
    let (retry_soon, retry_late) = ("0", "Thu, 01 Jan 1970 00:00:00 GMT");
    let mut response = match number {
        0 => reply(500, "text/plain", "oops"),
        1 => reply(503, "application/problem+json", "{"),
        2 => reply(429, "application/problem+json", r#"{"type":"urn:prikrep:problem:overloaded"}"#),
        3..=5 => reply(401, "application/json", "[]"),
        6 => reply(200, "text/html", "<html>Sign in to the hotel's network</html>"),
        7 => json_reply(200, ""),
        8 => {
            drop(effect(register));
            reply(502, "text/html", "<html>bad gateway</html>")
        }
        9 => {
            let whole = axum::body::to_bytes(effect(register).into_body(), 1 << 20).await.unwrap();
            json_reply(200, whole.slice(..whole.len() / 2))
        }
        10 => {
            drop(effect(register));
            let broken = futures::stream::iter([Ok(Bytes::from_static(b"{\"changes\":[")), Err("cut")]);
            Response::new(Body::from_stream(broken))
        }
        11 => {
            drop(effect(register));
            Response::new(Body::from_stream(futures::stream::pending::<Result<Bytes, String>>()))
        }
        12 => std::future::pending().await,
        13 => json_reply(200, vec![b' '; 17 << 20]),
        14 => reply(302, "text/plain", ""),
        15 => {
            let same = format!("c:{}", asked_after(&asked.query));
            json_reply(200, json!({"changes": [], "cursor": same, "has_more": true}).to_string())
        }
        16 => reply(404, "text/html", "<html>not here</html>"),
        17 => json_reply(200, json!({"changes": "x", "cursor": 5}).to_string()),
        18 => reply(408, "text/plain", ""),
        _ => return None,
    };
    if matches!(number, 1 | 2) {
        let value = if number == 1 { retry_soon } else { retry_late };
        response.headers_mut().insert("retry-after", value.parse().unwrap());
    }
    Some(response)
}

async fn hostile(register: Arc<Mutex<Register>>) -> Server {
    Server::start(move |asked: Asked| {
        let register = Arc::clone(&register);
        async move {
            let number = {
                let mut register = register.lock();
                register.requests += 1;
                if register.behaves { usize::MAX } else { register.requests * 7 % 26 }
            };
            // Who cannot sign in cannot be tested any further: there it misbehaves more rarely.
            let spared = asked.path == "/v1/sessions" && number % 3 != 0;
            let misbehaviour = if spared { None } else { misbehave(&register, &asked, number).await };
            misbehaviour.unwrap_or_else(|| register.lock().serve(&asked))
        }
    })
    .await
}

fn quick() -> Config {
    let millis = Duration::from_millis;
    let retry = RetryPolicy {
        first: millis(5),
        most: millis(40),
        refused: millis(60),
        server_most: millis(50),
        // The wrong 404 of this server is to be outlived, not believed.
        unexplained_tries: 1_000,
    };
    Config { retry, page_limit: PAGE, ..live() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_between_the_daemon_and_a_hostile_server() {
    let register = Arc::new(Mutex::new(Register::default()));
    (0..APPLICATIONS).for_each(|number| drop(register.lock().put(choice(number))));
    let server = hostile(Arc::clone(&register)).await;
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let upstream = HttpUpstream::new(impatient(&server.url)).unwrap();
    let daemon = Daemon::start(store.clone(), upstream, quick(), Arc::new(SystemClock));
    really_until(&daemon, |status| status.last_pull.is_some()).await;
    assert_eq!(store.census().applications, APPLICATIONS as usize);
    assert!(store.census().quarantined > 0);

    let ids: Vec<_> = (0..20).map(|number| answer(&*store, number, DecisionKind::Refuse)).collect();
    (APPLICATIONS..APPLICATIONS + 10).for_each(|number| drop(register.lock().put(choice(number))));
    really_until(&daemon, |status| status.pushes.is_empty() && ids.iter().all(|id| is_sent(&*store, *id))).await;
    register.lock().behaves = true;
    daemon.nudge();
    really_until(&daemon, |_| store.outbox().is_empty()).await;
    let expected = (APPLICATIONS + 10) as usize;
    really_until(&daemon, |status| status.connection.is_online() && store.census().applications == expected).await;

    let mut effects = register.lock().effects.clone();
    effects.sort();
    let mut sent = ids.clone();
    sent.sort();
    assert_eq!(effects, sent, "every answer has taken effect once");
    let refused = |number| store.standing(application_id(number)).unwrap().unwrap().application.answers.len() == 1;
    assert!((0..20).all(refused));
    assert!(register.lock().sign_ins < 200, "{} sign-ins", register.lock().sign_ins);
    assert!(daemon.stop().await);
}

fn is_sent(store: &dyn Store, id: AnswerId) -> bool {
    store.outbox().iter().find(|entry| entry.record.id == id).is_none_or(|entry| match &entry.state {
        OutboxState::Queued => false,
        OutboxState::Delivered { .. } => true,
        OutboxState::Rejected { problem, .. } => panic!("rejected: {:?}", problem.kind),
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_during_a_long_poll_over_http_is_quick() {
    let register = Arc::new(Mutex::new(Register { behaves: true, ..Register::default() }));
    register.lock().put(choice(1));
    let shared = Arc::clone(&register);
    let held = Arc::new(tokio::sync::Notify::new());
    let arrived = Arc::clone(&held);
    let server = Server::start(move |asked: Asked| {
        let (register, arrived) = (Arc::clone(&shared), Arc::clone(&arrived));
        async move {
            if asked.query.contains("wait=50") {
                arrived.notify_one();
                std::future::pending::<()>().await;
            }
            register.lock().serve(&asked)
        }
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let upstream = HttpUpstream::new(crate::server::options(&server.url)).unwrap();
    let daemon = Daemon::start(store.clone(), upstream, live(), Arc::new(SystemClock));
    held.notified().await;
    let asked = Instant::now();
    assert!(daemon.stop().await);
    assert!(asked.elapsed() < Duration::from_secs(5));
    assert_eq!(Arc::strong_count(&store), 1);
    let last = server.asked().pop().unwrap();
    assert_eq!((last.method, last.path.as_str()), (Method::DELETE, "/v1/sessions/current"));
}
