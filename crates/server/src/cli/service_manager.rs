//! What the service manager of the system (systemd) is told: that the register serves, how it is doing, that it lives.
//!
//! Invariant: its watchdog is fed only after the store has answered, whatever it answered. A store that answers that
//! its disk is full lives, and a restart would not help it; one that does not answer any more is restarted.
//!
//! Without a manager, and on systems without any, nothing is told and nothing is asked.

use std::convert::Infallible;
use std::time::Duration;

use chrono::Utc;
use prikrep_server::{Condition, Running};

/// How often the state is told when no watchdog asks for more.
const TELL_EVERY: Duration = Duration::from_secs(20);
/// A line of state is for a person's eye; the rest is in `prikrepd status`.
const MAX_STATUS_CHARS: usize = 300;

/// The manager that has started this process.
pub(crate) struct ServiceManager {
    /// How long it waits for a sign of life before it restarts the process.
    watchdog: Option<Duration>,
    /// Whether it asked to be told.
    listens: bool,
}

impl ServiceManager {
    /// As the environment of this process names it.
    pub(crate) fn of_this_process() -> Self {
        Self { watchdog: system::watchdog(), listens: std::env::var_os("NOTIFY_SOCKET").is_some() }
    }

    /// The store is being opened, which takes its time when it is migrated or rebuilt. Never ready.
    pub(crate) async fn opening(&self) -> Infallible {
        self.tell(&[], "открывается хранилище");
        std::future::pending().await
    }

    /// The register listens.
    pub(crate) async fn ready(&self, running: &Running) {
        if !self.listens {
            return;
        }
        let state = match running.look(Utc::now()).await {
            Some(condition) => in_words(&running.url(), &condition),
            None => format!("слушает {}", running.url()),
        };
        self.tell(&[system::READY], &state);
    }

    /// Tells how the register is doing, and that it lives, as long as it does. Never ready.
    pub(crate) async fn attend(&self, running: &Running) {
        if !self.listens {
            return std::future::pending().await;
        }
        // Thrice in the time, so that one late look is not an end.
        let every = self.watchdog.map_or(TELL_EVERY, |time| (time / 3).min(TELL_EVERY));
        loop {
            // The next look begins after the last has ended: a store that hangs is asked once.
            if let Some(condition) = running.look(Utc::now()).await {
                let alive = self.watchdog.map(|_| system::ALIVE);
                self.tell(alive.as_slice(), &in_words(&running.url(), &condition));
            }
            tokio::time::sleep(every).await;
        }
    }

    /// The register stops.
    pub(crate) fn stopping(&self) {
        self.tell(&[system::STOPPING], "останавливается");
    }

    fn tell(&self, signs: &[&str], status: &str) {
        if self.listens
            && let Err(error) = system::tell(signs, &one_line(status))
        {
            tracing::warn!(%error, "the service manager could not be told");
        }
    }
}

fn in_words(url: &str, condition: &Condition) -> String {
    let (store, outbox) = (&condition.store, &condition.outbox);
    let served = format!(
        "{url}: заявлений {}, ждут ответа {}, ответов в очереди {}",
        store.applications, store.pending, outbox.queued
    );
    let state = if condition.ready { served } else { format!("не готов; {served}") };
    match condition.attention.as_slice() {
        [] => state,
        attention => format!("{state}. {}", attention.join(". ")),
    }
}

/// Every line would be an assignment of its own to the manager.
fn one_line(status: &str) -> String {
    let line = status.split(['\n', '\r']).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_STATUS_CHARS) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::time::Duration;

    use sd_notify::NotifyState;

    pub(super) const READY: &str = "READY=1";
    pub(super) const ALIVE: &str = "WATCHDOG=1";
    pub(super) const STOPPING: &str = "STOPPING=1";

    pub(super) fn watchdog() -> Option<Duration> {
        sd_notify::watchdog_enabled()
    }

    pub(super) fn tell(signs: &[&str], status: &str) -> std::io::Result<()> {
        let signs = signs.iter().copied().map(NotifyState::Custom);
        let states: Vec<_> = signs.chain([NotifyState::Status(status)]).collect();
        sd_notify::notify(&states)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::time::Duration;

    pub(super) const READY: &str = "";
    pub(super) const ALIVE: &str = "";
    pub(super) const STOPPING: &str = "";

    pub(super) fn watchdog() -> Option<Duration> {
        None
    }

    #[allow(clippy::unnecessary_wraps, reason = "as where there is a manager")]
    pub(super) fn tell(_: &[&str], _: &str) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_one_short_line() {
        assert_eq!(one_line("диск полон\nMAINPID=1"), "диск полон MAINPID=1");
        let long = one_line(&"я".repeat(1_000));
        assert_eq!(long.chars().count(), MAX_STATUS_CHARS + 1);
        assert!(long.ends_with('…'));
    }
}
