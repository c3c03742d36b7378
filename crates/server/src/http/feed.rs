//! The feed and its long poll.

use std::io;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use parking_lot::Mutex;
use prikrep_domain::{Action, Cursor, FeedPage, MAX_PAGE_BYTES, MAX_PAGE_RECORDS, Oid, Problem};
use serde::Deserialize;
use tokio::time::{Instant, sleep_until};
use utoipa::IntoParams;
use zstd::bulk::Compressor;
use zstd::zstd_safe::compress_bound;

use super::body::json_bytes;
use super::query::Params;
use super::work::Queue;
use super::{Failure, Shared};
use crate::search::Fields;
use crate::{Register, SignedIn, words};

pub(crate) const PATH: &str = "/v1/feed";
/// The longest that a request may be held open.
pub(crate) const MAX_WAIT_SECS: u32 = 60;
const DEFAULT_LIMIT: usize = 1_000;
/// For how many pages at once buffers are kept, and how large one may have become.
const IDLE_BUFFERS: usize = 4;
const IDLE_BUFFER_BYTES: usize = 8 << 20;
/// A shorter page is sent as it is.
const COMPRESSED_FROM: usize = 1 << 10;
/// As fast as it gets: a page of JSON still comes out five times smaller.
const ZSTD_LEVEL: i32 = 1;

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
    headers: HeaderMap,
    Params(params): Params<FeedParams>,
) -> Result<Response, Failure> {
    let Asked { after, limit, wait } = params.read()?;
    let _open = if wait.is_zero() {
        None
    } else {
        let refused = || words::overloaded("Слишком много ожидающих запросов у этой учётной записи");
        Some(api.polls.open(&who.account.login).ok_or_else(refused)?)
    };
    let until = Instant::now() + wait;
    let organization = who.organization().cloned();
    let mut wanted = Wanted { organization, after, limit, zstd: takes_zstd(&headers) };
    let mut news = api.news.clone();
    loop {
        // Seen before reading: what changes during the reading wakes again.
        news.borrow_and_update();
        let page = give(&api, &who, &wanted).await?;
        // What others see is not read again at the next waking.
        wanted.after = Some(page.cursor.as_str().to_owned());
        if page.has_more {
            api.ahead.make(&api.work, wanted);
            return Ok(page.into_response());
        }
        if page.records > 0 || Instant::now() >= until || api.parts.stopping.is_cancelled() {
            return Ok(page.into_response());
        }
        let woken = tokio::select! {
            woken = news.changed() => woken.is_ok(),
            () = sleep_until(until) => false,
            () = api.parts.stopping.cancelled() => false,
        };
        who = api.parts.register.still_signed_in(who, api.now())?;
        if !woken {
            return Ok(page.into_response());
        }
    }
}

/// A page for somebody who may read it, noted in the journal.
async fn give(api: &Shared, who: &SignedIn, wanted: &Wanted) -> Result<ReadPage, Failure> {
    who.may(Action::ReadFeed)?;
    let made = api.ahead.take(wanted).await;
    let (who, wanted) = (who.clone(), wanted.clone());
    let read = move |register: &Register| {
        let page = made.map_or_else(|| wanted.read(register), Ok)?;
        register.note_feed(&who, page.records)?;
        Ok::<_, Problem>(page)
    };
    api.work.with(Queue::Pages, read).await
}

/// Whether a client takes zstd. Whoever takes only gzip gets it from the layer that compresses everything else.
fn takes_zstd(headers: &HeaderMap) -> bool {
    let offered = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    offered.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse().ok());
        name.trim().eq_ignore_ascii_case("zstd") && weight.is_some_and(|weight: f32| weight > 0.0)
    })
}

/// A page that is asked for.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Wanted {
    organization: Option<Oid>,
    after: Option<String>,
    limit: usize,
    /// Whether it is to be compressed.
    zstd: bool,
}

/// A page as it is sent.
pub(crate) struct ReadPage {
    body: Vec<u8>,
    /// Whether the body is compressed.
    zstd: bool,
    cursor: Cursor,
    records: usize,
    has_more: bool,
}

impl ReadPage {
    fn into_response(self) -> Response {
        let mut response = json_bytes(StatusCode::OK, self.body);
        if self.zstd {
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("zstd"));
            response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
        }
        response
    }
}

impl Wanted {
    #[cfg(test)]
    pub(crate) fn from_the_beginning(limit: usize) -> Self {
        Self { organization: None, after: None, limit, zstd: true }
    }

    /// Reads and writes the page, of fewer applications when it would grow beyond what a consumer takes.
    pub(crate) fn read(&self, register: &Register) -> Result<ReadPage, Problem> {
        let mut limit = self.limit;
        loop {
            let page = register.feed_of(self.organization.as_ref(), self.after.as_deref(), limit)?;
            let records = page.changes.len();
            let Some((body, zstd)) = Buffers::lend(|buffers| buffers.write(&page, self.zstd))? else {
                limit = records / 2;
                continue;
            };
            return Ok(ReadPage { body, zstd, cursor: page.cursor, records, has_more: page.has_more });
        }
    }
}

/// Where pages are written and compressed. They are kept: memory that is given back is cleared anew for every page.
struct Buffers {
    json: Vec<u8>,
    compressed: Vec<u8>,
    /// In one piece: a stream would hold a window for each of hundreds of workstations.
    compressor: Compressor<'static>,
}

impl Buffers {
    /// Lends them, and keeps them if they are not too large.
    fn lend<T>(work: impl FnOnce(&mut Self) -> Result<T, Problem>) -> Result<T, Problem> {
        static IDLE: Mutex<Vec<Buffers>> = Mutex::new(Vec::new());
        let idle = IDLE.lock().pop();
        let mut buffers = idle.map_or_else(Self::new, Ok).map_err(|error| words::internal(&error))?;
        let done = work(&mut buffers);
        let mut idle = IDLE.lock();
        if idle.len() < IDLE_BUFFERS && buffers.json.capacity() <= IDLE_BUFFER_BYTES {
            idle.push(buffers);
        }
        done
    }

    fn new() -> io::Result<Self> {
        Ok(Self { json: Vec::new(), compressed: Vec::new(), compressor: Compressor::new(ZSTD_LEVEL)? })
    }

    /// The body of a page, and whether it is compressed; `None` when the page is longer than a consumer takes.
    fn write(&mut self, page: &FeedPage, zstd: bool) -> Result<Option<(Vec<u8>, bool)>, Problem> {
        self.json.clear();
        serde_json::to_writer(&mut self.json, page).map_err(|error| words::internal(&error))?;
        if self.json.len() > MAX_PAGE_BYTES && page.changes.len() > 1 {
            return Ok(None);
        }
        if !zstd || self.json.len() < COMPRESSED_FROM {
            return Ok(Some((self.json.clone(), false)));
        }
        self.compressed.clear();
        self.compressed.reserve(compress_bound(self.json.len()));
        let done = self.compressor.compress_to_buffer(&self.json, &mut self.compressed);
        done.map_err(|error| words::internal(&error))?;
        Ok(Some((self.compressed.clone(), true)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zstd_is_for_those_who_take_it() {
        let takes = |value: &'static str| {
            takes_zstd(&HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))]))
        };
        assert!(
            ["zstd", "gzip, zstd", "gzip;q=1.0, ZSTD;q=0.5", "br,zstd ; q=1"].map(takes).iter().all(|takes| *takes)
        );
        assert!(!["", "gzip", "*", "zstd;q=0", "zstdx", "zstd;q=x"].map(takes).iter().any(|takes| *takes));
    }
}
