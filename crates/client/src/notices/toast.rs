//! Notifications of Windows.
//!
//! Invariant: at most one thread waits for a click. A notification that comes while the one before is still on
//! the screen is shown, but only the click on the one before is heard: a toast goes after seconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use notify_rust::{Notification, NotificationHandle, NotificationResponse};
use tokio::sync::watch;

use super::{APP_NAME, Desk, body};

/// Serves until the sender of counts is dropped.
pub(super) fn serve(mut counts: watch::Receiver<usize>, desk: &Desk) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() else {
        return desk.tried(Err("Уведомления не запустились: перезапустите программу".into()));
    };
    let waiting = Arc::new(AtomicBool::new(false));
    while runtime.block_on(counts.changed()).is_ok() {
        let count = *counts.borrow_and_update();
        let shown = Notification::new().appname(APP_NAME).summary(APP_NAME).body(&body(count)).show();
        match shown {
            Ok(handle) => {
                wait_for_click(handle, desk, &waiting);
                desk.tried(Ok(()));
            }
            Err(error) => {
                tracing::warn!(%error, "a notification was not shown");
                desk.tried(Err("Windows не показывает уведомления: проверьте их в параметрах системы".into()));
            }
        }
    }
}

/// The system keeps a toast for as long as it likes, so the wait has a thread of its own and outlives us.
fn wait_for_click(handle: NotificationHandle, desk: &Desk, waiting: &Arc<AtomicBool>) {
    if waiting.swap(true, Ordering::SeqCst) {
        return;
    }
    let (desk, done) = (desk.clone(), Arc::clone(waiting));
    let spawned = thread::Builder::new().name("notice click".into()).spawn(move || {
        let heard = handle.wait_for_response(|response: &NotificationResponse| {
            if response.is_default_action() {
                desk.clicked();
            }
        });
        if let Err(error) = heard {
            tracing::debug!(%error, "a notification went without an answer");
        }
        done.store(false, Ordering::SeqCst);
    });
    if spawned.is_err() {
        waiting.store(false, Ordering::SeqCst);
    }
}
