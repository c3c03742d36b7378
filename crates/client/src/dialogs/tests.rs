//! Whether there is a dialog, on a bus of the test's own and without any.

use super::desktop::has_dialog;
use super::*;
use crate::private_bus::{on_a_bus, without_a_bus};

#[test]
fn without_a_portal_there_is_no_dialog_and_with_one_there_is() {
    on_a_bus("dialogs::tests::inner_on_a_bus");
}

#[test]
#[ignore = "runs on a private bus only"]
fn inner_on_a_bus() {
    let no_dialog = choose_file("Заявления.xlsx", &[Kind { name: "Книга Excel", extension: "xlsx" }]);
    assert!(matches!(&no_dialog, Outcome::NoDialog(words) if words.contains("введите путь")), "{no_dialog:?}");
    let _portal = zbus::blocking::connection::Builder::session()
        .unwrap()
        .name("org.freedesktop.portal.Desktop")
        .unwrap()
        .build()
        .unwrap();
    assert!(has_dialog());
}

#[test]
fn without_a_bus_there_is_no_dialog() {
    without_a_bus("dialogs::tests::inner_without_a_bus");
}

#[test]
#[ignore = "runs without a bus only"]
fn inner_without_a_bus() {
    let (then, outcomes) = std::sync::mpsc::channel();
    choose_file_then("a.csv".into(), &[], move |outcome| then.send(outcome).unwrap()).unwrap();
    assert!(matches!(outcomes.recv().unwrap(), Outcome::NoDialog(_)));
}
