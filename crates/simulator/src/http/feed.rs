//! The feed, with long polls.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use prikrep_domain::{FeedPage, MAX_PAGE_RECORDS, Problem, ProblemKind};
use serde::Deserialize;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until};

use super::failure::{Failure, read_query};
use super::inject::Spoil;
use super::sessions::SignedIn;
use super::{Shared, count};
use crate::malformed;

const MAX_CURSOR_CHARS: usize = 128;
const MAX_WAIT_SECS: u64 = 60;

#[derive(Deserialize)]
pub(super) struct FeedQuery {
    #[serde(default)]
    after: String,
    #[serde(default = "default_limit")]
    limit: usize,
    #[serde(default)]
    wait: u64,
}

const fn default_limit() -> usize {
    1_000
}

pub(super) async fn feed(
    State(shared): State<Arc<Shared>>,
    _: SignedIn,
    spoil: Option<Extension<Spoil>>,
    query: Result<Query<FeedQuery>, QueryRejection>,
) -> Result<Response, Failure> {
    let FeedQuery { after, mut limit, wait } = read_query(query)?;
    if !(1..=MAX_PAGE_RECORDS).contains(&limit) || wait > MAX_WAIT_SECS || after.chars().count() > MAX_CURSOR_CHARS {
        return Err(Failure::bad_request(format!(
            "limit — от 1 до {MAX_PAGE_RECORDS}, wait — от 0 до {MAX_WAIT_SECS}, after — до {MAX_CURSOR_CHARS} знаков"
        )));
    }
    let mut spoil = spoil.map(|Extension(spoil)| spoil);
    if let Some(spoil) = &mut spoil {
        // The record beside the real ones must not make the page longer than it was asked for.
        spoil.replace |= limit == 1;
        limit -= usize::from(!spoil.replace);
    }
    // A spoilt page is never empty: there is nothing to wait for.
    let wait = if spoil.is_some() { 0 } else { wait };
    let page = wait_for_page(&shared, &after, limit, wait).await?;
    count(&shared.counters.pages, 1);
    count(&shared.counters.records, page.changes.len());
    let body = spawn_blocking(move || written(&shared, &page, spoil)).await.map_err(internal)??;
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

fn written(shared: &Shared, page: &FeedPage, spoil: Option<Spoil>) -> Result<Vec<u8>, Failure> {
    let Some(Spoil { malformation, replace }) = spoil else { return Ok(serde_json::to_vec(page)?) };
    let specimen = shared.read(crate::gateway::Gateway::specimen);
    let page = malformed::page(page, &specimen, malformation, replace, shared.faults.lock().dice())?;
    Ok(serde_json::to_vec(&page)?)
}

/// A page that has changes, or an empty one when there were none for so many seconds.
async fn wait_for_page(shared: &Arc<Shared>, after: &str, limit: usize, wait_secs: u64) -> Result<FeedPage, Failure> {
    let deadline = Instant::now() + Duration::from_secs(wait_secs);
    let mut changes = shared.wake.subscribe();
    let mut place = None;
    loop {
        let page = read_page(shared, after, limit).await?;
        if !page.changes.is_empty() || wait_secs == 0 {
            return Ok(page);
        }
        if place.is_none() {
            let full = |_| Failure::of(ProblemKind::Overloaded, "Слишком много ожидающих запросов");
            place = Some(shared.polls.try_acquire().map_err(full)?);
        }
        tokio::select! {
            // The sender lives as long as the shared state, so that this only ends with a change.
            _ = changes.changed() => {}
            () = sleep_until(deadline) => return Ok(page),
            () = shared.closing.cancelled() => return Ok(page),
        }
    }
}

async fn read_page(shared: &Arc<Shared>, after: &str, limit: usize) -> Result<FeedPage, Failure> {
    let (shared, after) = (Arc::clone(shared), after.to_owned());
    let page = spawn_blocking(move || shared.read(|gateway| gateway.feed(Some(&after), limit))).await;
    page.map_err(internal)?.map_err(|error| Problem::from(error).into())
}

/// A blocking task ends without its result only when the process is being stopped.
pub(super) fn internal(_: tokio::task::JoinError) -> Failure {
    Problem::new(ProblemKind::Internal).into()
}
