//! How the register is doing: for `/readyz`, for metrics, for the administrator.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use prikrep_daemon::{Connection, DaemonStatus};
use prikrep_store::{DamageReport, Shelf, StoreError};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use crate::tls::Tls;
use crate::{Register, words};

/// A last entry of the journal may be so much later than now: clocks are corrected by little all the time.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// How the register is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Condition {
    /// Whether it can serve.
    pub ready: bool,
    /// What needs an administrator's attention, in words.
    pub attention: Vec<String>,
    /// The store.
    pub store: StoreCondition,
    /// The federal service; absent when none is configured or no daemon runs.
    pub upstream: Option<UpstreamCondition>,
    /// Answers on their way.
    pub outbox: OutboxCondition,
    /// Records that could not be understood.
    pub quarantine: usize,
    /// What the answer forms offer.
    pub directory: DirectoryCondition,
    /// The certificate; absent without TLS, and when the register does not run.
    #[serde(default)]
    pub tls: Option<TlsCondition>,
    /// Live sessions.
    pub sessions: usize,
    /// Damage found since the store was opened.
    #[schema(value_type = Vec<Damage>)]
    pub damage: Vec<DamageReport>,
}

/// Damage that was found and what was done about it.
#[derive(ToSchema)]
#[allow(dead_code, reason = "described in OpenAPI only")]
pub(crate) struct Damage {
    /// When it was found.
    found_at: DateTime<Utc>,
    /// What was found, what was done, what to do.
    words: String,
}

/// The store in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreCondition {
    /// Applications.
    pub applications: usize,
    /// Of them, those that wait for an answer.
    pub pending: usize,
    /// Free space on the disk of the data, in bytes; absent where the system does not tell.
    #[serde(default)]
    pub free_bytes: Option<u64>,
}

/// Answers on their way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutboxCondition {
    /// Not yet delivered.
    pub queued: usize,
    /// Delivered; the federal service's own word on them is still to come.
    pub delivered: usize,
    /// Refused by the federal service.
    pub rejected: usize,
}

/// What the answer forms offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryCondition {
    /// Organizations that have a directory.
    pub organizations: usize,
    /// What is wrong with the file; the last good one is served meanwhile.
    pub problem: Option<String>,
}

/// The certificate of the register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TlsCondition {
    /// When it begins to be valid.
    pub certificate_valid_from: DateTime<Utc>,
    /// When it expires.
    pub certificate_expires_at: DateTime<Utc>,
    /// What is wrong with its files; the last good ones are served meanwhile.
    pub problem: Option<String>,
}

/// How the federal service stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UpstreamState {
    /// Nothing was tried yet.
    Starting,
    /// It answers.
    Online,
    /// It cannot be reached.
    Offline,
    /// It does not let the register in: check login and password.
    SignInRefused,
    /// It answers, but the list cannot be pulled.
    Faulty,
}

/// How the federal service stands, and the pulls from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UpstreamCondition {
    /// By the last that was heard of it.
    pub state: UpstreamState,
    /// Since when.
    pub since: Option<DateTime<Utc>>,
    /// Why, when something is wrong.
    pub trouble: Option<String>,
    /// When it is tried again, when something is wrong.
    pub next_try_at: Option<DateTime<Utc>>,
    /// When a pull last came to its end.
    pub last_pull_at: Option<DateTime<Utc>>,
    /// When the next daily pull is due.
    pub next_pull_at: Option<DateTime<Utc>>,
    /// The pull that is running.
    pub pulling: Option<PullingCondition>,
    /// How many minutes this computer's clock is ahead of the federal service's, behind when negative; absent while
    /// they agree.
    #[serde(default)]
    pub clock_ahead_minutes: Option<i64>,
}

/// How far a running pull has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PullingCondition {
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// Pages kept.
    pub pages: u64,
    /// Records kept.
    pub records: u64,
    /// Records a second since it began.
    pub records_per_sec: f64,
}

