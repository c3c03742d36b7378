//! The running register: store, daemon, API and control listener, started and stopped together.
//!
//! Invariant: when [`Running::stop`] returns, everything accepted is on the disk and the folder is free.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use prikrep_daemon::{Clock, SystemClock};
use prikrep_store::Store;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio_util::sync::CancellationToken;

use crate::Register;
use crate::condition::{Condition, Conditions};
use crate::config::Config;
use crate::control::{Control, Listening, listen};
use crate::http::{Api, ApiParts, Shared, router};
use crate::metrics::Metrics;
use crate::opening::{OpenError, open_store};
use crate::serving::Door;
use crate::syncing::{SyncError, Syncing};
use crate::tls::Tls;

const ATTEND_EVERY: Duration = Duration::from_secs(5);
const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// For the daemon: a stop is to take five seconds with everything.
const DAEMON_TIME: Duration = Duration::from_secs(4);
/// For the last users of the store, after everything was told to stop.
const STORE_TIME: Duration = Duration::from_millis(500);

/// Why a register does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("не удалось слушать {address}: возможно, порт занят другой программой; проверьте listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The store.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The federal service's client.
    #[error(transparent)]
    Syncing(#[from] SyncError),
    /// The control listener.
    #[error("не удалось открыть управление в папке данных")]
    Control(#[source] std::io::Error),
    /// The certificate, in words for an administrator.
    #[error("{0}")]
    Tls(String),
    /// HTTP without TLS that others could read along, in words for an administrator.
    #[error("{0}")]
    PlainHttp(String),
    /// A fault of this program.
    #[error("внутренний сбой при запуске")]
    Internal,
}

/// Starts registers.
#[derive(Clone, Copy, Debug)]
pub struct Server;

/// A register that runs.
pub struct Running {
    address: SocketAddr,
    scheme: &'static str,
    register: Arc<Register>,
    store: Arc<dyn Store>,
    conditions: Conditions,
    syncing: Option<Arc<Syncing>>,
    stopping: CancellationToken,
    serving: JoinHandle<()>,
    sweeping: JoinHandle<()>,
    control: Listening,
}

impl Server {
    /// Starts a register by the computer's clock.
    ///
    /// # Errors
    /// [`StartError`]; nothing runs then.
    pub async fn start(config: Config) -> Result<Running, StartError> {
        Self::start_with(config, Arc::new(SystemClock)).await
    }

    /// Starts a register.
    ///
    /// # Errors
    /// [`StartError`]; nothing runs then.
    pub async fn start_with(config: Config, clock: Arc<dyn Clock>) -> Result<Running, StartError> {
        if let Some(words) = config.refused_plain_http() {
            return Err(StartError::PlainHttp(words));
        }
        let tls = open_tls(&config).await?;
        let listener = TcpListener::bind(config.listen)
            .await
            .map_err(|source| StartError::Listen { address: config.listen, source })?;
        let address = listener.local_addr().map_err(|source| StartError::Listen { address: config.listen, source })?;
        let (register, store) = open(&config, clock.now()).await?;
        let stopping = CancellationToken::new();
        let syncing = match &config.upstream {
            Some(upstream) => {
                let pulls = upstream.pulls(config.timezone);
                Some(Arc::new(Syncing::start(upstream, pulls, Arc::clone(&store), Arc::clone(&clock)).await?))
            }
            None => None,
        };
        let conditions = Conditions {
            register: Arc::clone(&register),
            daemon: syncing.as_ref().map(|syncing| syncing.status()),
            tls: tls.clone(),
            exposure: config.plain_http_beyond_loopback(),
            stopping: stopping.clone(),
        };
        let control = Control {
            register: Arc::clone(&register),
            conditions: conditions.clone(),
            syncing: syncing.clone(),
            clock: Arc::clone(&clock),
        };
        let control = listen(control, &config.data_dir, stopping.clone()).await.map_err(StartError::Control)?;
        let parts = ApiParts {
            register: Arc::clone(&register),
            conditions: conditions.clone(),
            metrics: Arc::new(Metrics::new(tls.is_some())),
            clock,
            stopping: stopping.clone(),
        };
        let api = Api::new(parts, &config);
        let (swept, attended) = (Arc::clone(&api), Arc::clone(&api));
        let sweeping = tokio::spawn(async {
            tokio::join!(sweep(swept), attend(attended));
        });
        let scheme = if tls.is_some() { "https" } else { "http" };
        let door = Door { connections: config.limits.connections, patience: config.patience, tls };
        let serving = tokio::spawn(crate::serving::serve(listener, router(api), door, stopping.clone()));
        let version = prikrep_daemon::VERSION;
        tracing::info!(%address, scheme, version, upstream = syncing.is_some(), "the register serves");
        Ok(Running { address, scheme, register, store, conditions, syncing, stopping, serving, sweeping, control })
    }
}

async fn open(
    config: &Config,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(Arc<Register>, Arc<dyn Store>), StartError> {
    let config = config.clone();
    let opened = spawn_blocking(move || {
        let store = open_store(&config, true, now)?;
        let register = Register::open(Arc::clone(&store), &config, now).map_err(OpenError::from)?;
        Ok::<_, OpenError>((Arc::new(register), store))
    });
    Ok(opened.await.map_err(|_| StartError::Internal)??)
}

async fn open_tls(config: &Config) -> Result<Option<Arc<Tls>>, StartError> {
    let Some(tls) = config.tls.clone() else { return Ok(None) };
    let patience = config.patience;
    let opened = spawn_blocking(move || Tls::open(&tls, patience)).await.map_err(|_| StartError::Internal)?;
    opened.map(|tls| Some(Arc::new(tls))).map_err(StartError::Tls)
}

/// Looks after the disk: a write that it refused is not the last that is tried.
async fn attend(api: Shared) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(ATTEND_EVERY) => (),
            () = api.parts.stopping.cancelled() => return,
        }
        let register = Arc::clone(&api.parts.register);
        let attended = spawn_blocking(move || {
            register.store().attend_disk();
            register.write_down_rest()
        });
        match attended.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(error = crate::words::chain(&error), "entries of the journal wait"),
            Err(_) => tracing::error!("the care for the disk failed"),
        }
    }
}

