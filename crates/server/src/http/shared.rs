//! What every handler shares.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use prikrep_daemon::Clock;
use tokio_util::sync::CancellationToken;

use super::longpoll::LongPolls;
use super::rates::Rates;
use super::work::Work;
use crate::Register;
use crate::condition::Conditions;
use crate::config::{Config, LimitsConfig};
use crate::metrics::Metrics;

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
    pub(crate) work: Work,
    pub(crate) polls: LongPolls,
    pub(crate) rates: Rates,
}

impl Api {
    pub(crate) fn new(parts: ApiParts, config: &Config) -> Shared {
        let limits = config.limits.clone();
        Arc::new(Self {
            work: Work::new(Arc::clone(&parts.register), limits.at_once),
            polls: LongPolls::new(limits.long_polls),
            rates: Rates::new(&limits),
            trusted_proxies: config.trusted_proxies.clone(),
            limits,
            parts,
        })
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.parts.clock.now()
    }
}
