//! Prometheus metrics: requests as they come, everything else as it stands at the scrape.
//!
//! Invariant: no label holds anything of a person or an organization.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::condition::{Condition, UpstreamState};

const BUCKETS_SECS: [f64; 11] = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 60.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    state: &'static str,
}

/// The metrics of a register.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    latency: Family<RouteLabels, Histogram, fn() -> Histogram>,
    applications: Gauge,
    pending: Gauge,
    answers: Family<StateLabels, Gauge>,
    quarantine: Gauge,
    damage: Gauge,
    free_bytes: Gauge,
    sessions: Gauge,
    long_polls: Gauge,
    ready: Gauge,
    upstream: Family<StateLabels, Gauge>,
    last_pull: Gauge<f64, AtomicU64>,
    pull_records: Gauge,
    /// Only of a register that has one: an expiry in 1970 would be an alarm.
    certificate: Option<Gauge>,
}

impl Metrics {
    pub(crate) fn new(with_certificate: bool) -> Self {
        let mut registry = Registry::with_prefix("prikrep");
        registry.register("build", "Which version runs", Info::new([("version", prikrep_daemon::VERSION)]));
        let latency = Family::new_with_constructor((|| Histogram::new(BUCKETS_SECS)) as fn() -> Histogram);
        let requests = Family::<RequestLabels, Counter>::default();
        registry.register("http_requests", "Requests by method, route and status", requests.clone());
        let help = "Time of requests by route; a long poll counts with its wait";
        registry.register_with_unit("http_request_duration", help, Unit::Seconds, latency.clone());
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let applications = gauge("applications", "Applications in the store");
        let pending = gauge("applications_pending", "Applications that wait for an answer");
        let quarantine = gauge("quarantined_records", "Records that could not be understood");
        let damage = gauge("store_damage", "Damage found since the store was opened");
        let sessions = gauge("sessions", "Live sessions");
        let long_polls = gauge("long_polls", "Open long polls");
        let ready = gauge("ready", "Whether the register can serve");
        let pull_records = gauge("pull_records", "Records kept by the running pull");
        let free_bytes = Gauge::default();
        let help = "Free space on the disk of the data";
        registry.register_with_unit("disk_free", help, Unit::Bytes, free_bytes.clone());
        let answers = Family::<StateLabels, Gauge>::default();
        registry.register("answers", "Answers on their way to the federal service", answers.clone());
        let upstream = Family::<StateLabels, Gauge>::default();
        registry.register("upstream", "How the federal service stands: 1 for the present state", upstream.clone());
        let last_pull = Gauge::<f64, AtomicU64>::default();
        let help = "When a pull last came to its end, since the beginning of 1970";
        registry.register_with_unit("last_pull_timestamp", help, Unit::Seconds, last_pull.clone());
        let certificate = with_certificate.then(Gauge::default);
        if let Some(gauge) = &certificate {
            let help = "When the certificate expires, since the beginning of 1970";
            registry.register_with_unit("tls_certificate_expires_timestamp", help, Unit::Seconds, gauge.clone());
        }
        Self {
            registry,
            requests,
            latency,
            applications,
            pending,
            answers,
            quarantine,
            damage,
            free_bytes,
            sessions,
            long_polls,
            ready,
            upstream,
            last_pull,
            pull_records,
            certificate,
        }
    }

    /// Counts a request. `route` is the route's template.
    pub(crate) fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        // A client may make up methods: those that no route knows count as one.
        let known = ["GET", "HEAD", "POST", "PUT", "DELETE"].contains(&method);
        let method = if known { method } else { "other" }.to_owned();
        let route = route.to_owned();
        self.latency.get_or_create(&RouteLabels { route: route.clone() }).observe(took.as_secs_f64());
        self.requests.get_or_create(&RequestLabels { method, route, status }).inc();
    }

    /// The text of a scrape, with everything as it stands.
    pub(crate) fn scrape(&self, condition: &Condition, long_polls: usize) -> Result<String, std::fmt::Error> {
        let set = |gauge: &Gauge, value: usize| {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        set(&self.applications, condition.store.applications);
        set(&self.pending, condition.store.pending);
        set(&self.quarantine, condition.quarantine);
        set(&self.damage, condition.damage.len());
        if let Some(bytes) = condition.store.free_bytes {
            self.free_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
        }
        set(&self.sessions, condition.sessions);
        set(&self.long_polls, long_polls);
        set(&self.ready, usize::from(condition.ready));
        let outbox = &condition.outbox;
        for (state, count) in
            [("queued", outbox.queued), ("delivered", outbox.delivered), ("rejected", outbox.rejected)]
        {
            set(&self.answers.get_or_create(&StateLabels { state }), count);
        }
        if let Some(upstream) = &condition.upstream {
            for (state, name) in UPSTREAM_STATES {
                set(&self.upstream.get_or_create(&StateLabels { state: name }), usize::from(upstream.state == state));
            }
            let last_millis = upstream.last_pull_at.map_or(0, |at| at.timestamp_millis());
            self.last_pull.set(std::time::Duration::from_millis(last_millis.unsigned_abs()).as_secs_f64());
            let records = upstream.pulling.as_ref().map_or(0, |pull| pull.records);
            self.pull_records.set(i64::try_from(records).unwrap_or(i64::MAX));
        }
        if let (Some(gauge), Some(tls)) = (&self.certificate, &condition.tls) {
            gauge.set(tls.certificate_expires_at.timestamp());
        }
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

const UPSTREAM_STATES: [(UpstreamState, &str); 5] = [
    (UpstreamState::Starting, "starting"),
    (UpstreamState::Online, "online"),
    (UpstreamState::Offline, "offline"),
    (UpstreamState::SignInRefused, "sign_in_refused"),
    (UpstreamState::Faulty, "faulty"),
];
