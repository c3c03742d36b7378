//! Notifications of Windows.
//!
//! Invariant: at most one thread waits for a click, and whatever fails in it or panics ends only it. A click
//! in the instant between a notification's showing and the wait for it is not heard.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use notify_rust::{Notification, NotificationHandle, NotificationResponse};
use tokio::sync::watch;

use super::{APP_NAME, Desk};
use crate::window::APP_ID;

/// Serves until the sender is dropped.
pub(super) fn serve(mut bodies: watch::Receiver<String>, desk: &Desk) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() else {
        return desk.tried(Err("Уведомления не запустились: перезапустите программу".into()));
    };
    let waiting = Arc::new(AtomicBool::new(false));
    while runtime.block_on(bodies.changed()).is_ok() {
        let body = bodies.borrow_and_update().clone();
        // A connection to the desktop that breaks makes the library panic.
        let shown = catch_unwind(AssertUnwindSafe(|| notification(&body).show()));
        match shown {
            Ok(Ok(handle)) => {
                wait_for_click(handle, desk, &waiting);
                desk.tried(Ok(()));
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "a notification was not shown");
                desk.tried(Err("Windows не показывает уведомления: проверьте их в параметрах системы".into()));
            }
            Err(_) => desk.tried(Err(NO_DESKTOP.into())),
        }
    }
}

const NO_DESKTOP: &str = "Нет связи с рабочим столом: уведомления не показываются";

/// The name and the icon are those of the shortcut with our identifier, which the installer makes.
fn notification(body: &str) -> Notification {
    let mut notification = Notification::new();
    notification.app_id(APP_ID).summary(APP_NAME).body(body);
    notification
}

/// The desktop keeps a notification for as long as it likes, so the wait has a thread of its own and outlives us.
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
