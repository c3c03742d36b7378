//! A system whose notifications nobody has taught us yet.

use tokio::sync::watch;

use super::Desk;

/// Tells that there are no notifications, and ends.
pub(super) fn serve(_bodies: watch::Receiver<String>, desk: &Desk) {
    desk.tried(Err("На этой системе уведомления не поддерживаются".into()));
}
