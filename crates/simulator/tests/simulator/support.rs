//! Gateways, simulators and clients for the tests.

use chrono::{DateTime, Utc};
use prikrep_domain::{
    AnswerDraft, Application, ApplicationType, DecisionKind, DoctorDraft, FeedPage, Problem, Session, Status,
};
use prikrep_simulator::{DEFAULT_LOGIN, DEFAULT_PASSWORD, Gateway, Options, Running, Scale, Simulator};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

pub(crate) fn start() -> DateTime<Utc> {
    "2026-06-01T04:00:00Z".parse().unwrap()
}

pub(crate) fn scale(applications: u64) -> Scale {
    Scale { applications, organizations: 12, seed: 22, start: start() }
}

pub(crate) fn gateway(applications: u64) -> Gateway {
    Gateway::new(scale(applications)).unwrap()
}

/// Every application of a gateway, in the order of its feed.
pub(crate) fn everything(gateway: &Gateway) -> Vec<Application> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = gateway.feed(Some(&cursor), 777).unwrap();
        all.extend(page.changes);
        cursor = page.cursor.to_string();
        if !page.has_more {
            return all;
        }
    }
}

/// The first application of a type and status that nothing supersedes.
pub(crate) fn pending(gateway: &Gateway, application_type: ApplicationType, status: Status) -> Application {
    everything(gateway)
        .into_iter()
        .find(|application| {
            application.application_type == application_type
                && application.status == status
                && gateway.standing(application.id).unwrap().is_pending()
        })
        .unwrap()
}

pub(crate) fn draft(decision: DecisionKind) -> AnswerDraft {
    let mut draft = AnswerDraft {
        decision: Some(decision),
        comment: "Готово".to_owned(),
        answered_at: Some(start()),
        answered_by: "Регистратор А. Б.".to_owned(),
        ..AnswerDraft::default()
    };
    match decision {
        DecisionKind::Provide => {
            draft.district = "7".to_owned();
            draft.doctor =
                Some(DoctorDraft { full_name: "Врач".to_owned(), position: "Терапевт".to_owned() });
        }
        DecisionKind::Refuse => draft.refusal_reason = "Иное".to_owned(),
        DecisionKind::Detach => draft.answer_date = Some(start().date_naive()),
        DecisionKind::ApproveCancel | DecisionKind::FailCancel => {}
    }
    draft
}

/// A running simulator with somebody signed in.
pub(crate) struct Bench {
    pub(crate) running: Running,
    pub(crate) client: reqwest::Client,
    pub(crate) token: String,
}

impl Bench {
    pub(crate) async fn start(applications: u64) -> Self {
        Self::with(Options::of(scale(applications))).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        // The second of two tests finds it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let running = Simulator::start(options).await.unwrap();
        let mut bench = Self { running, client: reqwest::Client::new(), token: String::new() };
        bench.sign_in().await;
        bench
    }

    pub(crate) async fn sign_in(&mut self) {
        let credentials = json!({ "login": DEFAULT_LOGIN, "password": DEFAULT_PASSWORD });
        let response = self.request(Method::POST, "/v1/sessions").json(&credentials).send().await.unwrap();
        assert_eq!(response.status(), 201);
        self.token = response.json::<Session>().await.unwrap().token.unwrap();
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.running.url())).bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub(crate) async fn get_json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    pub(crate) async fn feed(&self, query: &str) -> FeedPage {
        let response = self.get(&format!("/v1/feed?{query}")).await;
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Response {
        self.request(Method::POST, path).json(&body).send().await.unwrap()
    }

    pub(crate) async fn faults(&self, rules: Value) {
        let response = self.post("/control/faults", json!({ "seed": 1, "rules": rules })).await;
        assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
    }
}

/// A problem document of this code, with its own status.
pub(crate) async fn problem(response: Response, status: u16, code: &str) -> Problem {
    assert_eq!(response.status(), status);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let problem: Problem = response.json().await.unwrap();
    assert_eq!((problem.kind.urn(), problem.status), (format!("urn:prikrep:problem:{code}"), status));
    problem
}
