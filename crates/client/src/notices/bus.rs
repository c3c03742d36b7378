//! Notifications of the freedesktop kind.
//!
//! Spoken over zbus directly: notify-rust listens for a click only after the notification was shown, forgets
//! its place between two signals, and panics when the bus goes away. Invariant: one connection, one
//! notification at a time, which a newer one replaces.

use std::collections::HashMap;
use std::future::pending;
use std::time::Duration;

use futures::StreamExt;
use tokio::sync::watch;
use tokio::time::timeout;
use zbus::message::Sequence;
use zbus::proxy::{Proxy, SignalStream};
use zbus::zvariant::Value;

use super::{APP_NAME, Desk, body};

/// A service that is there answers in milliseconds; one that is being started by the bus in seconds.
const PATIENCE: Duration = Duration::from_secs(10);
/// The name of the desktop entry, and of the icon that it installs.
const DESKTOP_ENTRY: &str = "prikrep";
const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
const DEFAULT_ACTION: &str = "default";
/// The service decides how long the notification stays.
const ITS_OWN_TIME: i32 = -1;

/// Serves until the sender of counts is dropped.
pub(super) fn serve(counts: watch::Receiver<usize>, desk: &Desk) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_time().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::warn!(%error, "no runtime for notifications");
            return desk.tried(Err("Уведомления не запустились: перезапустите программу".into()));
        }
    };
    runtime.block_on(async {
        let mut end = counts.clone();
        tokio::select! {
            biased;
            () = async { while end.changed().await.is_ok() {} } => {}
            () = show_all(counts, desk) => {}
        }
    });
}

async fn show_all(mut counts: watch::Receiver<usize>, desk: &Desk) {
    let mut service: Option<Service> = None;
    loop {
        let clicked = async {
            match &mut service {
                Some(service) => service.next_signal().await,
                None => pending().await,
            }
        };
        tokio::select! {
            changed = counts.changed() => {
                if changed.is_err() {
                    return;
                }
                let count = *counts.borrow_and_update();
                desk.tried(show(&mut service, count).await);
            }
            signal = clicked => match signal {
                Signal::Clicked => desk.clicked(),
                Signal::Other => {}
                Signal::Gone => service = None,
            },
        }
    }
}

/// Shows a notification; over a new connection when the old one is of no use any more.
async fn show(service: &mut Option<Service>, count: usize) -> Result<(), String> {
    if let Some(service) = service
        && matches!(timeout(PATIENCE, service.notify(count)).await, Ok(Ok(())))
    {
        return Ok(());
    }
    *service = None;
    let shown = timeout(PATIENCE, async {
        let mut fresh = Service::connect().await?;
        fresh.notify(count).await?;
        Ok::<_, zbus::Error>(fresh)
    });
    match shown.await {
        Ok(Ok(fresh)) => {
            *service = Some(fresh);
            Ok(())
        }
        Ok(Err(error)) => {
            tracing::warn!(%error, "a notification was not shown");
            Err(words(&error).to_owned())
        }
        Err(_elapsed) => Err("Служба уведомлений рабочего стола не отвечает".to_owned()),
    }
}

struct Service {
    proxy: Proxy<'static>,
    signals: SignalStream<'static>,
    shown: Option<Shown>,
}

/// The notification on the screen, and when on the connection the service said so.
struct Shown {
    id: u32,
    since: Sequence,
}

enum Signal {
    Clicked,
    Other,
    Gone,
}

impl Service {
    async fn connect() -> zbus::Result<Self> {
        let connection = zbus::connection::Builder::session()?.method_timeout(PATIENCE).build().await?;
        let proxy = Proxy::new(&connection, NAME, PATH, NAME).await?;
        let signals = proxy.receive_all_signals().await?;
        Ok(Self { proxy, signals, shown: None })
    }

    async fn notify(&mut self, count: usize) -> zbus::Result<()> {
        let replaces = self.shown.as_ref().map_or(0, |shown| shown.id);
        let actions = [DEFAULT_ACTION, "Показать"].as_slice();
        let hints = HashMap::from([("desktop-entry", Value::from(DESKTOP_ENTRY))]);
        let request = (APP_NAME, replaces, DESKTOP_ENTRY, APP_NAME, body(count), actions, hints, ITS_OWN_TIME);
        let reply = self.proxy.call_method("Notify", &request).await?;
        self.shown = Some(Shown { id: reply.body().deserialize()?, since: reply.recv_position() });
        Ok(())
    }

    /// The next signal, in the order that the service sent them.
    async fn next_signal(&mut self) -> Signal {
        let Some(message) = self.signals.next().await else { return Signal::Gone };
        let (header, body) = (message.header(), message.body());
        match header.member().map(|member| member.as_str()) {
            Some("ActionInvoked") if body.deserialize().is_ok_and(|(id, _): (u32, String)| self.is_shown(id)) => {
                Signal::Clicked
            }
            Some("NotificationClosed") if body.deserialize().is_ok_and(|(id, _): (u32, u32)| self.is_shown(id)) => {
                // A service may give the number of a closed notification to the next one.
                self.shown = self.shown.take().filter(|shown| message.recv_position() < shown.since);
                Signal::Other
            }
            Some(_) | None => Signal::Other,
        }
    }

    fn is_shown(&self, id: u32) -> bool {
        self.shown.as_ref().is_some_and(|shown| shown.id == id)
    }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "a foreign enum that grows")]
fn words(error: &zbus::Error) -> &'static str {
    match error {
        zbus::Error::MethodError(name, ..)
            if ["ServiceUnknown", "NameHasNoOwner", "Spawn"].iter().any(|part| name.as_str().contains(part)) =>
        {
            "На этом рабочем столе нет службы уведомлений"
        }
        zbus::Error::MethodError(..) => "Служба уведомлений рабочего стола отказала",
        zbus::Error::InputOutput(error) if error.kind() == std::io::ErrorKind::TimedOut => {
            "Служба уведомлений рабочего стола не отвечает"
        }
        _ => "Нет связи с рабочим столом (D-Bus): уведомления не показываются",
    }
}
