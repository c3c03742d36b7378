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
    not_before: Instant,
    due: bool,
}

impl Pace {
    pub(crate) fn new(every: Duration) -> Self {
        Self { every, not_before: Instant::now(), due: false }
    }

    /// It is to be done.
    pub(crate) const fn ask(&mut self) {
        self.due = true;
    }

    /// When it may be done, if it is to be.
    pub(crate) fn until(&self) -> Option<Instant> {
        self.due.then_some(self.not_before)
    }

    /// Whether it is to be done and may be; from now on it is done.
    pub(crate) fn take(&mut self) -> bool {
        let now = Instant::now();
        let is_time = self.due && self.not_before <= now;
        if is_time {
            (self.due, self.not_before) = (false, now + self.every);
        }
        is_time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_is_done_at_once_and_then_not_before_its_time() {
        let mut pace = Pace::new(Duration::from_secs(3_600));
        assert!(!pace.take(), "nobody has asked");
        pace.ask();
        assert!(pace.take());
        pace.ask();
        assert!(!pace.take(), "too soon");
        assert!(pace.until().is_some_and(|until| until > Instant::now()));
    }

    #[test]
    fn messages_are_taken_together_in_their_order() {
        let (outlet, inbox) = inbox();
        (1..=3).for_each(|number| outlet.send(number));
        assert_eq!(inbox.take(None), Ok(vec![1, 2, 3]));
        assert_eq!(inbox.take(Some(Instant::now())), Ok(Vec::new()));
        drop(outlet);
        assert_eq!(inbox.take(None), Err(Closed));
    }
}
