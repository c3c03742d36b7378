//! The feed and its long poll.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use prikrep_domain::{Cursor, FeedPage, MAX_PAGE_BYTES, MAX_PAGE_RECORDS, Problem};
use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use utoipa::IntoParams;

use super::body::{json_bytes, to_json};
use super::query::Params;
use super::{Failure, Shared};
use crate::search::Fields;
use crate::{Register, SignedIn, words};

pub(crate) const PATH: &str = "/v1/feed";
/// The longest that a request may be held open.
pub(crate) const MAX_WAIT_SECS: u32 = 60;
const DEFAULT_LIMIT: usize = 1_000;
/// Changes come in swarms (a pull, a morning of answers): what comes within this time is read once.
const GATHER: Duration = Duration::from_millis(50);

#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct FeedParams {
    /// Where to read on, as the page before said. Absent or empty means from the beginning.
    #[param(max_length = 128, nullable = false)]
    after: Option<String>,
    /// How many changes at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 5000, default = 1000, nullable = false)]
    limit: Option<String>,
    /// Seconds to hold the request open when there is nothing new (long poll).
    #[param(value_type = Option<u32>, minimum = 0, maximum = 60, default = 0, nullable = false)]
    wait: Option<String>,
}

struct Asked {
    after: Option<String>,
    limit: usize,
    wait: Duration,
}

impl FeedParams {
    fn read(self) -> Result<Asked, Problem> {
        let mut fields = Fields::default();
        let limit = fields.number("limit", &self.limit, 1, MAX_PAGE_RECORDS).unwrap_or(DEFAULT_LIMIT);
        let wait = fields.number("wait", &self.wait, 0, 60).unwrap_or(0);
        if !fields.0.is_empty() {
            return Err(words::bad_fields(fields.0));
        }
        let after = self.after.filter(|cursor| !cursor.is_empty());
        if let Some(text) = &after {
            Cursor::new(text.clone()).map_err(words::bad_request)?;
        }
        Ok(Asked { after, limit, wait: Duration::from_secs(u64::try_from(wait).unwrap_or(0)) })
    }
}

#[cfg(feature = "fuzzing")]
pub(crate) fn read(uri: &axum::http::Uri) -> Result<(Option<String>, usize, u64), Problem> {
    let Asked { after, limit, wait } = super::query::read::<FeedParams>(uri)?.read()?;
    Ok((after, limit, wait.as_secs()))
}

/// Changes after a cursor
///
/// Every application that the account may see, in its current state, in the order of this register's own
/// changes; one that changed twice comes once, at its last place. A choice and the cancellation that has just
/// ended it are never parted by the end of a page of more than one record.
///
/// A cursor is opaque to its consumer; it names the epoch of this register's store and the last change read,
/// and says nothing of who read it. One of an earlier epoch is answered 410: read from the beginning.
/// `limit` counts applications; a page that would grow beyond 16 MiB holds fewer, with `has_more`.
///
/// With `wait` the request is held open until there is something for this account, the time is over, or the
/// register stops; an account may hold 256 such requests (429 beyond). When its session ends meanwhile the
/// answer is 401. Unknown parameters are answered 400.
#[utoipa::path(get, path = PATH, operation_id = "feed", params(FeedParams),
    responses(
        (status = 200, description = "A page; empty `changes` means that there is nothing new", body = FeedPage),
        (status = 400, description = "bad-request: a parameter is unknown or wrong, or `after` is not a cursor"),
        (status = 401, description = "session-expired"),
        (status = 403, description = "not-allowed: the role may not read applications"),
        (status = 410, description = "cursor-expired: begin again, nothing is lost by it"),
        (status = 429, description = "overloaded, with Retry-After"),
        (status = 503, description = "unavailable, with Retry-After"),
    ))]
pub(crate) async fn feed(
    State(api): State<Shared>,
    mut who: SignedIn,
    Params(params): Params<FeedParams>,
) -> Result<Response, Failure> {
    let Asked { mut after, limit, wait } = params.read()?;
    let _open = if wait.is_zero() {
        None
    } else {
        let refused = || words::overloaded("Слишком много ожидающих запросов у этой учётной записи");
        Some(api.polls.open(&who.account.login).ok_or_else(refused)?)
    };
    let until = Instant::now() + wait;
    let mut changes = api.parts.register.store().changes();
    loop {
        // Seen before reading: what changes during the reading wakes again.
        changes.borrow_and_update();
        let reader = who.clone();
        let read = api.work.with_store(move |register| read_page(register, &reader, after.as_deref(), limit));
        let page = read.await?;
        if !page.nothing_new || Instant::now() >= until || api.parts.stopping.is_cancelled() {
            return Ok(json_bytes(StatusCode::OK, page.json));
        }
        // What others see is not read again at the next waking.
        after = Some(page.cursor.as_str().to_owned());
        let woken = tokio::select! {
            woken = woken(&mut changes) => woken,
            () = sleep_until(until) => false,
            () = api.parts.stopping.cancelled() => false,
        };
        who = api.parts.register.still_signed_in(who, api.now())?;
        if !woken {
            return Ok(json_bytes(StatusCode::OK, page.json));
        }
    }
}

/// Waits until something has changed; false when nothing ever will.
async fn woken(changes: &mut watch::Receiver<u64>) -> bool {
    let woken = changes.changed().await.is_ok();
    if woken {
        sleep(GATHER).await;
    }
    woken
}

struct ReadPage {
    json: Vec<u8>,
    cursor: Cursor,
    nothing_new: bool,
}

/// Reads and writes a page, of fewer applications when it would grow beyond what a consumer takes.
fn read_page(register: &Register, who: &SignedIn, after: Option<&str>, limit: usize) -> Result<ReadPage, Problem> {
    let mut limit = limit;
    loop {
        let page = register.feed(who, after, limit)?;
        let json = to_json(&page)?;
        if json.len() <= MAX_PAGE_BYTES || page.changes.len() <= 1 {
            let nothing_new = page.changes.is_empty() && !page.has_more;
            return Ok(ReadPage { json, cursor: page.cursor, nothing_new });
        }
        limit = page.changes.len() / 2;
    }
}
