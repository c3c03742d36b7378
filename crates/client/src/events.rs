//! What the threads report to the window's application.

use std::sync::mpsc::Sender;

use prikrep_ui::Passphrase;

use crate::auditing::Answer;
#[cfg(windows)]
use crate::background::Wish;
use crate::demo::Places;
use crate::entry::{Entry, NotEntered};
use crate::workplace::Waker;

/// What a thread reports.
pub(crate) enum Event {
    Identified {
        server: String,
        login: String,
        passphrase: Passphrase,
    },
    Entered(Box<Result<Entry, NotEntered>>),
    Audited(Box<Answer>),
    DemoStarted(Box<Result<Places, String>>),
    PasswordChecked(Result<(), String>),
    Left {
        trouble: Option<String>,
    },
    NoticePressed,
    #[cfg(windows)]
    Wished(Wish),
}

/// Reports to the window's thread and wakes it.
#[derive(Clone)]
pub(crate) struct Reporter {
    pub(crate) events: Sender<Event>,
    pub(crate) waker: Waker,
}

impl Reporter {
    pub(crate) fn report(&self, event: Event) {
        // A window that is gone needs no report.
        let _ = self.events.send(event);
        (self.waker)();
    }
}
