//! The background sync daemon, for both hops: gateway to register and register to workstation.
//!
//! It pulls the upstream's feed into a store and pushes the store's outbox to the upstream. It runs embedded
//! in the window and headless on a server. Invariants:
//! - the cursor is stored after its page; what was fetched but not kept is fetched again;
//! - an answer keeps its identifier until the upstream has taken or refused it;
//! - one bad record, one bad answer, one panic never stops the others;
//! - loops read their work from the store: a restart is the same path as a nudge;
//! - no name, number or word of a person is in a log.

mod async_store;
mod clock;
mod daemon;
mod directory;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod link;
mod page;
mod pull;
mod pull_loop;
mod push;
mod push_loop;
mod reporting;
mod retry;
mod schedule;
mod secret;
mod session;
mod status;
mod supervise;
mod trouble;
mod upstream;

/// The version of these programs; of a release also the commit from which it was built.
pub const VERSION: &str = env!("PRIKREP_VERSION");

pub use async_store::AsyncStore;
pub use clock::{Clock, SystemClock};
pub use daemon::{Config, Daemon, Pulls, STOP_TIMEOUT};
pub use directory::{refresh_directory, stored_directory};
pub use http::{HttpOptions, HttpOptionsError, HttpUpstream, Timeouts};
pub use page::FetchedPage;
pub use pull::{Ask, Pulled, pull_page};
pub use push::{PushStep, next_answers, push_one};
pub use reporting::{note_act, report_acts};
pub use retry::{Jitter, Retry, RetryPolicy};
pub use schedule::{Daily, NextPull, TOLERANCE};
pub use secret::{PasswordSource, Secret};
pub use session::SignedIn;
pub use status::{Connection, DaemonStatus, PullProgress, PullReport, PushState, Restarts};
pub use trouble::{Part, Trouble};
pub use upstream::{CertificateFault, DirectoryNews, ErrorResponse, NetworkFault, Pushed, Upstream, UpstreamError};
