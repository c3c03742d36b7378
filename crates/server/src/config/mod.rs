//! The configuration of the register: one TOML file, every value of which the environment may override.
//!
//! Invariant: a [`Config`] that was loaded is checked whole; its paths are absolute or relative to the
//! working directory no more, but to the file that named them.

mod load;
mod values;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use chrono_tz::Tz;
use serde::Deserialize;

use crate::sessions::SessionRules;
pub(crate) use load::others_read;
pub use load::{ConfigError, Loaded, default_path};
pub use values::{ClientCertificates, LogFormat, LogLevel, PullAt};

/// The configuration of a register.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The folder of the store.
    pub data_dir: PathBuf,
    /// The file of the store's key; made at the first start. By default `store.key` in [`Self::data_dir`].
    pub key_file: Option<PathBuf>,
    /// The address to listen on; port 0 takes a free one.
    #[serde(deserialize_with = "values::address")]
    pub listen: SocketAddr,
    /// The time zone of the medical organizations.
    #[serde(deserialize_with = "values::zone")]
    pub timezone: Tz,
    /// Lets HTTP without TLS be served to other machines: names, SNILS and passwords can be read on the way then.
    pub allow_plain_http_beyond_loopback: bool,
    /// The certificate; without it HTTP is spoken in the clear.
    pub tls: Option<TlsConfig>,
    /// Proxies whose `X-Forwarded-For` is believed; the address that they name is the client's.
    #[serde(deserialize_with = "values::proxies")]
    pub trusted_proxies: Vec<IpAddr>,
    /// The federal service's gateway; without it the register serves what it has.
    pub upstream: Option<UpstreamConfig>,
    /// What the answer forms offer.
    pub directory: DirectoryConfig,
    /// Sessions and attempts to sign in.
    pub sessions: SessionsConfig,
    /// Which passwords are taken.
    pub passwords: PasswordsConfig,
    /// The journal of who did what.
    pub journal: JournalConfig,
    /// Limits of the API.
    pub limits: LimitsConfig,
    /// Logs.
    pub log: LogConfig,
    /// How long a connection's steps may take; not in the file.
    #[serde(skip)]
    pub patience: Patience,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: load::default_data_dir(),
            key_file: None,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8090)),
            timezone: chrono_tz::Asia::Barnaul,
            allow_plain_http_beyond_loopback: false,
            tls: None,
            trusted_proxies: Vec::new(),
            upstream: None,
            directory: DirectoryConfig::default(),
            sessions: SessionsConfig::default(),
            passwords: PasswordsConfig::default(),
            journal: JournalConfig::default(),
            limits: LimitsConfig::default(),
            log: LogConfig::default(),
            patience: Patience::default(),
        }
    }
}

impl Config {
    /// The keys and sections of the file.
    const KEYS: [&str; 14] = [
        "data_dir",
        "key_file",
        "listen",
        "timezone",
        "allow_plain_http_beyond_loopback",
        "tls",
        "trusted_proxies",
        "upstream",
        "directory",
        "sessions",
        "passwords",
        "journal",
        "limits",
        "log",
    ];

    /// Where the store's key is.
    #[must_use]
    pub fn key_path(&self) -> PathBuf {
        self.key_file.clone().unwrap_or_else(|| self.data_dir.join("store.key"))
    }
}

/// The certificate of the register, and what it asks of its clients. The files are read again when they change.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// The certificate and those between it and its authority, in PEM, its own first.
    pub certificate_file: PathBuf,
    /// Its private key, in PEM, without a password.
    pub key_file: PathBuf,
    /// The authorities of client certificates, in PEM; without it no client is asked for one.
    #[serde(default)]
    pub client_ca_file: Option<PathBuf>,
    /// Who has to show one.
    #[serde(default)]
    pub client_certificates: ClientCertificates,
}

/// How long each step of a connection may take. A client that takes longer loses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a TLS handshake.
    pub handshake: Duration,
    /// From the end of one request to the end of the next one's headers.
    pub headers: Duration,
    /// For the client to take something of what is written.
    pub writing: Duration,
    /// Between two looks at the certificate's files.
    pub look: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            headers: Duration::from_secs(60),
            writing: Duration::from_secs(30),
            look: Duration::from_secs(1),
        }
    }
}

/// The gateway of the federal service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamConfig {
    /// Its address: `http` or `https`.
    pub url: String,
    /// The register's account there.
    pub login: String,
    /// The file with its password; surrounding white space does not count.
    pub password_file: PathBuf,
    /// Certificates of authorities to trust beside those of the system, in PEM.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// The register's own certificate for the gateway, with its key, in one PEM file.
    #[serde(default)]
    pub client_certificate_file: Option<PathBuf>,
    /// When to pull.
    #[serde(default)]
    pub pull_at: PullAt,
}

