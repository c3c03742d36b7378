//! The regional register: the HTTP API of the protocol over a store, the daemon with the federal service
//! as its upstream, and the administrator's orders.
//!
//! [`Register`] is the service without HTTP, [`Server`] runs it. An administrator's [`Order`] is carried
//! out by the running server through its control listener, or on the store itself when nothing runs.

mod account;
mod accounts;
mod condition;
mod config;
mod control;
mod directory;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod journal;
mod lockout;
mod logging;
mod metrics;
mod opening;
mod orders;
mod passwords;
mod places;
mod register;
mod search;
mod secret;
mod server;
mod serving;
mod sessions;
mod signing_in;
mod syncing;
mod tls;
mod words;

pub use account::{
    Account, AccountCard, AccountChange, BadLogin, Login, NewAccount, NewOrganization, Scope, needs_organization,
};
pub use accounts::AccountError;
pub use condition::{
    Condition, DirectoryCondition, OutboxCondition, PullingCondition, StoreCondition, TlsCondition, UpstreamCondition,
    UpstreamState,
};
pub use config::{
    ClientCertificates, Config, ConfigError, DirectoryConfig, LimitsConfig, Loaded, LogConfig, LogFormat, LogLevel,
    PasswordsConfig, Patience, PullAt, SessionsConfig, TlsConfig, UpstreamConfig, default_path,
};
pub use control::{CallError, Caller, PullSummary, user_name};
pub use directory::DirectoryDocument;
pub use journal::{JournalSearch, Report, Reported};
pub use logging::{LogError, init as init_logging};
pub use opening::{OpenError, open_key, open_register, open_store};
pub use orders::{Order, OrderError, Outcome, QuarantineCard, Retried};
pub use passwords::{HashError, PasswordRefusal};
pub use register::{Answered, Register};
pub use search::Search;
pub use secret::{NoRandomness, Secret};
pub use server::{Running, Server, StartError};
pub use signing_in::{Refused, SignedIn};
pub use syncing::{SyncError, Syncing};
pub use tls::check_tls;
