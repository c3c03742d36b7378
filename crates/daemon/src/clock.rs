//! The wall clock as a parameter, so that tests hold it.

use std::sync::Arc;

use chrono::{DateTime, Utc};

/// Tells the time of day. Waiting is measured by the runtime's own monotonic clock instead.
pub trait Clock: Send + Sync + 'static {
    /// The present instant. It may jump, in either direction.
    fn now(&self) -> DateTime<Utc>;
}

/// The computer's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

pub(crate) type SharedClock = Arc<dyn Clock>;
