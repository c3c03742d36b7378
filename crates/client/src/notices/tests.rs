//! Notifications against a fake service on a bus of the test's own, and without any.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use zbus::message::Header;
use zbus::object_server::SignalEmitter;
use zbus::zvariant::OwnedValue;

use super::*;
use crate::private_bus::{on_a_bus, without_a_bus};

const PATIENCE: Duration = Duration::from_secs(20);

/// What a fake service was asked to show.
#[derive(Debug, PartialEq)]
struct Shown {
    id: u32,
    replaces: u32,
    texts: [String; 4],
    actions: Vec<String>,
    hints: Vec<String>,
}

/// As strict as GNOME: only the connection that showed a notification may replace or close it.
struct FakeService {
    shown: Sender<Shown>,
    closed: Sender<u32>,
    last: u32,
    owners: HashMap<u32, String>,
}

impl FakeService {
    fn is_owner(&self, id: u32, header: &Header<'_>) -> bool {
        self.owners.get(&id) == header.sender().map(ToString::to_string).as_ref()
    }
}

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl FakeService {
    #[allow(clippy::too_many_arguments)]
    fn notify(
        &mut self,
        app: String,
        replaces: u32,
        icon: String,
        summary: String,
        body: String,
        actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        _timeout: i32,
        #[zbus(header)] header: Header<'_>,
    ) -> zbus::fdo::Result<u32> {
        if replaces != 0 && !self.is_owner(replaces, &header) {
            return Err(zbus::fdo::Error::AccessDenied("not yours".to_owned()));
        }
        if replaces == 0 {
            self.last += 1;
        }
        let id = if replaces == 0 { self.last } else { replaces };
        self.owners.insert(id, header.sender().unwrap().to_string());
        let hints = hints.into_iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        self.shown.send(Shown { id, replaces, texts: [app, icon, summary, body], actions, hints }).unwrap();
        Ok(id)
    }

    fn close_notification(&mut self, id: u32, #[zbus(header)] header: Header<'_>) -> zbus::fdo::Result<()> {
        if !self.is_owner(id, &header) {
            return Err(zbus::fdo::Error::AccessDenied("not yours".to_owned()));
        }
        self.closed.send(id).unwrap();
        Ok(())
    }

    #[zbus(signal)]
    async fn action_invoked(emitter: &SignalEmitter<'_>, id: u32, action: &str) -> zbus::Result<()>;

    #[zbus(signal)]
    async fn notification_closed(emitter: &SignalEmitter<'_>, id: u32, reason: u32) -> zbus::Result<()>;
}

fn fake_service() -> (zbus::blocking::Connection, Receiver<Shown>, Receiver<u32>) {
    let ((sender, shown), (close, closed)) = (channel(), channel());
    let service = FakeService { shown: sender, closed: close, last: 0, owners: HashMap::new() };
    let connection = zbus::blocking::connection::Builder::session()
        .unwrap()
        .serve_at("/org/freedesktop/Notifications", service)
        .unwrap()
        .name("org.freedesktop.Notifications")
        .unwrap()
        .build()
        .unwrap();
    (connection, shown, closed)
}

/// Presses a notification as an impatient person does: until it is heard.
fn click_until_heard(service: &zbus::blocking::Connection, id: u32, clicks: &Receiver<()>) {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        click(service, id);
        if clicks.recv_timeout(Duration::from_millis(50)).is_ok() {
            while clicks.try_recv().is_ok() {}
            return;
        }
    }
    panic!("no click was heard");
}

fn click(service: &zbus::blocking::Connection, id: u32) {
    let emitter = SignalEmitter::new(service.inner(), "/org/freedesktop/Notifications").unwrap();
    zbus::block_on(FakeService::action_invoked(&emitter, id, "default")).unwrap();
}

/// The notices, the clicks that they heard, and the outcomes of their attempts.
fn started() -> (Notices, Receiver<()>, Receiver<Option<String>>) {
    let ((click, clicks), (outcome, outcomes)) = (channel(), channel());
    let notices = Notices::start_with(
        move || click.send(()).unwrap(),
        move |words| outcome.send(words.map(str::to_owned)).unwrap(),
    );
    (notices, clicks, outcomes)
}

#[test]
fn a_count_is_shown_withdrawn_for_the_next_and_clicked() {
    on_a_bus("notices::tests::inner_with_a_service");
}

#[test]
#[ignore = "runs on a private bus only"]
fn inner_with_a_service() {
    let (service, shown, closed) = fake_service();
    let (notices, clicks, outcomes) = started();
    notices.new_applications(0);
    notices.new_applications(3);
    let first = shown.recv_timeout(PATIENCE).unwrap();
    assert_eq!(first.texts, ["Прикрепление онлайн", "ru.prikrep.prikrep", "Прикрепление онлайн", "Новых заявлений: 3"]);
    assert_eq!((first.replaces, first.actions), (0, vec!["default".to_owned(), "Показать".to_owned()]));
    assert!(first.hints.iter().any(|hint| hint.contains("desktop-entry") && hint.contains("ru.prikrep.prikrep")));
    assert_eq!(outcomes.recv_timeout(PATIENCE).unwrap(), None);
    click(&service, first.id + 1);
    assert!(clicks.try_recv().is_err(), "a click on something else is not ours");
    click_until_heard(&service, first.id, &clicks);

    notices.new_applications(5);
    let second = shown.recv_timeout(PATIENCE).unwrap();
    assert!(second.id > first.id);
    assert!(closed.try_recv().is_err(), "the first was pressed, and gone by that");
    notices.new_applications(7);
    let third = shown.recv_timeout(PATIENCE).unwrap();
    assert_eq!(closed.recv_timeout(PATIENCE).unwrap(), second.id, "one of ours at a time");
    assert_eq!((third.replaces, third.texts[3].as_str()), (0, "Новых заявлений: 7"));
    click_until_heard(&service, third.id, &clicks);
    assert_eq!(notices.problem(), None);

    drop(notices);
}

#[test]
fn a_service_that_comes_later_and_comes_again_is_found() {
    on_a_bus("notices::tests::inner_service_comes_and_goes");
}

#[test]
#[ignore = "runs on a private bus only"]
fn inner_service_comes_and_goes() {
    let (notices, clicks, outcomes) = started();
    notices.new_applications(1);
    let words = outcomes.recv_timeout(PATIENCE).unwrap();
    assert_eq!(words.as_deref(), Some("На этом рабочем столе нет службы уведомлений"));
    assert_eq!(notices.problem(), words);
    for count in 2..4 {
        let (service, shown, _closed) = fake_service();
        notices.new_applications(count);
        let Shown { id, texts, .. } = shown.recv_timeout(PATIENCE).unwrap();
        assert_eq!(texts[3], format!("Новых заявлений: {count}"));
        assert_eq!(outcomes.recv_timeout(PATIENCE).unwrap(), None);
        assert_eq!(notices.problem(), None);
        click_until_heard(&service, id, &clicks);
        service.close().unwrap();
    }
}

#[test]
fn a_service_that_never_answers_holds_nobody_up() {
    on_a_bus("notices::tests::inner_silent_service");
}

struct SilentService(Sender<()>);

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl SilentService {
    #[allow(clippy::too_many_arguments)]
    async fn notify(
        &self,
        _app: String,
        _replaces: u32,
        _icon: String,
        _summary: String,
        _body: String,
        _actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _timeout: i32,
    ) -> u32 {
        self.0.send(()).unwrap();
        std::future::pending().await
    }
}

#[test]
#[ignore = "runs on a private bus only"]
fn inner_silent_service() {
    let (asked, asks) = channel();
    let _service = zbus::blocking::connection::Builder::session()
        .unwrap()
        .serve_at("/org/freedesktop/Notifications", SilentService(asked))
        .unwrap()
        .name("org.freedesktop.Notifications")
        .unwrap()
        .build()
        .unwrap();
    let (notices, _clicks, outcomes) = started();
    notices.new_applications(1);
    asks.recv_timeout(PATIENCE).unwrap();
    let words = outcomes.recv_timeout(PATIENCE).unwrap();
    assert_eq!(words.as_deref(), Some("Служба уведомлений рабочего стола не отвечает"));
    notices.new_applications(2);
    asks.recv_timeout(PATIENCE).unwrap();
    // The second is on its way: closing the window waits for nothing.
    let before = Instant::now();
    drop(notices);
    assert!(before.elapsed() < Duration::from_secs(5), "{:?}", before.elapsed());
}

#[test]
fn without_a_bus_the_problem_is_told() {
    without_a_bus("notices::tests::inner_without_a_bus");
}

#[test]
#[ignore = "runs without a bus only"]
fn inner_without_a_bus() {
    let (notices, _clicks, outcomes) = started();
    assert_eq!(notices.problem(), None);
    notices.new_applications(2);
    let words = outcomes.recv_timeout(PATIENCE).unwrap().unwrap();
    assert!(words.contains("Нет связи с рабочим столом"), "{words}");
    assert_eq!(notices.problem(), Some(words));
    drop(notices);
    // Nothing was shown, and it ends all the same.
    drop(Notices::start(|| {}));
}
