//! What a test asks of the gateway beside the protocol. Without a session: the gateway is for trying out.
//! The requests are described in the crate's documentation.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use prikrep_domain::{ApplicationId, ProblemKind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::failure::{Failure, read_body, read_json};
use super::{Shared, now};
use crate::faults::{FaultPlan, Faults};
use crate::gateway::{AppliedAnswer, MAX_ARRIVALS};

const PLAN_KEYS: [&str; 2] = ["seed", "rules"];
const RULE_KEYS: [&str; 10] = [
    "fault",
    "on",
    "probability",
    "count",
    "fired",
    "latency_ms",
    "status",
    "retry_after_secs",
    "malformation",
    "replace",
];

pub(super) async fn show_faults(State(shared): State<Arc<Shared>>) -> Json<FaultPlan> {
    Json(shared.faults.lock().plan().clone())
}

pub(super) async fn set_faults(
    State(shared): State<Arc<Shared>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<FaultPlan>, Failure> {
    let value: Value = read_json(Ok(read_body(body)?))?;
    known_keys(&value)?;
    let plan: FaultPlan = serde_json::from_value(value).map_err(|error| Failure::bad_request(error.to_string()))?;
    let faults = Faults::new(plan.clone()).map_err(|error| Failure::bad_request(error.to_string()))?;
    *shared.faults.lock() = faults;
    tracing::info!(rules = plan.rules.len(), "faults set");
    Ok(Json(plan))
}

/// A misspelt key would silently make another fault than the one that was meant.
fn known_keys(plan: &Value) -> Result<(), Failure> {
    let rules = plan.get("rules").and_then(Value::as_array).into_iter().flatten();
    let keys_of = |value: &Value| value.as_object().map(|fields| fields.keys().cloned().collect::<Vec<_>>());
    let mut unknown = keys_of(plan).unwrap_or_default();
    unknown.retain(|key| !PLAN_KEYS.contains(&key.as_str()));
    unknown.extend(rules.filter_map(keys_of).flatten().filter(|key| !RULE_KEYS.contains(&key.as_str())));
    match unknown.first() {
        None => Ok(()),
        Some(key) => Err(Failure::bad_request(format!("Неизвестный ключ «{key}»"))),
    }
}

pub(super) async fn clear_faults(State(shared): State<Arc<Shared>>) -> StatusCode {
    *shared.faults.lock() = Faults::none();
    tracing::info!("faults cleared");
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Arrive {
    count: u64,
}

pub(super) async fn arrive(
    State(shared): State<Arc<Shared>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, Failure> {
    let Arrive { count } = read_json(body)?;
    if !(1..=MAX_ARRIVALS).contains(&count) {
        return Err(Failure::bad_request(format!("count — от 1 до {MAX_ARRIVALS}")));
    }
    let ids = shared.change(|gateway| gateway.arrive(count, now()));
    tracing::info!(count = ids.len(), "applications arrived");
    Ok(Json(json!({ "ids": ids })))
}

pub(super) async fn epoch(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let epoch = shared.change(|gateway| {
        gateway.begin_epoch();
        gateway.epoch()
    });
    tracing::info!(epoch, "new epoch");
    Json(json!({ "epoch": epoch }))
}

#[derive(Deserialize)]
struct Forget {
    id: ApplicationId,
}

pub(super) async fn forget(
    State(shared): State<Arc<Shared>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let Forget { id } = read_json(body)?;
    if shared.change(|gateway| gateway.forget(id)) {
        Ok(StatusCode::NO_CONTENT.into_response())
    } else {
        Err(Failure::of(ProblemKind::NotFound, "Заявление не найдено"))
    }
}

#[derive(Serialize)]
pub(super) struct Answers {
    total: usize,
    answers: Vec<AppliedAnswer>,
}

pub(super) async fn answers(State(shared): State<Arc<Shared>>) -> Json<Answers> {
    let answers = shared.read(|gateway| gateway.applied_answers().to_vec());
    Json(Answers { total: answers.len(), answers })
}
