//! The worker that writes down what was done here, for the register's journal.
//!
//! Invariant: the window never waits for it; an act has the time at which it was done.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use prikrep_daemon::note_act;
use prikrep_domain::{Act, Actor};
use prikrep_store::Store;

use super::inbox::{Inbox, Outlet};

/// A search counts when it has stood for so long: a name is searched for at every letter.
const SETTLED: Duration = Duration::from_secs(2);

/// What the worker is told.
pub(crate) enum ActMessage {
    /// Something was done.
    Done(DateTime<Utc>, Act),
    /// Nothing more will be: what is still held back is written now.
    End,
}

/// Tells the worker.
#[derive(Clone)]
pub(crate) struct Acts(pub(super) Outlet<ActMessage>);

impl Acts {
    /// Something was done just now.
    pub(crate) fn done(&self, act: Act) {
        self.0.send(ActMessage::Done(Utc::now(), act));
    }
}

/// The worker.
pub(super) struct ActsWorker {
    pub(super) store: Arc<dyn Store>,
    pub(super) actor: Actor,
    /// Has it reported.
    pub(super) report: Box<dyn Fn() + Send>,
}

impl ActsWorker {
    /// Works until it is told that there is nothing more.
    pub(super) fn run(self, inbox: &Inbox<ActMessage>) {
        let mut searched: Option<(DateTime<Utc>, Act, Instant)> = None;
        let mut ends = false;
        while !ends {
            let Ok(messages) = inbox.take(searched.as_ref().map(|(_, _, until)| *until)) else { break };
            for message in messages {
                match message {
                    ActMessage::Done(at, act @ Act::Searched { .. }) => {
                        searched = Some((at, act, Instant::now() + SETTLED));
                    }
                    ActMessage::Done(at, act) => {
                        self.write_searched(&mut searched);
                        self.write(at, act);
                    }
                    ActMessage::End => ends = true,
                }
            }
            if searched.as_ref().is_some_and(|(_, _, until)| *until <= Instant::now()) {
                self.write_searched(&mut searched);
            }
        }
        self.write_searched(&mut searched);
    }

    fn write_searched(&self, searched: &mut Option<(DateTime<Utc>, Act, Instant)>) {
        if let Some((at, act, _)) = searched.take() {
            self.write(at, act);
        }
    }

    fn write(&self, at: DateTime<Utc>, act: Act) {
        match note_act(&*self.store, self.actor.clone(), act, at) {
            Ok(()) => (self.report)(),
            Err(error) => tracing::error!(%error, "what was done could not be written down"),
        }
    }
}
