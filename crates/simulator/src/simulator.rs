//! The simulator as a whole: a gateway, served over HTTP, with applications arriving over time.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use prikrep_domain::{ApplicationId, Credentials};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use crate::faults::{BadFaults, FaultPlan, Faults};
use crate::gateway::{Gateway, MAX_ARRIVALS};
use crate::http::{CuttableListener, Shared, Switch, router};
use crate::sessions::Sessions;
use crate::world::{BadScale, Scale};

/// The login that is expected unless another is chosen.
pub const DEFAULT_LOGIN: &str = "region-22";
/// The password that is expected unless another is chosen. It guards nothing but generated data.
pub const DEFAULT_PASSWORD: &str = "simulator";
/// The most applications that may arrive in a second.
pub const MAX_RATE: f64 = 10_000.0;
/// How long requests in progress may take to end.
const STOP_LIMIT: Duration = Duration::from_secs(5);
const ARRIVAL_STEP: Duration = Duration::from_millis(50);

/// How a simulator is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What is generated.
    pub scale: Scale,
    /// How many applications arrive in a second, from 0 to [`MAX_RATE`].
    pub rate: f64,
    /// The account.
    pub account: Credentials,
    /// How long a session lasts.
    pub session_secs: u32,
}

impl Options {
    /// A quiet simulator on a free port of the loopback interface, with the default account.
    #[must_use]
    pub fn of(scale: Scale) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            scale,
            rate: 0.0,
            account: Credentials { login: DEFAULT_LOGIN.to_owned(), password: DEFAULT_PASSWORD.to_owned() },
            session_secs: 12 * 3_600,
        }
    }
}

/// Why a simulator does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It cannot be generated.
    #[error(transparent)]
    Scale(#[from] BadScale),
    /// Not a rate.
    #[error("Новых заявлений в секунду может быть от 0 до {MAX_RATE}")]
    Rate,
    /// Somebody else listens there.
    #[error("Адрес {0} уже занят другой программой: выберите другой порт")]
    InUse(SocketAddr),
    /// The address cannot be listened on.
    #[error("Не удалось начать приём соединений на {addr}")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// A federal gateway to try everything against.
#[derive(Debug)]
pub struct Simulator;

impl Simulator {
    /// Starts one on the current runtime.
    ///
    /// # Errors
    /// [`StartError`] when the options are out of range or the address cannot be listened on.
    pub async fn start(options: Options) -> Result<Running, StartError> {
        let Options { listen, scale, rate, account, session_secs } = options;
        if !(0.0..=MAX_RATE).contains(&rate) {
            return Err(StartError::Rate);
        }
        let gateway = Gateway::new(scale)?;
        let failed = |source: io::Error| {
            if source.kind() == io::ErrorKind::AddrInUse {
                StartError::InUse(listen)
            } else {
                StartError::Listen { addr: listen, source }
            }
        };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let addr = listener.local_addr().map_err(failed)?;
        let closing = CancellationToken::new();
        let sessions = Sessions::new(account, TimeDelta::seconds(i64::from(session_secs)));
        let shared = Arc::new(Shared::new(gateway, sessions, closing.clone()));
        let service = router(Arc::clone(&shared)).into_make_service_with_connect_info::<Switch>();
        let stop = closing.clone().cancelled_owned();
        let serving = axum::serve(CuttableListener(listener), service).with_graceful_shutdown(stop);
        let server = tokio::spawn(async move { serving.await });
        let arrivals = (rate > 0.0).then(|| tokio::spawn(arrive_over_time(Arc::clone(&shared), rate)));
        Ok(Running { addr, shared, server, arrivals, closing })
    }
}

async fn arrive_over_time(shared: Arc<Shared>, rate: f64) {
    let began = Instant::now();
    let mut arrived = 0;
    let mut ticks = interval(ARRIVAL_STEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = shared.closing.cancelled() => return,
        }
        let due = whole(began.elapsed().as_secs_f64() * rate);
        let count = due.saturating_sub(arrived).min(MAX_ARRIVALS);
        if count > 0 {
            shared.change(|gateway| gateway.arrive(count, Utc::now()));
            arrived += count;
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive number far below 2⁵³")]
fn whole(positive: f64) -> u64 {
    positive as u64
}

/// A simulator at work. Dropping it leaves it running until the runtime ends; [`Running::stop`] stops it.
pub struct Running {
    addr: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<io::Result<()>>,
    arrivals: Option<JoinHandle<()>>,
    closing: CancellationToken,
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its address as an URL without a path.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Looks at the gateway; no request is served meanwhile that changes it.
    pub fn read<T>(&self, look: impl FnOnce(&Gateway) -> T) -> T {
        self.shared.read(look)
    }

    /// Changes the gateway, for example with [`Gateway::begin_epoch`], and wakes the long polls.
    pub fn change<T>(&self, act: impl FnOnce(&mut Gateway) -> T) -> T {
        self.shared.change(act)
    }

    /// Lets applications arrive now; returns their identifiers.
    pub fn arrive(&self, count: u64) -> Vec<ApplicationId> {
        self.change(|gateway| gateway.arrive(count, Utc::now()))
    }

    /// Sets the rules of the faults, in the place of the old ones.
    ///
    /// # Errors
    /// [`BadFaults`] when a rule is out of range; the old ones stay then.
    pub fn set_faults(&self, plan: FaultPlan) -> Result<(), BadFaults> {
        let faults = Faults::new(plan)?;
        *self.shared.faults.lock() = faults;
        Ok(())
    }

    /// The rules, with how often each has fired.
    #[must_use]
    pub fn faults(&self) -> FaultPlan {
        self.shared.faults.lock().plan().clone()
    }

    /// Ends all sessions, so that every consumer has to sign in again.
    pub fn expire_sessions(&self) {
        self.shared.sessions.lock().expire();
    }

    /// Stops: long polls are answered, requests in progress have five seconds.
    pub async fn stop(mut self) {
        self.closing.cancel();
        if let Some(arrivals) = self.arrivals.take() {
            // It ends by itself; that it might have panicked matters to nobody any more.
            let _ = arrivals.await;
        }
        match timeout(STOP_LIMIT, &mut self.server).await {
            Ok(_) => {}
            Err(_) => self.server.abort(),
        }
    }
}
