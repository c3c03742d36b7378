//! A region at work: workstations on long polls, registrars who answer, while the register pulls.
//!
//! Real processes and real HTTP on the loopback. Nothing here judges how fast it went: [`Outcome`] says it.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::Utc;
use prikrep_domain::{AnswerId, ApplicationId, ApplicationType, DecisionKind, Organization, RawFeedPage, Role, Status};
use prikrep_server::{Config, open_register};
use prikrep_simulator::Scale;
use reqwest::Method;
use reqwest::header::RETRY_AFTER;
use serde::Deserialize;
use serde_json::{Value, to_value};
use tokio::sync::{Mutex, Notify};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::programs::Running;
use crate::region::account;
use crate::{Api, Gateway, PASSWORD, Reply, Site, draft_of};

const SEED: u64 = 22;
/// Workstations poll as ours do.
const WAIT_SECS: u32 = 30;
const PAGE: usize = 2_000;

/// How much of everything.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Applications that the register pulls meanwhile.
    pub applications: u64,
    /// Organizations, each with an account.
    pub organizations: usize,
    /// Workstations of an organization.
    pub workstations: usize,
    /// Answers a second, of all organizations together.
    pub answers_per_sec: u32,
    /// Answers at least, also when the pull is over before.
    pub answers: usize,
    /// After so long it is given up.
    pub most: Duration,
}

/// What was seen.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// From the start of the register until every workstation had everything.
    pub took: Duration,
    /// How long each answer took, those that were refused for a while with all their tries.
    pub answers: Vec<Duration>,
    /// Answers that the domain refused: a cancellation had arrived meanwhile.
    pub superseded: usize,
    /// Pages that workstations read, and their records.
    pub pages: u64,
    /// Records that workstations read.
    pub records: u64,
    /// The most workstations that were connected with an open request.
    pub open_polls: usize,
    /// Replies 429 and 503 with `Retry-After`, by status.
    pub later: BTreeMap<u16, usize>,
    /// Everything else that was not expected.
    pub wrong: Vec<String>,
    /// The most memory that the register had, in bytes.
    pub peak_memory: u64,
}

impl Outcome {
    /// The time within which a share of the answers was given, 0.99 for p99.
    #[must_use]
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank")]
    pub fn within(&self, share: f64) -> Duration {
        let mut sorted = self.answers.clone();
        sorted.sort();
        let rank = (sorted.len() as f64 * share).ceil() as usize;
        sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }
}

/// One organization's account, with what its workstations know together.
struct Office {
    api: Api,
    pending: Mutex<VecDeque<ApplicationId>>,
}

#[derive(Default)]
struct Seen {
    /// Applications that workstations have, each counted at each of them.
    held: AtomicU64,
    pages: AtomicU64,
    records: AtomicU64,
    open: AtomicUsize,
    most_open: AtomicUsize,
    later: Mutex<BTreeMap<u16, usize>>,
    wrong: Mutex<Vec<String>>,
    over: AtomicBool,
    news: Notify,
}

impl Load {
    /// Makes the region and lets it work until everything is pulled, everywhere, and enough is answered.
    ///
    /// # Panics
    /// When a program does not start, or the time is up.
    pub async fn run(self) -> Outcome {
        let (applications, organizations) = (self.applications.to_string(), self.organizations.to_string());
        let seed = SEED.to_string();
        let gateway =
            Gateway::start(&["--applications", &applications, "--organizations", &organizations, "--seed", &seed]);
        let site = Site::new(gateway.url(), "");
        let logins = self.add_accounts(&site);
        let started = Instant::now();
        let (register, url) = site.serve();
        let seen = Arc::new(Seen::default());
        let mut offices = Vec::new();
        for login in &logins {
            offices.push(Arc::new(Office { api: sign_in(&url, login, &seen).await, pending: Mutex::default() }));
        }
        let mut workstations = JoinSet::new();
        for office in &offices {
            for number in 0..self.workstations {
                let (office, seen) = (Arc::clone(office), Arc::clone(&seen));
                workstations.spawn(async move { workstation(&office, &seen, number == 0).await });
            }
        }
        let answering = tokio::spawn(answer(offices, Arc::clone(&seen), self));
        let (answers, superseded) =
            timeout(self.most, answering).await.expect("everything is pulled and answered in time").unwrap();
        let took = started.elapsed();
        seen.over.store(true, Ordering::SeqCst);
        workstations.shutdown().await;
        let outcome = Outcome {
            took,
            answers,
            superseded,
            pages: seen.pages.load(Ordering::SeqCst),
            records: seen.records.load(Ordering::SeqCst),
            open_polls: seen.most_open.load(Ordering::SeqCst),
            later: seen.later.lock().await.clone(),
            wrong: seen.wrong.lock().await.clone(),
            peak_memory: peak_memory(&register),
        };
        register.terminate();
        assert_eq!(register.wait().code(), Some(0), "the register stops by itself");
        outcome
    }

    /// The accounts' logins; each account is made before the register's program starts.
    fn add_accounts(&self, site: &Site) -> Vec<String> {
        let scale = Scale { applications: 0, organizations: self.organizations, seed: SEED, start: Utc::now() };
        let gateway = prikrep_simulator::Gateway::new(scale).unwrap();
        let register = open_register(&Config::load(site.config()).unwrap().config, Utc::now()).unwrap();
        let add = |(number, organization): (usize, &Organization)| {
            let login = format!("mo-{number}");
            register.add_user(account(&login, Role::Registrar, Some(organization)), Utc::now()).unwrap();
            login
        };
        gateway.organizations().enumerate().map(add).collect()
    }

    /// Whether every workstation has every application.
    fn is_everywhere(&self, seen: &Seen) -> bool {
        seen.held.load(Ordering::SeqCst) >= self.applications * self.workstations as u64
    }
}

