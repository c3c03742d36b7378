//! An upstream in process: an honest feed of applications, with faults on request and a record of what it
//! was asked.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::future::pending;
use std::time::Duration;

use parking_lot::Mutex;
use prikrep_daemon::{DirectoryNews, ErrorResponse, FetchedPage, NetworkFault, Pushed, Upstream, UpstreamError};
use prikrep_domain::{
    AnswerId, Application, ApplicationId, Cursor, Delivery, Directory, Problem, ProblemKind, RecordedAnswer, Role,
    Session, Status, transition,
};
use prikrep_store::{Page, UnreadableRecord};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::fixture::start_of_time;

/// What goes wrong with one request.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// It fails before it has an effect.
    Before(UpstreamError),
    /// It has its effect, and the reply is lost.
    ReplyLost,
    /// The upstream's own code panics.
    Panic,
    /// Nothing ever comes.
    Hang,
    /// It takes this long.
    Slow(Duration),
    /// The reply to a push is about this application.
    OtherWord(Box<Application>),
    /// After this long the connection breaks.
    CutOff(Duration),
}

impl Fault {
    pub(crate) fn network() -> Self {
        Self::Before(UpstreamError::network(NetworkFault::NoConnection))
    }

    pub(crate) fn status(status: u16) -> Self {
        Self::Before(UpstreamError::status(status))
    }

    pub(crate) fn asks_to_wait(status: u16, secs: u64) -> Self {
        let retry_after = Some(Duration::from_secs(secs));
        Self::Before(UpstreamError::Response(ErrorResponse { status, retry_after, problem: None }))
    }
}

#[derive(Clone, Debug)]
pub(crate) struct PullSeen {
    pub(crate) at: Instant,
    pub(crate) after: Option<String>,
    pub(crate) limit: usize,
    pub(crate) wait_secs: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct PushSeen {
    pub(crate) application: ApplicationId,
    pub(crate) answer: AnswerId,
}

type PushRule = Box<dyn FnMut(&PushSeen) -> Option<Fault> + Send>;
type PullRule = Box<dyn FnMut(&PullSeen) -> Option<Result<Page, Fault>> + Send>;

#[derive(Default)]
struct State {
    applications: BTreeMap<ApplicationId, Application>,
    unreadable: Vec<(u64, UnreadableRecord)>,
    last_version: u64,
    epoch: u32,
    signed_in: bool,
    sign_in_faults: VecDeque<Fault>,
    pull_faults: VecDeque<Fault>,
    push_rule: Option<PushRule>,
    pull_rule: Option<PullRule>,
    pulls: Vec<PullSeen>,
    pushes: Vec<PushSeen>,
    sign_ins: Vec<Instant>,
    sign_outs: usize,
    effects: HashMap<AnswerId, u32>,
    directory: Option<(Directory, String)>,
}

/// The upstream.
#[derive(Default)]
pub(crate) struct Gateway {
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

impl Gateway {
    /// An upstream with these applications, in a session already.
    pub(crate) fn with(applications: impl IntoIterator<Item = Application>) -> std::sync::Arc<Self> {
        let gateway = Self::default();
        gateway.state.lock().signed_in = true;
        gateway.publish(applications);
        std::sync::Arc::new(gateway)
    }

    /// New applications, or new states of known ones.
    pub(crate) fn publish(&self, applications: impl IntoIterator<Item = Application>) {
        let mut state = self.state.lock();
        for application in applications {
            state.put(application);
        }
        let version = state.last_version;
        drop(state);
        self.changes.send_replace(version);
    }

    pub(crate) fn publish_unreadable(&self, raw: &str) {
        let mut state = self.state.lock();
        state.last_version += 1;
        let version = state.last_version;
        state.unreadable.push((version, UnreadableRecord { id: None, reason: "x".into(), raw: raw.into() }));
        drop(state);
        self.changes.send_replace(version);
    }

    /// A new epoch with only some of the applications left, in new versions.
    pub(crate) fn rebuild(&self, keep: impl Fn(&Application) -> bool) {
        let mut state = self.state.lock();
        state.epoch += 1;
        state.last_version = 0;
        state.unreadable.clear();
        let old = std::mem::take(&mut state.applications);
        old.into_values().filter(keep).for_each(|application| drop(state.put(application)));
        drop(state);
        self.changes.send_modify(|version| *version += 1);
    }

    pub(crate) fn end_session(&self) {
        self.state.lock().signed_in = false;
    }

    pub(crate) fn fail_pulls(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state.lock().pull_faults.extend(faults);
    }

    pub(crate) fn fail_sign_ins(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state.lock().sign_in_faults.extend(faults);
    }