impl From<&DaemonStatus> for UpstreamCondition {
    fn from(status: &DaemonStatus) -> Self {
        let (state, since, trouble, next_try_at) = match &status.connection {
            Connection::Starting => (UpstreamState::Starting, None, None, None),
            Connection::Online { since } => (UpstreamState::Online, Some(*since), None, None),
            Connection::Offline { since, why, next_try } => {
                (UpstreamState::Offline, Some(*since), Some(why.to_string()), Some(*next_try))
            }
            Connection::SignInRefused { since, why, next_try } => {
                (UpstreamState::SignInRefused, Some(*since), Some(why.to_string()), Some(*next_try))
            }
            Connection::Faulty { since, why, next_try } => {
                (UpstreamState::Faulty, Some(*since), Some(why.to_string()), Some(*next_try))
            }
        };
        let pulling = status.pulling.as_ref().map(|pull| PullingCondition {
            started_at: pull.started_at,
            pages: pull.pages,
            records: pull.records,
            records_per_sec: pull.records_per_sec,
        });
        let (last_pull_at, next_pull_at) = (status.last_pull_at, status.next_pull_at);
        let clock_ahead_minutes = status.clock_ahead.map(|ahead| ahead.num_minutes());
        Self { state, since, trouble, next_try_at, last_pull_at, next_pull_at, pulling, clock_ahead_minutes }
    }
}

/// Where the condition is read.
#[derive(Clone)]
pub(crate) struct Conditions {
    pub(crate) register: Arc<Register>,
    pub(crate) daemon: Option<watch::Receiver<DaemonStatus>>,
    pub(crate) tls: Option<Arc<Tls>>,
    /// What is to be said about HTTP that others can read.
    pub(crate) exposure: Option<String>,
    pub(crate) stopping: CancellationToken,
}

impl Conditions {
    pub(crate) fn upstream(&self) -> Option<UpstreamCondition> {
        self.daemon.as_ref().map(|status| UpstreamCondition::from(&*status.borrow()))
    }

    /// Whether nothing speaks against this computer's clock: where there is a federal service, it has answered and its
    /// clock shows the same.
    fn clock_is_right(&self, now: DateTime<Utc>) -> bool {
        let agrees = self.upstream().is_none_or(|upstream| {
            upstream.last_pull_at.is_some()
                && upstream.state != UpstreamState::Starting
                && upstream.clock_ahead_minutes.is_none()
        });
        agrees && self.register.last_entry_at.lock().is_none_or(|last| last <= now + CLOCK_TOLERANCE)
    }

    /// Forgets what is over: sessions, and entries of the journal after their time. Blocks on the disk.
    pub(crate) fn sweep(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.register.sweep(now)?;
        // By a clock that is wrong everything would be old.
        if self.clock_is_right(now) {
            self.register.trim_journal(now)?;
        }
        Ok(())
    }

    /// Reads it. May block on the disk.
    pub(crate) fn read(&self, now: DateTime<Utc>) -> Condition {
        let mut condition = self.register.condition(self.upstream(), now);
        self.complete(&mut condition, now);
        if self.stopping.is_cancelled() {
            condition.ready = false;
            condition.attention.push("Регистр останавливается".to_owned());
        }
        condition
    }

    /// Adds what only a running register has. May block on the disk.
    pub(crate) fn complete(&self, condition: &mut Condition, now: DateTime<Utc>) {
        condition.tls = self.tls.as_ref().map(|tls| tls.condition());
        condition.attention.extend(self.exposure.clone());
        condition.attention.extend(condition.tls.iter().flat_map(|tls| tls.attention(now)));
    }
}

