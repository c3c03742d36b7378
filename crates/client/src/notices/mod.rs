//! Desktop notifications, on a thread of their own.
//!
//! Invariant: a notification says how many applications came, and nothing of a patient. The caller never
//! waits, nothing here panics, and a desktop without notifications is a problem in words, not an error.

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod platform;
#[cfg(windows)]
#[path = "windows.rs"]
mod platform;
#[cfg(not(any(target_os = "linux", windows)))]
#[path = "nowhere.rs"]
mod platform;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;

use std::sync::Arc;
use std::thread;

use parking_lot::Mutex;
use tokio::sync::watch;

const APP_NAME: &str = "Прикрепление онлайн";

/// Shows notifications as long as it lives.
#[derive(Debug)]
pub struct Notices {
    /// Its thread ends when this is dropped; a desktop that does not answer holds nobody up.
    bodies: watch::Sender<String>,
    problem: Problem,
}

impl Notices {
    /// Starts the thread. A click on a notification calls `on_click` there: let it only wake the window.
    pub fn start(on_click: impl Fn() + Send + Sync + 'static) -> Self {
        Self::start_with(on_click, |_| {})
    }

    /// The same; `after` hears the outcome of each attempt.
    fn start_with(
        on_click: impl Fn() + Send + Sync + 'static,
        after: impl Fn(Option<&str>) + Send + Sync + 'static,
    ) -> Self {
        let problem = Problem::default();
        let desk = Desk { on_click: Arc::new(on_click), after: Arc::new(after), problem: problem.clone() };
        let (bodies, coming) = watch::channel(String::new());
        let spawned = thread::Builder::new().name("notices".into()).spawn(move || platform::serve(coming, &desk));
        if let Err(error) = spawned {
            tracing::warn!(%error, "the thread of notifications could not be started");
            problem.set(Some("Уведомления не запустились: перезапустите программу".into()));
        }
        Self { bodies, problem }
    }

    /// Tells how many new applications came. Of several that come at once only the last is shown.
    pub fn new_applications(&self, count: usize) {
        if count > 0 {
            self.bodies.send_replace(body(count));
        }
    }

    /// Asks to sign in: without that nothing comes to a program that has begun without its window.
    #[cfg(windows)]
    pub(crate) fn sign_in(&self) {
        self.bodies.send_replace(prikrep_ui::t!("background-sign-in").into_owned());
    }

    /// Why the last notification was not shown, in words; `None` when it was.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        self.problem.get()
    }
}

/// What stands between the person and the next notification.
#[derive(Clone, Debug, Default)]
struct Problem(Arc<Mutex<Option<String>>>);

impl Problem {
    fn set(&self, words: Option<String>) {
        *self.0.lock() = words;
    }

    fn get(&self) -> Option<String> {
        self.0.lock().clone()
    }
}

/// Hears how an attempt ended: the problem in words, or none.
type After = dyn Fn(Option<&str>) + Send + Sync;

/// Where the thread reports to.
#[derive(Clone)]
struct Desk {
    on_click: Arc<dyn Fn() + Send + Sync>,
    after: Arc<After>,
    problem: Problem,
}

impl Desk {
    fn clicked(&self) {
        (self.on_click)();
    }

    fn tried(&self, outcome: Result<(), String>) {
        let words = outcome.err();
        self.problem.set(words.clone());
        (self.after)(words.as_deref());
    }
}

fn body(count: usize) -> String {
    format!("Новых заявлений: {count}")
}