    pub(crate) fn on_push(&self, rule: impl FnMut(&PushSeen) -> Option<Fault> + Send + 'static) {
        self.state.lock().push_rule = Some(Box::new(rule));
    }

    /// Answers pulls instead of the feed, where the rule says something.
    pub(crate) fn on_pull(&self, rule: impl FnMut(&PullSeen) -> Option<Result<Page, Fault>> + Send + 'static) {
        self.state.lock().pull_rule = Some(Box::new(rule));
    }

    pub(crate) fn behave(&self) {
        let mut state = self.state.lock();
        (state.push_rule, state.pull_rule) = (None, None);
        state.pull_faults.clear();
        state.sign_in_faults.clear();
    }

    pub(crate) fn set_directory(&self, directory: Directory, etag: &str) {
        self.state.lock().directory = Some((directory, etag.to_owned()));
    }

    pub(crate) fn pulls(&self) -> Vec<PullSeen> {
        self.state.lock().pulls.clone()
    }

    pub(crate) fn pushes(&self) -> Vec<PushSeen> {
        self.state.lock().pushes.clone()
    }

    pub(crate) fn pushes_of(&self, answer: AnswerId) -> Vec<PushSeen> {
        self.pushes().into_iter().filter(|push| push.answer == answer).collect()
    }

    pub(crate) fn sign_ins(&self) -> Vec<Instant> {
        self.state.lock().sign_ins.clone()
    }

    pub(crate) fn sign_outs(&self) -> usize {
        self.state.lock().sign_outs
    }

    /// How often an answer has taken effect.
    pub(crate) fn effects(&self, answer: AnswerId) -> u32 {
        self.state.lock().effects.get(&answer).copied().unwrap_or(0)
    }

    pub(crate) fn status_of(&self, id: ApplicationId) -> Status {
        self.state.lock().applications[&id].status
    }

    /// Without a session nothing is sent, as over HTTP.
    fn in_session(&self) -> Result<(), UpstreamError> {
        if self.state.lock().signed_in { Ok(()) } else { Err(UpstreamError::SignedOut) }
    }

    fn seen_pull(&self, seen: PullSeen) -> Option<Result<Page, Fault>> {
        let mut state = self.state.lock();
        let by_rule = state.pull_rule.as_mut().and_then(|rule| rule(&seen));
        state.pulls.push(seen);
        by_rule.or_else(|| state.pull_faults.pop_front().map(Err))
    }

    fn page(&self, after: Option<&Cursor>, limit: usize) -> Result<Page, UpstreamError> {
        let state = self.state.lock();
        if !state.signed_in {
            return Err(UpstreamError::SignedOut);
        }
        let after = match after.map(|cursor| cursor.as_str().split_once(':').unwrap()) {
            None => 0,
            Some((epoch, version)) if epoch == state.epoch.to_string() => version.parse().unwrap(),
            Some(_) => return Err(Problem::new(ProblemKind::CursorExpired).into()),
        };
        let mut changes: Vec<_> = state.applications.values().filter(|known| known.version > after).cloned().collect();
        changes.sort_by_key(|application| application.version);
        let mut bad = state.unreadable.iter().filter(|(version, _)| *version > after);
        let has_more = changes.len() > limit;
        changes.truncate(limit);
        let end = if has_more { changes.last().unwrap().version } else { state.last_version };
        let unreadable = bad.by_ref().filter(|(version, _)| *version <= end).map(|(_, record)| record.clone());
        let cursor = Cursor::new(format!("{}:{end}", state.epoch)).unwrap();
        Ok(Page { unreadable: unreadable.collect(), applications: changes, cursor, has_more })
    }

