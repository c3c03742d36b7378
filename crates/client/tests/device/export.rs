//! Exports where the desktop has no dialog: the path is typed. Each test runs itself again without a desktop,
//! so that no dialog opens on the one that it is run on.

use std::path::Path;
use std::process::{Command, Stdio};

use prikrep_domain::{Query, StatusFilter};
use prikrep_ui::{Action, Export, ExportFormat};

use crate::device::{Device, everything};
use crate::region::Region;

fn without_a_desktop(test: &str) {
    let output = Command::new(std::env::current_exe().unwrap())
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
        .env("PATH", "/nonexistent")
        .args([test, "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let passed = output.status.success() && said.contains("1 passed");
    assert!(passed, "{test}: {said}{}", String::from_utf8_lossy(&output.stderr));
}

fn ask(device: &mut Device, query: Query) -> String {
    device.act(Action::Export(ExportFormat::Csv, query));
    device.until("a path is asked for", |work| match &work.export {
        Export::AskPath { proposed, trouble: None } => Some(proposed.clone()),
        _ => None,
    })
}

fn records(file: &Path) -> usize {
    csv::ReaderBuilder::new().delimiter(b';').from_path(file).unwrap().records().map(Result::unwrap).count()
}

#[test]
fn what_is_shown_is_written_to_a_typed_path() {
    without_a_desktop("export::inner_a_typed_path");
}

#[test]
#[ignore = "runs without a desktop only"]
fn inner_a_typed_path() {
    let region = Region::start(&["ivanova"]);
    let mut device = Device::signed_in(&region.url(), "ivanova");
    let rows = device.rows();
    let pending = rows.iter().filter(|row| row.is_pending()).count();
    let queries =
        [(everything(), rows.len()), (Query { status: Some(StatusFilter::Pending), ..everything() }, pending)];
    for (number, (query, expected)) in queries.into_iter().enumerate() {
        let proposed = ask(&mut device, query);
        assert!(proposed.ends_with(".csv"), "{proposed}");
        let file = device.folder().join(format!("Заявления {number}.csv"));
        device.act(Action::ExportTo(file.display().to_string()));
        let (path, told) = device.until("it is written", |work| match &work.export {
            Export::Done { path, rows } => Some((path.clone(), *rows)),
            Export::Failed { words } => panic!("{words}"),
            _ => None,
        });
        assert_eq!(Path::new(&path), file);
        assert_eq!((told, records(&file)), (expected, expected));
        device.act(Action::EndExport);
        device.until("it is put away", |work| (work.export == Export::None).then_some(()));
    }
    device.close();
}

#[test]
fn a_file_that_is_there_already_is_not_written_over() {
    without_a_desktop("export::inner_a_path_that_is_taken");
}

#[test]
#[ignore = "runs without a desktop only"]
fn inner_a_path_that_is_taken() {
    let region = Region::start(&["ivanova"]);
    let mut device = Device::signed_in(&region.url(), "ivanova");
    let file = device.folder().join("занято.csv");
    std::fs::write(&file, "чужое").unwrap();
    ask(&mut device, everything());
    device.act(Action::ExportTo(file.display().to_string()));
    device.until("it is told", |work| match &work.export {
        Export::AskPath { proposed, trouble: Some(_) } => (Path::new(proposed) == file).then_some(()),
        _ => None,
    });
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "чужое");
    device.close();
}
