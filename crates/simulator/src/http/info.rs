//! What an administrator's tools ask: health, readiness, metrics, and the description of the protocol.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::Shared;

pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

pub(super) async fn readyz(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let (applications, head, epoch) = shared.read(|gateway| (gateway.len(), gateway.head(), gateway.epoch()));
    Json(json!({ "ready": true, "applications": applications, "head": head, "epoch": epoch }))
}

pub(super) async fn metrics(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    let (applications, head, answers, puts) = shared.read(|gateway| {
        let answers = gateway.applied_answers();
        (gateway.len(), gateway.head(), answers.len() as u64, answers.iter().map(|answer| answer.puts).sum::<u64>())
    });
    let counters = &shared.counters;
    let rows = [
        ("applications", "gauge", "Applications", applications),
        ("feed_head", "gauge", "Last sequence number of the feed", head),
        ("answers_applied_total", "counter", "Answers applied", answers),
        ("answers_repeated_total", "counter", "Answers sent again after they were applied", puts - answers),
        ("requests_total", "counter", "Requests", counters.requests.load(Ordering::Relaxed)),
        ("feed_pages_total", "counter", "Pages of the feed", counters.pages.load(Ordering::Relaxed)),
        ("feed_records_total", "counter", "Records of the feed", counters.records.load(Ordering::Relaxed)),
        ("faults_total", "counter", "Faults that were put in the way", counters.faults.load(Ordering::Relaxed)),
    ];
    let mut text = String::new();
    for (name, kind, help, value) in rows {
        let name = format!("prikrep_simulator_{name}");
        // Writing into a string cannot fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}

pub(super) async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], include_str!("openapi.json"))
}
