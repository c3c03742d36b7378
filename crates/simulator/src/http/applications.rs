//! Search, cards, answers, and the directory.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use prikrep_domain::{
    AnswerDraft, AnswerId, Application, ApplicationId, ApplicationType, AttachmentKind, FieldError, Found,
    MAX_PAGE_RECORDS, Period, PersonId, Problem, ProblemKind, Snils, Sort, Status, StatusFilter,
};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::task::spawn_blocking;

use super::failure::{Failure, read_body, read_query, unreadable};
use super::feed::internal;
use super::sessions::SignedIn;
use super::{Shared, now};
use crate::dice::mix;
use crate::gateway::{MAX_OFFSET, Search};

/// How many applications a search looks at before it lets others at the gateway.
const STRIDE: u64 = 2_000;

#[derive(Deserialize)]
pub(super) struct SearchQuery {
    from: NaiveDate,
    to: NaiveDate,
    patient: Option<String>,
    snils: Option<String>,
    #[serde(rename = "type")]
    application_type: Option<ApplicationType>,
    kind: Option<AttachmentKind>,
    status: Option<Status>,
    sort: Option<String>,
    #[serde(default = "default_limit")]
    limit: usize,
    #[serde(default)]
    offset: usize,
}

const fn default_limit() -> usize {
    100
}

impl SearchQuery {
    fn understood(&self) -> Result<prikrep_domain::Query, Failure> {
        if !(1..=MAX_PAGE_RECORDS).contains(&self.limit) || self.offset > MAX_OFFSET {
            return Err(Failure::bad_request(format!("limit — от 1 до {MAX_PAGE_RECORDS}, offset — до {MAX_OFFSET}")));
        }
        let words = |error: &dyn std::fmt::Display| Failure::bad_request(error.to_string());
        let period = Period::new(self.from, self.to).map_err(|error| words(&error))?;
        Ok(prikrep_domain::Query {
            patient: self.patient.as_deref().map(PersonId::parse).transpose().map_err(|error| words(&error))?,
            snils: self.snils.as_deref().map(Snils::parse).transpose().map_err(|error| words(&error))?,
            application_type: self.application_type,
            kind: self.kind,
            status: self.status.map(StatusFilter::Is),
            sort: self.sort.as_deref().map_or(Ok(Sort::default()), str::parse).map_err(|error| words(&error))?,
            ..prikrep_domain::Query::of(period)
        })
    }
}

pub(super) async fn search(
    State(shared): State<Arc<Shared>>,
    _: SignedIn,
    query: Result<Query<SearchQuery>, QueryRejection>,
) -> Result<Json<Found>, Failure> {
    let asked = read_query(query)?;
    let mut search = Search::new(asked.understood()?, asked.offset + asked.limit);
    let work = move || {
        while shared.read(|gateway| search.advance(gateway, STRIDE)) && !shared.closing.is_cancelled() {}
        search.finish(asked.offset)
    };
    spawn_blocking(work).await.map(Json).map_err(internal)
}

pub(super) async fn card(
    State(shared): State<Arc<Shared>>,
    _: SignedIn,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Application>, Failure> {
    // Whatever is not an identifier is nobody's.
    let Path(id) = id.map_err(|_| not_found())?;
    let id = ApplicationId::parse(&id).map_err(|_| not_found())?;
    let standing = shared.read(|gateway| gateway.standing(id)).ok_or_else(not_found)?;
    Ok(Json(standing.application))
}

pub(super) async fn answer(
    State(shared): State<Arc<Shared>>,
    _: SignedIn,
    ids: Result<Path<(String, String)>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let Path((id, answer_id)) = ids.map_err(|_| not_found())?;
    let id = ApplicationId::parse(&id).map_err(|_| not_found())?;
    let answer_id = AnswerId::parse(&answer_id).map_err(|error| {
        Failure::fields(vec![FieldError { field: "answer_id".to_owned(), message: error.to_string() }])
    })?;
    let draft = read_draft(&read_body(body)?)?;
    match shared.change(|gateway| gateway.answer(id, answer_id, &draft, now())) {
        Ok(answered) => {
            let status = if answered.repeated { StatusCode::OK } else { StatusCode::CREATED };
            Ok((status, Json(answered.application)).into_response())
        }
        Err(error) => Err(Problem::from(error).into()),
    }
}

/// An object with wrong values is a wrong answer; anything else is not an answer at all.
fn read_draft(body: &[u8]) -> Result<AnswerDraft, Failure> {
    let fields: Map<String, Value> =
        serde_json::from_slice(body).map_err(|error| Failure::bad_request(unreadable(&error)))?;
    let read = |fields: Map<String, Value>| AnswerDraft::deserialize(Value::Object(fields));
    read(fields.clone()).map_err(|_| {
        // No field of a draft is required, so that each can be read alone to find the wrong ones.
        let alone = |(field, value): (String, Value)| {
            read(Map::from_iter([(field.clone(), value)]))
                .is_err()
                .then(|| FieldError {
                    message: format!("Поле {field}: значение не разобрано"), field
                })
        };
        Failure::fields(fields.into_iter().filter_map(alone).collect())
    })
}

fn not_found() -> Failure {
    Failure::of(ProblemKind::NotFound, "Заявление не найдено")
}

pub(super) async fn directory(
    State(shared): State<Arc<Shared>>,
    _: SignedIn,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let body = serde_json::to_vec(&shared.read(crate::gateway::Gateway::directory))?;
    // Weak: the encoding of the response may differ.
    let tag = format!("W/\"{:016x}\"", body.iter().fold(0, |hash, byte| mix(hash ^ u64::from(*byte))));
    let asked = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let known = asked.flat_map(|value| value.split(',')).any(|asked| same_tag(asked.trim(), &tag));
    let tag_header = [(header::ETAG, tag)];
    if known {
        return Ok((StatusCode::NOT_MODIFIED, tag_header).into_response());
    }
    Ok((tag_header, [(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// The weak comparison of RFC 9110.
fn same_tag(asked: &str, tag: &str) -> bool {
    let strong = |tag: &str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
    asked == "*" || strong(asked) == strong(tag)
}