    fn take(&self, id: ApplicationId, record: &RecordedAnswer) -> Result<Pushed, UpstreamError> {
        let mut state = self.state.lock();
        if !state.signed_in {
            return Err(UpstreamError::SignedOut);
        }
        let Some(known) = state.applications.get(&id).cloned() else {
            return Err(Problem::new(ProblemKind::NotFound).into());
        };
        if known.answers.iter().any(|taken| taken.id == record.id) {
            return Ok(Pushed { application: Some(known) });
        }
        let Some(status) = transition(known.application_type, known.status, record.answer.decision.kind()) else {
            return Err(Problem::new(ProblemKind::AlreadyAnswered)
                .with_detail("Уже ответили")
                .with_application(known)
                .into());
        };
        let mut next = Application { status, ..known };
        let delivery = Delivery::Delivered { at: Some(start_of_time()) };
        next.answers.push(RecordedAnswer { delivery, ..record.clone() });
        *state.effects.entry(record.id).or_default() += 1;
        let application = state.put(next);
        let version = state.last_version;
        drop(state);
        self.changes.send_replace(version);
        Ok(Pushed { application: Some(application) })
    }
}

impl State {
    fn put(&mut self, mut application: Application) -> Application {
        self.last_version += 1;
        application.version = self.last_version;
        self.applications.insert(application.id, application.clone());
        application
    }
}

/// Lets a fault happen; what remains is done after the effect.
async fn suffer(fault: Option<Fault>) -> Result<Option<UpstreamError>, UpstreamError> {
    match fault {
        None | Some(Fault::OtherWord(_)) => Ok(None),
        Some(Fault::Before(error)) => Err(error),
        Some(Fault::ReplyLost) => Ok(Some(UpstreamError::network(NetworkFault::Broken))),
        Some(Fault::Panic) => panic!("a fault that was asked for"),
        Some(Fault::Hang) => pending().await,
        Some(Fault::Slow(time)) => {
            sleep(time).await;
            Ok(None)
        }
        Some(Fault::CutOff(time)) => {
            sleep(time).await;
            Err(UpstreamError::network(NetworkFault::Broken))
        }
    }
}

fn lose<T>(result: Result<T, UpstreamError>, lost: Option<UpstreamError>) -> Result<T, UpstreamError> {
    lost.map_or(result, Err)
}

/// A page as it travels.
fn written(page: &Page) -> Result<FetchedPage, UpstreamError> {
    let readable = page.applications.iter().map(|application| serde_json::to_value(application).unwrap());
    let unreadable = page.unreadable.iter().map(|record| serde_json::from_str(&record.raw).unwrap());
    let changes: Vec<serde_json::Value> = readable.chain(unreadable).collect();
    let page = serde_json::json!({"changes": changes, "cursor": page.cursor, "has_more": page.has_more});
    FetchedPage::parse(page.to_string().into_bytes())
}

impl Upstream for Gateway {
    async fn sign_in(&self) -> Result<Session, UpstreamError> {
        let fault = {
            let mut state = self.state.lock();
            state.sign_ins.push(Instant::now());
            state.sign_in_faults.pop_front()
        };
        let lost = suffer(fault).await?;
        self.state.lock().signed_in = true;
        let session = Session {
            token: None,
            expires_at: start_of_time(),
            employee: "Демон".to_owned(),
            role: Role::Daemon,
            organization: None,
            password_change_required: false,
        };
        lose(Ok(session), lost)
    }

    async fn pull(&self, after: Option<&Cursor>, limit: usize, wait_secs: u32) -> Result<FetchedPage, UpstreamError> {
        self.in_session()?;
        let mut changes = self.changes.subscribe();
        let after_text = after.map(|cursor| cursor.as_str().to_owned());
        let fault = match self.seen_pull(PullSeen { at: Instant::now(), after: after_text, limit, wait_secs }) {
            None => None,
            Some(Ok(page)) => return written(&page),
            Some(Err(fault)) => Some(fault),
        };
        let lost = suffer(fault).await?;
        let page = self.page(after, limit)?;
        let is_empty = page.applications.is_empty() && page.unreadable.is_empty();
        if is_empty && wait_secs > 0 {
            let held = timeout(Duration::from_secs(wait_secs.into()), changes.changed()).await;
            let page = if held.is_ok() { self.page(after, limit)? } else { page };
            return lose(written(&page), lost);
        }
        lose(written(&page), lost)
    }

    async fn push(&self, application: ApplicationId, answer: &RecordedAnswer) -> Result<Pushed, UpstreamError> {
        self.in_session()?;
        let seen = PushSeen { application, answer: answer.id };
        let fault = {
            let mut state = self.state.lock();
            state.pushes.push(seen.clone());
            state.push_rule.as_mut().and_then(|rule| rule(&seen))
        };
        let lost = suffer(fault.clone()).await?;
        let mut pushed = self.take(application, answer);
        if let (Ok(pushed), Some(Fault::OtherWord(other))) = (&mut pushed, fault) {
            pushed.application = Some(*other);
        }
        lose(pushed, lost)
    }

    async fn directory(&self, etag: Option<&str>) -> Result<DirectoryNews, UpstreamError> {
        match self.state.lock().directory.clone() {
            None => Err(UpstreamError::status(404)),
            Some((_, known)) if etag == Some(known.as_str()) => Ok(DirectoryNews::Unchanged),
            Some((directory, known)) => Ok(DirectoryNews::Changed { directory, etag: Some(known) }),
        }
    }

    async fn sign_out(&self) -> Result<(), UpstreamError> {
        let mut state = self.state.lock();
        (state.signed_in, state.sign_outs) = (false, state.sign_outs + 1);
        Ok(())
    }
}
