//! Notifications against a fake service on a bus of the test's own, and without any.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

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

struct FakeService {
    shown: Sender<Shown>,
    last: u32,
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
    ) -> u32 {
        if replaces == 0 {
            self.last += 1;
        }
        let id = if replaces == 0 { self.last } else { replaces };
        let hints = hints.into_iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        self.shown.send(Shown { id, replaces, texts: [app, icon, summary, body], actions, hints }).unwrap();
        id
    }

    #[zbus(signal)]
    async fn action_invoked(emitter: &SignalEmitter<'_>, id: u32, action: &str) -> zbus::Result<()>;

    #[zbus(signal)]
    async fn notification_closed(emitter: &SignalEmitter<'_>, id: u32, reason: u32) -> zbus::Result<()>;
}

fn fake_service() -> (zbus::blocking::Connection, Receiver<Shown>) {
    let (sender, shown) = channel();
    let connection = zbus::blocking::connection::Builder::session()
        .unwrap()
        .serve_at("/org/freedesktop/Notifications", FakeService { shown: sender, last: 0 })
        .unwrap()
        .name("org.freedesktop.Notifications")
        .unwrap()
        .build()
        .unwrap();
    (connection, shown)
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
fn a_count_is_shown_replaced_and_clicked() {
    on_a_bus("notices::tests::inner_with_a_service");
}

#[test]
#[ignore = "runs on a private bus only"]
fn inner_with_a_service() {
    let (service, shown) = fake_service();
    let (notices, clicks, outcomes) = started();
    notices.new_applications(0);
    notices.new_applications(3);
    let first = shown.recv_timeout(PATIENCE).unwrap();
    assert_eq!(first.texts, ["Прикрепление онлайн", "prikrep", "Прикрепление онлайн", "Новых заявлений: 3"]);
    assert_eq!((first.replaces, first.actions), (0, vec!["default".to_owned(), "Показать".to_owned()]));
    assert!(first.hints.iter().any(|hint| hint.contains("desktop-entry") && hint.contains("prikrep")));
    assert_eq!(outcomes.recv_timeout(PATIENCE).unwrap(), None);
    click(&service, first.id + 1);
    assert!(clicks.try_recv().is_err(), "a click on something else is not ours");
    click_until_heard(&service, first.id, &clicks);

    notices.new_applications(5);
    let second = shown.recv_timeout(PATIENCE).unwrap();
    assert_eq!((second.id, second.replaces), (first.id, first.id));
    assert_eq!(second.texts[3], "Новых заявлений: 5");
    click_until_heard(&service, second.id, &clicks);
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
        let (service, shown) = fake_service();
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
    let before = Instant::now();
    drop(notices);
    assert!(before.elapsed() < Duration::from_secs(5), "{:?}", before.elapsed());
    assert!(outcomes.try_recv().is_err());
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
