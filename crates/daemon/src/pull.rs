//! Pulling: one page as a step, and a whole pull until there is nothing more.
//!
//! Invariant: pages are kept in order, each with its cursor after it. The next page is fetched while the
//! last one is being read and kept; what was fetched after a page that could not be kept is thrown away.

use std::collections::HashSet;
use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use prikrep_domain::Cursor;
use prikrep_store::Applied;
use tokio::time::Instant;

use crate::clock::SharedClock;
use crate::link::Link;
use crate::status::{Board, add};
use crate::{AsyncStore, Clock, FetchedPage, PullProgress, PullReport, SignedIn, Trouble, Upstream, UpstreamError};

/// So many pages without a record in a row, each with a new cursor, are enough for one pull.
const MAX_EMPTY_PAGES: u32 = 1_000;
const MAX_TRAIL: usize = 100_000;

/// What to ask of the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The most records.
    pub limit: usize,
    /// How long the upstream may hold the request when there is nothing new.
    pub wait_secs: u32,
}

/// What a step of pulling did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pulled {
    /// A page was kept.
    Page {
        /// What it did.
        applied: Applied,
        /// Its records, with those in quarantine.
        records: usize,
        /// Whether the upstream has more already.
        has_more: bool,
    },
    /// The upstream does not know the cursor any more: the next step reads from the beginning.
    BegunAgain,
}

/// Pulls and keeps one page after the store's cursor.
///
/// # Errors
/// [`Trouble`]; the store then still stands before the page.
pub async fn pull_page<U: Upstream>(
    store: &AsyncStore,
    upstream: &U,
    ask: Ask,
    clock: &dyn Clock,
) -> Result<Pulled, Trouble> {
    let after = store.call(|store| store.cursor()).await?;
    match fetch(upstream, after.as_ref(), ask).await? {
        Fetched::Page(page) => {
            let has_more = page.has_more();
            let (records, applied) = keep(store, page, clock.now()).await?;
            Ok(Pulled::Page { applied, records, has_more })
        }
        Fetched::CursorRefused => {
            store.call(|store| store.begin_again()).await?;
            Ok(Pulled::BegunAgain)
        }
    }
}

enum Fetched {
    Page(FetchedPage),
    CursorRefused,
}

async fn fetch<U: Upstream>(upstream: &U, after: Option<&Cursor>, ask: Ask) -> Result<Fetched, UpstreamError> {
    match upstream.pull(after, ask.limit, ask.wait_secs).await {
        Ok(page) => Ok(Fetched::Page(page)),
        Err(error) if after.is_some() && error.is_cursor_refused() => Ok(Fetched::CursorRefused),
        Err(error) => Err(error),
    }
}

/// Begins to read and keep a page at once; the future tells its number of records and what they did.
fn keep(
    store: &AsyncStore,
    page: FetchedPage,
    now: DateTime<Utc>,
) -> impl Future<Output = Result<(usize, Applied), Trouble>> + Send + use<> {
    store.call(move |store| Ok((page.len(), store.apply(&page.read(), now)?)))
}

/// Pulls until there is nothing more.
pub(crate) struct Puller<U> {
    pub(crate) store: AsyncStore,
    pub(crate) upstream: Arc<SignedIn<U>>,
    pub(crate) clock: SharedClock,
    pub(crate) board: Board,
    pub(crate) link: Arc<Link>,
    pub(crate) page_limit: usize,
}

impl<U: Upstream> Puller<U> {
    /// One pull. The first request may be held open for `wait_secs`, until `hurry` is ready. Returns whether
    /// the cursor has moved.
    pub(crate) async fn pull(
        &self,
        tally: &mut Tally,
        wait_secs: u32,
        hurry: impl Future<Output = ()>,
    ) -> Result<bool, Trouble> {
        let start = self.store.call(|store| store.cursor()).await?;
        let mut run = Run::new(self, tally, start.clone());
        let mut fetched = tokio::select! {
            fetched = run.fetch(wait_secs) => fetched,
            () = hurry, if wait_secs > 0 => run.fetch(0).await,
        };
        loop {
            run.settle().await?;
            match run.take(fetched).await? {
                Next::More => fetched = run.fetch(0).await,
                Next::End => return Ok(run.after != start),
            }
        }
    }
}

type Keeping = Pin<Box<dyn Future<Output = Result<(usize, Applied), Trouble>> + Send>>;

/// A pull on its way.
struct Run<'a, U> {
    puller: &'a Puller<U>,
    tally: &'a mut Tally,
    after: Option<Cursor>,
    trail: Trail,
    limit: usize,
    begun_again: bool,
    /// The page that is being kept while the next one is fetched.
    keeping: Option<Keeping>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    More,
    End,
}

