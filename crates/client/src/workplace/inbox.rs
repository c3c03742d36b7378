//! A worker's inbox: messages in the order in which they were sent, taken all at once.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// The sending side.
pub(crate) struct Outlet<M>(Sender<M>);

impl<M> Clone for Outlet<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M> Outlet<M> {
    /// Sends a message. A worker that has ended needs none.
    pub(crate) fn send(&self, message: M) {
        let _ = self.0.send(message);
    }
}

/// The worker's side.
pub(crate) struct Inbox<M>(Receiver<M>);

/// A new inbox.
pub(crate) fn inbox<M>() -> (Outlet<M>, Inbox<M>) {
    let (sender, receiver) = channel();
    (Outlet(sender), Inbox(receiver))
}

/// The senders are gone: nobody needs the worker any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Closed;

impl<M> Inbox<M> {
    /// Waits for messages until an instant, or for as long as it takes; takes all that are there.
    pub(crate) fn take(&self, until: Option<Instant>) -> Result<Vec<M>, Closed> {
        let first = match until {
            None => self.0.recv().map_err(|_| Closed)?,
            Some(until) => match self.0.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout) => return Ok(Vec::new()),
                Err(RecvTimeoutError::Disconnected) => return Err(Closed),
            },
        };
        Ok(std::iter::once(first).chain(self.0.try_iter()).collect())
    }
}

/// Holds back what would be done too often: during a long pull the store changes many times a second.
pub(crate) struct Pace {
    every: Duration,
    last: Option<Instant>,
    due: bool,
}

impl Pace {
    pub(crate) const fn new(every: Duration) -> Self {
        Self { every, last: None, due: false }
    }

    /// It is to be done.
    pub(crate) const fn ask(&mut self) {
        self.due = true;
    }

    /// When it may be done, if it is to be.
    pub(crate) fn until(&self) -> Option<Instant> {
        self.due.then(|| self.last.map_or_else(Instant::now, |last| last + self.every))
    }

    /// Whether it is to be done and may be; from now on it is done.
    pub(crate) fn take(&mut self) -> bool {
        let now = Instant::now();
        let is_time = self.until().is_some_and(|until| until <= now);
        if is_time {
            (self.due, self.last) = (false, Some(now));
        }
        is_time
    }
}
