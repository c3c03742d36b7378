//! What earlier releases left on the disks of a register and of a workstation is opened and worked with by this one.
//!
//! `tests/releases` holds a folder of each release, in the middle of the work: answers on both halves of their way, a
//! draft, settings, accounts, a journal. `PRIKREP_KEEP_RELEASE=1 cargo test -p prikrep-client --test device
//! releases::` writes the one of the present version, once, when it is released.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use chrono::Utc;
use prikrep_domain::{AnswerDraft, ApplicationId, DecisionKind};
use prikrep_testkit::{PASSWORD, draft_of};
use prikrep_ui::{Action, Hop, ThemeChoice};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::device::{Device, PASSPHRASE, last_hop};
use crate::region::Region;

/// Where the register of every archive was, and is again: the workstation knows it by its address. Nothing else
/// listens there: the whole of 127.0.0.0/8 is this computer.
const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(127, 22, 8, 90)), 18_090);

/// Enough of them wait for an answer.
const APPLICATIONS: u64 = 600;

/// What was done before the archive was made, by the applications to which it was done.
#[derive(Serialize, Deserialize)]
struct Done {
    applications: usize,
    taken_by_register: ApplicationId,
    queued_here: ApplicationId,
    typed: ApplicationId,
}

fn half_typed() -> AnswerDraft {
    AnswerDraft {
        decision: Some(DecisionKind::Refuse),
        comment: "Перезвонить после обеда".to_owned(),
        ..AnswerDraft::default()
    }
}

fn releases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/releases")
}

/// A day's work with the present version, broken off in the middle, written into an archive.
fn keep(archive: &Path) {
    let mut region =
        Region::on(TempDir::new().unwrap(), ADDRESS, APPLICATIONS, |_| {}).opened_for(&["ivanova", "petrova"]);
    region.add_auditor("auditor");
    let mut device = Device::signed_in(&region.url(), "ivanova");
    let mut settings = (*device.snapshot().settings).clone();
    (settings.theme, settings.zoom_percent, settings.lock_after_mins) = (ThemeChoice::Dark, 125, 25);
    device.act(Action::Set(settings));
    let applications = device.rows().len();

    region.stop_gateway();
    let taken_by_register = device.waiting_for(DecisionKind::Provide);
    device.open(taken_by_register);
    device.send(taken_by_register, draft_of(DecisionKind::Provide, Utc::now()));
    device.until_card("the register has it", taken_by_register, |card| matches!(last_hop(card), Some(Hop::Registered)));
    region.stop_register();
    let queued_here = device.waiting_for(DecisionKind::Provide);
    device.open(queued_here);
    device.send(queued_here, draft_of(DecisionKind::Provide, Utc::now()));
    let typed = device.waiting_for(DecisionKind::Refuse);
    device.act(Action::SaveDraft(typed, half_typed()));
    device.open(typed);
    device.until_card("the draft is kept", typed, |card| card.draft == Some(half_typed()));

    let workstation = device.close();
    let done = Done { applications, taken_by_register, queued_here, typed };
    std::fs::write(region.folder().join("done.json"), serde_json::to_vec(&done).unwrap()).unwrap();
    let mut tar = tar::Builder::new(zstd::Encoder::new(File::create_new(archive).unwrap(), 19).unwrap());
    tar.append_dir_all("region", region.folder()).unwrap();
    tar.append_dir_all("workstation", workstation.path()).unwrap();
    tar.into_inner().unwrap().finish().unwrap().sync_all().unwrap();
}

/// The folders of a region and of a workstation as an archive has them.
fn unpacked(archive: &Path) -> (TempDir, TempDir) {
    let part = |name: &str| {
        let folder = TempDir::with_prefix("prikrep-test-").unwrap();
        let mut tar = tar::Archive::new(zstd::Decoder::new(File::open(archive).unwrap()).unwrap());
        for entry in tar.entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().into_owned();
            if let Ok(path) = path.strip_prefix(name) {
                entry.unpack(folder.path().join(path)).unwrap();
            }
        }
        folder
    };
    (part("region"), part("workstation"))
}

/// Opens what a release left and finishes the work that was broken off.
fn go_on(archive: &Path) {
    let (region, workstation) = unpacked(archive);
    let done: Done = serde_json::from_slice(&std::fs::read(region.path().join("done.json")).unwrap()).unwrap();
    let mut region = Region::on(region, ADDRESS, APPLICATIONS, |_| {});

    // Without a register, on what is stored here.
    let mut device = Device::start(workstation, &region.url(), "ivanova");
    let settings = device.snapshot().settings;
    assert_eq!((settings.theme, settings.zoom_percent, settings.lock_after_mins), (ThemeChoice::Dark, 125, 25));
    assert_eq!(settings.login, "ivanova");
    device.sign_in(PASSWORD, Some(PASSPHRASE));
    assert_eq!(device.rows().len(), done.applications);
    assert_eq!(device.open(done.typed).draft, Some(half_typed()));
    device.open(done.taken_by_register);
    device.until_card("the register had it", done.taken_by_register, |card| {
        matches!(last_hop(card), Some(Hop::Registered))
    });
    device.open(done.queued_here);
    device.until_card("it waits", done.queued_here, |card| matches!(last_hop(card), Some(Hop::Queued { .. })));

    // The register comes back on its own data, and the gateway with the same applications.
    region.start_register();
    let register = std::sync::Arc::clone(region.register().register());
    let check = register.check_journal().unwrap();
    assert_eq!(check.problems, Vec::<String>::new());
    let damage = region.register().condition(Utc::now()).damage;
    assert!(damage.is_empty(), "{damage:?}");
    drop(register);
    device.act(Action::Refresh);
    for id in [done.queued_here, done.taken_by_register] {
        device.open(id);
        device.until_card("it is delivered", id, |card| matches!(last_hop(card), Some(Hop::Delivered { .. })));
    }
    let mut applied: Vec<_> =
        region.applied_answers().into_iter().map(|answer| (answer.application, answer.effects)).collect();
    applied.sort_unstable();
    let mut expected = vec![(done.taken_by_register, 1), (done.queued_here, 1)];
    expected.sort_unstable();
    assert_eq!(applied, expected);
    device.send(done.typed, draft_of(DecisionKind::Refuse, Utc::now()));
    device.until_counts("everything is delivered", |counts| counts.queued == 0);
    device.close();

    // Other accounts are there, too, with their passwords.
    let mut other = Device::signed_in(&region.url(), "petrova");
    assert_eq!(other.rows().len(), done.applications);
    other.close();
}

#[test]
fn what_earlier_releases_left_is_opened_and_worked_with() {
    if std::env::var_os("PRIKREP_KEEP_RELEASE").is_some() {
        keep(&releases().join(concat!(env!("CARGO_PKG_VERSION"), ".tar.zst")));
    }
    let mut archives: Vec<_> = std::fs::read_dir(releases()).unwrap().map(|entry| entry.unwrap().path()).collect();
    archives.sort();
    assert!(archives.iter().any(|path| path.ends_with("0.1.0.tar.zst")), "the first release is always tried");
    for archive in archives {
        println!("{}", archive.display());
        go_on(&archive);
    }
}
