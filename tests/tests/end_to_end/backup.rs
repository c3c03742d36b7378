//! The drill of a restore: a register is backed up while it works, lost, and made again from the file.

use std::collections::HashSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::Utc;
use memchr::memmem;
use parking_lot::Mutex;
use prikrep_domain::{AnswerId, Application, ApplicationId};
use prikrep_testkit::{Api, Gateway, PASSWORD, Site, draft_of};
use reqwest::Method;
use serde_json::{Value, json, to_value};

use crate::kill::{card, first_allowed, pending};

type Answered = Arc<Mutex<Vec<(ApplicationId, AnswerId)>>>;

/// Answers one application after another, and notes what was acknowledged, until told to stop.
async fn answer_on(api: Api, work: Vec<Application>, acknowledged: Answered, stop: Arc<AtomicBool>) {
    for one in work {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let (id, draft) = (AnswerId::generate(), to_value(draft_of(first_allowed(&one), Utc::now())).unwrap());
        let path = format!("/v1/applications/{}/answers/{id}", one.id);
        let status = api.send(Method::PUT, &path, Some(&draft)).await.unwrap().status;
        // A cancellation may have been faster.
        assert!(matches!(status, 201 | 409), "{status}");
        if status == 201 {
            acknowledged.lock().push((one.id, id));
        }
    }
}

/// Everything of a person that stands in these applications, as it would stand in a file that is not sealed.
fn personal(applications: &[Application]) -> HashSet<String> {
    let of = |one: &Application| {
        let patient = &one.patient;
        let words = [Some(patient.name.family.clone()), patient.snils.clone(), patient.phone.clone()];
        words.into_iter().flatten().filter(|word| word.chars().count() > 5).collect::<Vec<_>>()
    };
    applications.iter().flat_map(of).chain(["Приходите с паспортом".to_owned(), "ivanova".to_owned()]).collect()
}

/// The accounts; sessions are left out of a backup.
fn state_of(site: &Site) -> Value {
    let mut users = site.json(&["user", "list"]);
    for user in users.as_array_mut().unwrap() {
        user.as_object_mut().unwrap().remove("sessions");
    }
    users
}

/// A register with answers that wait, whose backup was made in the middle of the work. Returns the site, what was
/// acknowledged before the backup began, and the file.
async fn backed_up_at_work(gateway: &Gateway) -> (Site, Vec<(ApplicationId, AnswerId)>, std::path::PathBuf) {
    let site = Site::new(gateway.url(), "");
    site.edit("02:30", "live");
    site.json(&["pull"]);
    let found = site.json(&["list", "--from", "2000-01-01", "--to", "2099-12-31", "--limit", "1"]);
    site.add_registrar("ivanova", found["items"][0]["organization"]["oid"].as_str().unwrap());
    let (register, url) = site.serve();
    let api = Api::signed_in(&url, "ivanova", PASSWORD).await;
    // Nothing is delivered: what the backup has is all that there is of these answers.
    gateway.set_faults(json!([{"fault": "status", "status": 500, "on": "answers"}])).await;
    let waiting = pending(&api).await;
    let (acknowledged, stop) = (Answered::default(), Arc::new(AtomicBool::new(false)));
    let half = waiting.len() / 2;
    let workers: Vec<_> = [&waiting[..half], &waiting[half..]]
        .map(|part| tokio::spawn(answer_on(api.clone(), part.to_vec(), Arc::clone(&acknowledged), Arc::clone(&stop))))
        .into_iter()
        .collect();
    while acknowledged.lock().len() < 20 {
        assert!(!workers.iter().all(tokio::task::JoinHandle::is_finished), "there is enough to answer");
        api.get("/readyz").await;
    }
    // Pages come in meanwhile, too.
    gateway.control("/control/epoch", &json!({})).await;
    let before = acknowledged.lock().clone();
    let file = site.folder().join("copy.backup");
    let written = site.run(&["backup", file.to_str().unwrap()]);
    assert_eq!(written.code(), Some(0), "{}", written.words());
    let during = acknowledged.lock().len() - before.len();
    stop.store(true, Ordering::SeqCst);
    for worker in workers {
        worker.await.unwrap();
    }
    println!("{} acknowledged before the backup, {during} while it was made", before.len());
    assert!(during > 0, "the register worked while it was backed up");
    let bytes = fs::read(&file).unwrap();
    for word in personal(&waiting) {
        assert!(memmem::find(&bytes, word.as_bytes()).is_none(), "{word} stands in the backup");
    }
    drop(register);
    (site, before, file)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_register_is_made_again_from_a_backup_that_was_made_under_load() {
    let gateway = Gateway::start(&["--applications", "1500", "--organizations", "1", "--seed", "8", "--rate", "20"]);
    let (site, before, file) = backed_up_at_work(&gateway).await;

    // Files that are not whole, not of this key or no backups at all leave the store as it is.
    let present = state_of(&site);
    let bytes = fs::read(&file).unwrap();
    let bad = site.folder().join("bad.backup");
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 0x10;
    let cut = bytes[..bytes.len() - 200].to_vec();
    let half = bytes[..bytes.len() / 2].to_vec();
    for (content, words) in [
        (flipped, "повреждён"),
        (cut, "обрывается"),
        (half, "обрывается"),
        (b"PRIKREP".to_vec(), "не файл резервной копии"),
    ] {
        fs::write(&bad, content).unwrap();
        let refused = site.run(&["restore", bad.to_str().unwrap()]);
        assert!(refused.code() == Some(1) && refused.stderr.contains(words), "{words}: {}", refused.words());
        assert_eq!(state_of(&site), present);
    }
    let key = site.folder().join("store.key");
    let other = Site::new(gateway.url(), "");
    let refused = other.run(&["restore", file.to_str().unwrap()]);
    assert!(refused.code() == Some(1) && refused.stderr.contains("ключ"), "{}", refused.words());
    other.json(&["pull"]);
    let refused = other.run(&["restore", file.to_str().unwrap()]);
    assert!(refused.code() == Some(1) && refused.stderr.contains("другим ключом"), "{}", refused.words());

    // On a new machine, with the key that was kept apart.
    let anew = Site::new(gateway.url(), "");
    anew.edit("02:30", "live");
    fs::copy(key, anew.folder().join("store.key")).unwrap();
    let restored = anew.json(&["restore", file.to_str().unwrap()]);
    assert!(restored["records"].as_u64().unwrap() > before.len() as u64, "{restored}");
    assert_eq!(state_of(&anew), present);
    assert_eq!(anew.json(&["verify"])["problems"], json!([]));
    assert_eq!(anew.json(&["journal", "verify"])["problems"], json!([]));
    gateway.set_faults(json!([])).await;
    anew.json(&["pull"]);
    let (_register, url) = anew.serve();
    let api = Api::signed_in(&url, "ivanova", PASSWORD).await;
    for (application, id) in &before {
        let times = card(&api, *application).await.answers.iter().filter(|record| record.id == *id).count();
        assert_eq!(times, 1, "{id} was acknowledged before the backup and stands {times} times in {application}");
    }
    let looked = anew.json(&["journal", "list", "--act", "answered", "--limit", "500"]);
    assert!(looked.as_array().unwrap().len() >= before.len().min(500), "the journal came with it");
    assert_eq!(anew.json(&["journal", "verify"])["problems"], json!([]));
}