/// Forgets what is over: sessions, quiet clients, entries of the journal after their time.
async fn sweep(api: Shared) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(SWEEP_EVERY) => (),
            () = api.parts.stopping.cancelled() => return,
        }
        api.rates.sweep();
        let (conditions, now) = (api.parts.conditions.clone(), api.now());
        match spawn_blocking(move || conditions.sweep(now)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(error = crate::words::chain(&error), "what is over could not be removed"),
            Err(_) => tracing::error!("the sweep of sessions failed"),
        }
    }
}

impl Running {
    /// Where the API is, for example `https://127.0.0.1:8090`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// The register itself. It must be let go before [`Self::stop`], for the folder to be free after it.
    #[must_use]
    pub fn register(&self) -> &Arc<Register> {
        &self.register
    }

    /// How it is doing. May block on the disk.
    #[must_use]
    pub fn condition(&self, now: chrono::DateTime<chrono::Utc>) -> Condition {
        self.conditions.read(now)
    }

    /// How it is doing, read away from the threads that serve; `None` when the reading itself has failed.
    pub async fn look(&self, now: chrono::DateTime<chrono::Utc>) -> Option<Condition> {
        let conditions = self.conditions.clone();
        let looked = spawn_blocking(move || conditions.read(now)).await;
        looked.inspect_err(|_| tracing::error!("the look at the store has failed")).ok()
    }

    /// Pulls now, and waits for the end of the pull.
    ///
    /// # Errors
    /// Words for an administrator.
    pub async fn pull_now(&self) -> Result<crate::PullSummary, String> {
        match &self.syncing {
            Some(syncing) => syncing.pull_now().await,
            None => Err("в конфигурации нет раздела [upstream]".to_owned()),
        }
    }

    /// Stops: running requests get 3 seconds to end, long polls end at once.
    pub async fn stop(self) {
        let Self { register, store, conditions, syncing, stopping, serving, sweeping, control, address, scheme: _ } =
            self;
        stopping.cancel();
        drop((register, conditions));
        let syncing = async {
            if let Some(syncing) = syncing
                && tokio::time::timeout(DAEMON_TIME, syncing.stop()).await.is_err()
            {
                tracing::warn!("the daemon was not waited for");
            }
        };
        let (served, swept, (), ()) = tokio::join!(serving, sweeping, control.ended(), syncing);
        if served.is_err() || swept.is_err() {
            tracing::error!("a part of the register failed");
        }
        release(store).await;
        tracing::info!(%address, "the register has stopped");
    }
}

/// Closes the store here and now, when nobody else holds it any more.
async fn release(store: Arc<dyn Store>) {
    let until = tokio::time::Instant::now() + STORE_TIME;
    while Arc::strong_count(&store) > 1 && tokio::time::Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    if Arc::strong_count(&store) > 1 {
        tracing::warn!("the store is still in use: it is closed by its last user");
    }
    if spawn_blocking(move || drop(store)).await.is_err() {
        tracing::error!("the store could not be closed");
    }
}
