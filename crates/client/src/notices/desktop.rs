//! Notifications of Linux and Windows.
//!
//! Invariant: at most one thread waits for a click, and whatever fails in it or panics ends only it. A click
//! in the instant between a notification's showing and the wait for it is not heard.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use notify_rust::error::Error;
use notify_rust::{Notification, NotificationHandle, NotificationResponse};
use tokio::sync::watch;

use super::{APP_NAME, Desk, body};

/// Serves until the sender of counts is dropped.
pub(super) fn serve(mut counts: watch::Receiver<usize>, desk: &Desk) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() else {
        return desk.tried(Err("Уведомления не запустились: перезапустите программу".into()));
    };
    let waiting = Arc::new(AtomicBool::new(false));
    let mut last = None;
    while runtime.block_on(counts.changed()).is_ok() {
        let count = *counts.borrow_and_update();
        // A connection to the desktop that breaks makes the library panic.
        let shown = catch_unwind(AssertUnwindSafe(|| notification(count, last).show()));
        match shown {
            Ok(Ok(handle)) => {
                last = number_of(&handle);
                wait_for_click(handle, desk, &waiting);
                desk.tried(Ok(()));
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "a notification was not shown");
                last = None;
                desk.tried(Err(words(&error).into()));
            }
            Err(_) => desk.tried(Err(NO_DESKTOP.into())),
        }
    }
}

const NO_DESKTOP: &str = "Нет связи с рабочим столом: уведомления не показываются";

/// What is shown: how many, and nothing of a patient. It takes the place of the one before.
#[cfg(target_os = "linux")]
fn notification(count: usize, last: Option<u32>) -> Notification {
    /// The name of the desktop entry, and of the icon that it installs.
    const DESKTOP_ENTRY: &str = "prikrep";
    let mut notification = Notification::new();
    notification
        .appname(APP_NAME)
        .summary(APP_NAME)
        .body(&body(count))
        .icon(DESKTOP_ENTRY)
        .hint(notify_rust::Hint::DesktopEntry(DESKTOP_ENTRY.to_owned()))
        .action("default", "Показать");
    if let Some(last) = last {
        notification.id(last);
    }
    notification
}

#[cfg(windows)]
fn notification(count: usize, _last: Option<u32>) -> Notification {
    let mut notification = Notification::new();
    notification.appname(APP_NAME).summary(APP_NAME).body(&body(count));
    notification
}

#[cfg(target_os = "linux")]
fn number_of(handle: &NotificationHandle) -> Option<u32> {
    Some(handle.id())
}

#[cfg(windows)]
fn number_of(_handle: &NotificationHandle) -> Option<u32> {
    None
}

#[cfg(target_os = "linux")]
fn words(error: &Error) -> &'static str {
    let said = error.to_string();
    if ["ServiceUnknown", "NameHasNoOwner", "not provided by any"].iter().any(|part| said.contains(part)) {
        "На этом рабочем столе нет службы уведомлений"
    } else {
        NO_DESKTOP
    }
}

#[cfg(windows)]
fn words(_error: &Error) -> &'static str {
    "Windows не показывает уведомления: проверьте их в параметрах системы"
}

/// The desktop keeps a notification for as long as it likes, so the wait has a thread of its own and outlives
/// us. One that replaced another has its number: the wait goes on for it.
fn wait_for_click(handle: NotificationHandle, desk: &Desk, waiting: &Arc<AtomicBool>) {
    if waiting.swap(true, Ordering::SeqCst) {
        return;
    }
    let (desk, done) = (desk.clone(), Arc::clone(waiting));
    let spawned = thread::Builder::new().name("notice click".into()).spawn(move || {
        let heard = catch_unwind(AssertUnwindSafe(|| {
            handle.wait_for_response(|response: &NotificationResponse| {
                if response.is_default_action() {
                    // The window that comes up may bring the next notification: its click is heard too.
                    done.store(false, Ordering::SeqCst);
                    desk.clicked();
                }
            })
        }));
        if !matches!(heard, Ok(Ok(()))) {
            tracing::debug!("a notification went without an answer");
        }
        done.store(false, Ordering::SeqCst);
    });
    if spawned.is_err() {
        waiting.store(false, Ordering::SeqCst);
    }
}