impl<'a, U: Upstream> Run<'a, U> {
    fn new(puller: &'a Puller<U>, tally: &'a mut Tally, after: Option<Cursor>) -> Self {
        let trail = Trail::from(after.as_ref());
        Self { puller, tally, after, trail, limit: puller.page_limit, begun_again: false, keeping: None }
    }

    async fn fetch(&mut self, wait_secs: u32) -> Result<Fetched, UpstreamError> {
        let ask = Ask { limit: self.limit, wait_secs };
        fetch(&*self.puller.upstream, self.after.as_ref(), ask).await
    }

    /// Waits until the last page is kept. Nothing that came after it counts before.
    async fn settle(&mut self) -> Result<(), Trouble> {
        let Some(keeping) = self.keeping.take() else {
            return Ok(());
        };
        let (records, applied) = keeping.await?;
        self.tally.count(records, applied);
        self.puller.board.edit(|status| {
            add(&mut status.since_start, applied);
            if self.tally.records > 0 {
                status.pulling = Some(self.tally.progress());
            }
        });
        Ok(())
    }

    async fn take(&mut self, fetched: Result<Fetched, UpstreamError>) -> Result<Next, Trouble> {
        match fetched {
            Ok(Fetched::Page(page)) => self.take_page(page).await,
            Ok(Fetched::CursorRefused) => self.begin_again().await,
            Err(UpstreamError::TooLarge(_) | UpstreamError::TooSlow) if self.limit > 1 => {
                self.limit /= 2;
                Ok(Next::More)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn take_page(&mut self, page: FetchedPage) -> Result<Next, Trouble> {
        self.puller.link.contact();
        let (has_more, leads_on) = (page.has_more(), self.trail.leads_on(&page));
        self.after = Some(page.cursor().clone());
        self.keeping = Some(Box::pin(keep(&self.puller.store, page, self.puller.clock.now())));
        if has_more && leads_on {
            return Ok(Next::More);
        }
        self.settle().await?;
        if has_more { Err(Trouble::NoProgress) } else { Ok(Next::End) }
    }

    async fn begin_again(&mut self) -> Result<Next, Trouble> {
        tracing::warn!("the upstream does not know the cursor: reading from the beginning");
        self.puller.store.call(|store| store.begin_again()).await?;
        if self.begun_again {
            return Err(UpstreamError::status(410).into());
        }
        (self.begun_again, self.tally.begun_again) = (true, true);
        (self.after, self.trail) = (None, Trail::from(None));
        Ok(Next::More)
    }
}

/// What a pull has done so far, over all its tries.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    started_at: DateTime<Utc>,
    started: Instant,
    pages: u64,
    pub(crate) records: u64,
    pub(crate) applied: Applied,
    pub(crate) begun_again: bool,
}

impl Tally {
    pub(crate) fn begin(now: DateTime<Utc>) -> Self {
        let applied = Applied::default();
        Self { started_at: now, started: Instant::now(), pages: 0, records: 0, applied, begun_again: false }
    }

    fn count(&mut self, records: usize, applied: Applied) {
        self.pages += 1;
        self.records += u64::try_from(records).unwrap_or(u64::MAX);
        add(&mut self.applied, applied);
    }

    #[expect(clippy::cast_precision_loss, reason = "a rate that is shown")]
    fn progress(&self) -> PullProgress {
        let secs = self.started.elapsed().as_secs_f64();
        PullProgress {
            started_at: self.started_at,
            pages: self.pages,
            records: self.records,
            records_per_sec: if secs > 0.0 { self.records as f64 / secs } else { 0.0 },
            applied: self.applied,
        }
    }

    pub(crate) fn report(self, now: DateTime<Utc>) -> PullReport {
        PullReport {
            started_at: self.started_at,
            ended_at: now,
            took: self.started.elapsed(),
            pages: self.pages,
            records: self.records,
            applied: self.applied,
            begun_again: self.begun_again,
        }
    }
}

/// The cursors that a pull has come by, so that a server that leads in a circle is noticed.
struct Trail {
    seen: HashSet<u64>,
    empty_pages: u32,
}

impl Trail {
    fn from(start: Option<&Cursor>) -> Self {
        Self { seen: start.map(digest).into_iter().collect(), empty_pages: 0 }
    }

    /// Whether a page leads on to something new.
    fn leads_on(&mut self, page: &FetchedPage) -> bool {
        self.empty_pages = if page.is_empty() { self.empty_pages + 1 } else { 0 };
        if self.seen.len() >= MAX_TRAIL {
            self.seen.clear();
        }
        let is_new = self.seen.insert(digest(page.cursor()));
        is_new && self.empty_pages < MAX_EMPTY_PAGES
    }
}

fn digest(cursor: &Cursor) -> u64 {
    let mut hasher = DefaultHasher::new();
    cursor.as_str().hash(&mut hasher);
    hasher.finish()
}
