//! How an administrator's command reaches the running server: a listener on the loopback, named with its
//! token in a file that only the owner of the data folder can read.
//!
//! Invariant: neither side believes the other before it has proved that it knows the token, which is never
//! sent to a listener that has not. A file left behind by a killed server leads to nobody.

mod caller;
mod file;
mod listener;

use prikrep_daemon::PullReport;
use ring::hmac;
use serde::{Deserialize, Serialize};

use crate::Secret;
use crate::secret::hex;
pub use caller::{CallError, Caller, user_name};
pub(crate) use file::ControlFile;
pub(crate) use listener::{Control, Listening, listen};

/// An order with the name of the system's user who gives it.
#[derive(Debug, Serialize, Deserialize)]
struct Ordered<O> {
    by: String,
    order: O,
}

/// What a caller is answered when its order was not carried out.
#[derive(Debug, Serialize, Deserialize)]
struct Refusal {
    words: String,
}

/// Whoever answers a nonce so knows the token.
#[derive(Debug, Serialize, Deserialize)]
struct Hello {
    proof: String,
}

fn proof(token: &Secret, nonce: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, token.expose().as_bytes());
    hex(hmac::sign(&key, format!("prikrepd control {nonce}").as_bytes()).as_ref())
}

/// What a pull brought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PullSummary {
    /// Pages.
    pub pages: u64,
    /// Records, with those in quarantine.
    pub records: u64,
    /// Applications that were not known before.
    pub added: usize,
    /// Of them, those that wait for an answer.
    pub added_pending: usize,
    /// Known applications that changed.
    pub changed: usize,
    /// Known applications that did not.
    pub unchanged: usize,
    /// Records put into quarantine.
    pub quarantined: usize,
    /// Whether everything was read from the beginning.
    pub begun_again: bool,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

impl From<&PullReport> for PullSummary {
    fn from(report: &PullReport) -> Self {
        Self {
            pages: report.pages,
            records: report.records,
            added: report.applied.added,
            added_pending: report.applied.added_pending,
            changed: report.applied.changed,
            unchanged: report.applied.unchanged,
            quarantined: report.applied.quarantined,
            begun_again: report.begun_again,
            took_ms: u64::try_from(report.took.as_millis()).unwrap_or(u64::MAX),
        }
    }
}