/// What the answer forms offer, by organization.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DirectoryConfig {
    /// A JSON object: an organization's OID → `Directory` of the protocol. Reloaded when it changes.
    pub file: Option<PathBuf>,
}

/// Sessions and attempts to sign in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionsConfig {
    /// How long a session lives.
    pub lifetime_hours: u32,
    /// How long a session lives without being used.
    pub idle_minutes: u32,
    /// How many sessions there may be; beyond it the account that holds most loses its oldest.
    pub most: usize,
    /// Failed attempts after which an account waits: at each of its usual places, and anywhere else.
    pub attempts: u32,
    /// Failed attempts of logins that are strange to an address, after which they wait there.
    pub address_attempts: u32,
    /// How long it waits after the last failure.
    pub lockout_secs: u32,
}

impl Default for SessionsConfig {
    fn default() -> Self {
        Self {
            lifetime_hours: 12,
            idle_minutes: 60,
            most: 10_000,
            attempts: 10,
            address_attempts: 100,
            lockout_secs: 900,
        }
    }
}

impl SessionsConfig {
    pub(crate) fn rules(&self) -> SessionRules {
        SessionRules {
            lifetime: chrono::Duration::hours(i64::from(self.lifetime_hours)),
            idle: chrono::Duration::minutes(i64::from(self.idle_minutes)),
            most: self.most,
        }
    }

    /// How long a login or an address waits after too many failures.
    #[must_use]
    pub fn lockout(&self) -> chrono::Duration {
        chrono::Duration::seconds(i64::from(self.lockout_secs))
    }
}

/// Which passwords are taken, and for how long.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PasswordsConfig {
    /// The fewest characters.
    pub min_chars: usize,
    /// A file of common passwords, one a line, beside those that are built in. Read at the start.
    pub common_file: Option<PathBuf>,
    /// The age in days beyond which a person must change it first of all; 0 is never.
    pub max_age_days: u32,
    /// How many of the latest before the present one are not taken again.
    pub history: usize,
}

impl Default for PasswordsConfig {
    fn default() -> Self {
        Self { min_chars: 12, common_file: None, max_age_days: 0, history: 5 }
    }
}

/// The journal of who did what.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JournalConfig {
    /// How long entries are kept; 0 is for ever.
    pub keep_days: u32,
}

impl Default for JournalConfig {
    fn default() -> Self {
        Self { keep_days: 1_096 }
    }
}

impl JournalConfig {
    pub(crate) fn kept(self) -> Option<chrono::Duration> {
        (self.keep_days > 0).then(|| chrono::Duration::days(i64::from(self.keep_days)))
    }
}

/// Limits of the API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// The largest body of a request.
    pub body_bytes: usize,
    /// Long replies that wait for their readers, together; more wait a little, then are answered 503.
    pub reply_bytes: usize,
    /// Connections at a time; more wait to be accepted.
    pub connections: usize,
    /// Requests that work with the store at a time; more wait a little, then are answered 503.
    pub at_once: usize,
    /// How long a request may take, without the `wait` of a long poll.
    pub request_secs: u32,
    /// Open long polls of an account.
    pub long_polls: usize,
    /// Requests a second of an account, on average.
    pub requests_per_sec: u32,
    /// Requests of an account at once, when it has been quiet.
    pub burst: u32,
    /// Attempts to sign in from an address a minute, on average.
    pub sign_ins_per_min: u32,
    /// Attempts to sign in from an address at once, when it has been quiet.
    pub sign_in_burst: u32,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            body_bytes: 64 << 10,
            reply_bytes: 256 << 20,
            connections: 4_096,
            at_once: 64,
            request_secs: 30,
            long_polls: 256,
            requests_per_sec: 300,
            burst: 3_000,
            sign_ins_per_min: 120,
            sign_in_burst: 200,
        }
    }
}

impl LimitsConfig {
    /// How long a request may take, without the `wait` of a long poll.
    #[must_use]
    pub fn request_time(&self) -> Duration {
        Duration::from_secs(u64::from(self.request_secs))
    }
}

/// Logs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// How a line looks.
    pub format: LogFormat,
    /// What is worth a line.
    pub level: LogLevel,
    /// The folder of a file a day; without it the lines go to standard error.
    pub dir: Option<PathBuf>,
    /// How many files stay in it.
    pub keep_files: usize,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::default(), level: LogLevel::default(), dir: None, keep_files: 31 }
    }
}