impl Register {
    /// Reads what a register has that may not run. May block on the disk.
    pub(crate) fn condition(&self, upstream: Option<UpstreamCondition>, now: DateTime<Utc>) -> Condition {
        self.store().attend_disk();
        let census = self.store().census();
        let (organizations, problem) = self.directories.condition(now);
        let mut attention: Vec<String> = census.disk.iter().map(words::disk).collect();
        attention.extend(census.low_space().map(words::low_space));
        let unwritten = self.unwritten.lock().len();
        if unwritten > 0 {
            attention.push(format!("Записей журнала, которые ждут диска: {unwritten}"));
        }
        attention.extend(census.damage.iter().map(|damage| damage.words.clone()));
        let readable = self.store().record(Shelf::Settings, "ready").map_err(|error| words::chain(&error));
        attention.extend(readable.as_ref().err().cloned());
        attention.extend(problem.clone());
        attention.extend(upstream.as_ref().and_then(|upstream| upstream.trouble.clone()));
        let ahead = upstream.as_ref().and_then(|upstream| upstream.clock_ahead_minutes);
        attention.extend(ahead.map(words::clock_ahead));
        attention
            .extend(self.last_entry_at.lock().filter(|last| *last > now + CLOCK_TOLERANCE).map(words::clock_behind));
        let aged = self.accounts.aged_daemons(now);
        if aged > 0 {
            attention
                .push(format!("Просроченных паролей у систем (роль daemon): {aged}; смените их и сообщите системам"));
        }
        if census.quarantined > 0 {
            let count = census.quarantined;
            attention.push(format!("Записей в карантине: {count}; посмотрите «prikrepd quarantine list»"));
        }
        Condition {
            ready: readable.is_ok() && census.disk.is_none(),
            attention,
            store: StoreCondition {
                applications: census.applications,
                pending: census.pending,
                free_bytes: census.free_bytes,
            },
            upstream,
            outbox: OutboxCondition { queued: census.queued, delivered: census.delivered, rejected: census.rejected },
            quarantine: census.quarantined,
            directory: DirectoryCondition { organizations, problem },
            tls: None,
            sessions: self.sessions.count(),
            damage: census.damage,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use prikrep_store::Applied;
    use tempfile::TempDir;

    use super::*;
    use crate::Config;

    fn at(day: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000 + day)
    }

    /// A federal service that was pulled from and whose clock shows the same.
    fn in_step() -> DaemonStatus {
        DaemonStatus {
            connection: Connection::Online { since: at(0) },
            account: None,
            pulling: None,
            last_pull_at: Some(at(0)),
            last_pull: None,
            next_pull_at: None,
            since_start: Applied::default(),
            last_trouble: None,
            pushes: BTreeMap::new(),
            clock_ahead: None,
            directory_at: None,
            restarts: BTreeMap::new(),
        }
    }

    /// A register with `days` entries in its journal, one a day, which keeps them for 30 days.
    fn register(folder: &TempDir, days: i64) -> Arc<Register> {
        let mut config = Config { data_dir: folder.path().join("data"), ..Config::default() };
        config.journal.keep_days = 30;
        let store = crate::open_store(&config, true, at(0)).unwrap();
        let register = Register::open(store, &config, at(0)).unwrap();
        let long = "x".repeat(15_000);
        for day in 0..days {
            register.note_command("root", &long, at(day)).unwrap();
        }
        Arc::new(register)
    }

    fn conditions(register: &Arc<Register>, status: Option<DaemonStatus>) -> Conditions {
        Conditions {
            register: Arc::clone(register),
            daemon: status.map(|status| watch::channel(status).1),
            tls: None,
            exposure: None,
            stopping: CancellationToken::new(),
        }
    }

    #[test]
    fn a_clock_that_may_be_wrong_removes_nothing_from_the_journal() {
        let folder = tempfile::tempdir().unwrap();
        let register = register(&folder, 700);
        let first = || register.check_journal().unwrap().first;
        let today = at(1_000);
        let doubtful = [
            DaemonStatus { connection: Connection::Starting, ..in_step() },
            DaemonStatus { last_pull_at: None, ..in_step() },
            DaemonStatus { clock_ahead: Some(TimeDelta::days(300)), ..in_step() },
            DaemonStatus { clock_ahead: Some(TimeDelta::minutes(-4)), ..in_step() },
        ];
        for status in doubtful {
            conditions(&register, Some(status.clone())).sweep(today).unwrap();
            assert_eq!(first(), 1, "{status:?}");
        }
        // Behind its own last entry a clock is wrong, whatever others show.
        conditions(&register, Some(in_step())).sweep(at(698)).unwrap();
        assert_eq!(first(), 1);
        conditions(&register, Some(in_step())).sweep(today).unwrap();
        assert!(first() > 1, "a clock that is right removes what is old");
    }

    #[test]
    fn without_a_federal_service_the_own_clock_is_believed() {
        let folder = tempfile::tempdir().unwrap();
        let register = register(&folder, 700);
        conditions(&register, None).sweep(at(1_000)).unwrap();
        assert!(register.check_journal().unwrap().first > 1);
    }
}
