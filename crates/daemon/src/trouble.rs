//! What can stop a step of the daemon.

use std::sync::Arc;

use prikrep_store::StoreError;

use crate::UpstreamError;

/// A part of the daemon that runs by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// The pull loop.
    Pull,
    /// The push loop.
    Push,
    /// The directory's keeper.
    Directory,
    /// Reporting to the upstream's journal.
    Report,
    /// The watch over jumps of the clock.
    ClockWatch,
    /// A call of the store.
    Store,
}

/// Why a step could not be made. Its `Display` names no person: the server's own words are in
/// [`Trouble::words`].
#[derive(Clone, Debug, thiserror::Error)]
pub enum Trouble {
    /// The upstream, or the way to it.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    /// The store.
    #[error(transparent)]
    Store(Arc<StoreError>),
    /// A fault of this program; the part is started again.
    #[error("внутренний сбой программы ({0:?})")]
    Panicked(Part),
    /// The upstream says that there is more, and gives the same again, or takes nothing of what it is told.
    #[error("сервер повторяет одно и то же")]
    NoProgress,
    /// The daemon is being stopped.
    #[error("синхронизация остановлена")]
    Stopped,
}

impl Trouble {
    /// What to show a person. May name one: not for a log.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Upstream(error) => error.words(),
            Self::Store(_) | Self::Panicked(_) | Self::NoProgress | Self::Stopped => self.to_string(),
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}
