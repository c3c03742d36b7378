//! The save dialog against a fake portal on a bus of the test's own, and without any.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use zbus::Connection;
use zbus::message::Header;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};

use super::*;
use crate::private_bus::{on_a_bus, without_a_bus};

const PATIENCE: Duration = Duration::from_secs(20);
const KINDS: &[Kind] =
    &[Kind { name: "Книга Excel", extension: "xlsx" }, Kind { name: "Таблица CSV", extension: "csv" }];

#[derive(Clone, Copy)]
enum Person {
    Chooses(&'static str),
    Cancels,
    IsFailedByThePortal,
    Waits,
}

struct FakePortal {
    person: Person,
    asked: Sender<String>,
}

#[zbus::interface(name = "org.freedesktop.portal.FileChooser")]
impl FakePortal {
    async fn save_file(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
        _parent: String,
        title: String,
        options: HashMap<String, OwnedValue>,
    ) -> OwnedObjectPath {
        let token = String::try_from(options["handle_token"].try_clone().unwrap()).unwrap();
        let sender = header.sender().unwrap().to_owned();
        let unique = sender.trim_start_matches(':').replace('.', "_");
        let path = format!("/org/freedesktop/portal/desktop/request/{unique}/{token}");
        self.asked.send(format!("{title} {options:?}")).unwrap();
        let (code, results) = match self.person {
            Person::Chooses(uri) => (0_u32, HashMap::from([("uris", Value::from(vec![uri]))])),
            Person::Cancels => (1, HashMap::new()),
            Person::IsFailedByThePortal => (2, HashMap::new()),
            Person::Waits => return OwnedObjectPath::try_from(path).unwrap(),
        };
        // Quicker than the reply: who asks must have listened before.
        connection
            .emit_signal(Some(sender), path.as_str(), "org.freedesktop.portal.Request", "Response", &(code, results))
            .await
            .unwrap();
        OwnedObjectPath::try_from(path).unwrap()
    }
}

fn portal(person: Person) -> (zbus::blocking::Connection, Receiver<String>) {
    let (asked, asks) = channel();
    let connection = zbus::blocking::connection::Builder::session()
        .unwrap()
        .serve_at("/org/freedesktop/portal/desktop", FakePortal { person, asked })
        .unwrap()
        .name("org.freedesktop.portal.Desktop")
        .unwrap()
        .build()
        .unwrap();
    (connection, asks)
}

#[test]
fn what_the_person_does_in_the_portal_is_told() {
    on_a_bus("dialogs::tests::inner_with_a_portal");
}

#[test]
#[ignore = "runs on a private bus only"]
fn inner_with_a_portal() {
    let no_dialog = choose_file("Заявления.xlsx", KINDS);
    assert!(matches!(&no_dialog, Outcome::NoDialog(words) if words.contains("введите путь")), "{no_dialog:?}");

    let (service, asks) = portal(Person::Chooses("file:///tmp/%D0%9C%D0%9E%201.xlsx"));
    let (then, outcomes) = channel();
    choose_file_then("Заявления.xlsx".into(), KINDS, move |outcome| then.send(outcome).unwrap()).unwrap();
    assert_eq!(outcomes.recv_timeout(PATIENCE).unwrap(), Outcome::Chosen("/tmp/МО 1.xlsx".into()));
    let asked = asks.recv_timeout(PATIENCE).unwrap();
    for part in ["Сохранить как", "Заявления.xlsx", "Книга Excel", "*.xlsx", "*.csv"] {
        assert!(asked.contains(part), "{part}: {asked}");
    }
    service.close().unwrap();

    let (service, _asks) = portal(Person::Cancels);
    assert_eq!(choose_file("Заявления.xlsx", KINDS), Outcome::Cancelled);
    service.close().unwrap();

    let (service, _asks) = portal(Person::IsFailedByThePortal);
    assert!(matches!(choose_file("Заявления.xlsx", KINDS), Outcome::NoDialog(_)));
    service.close().unwrap();

    let (service, asks) = portal(Person::Waits);
    let (then, outcomes) = channel();
    choose_file_then("Заявления.xlsx".into(), KINDS, move |outcome| then.send(outcome).unwrap()).unwrap();
    asks.recv_timeout(PATIENCE).unwrap();
    assert!(outcomes.try_recv().is_err());
    service.close().unwrap();
    assert!(matches!(outcomes.recv_timeout(PATIENCE).unwrap(), Outcome::NoDialog(_)));
}

#[test]
fn without_a_bus_there_is_no_dialog() {
    without_a_bus("dialogs::tests::inner_without_a_bus");
}

#[test]
#[ignore = "runs without a bus only"]
fn inner_without_a_bus() {
    assert!(matches!(choose_file("a.csv", KINDS), Outcome::NoDialog(_)));
}