async fn sign_in(url: &str, login: &str, seen: &Seen) -> Api {
    let anonymous = Api::new(url);
    loop {
        let body = serde_json::json!({"login": login, "password": PASSWORD});
        let reply = anonymous.send(Method::POST, "/v1/sessions", Some(&body)).await.unwrap();
        if reply.status == 201 {
            return anonymous.with_token(reply.json()["token"].as_str().unwrap());
        }
        seen.told(&reply, "sign-in").await;
    }
}

impl Seen {
    /// Notes a reply that is not what was asked for, and waits as it says.
    async fn told(&self, reply: &Reply, what: &str) {
        let wait = reply.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        match (reply.status, wait) {
            (429 | 503, Some(seconds)) => {
                *self.later.lock().await.entry(reply.status).or_default() += 1;
                sleep(Duration::from_secs(seconds)).await;
            }
            _ => {
                self.wrong(format!("{what}: {} {}", reply.status, String::from_utf8_lossy(&reply.body))).await;
                sleep(Duration::from_secs(1)).await;
            }
        }
    }

    async fn wrong(&self, what: String) {
        let mut wrong = self.wrong.lock().await;
        if wrong.len() < 20 {
            wrong.push(what);
        }
    }
}

/// Reads the feed as a workstation's daemon does. The first one of an office also looks for what can be answered.
async fn workstation(office: &Office, seen: &Seen, looks: bool) {
    let (mut after, mut held) = (String::new(), HashSet::new());
    while !seen.over.load(Ordering::SeqCst) {
        let path = format!("/v1/feed?limit={PAGE}&wait={WAIT_SECS}&after={after}");
        let open = seen.open.fetch_add(1, Ordering::SeqCst) + 1;
        seen.most_open.fetch_max(open, Ordering::SeqCst);
        let reply = Api::reply(office.api.request(Method::GET, &path)).await;
        seen.open.fetch_sub(1, Ordering::SeqCst);
        let reply = match reply {
            Ok(reply) if reply.status == 200 => reply,
            Ok(reply) => {
                seen.told(&reply, "feed").await;
                continue;
            }
            Err(error) => {
                seen.wrong(format!("feed: {error:?}")).await;
                sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        let page: RawFeedPage<'_> = serde_json::from_slice(&reply.body).unwrap();
        seen.pages.fetch_add(1, Ordering::Relaxed);
        seen.records.fetch_add(page.changes.len() as u64, Ordering::Relaxed);
        for raw in &page.changes {
            let Named { id } = serde_json::from_str(raw.get()).unwrap();
            if held.insert(id) {
                seen.held.fetch_add(1, Ordering::SeqCst);
                if looks && is_answerable(raw.get()) {
                    office.pending.lock().await.push_back(id);
                }
            }
        }
        seen.news.notify_one();
        page.cursor.as_str().clone_into(&mut after);
    }
}

#[derive(Deserialize)]
struct Named {
    id: ApplicationId,
}

fn is_answerable(raw: &str) -> bool {
    let application = prikrep_domain::read_application(raw);
    application.is_ok_and(|one| one.application_type == ApplicationType::Choice && one.status == Status::Sent)
}

/// Answers at an even pace, office after office, until everything is everywhere and enough is answered.
async fn answer(offices: Vec<Arc<Office>>, seen: Arc<Seen>, load: Load) -> (Vec<Duration>, usize) {
    let mut pace = interval(Duration::from_secs(1) / load.answers_per_sec);
    // A late answer does not make the next ones come in a swarm.
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut sending = JoinSet::new();
    let (mut sent, mut at) = (0, 0);
    while sent < load.answers || !load.is_everywhere(&seen) {
        pace.tick().await;
        let Some((office, application)) = next_pending(&offices, &mut at).await else {
            assert!(
                sent >= load.answers || !load.is_everywhere(&seen),
                "too few applications wait for so many answers"
            );
            // Nothing to answer yet: more is coming.
            let _ = timeout(Duration::from_secs(1), seen.news.notified()).await;
            continue;
        };
        sent += 1;
        let seen = Arc::clone(&seen);
        sending.spawn(async move { put(&office.api, application, &seen).await });
    }
    let outcomes = sending.join_all().await;
    let answers: Vec<Duration> = outcomes.iter().flatten().copied().collect();
    let superseded = outcomes.len() - answers.len();
    (answers, superseded)
}

async fn next_pending(offices: &[Arc<Office>], at: &mut usize) -> Option<(Arc<Office>, ApplicationId)> {
    for _ in offices {
        *at = (*at + 1) % offices.len();
        if let Some(application) = offices[*at].pending.lock().await.pop_front() {
            return Some((Arc::clone(&offices[*at]), application));
        }
    }
    None
}

/// Gives an answer; `None` when the domain refused it.
async fn put(api: &Api, application: ApplicationId, seen: &Seen) -> Option<Duration> {
    let path = format!("/v1/applications/{application}/answers/{}", AnswerId::generate());
    let body: Value = to_value(draft_of(DecisionKind::Refuse, Utc::now())).unwrap();
    let begun = Instant::now();
    loop {
        match api.send(Method::PUT, &path, Some(&body)).await {
            Ok(reply) if matches!(reply.status, 200 | 201) => return Some(begun.elapsed()),
            Ok(reply) if reply.status == 409 => return None,
            Ok(reply) => seen.told(&reply, "answer").await,
            Err(error) => {
                seen.wrong(format!("answer: {error:?}")).await;
                return None;
            }
        }
    }
}

/// The most memory that a process had; 0 where the system does not tell.
fn peak_memory(process: &Running) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches("kB").trim().parse().map_or(0, |kib: u64| kib << 10)
}
