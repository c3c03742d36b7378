//! What every handler shares.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use prikrep_daemon::Clock;
use prikrep_domain::{Problem, Role};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Secured;
use super::ahead::Ahead;
use super::longpoll::{LongPolls, in_waves};
use super::rates::Rates;
use super::sending::Room;
use super::work::Work;
use crate::condition::Conditions;
use crate::config::{Config, LimitsConfig};
use crate::metrics::Metrics;
use crate::{Register, words};

/// The shared state, as handlers hold it.
pub(crate) type Shared = Arc<Api>;

/// What the API is made of.
pub(crate) struct ApiParts {
    pub(crate) register: Arc<Register>,
    pub(crate) conditions: Conditions,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stopping: CancellationToken,
}

/// What every handler shares.
pub(crate) struct Api {
    pub(crate) parts: ApiParts,
    pub(crate) limits: LimitsConfig,
    pub(crate) trusted_proxies: Vec<IpAddr>,
    daemons_show_certificates: bool,
    pub(crate) work: Work,
    pub(crate) ahead: Ahead,
    pub(crate) polls: LongPolls,
    /// Tells that there may be something new in the feed.
    pub(crate) news: watch::Receiver<u64>,
    pub(crate) rates: Rates,
    pub(crate) room: Room,
}

impl Api {
    pub(crate) fn new(parts: ApiParts, config: &Config) -> Shared {
        let limits = config.limits.clone();
        Arc::new(Self {
            work: Work::new(Arc::clone(&parts.register), limits.at_once),
            ahead: Ahead::new(&parts.register),
            polls: LongPolls::new(limits.long_polls),
            news: in_waves(parts.register.store().changes()),
            rates: Rates::new(&limits),
            room: Room::new(limits.reply_bytes),
            daemons_show_certificates: config.tls.as_ref().is_some_and(|tls| tls.client_ca_file.is_some()),
            trusted_proxies: config.trusted_proxies.clone(),
            limits,
            parts,
        })
    }

    /// Whether a connection is good enough for a role.
    pub(crate) fn check_certificate(&self, role: Role, secured: Option<&Secured>) -> Result<(), Problem> {
        let shown = secured.is_some_and(|secured| secured.client_certificate);
        if self.daemons_show_certificates && role == Role::Daemon && !shown {
            return Err(words::not_allowed(
                "Учётной записи обмена (daemon) нужен сертификат клиента: задайте upstream.client_certificate_file",
            ));
        }
        Ok(())
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.parts.clock.now()
    }
}
