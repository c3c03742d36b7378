//! Notifications of Linux, over the session's bus.
//!
//! Invariant: at most one notification of ours is on the screen: the one before is withdrawn over the
//! connection that showed it, since some desktops let no other connection replace it. A service that does not
//! answer is given up after a while, and a connection that breaks ends only what was waiting on it.

use std::future::pending;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use notify_rust::error::Error;
use notify_rust::{Hint, Notification, NotificationHandle, NotificationResponse};
use tokio::sync::watch;
use tokio::time::timeout;

use super::{APP_NAME, Desk};

/// The name of the desktop entry, and of the icon that it installs.
const DESKTOP_ENTRY: &str = crate::window::APP_ID;
/// A desktop that has just started answers within seconds.
const ANSWER_TIME: Duration = Duration::from_secs(10);

const NO_DESKTOP: &str = "Нет связи с рабочим столом: уведомления не показываются";
const NO_SERVICE: &str = "На этом рабочем столе нет службы уведомлений";
const NO_ANSWER: &str = "Служба уведомлений рабочего стола не отвечает";

/// Serves until the sender is dropped.
pub(super) fn serve(bodies: watch::Receiver<String>, desk: &Desk) {
    match tokio::runtime::Builder::new_current_thread().enable_time().build() {
        Ok(runtime) => runtime.block_on(run(bodies, desk)),
        Err(_) => desk.tried(Err("Уведомления не запустились: перезапустите программу".into())),
    }
}

async fn run(mut bodies: watch::Receiver<String>, desk: &Desk) {
    let mut shown = None;
    loop {
        tokio::select! {
            changed = bodies.changed() => {
                if changed.is_err() {
                    return;
                }
                let body = bodies.borrow_and_update().clone();
                withdraw(shown.take()).await;
                let outcome = show(&body).await;
                desk.tried(outcome.as_ref().map(drop).map_err(|words| (*words).to_owned()));
                shown = outcome.ok();
            }
            is_pressed = answered(shown.as_ref()) => {
                shown = None;
                if is_pressed {
                    desk.clicked();
                }
            }
        }
    }
}

async fn show(body: &str) -> Result<NotificationHandle, &'static str> {
    let notification = notification(body);
    // A connection to the desktop that breaks makes the library panic.
    match timeout(ANSWER_TIME, AssertUnwindSafe(notification.show_async()).catch_unwind()).await {
        Ok(Ok(Ok(handle))) => Ok(handle),
        Ok(Ok(Err(error))) => {
            tracing::warn!(%error, "a notification was not shown");
            Err(words(&error))
        }
        Ok(Err(_)) => Err(NO_DESKTOP),
        Err(_) => Err(NO_ANSWER),
    }
}

async fn withdraw(shown: Option<NotificationHandle>) {
    let Some(handle) = shown else { return };
    if timeout(ANSWER_TIME, AssertUnwindSafe(handle.close_async()).catch_unwind()).await.is_err() {
        tracing::warn!("the notification before could not be withdrawn");
    }
}

/// Ready when a notification is gone from the screen; tells whether it was pressed. Never ready without one.
async fn answered(shown: Option<&NotificationHandle>) -> bool {
    let Some(handle) = shown else { return pending().await };
    let mut is_pressed = false;
    let wait = handle.wait_for_action_async(|response: &NotificationResponse| {
        is_pressed = response.is_default_action();
    });
    if AssertUnwindSafe(wait).catch_unwind().await.is_err() {
        tracing::debug!("a notification went without an answer");
    }
    is_pressed
}

fn notification(body: &str) -> Notification {
    let mut notification = Notification::new();
    notification
        .appname(APP_NAME)
        .summary(APP_NAME)
        .body(body)
        .icon(DESKTOP_ENTRY)
        .hint(Hint::DesktopEntry(DESKTOP_ENTRY.to_owned()))
        .action("default", "Показать");
    notification
}

fn words(error: &Error) -> &'static str {
    let said = error.to_string();
    let is_absent = ["ServiceUnknown", "NameHasNoOwner", "not provided by any"].iter().any(|part| said.contains(part));
    if is_absent { NO_SERVICE } else { NO_DESKTOP }
}
