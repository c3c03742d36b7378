//! A register whose disk takes nothing more, for a while: it says so in words, refuses what it cannot keep, goes on
//! reading, loses nothing, and works again by itself.

use std::time::Instant;

use chrono::Utc;
use prikrep_domain::{AnswerDraft, AnswerId, Application, ApplicationId};
use prikrep_testkit::disk::{Disk, DiskState};
use prikrep_testkit::programs::{PATIENCE, Running};
use prikrep_testkit::{Api, Gateway, PASSWORD, Reply, Site, draft_of};
use reqwest::Method;
use serde_json::{Value, json, to_value};

use crate::kill::{card, first_allowed, pending};

type Answered = (ApplicationId, AnswerId);

async fn put(api: &Api, one: &Application, id: AnswerId) -> Reply {
    // Long answers fill what room there is sooner.
    let draft = AnswerDraft { comment: "слово ".repeat(600), ..draft_of(first_allowed(one), Utc::now()) };
    let draft = to_value(draft).unwrap();
    api.send(Method::PUT, &format!("/v1/applications/{}/answers/{id}", one.id), Some(&draft)).await.unwrap()
}

/// Looks at `/readyz` until something is true of it.
async fn until_ready(api: &Api, what: &str, is_so: impl Fn(&Value) -> bool) {
    let end = Instant::now() + PATIENCE;
    loop {
        let shown = api.get("/readyz").await.json();
        if is_so(&shown) {
            return;
        }
        assert!(Instant::now() < end, "{what}: not so: {shown}");
        // The feed of now, held for a second: nobody sleeps.
        let cursor = api.get("/v1/feed?limit=5000").await.json()["cursor"].as_str().unwrap().to_owned();
        api.get(&format!("/v1/feed?wait=1&after={cursor}")).await;
    }
}

async fn all_are_there(api: &Api, acknowledged: &[Answered]) {
    for (application, id) in acknowledged {
        let times = card(api, *application).await.answers.iter().filter(|record| record.id == *id).count();
        assert_eq!(times, 1, "the acknowledged answer {id} stands {times} times in {application}");
    }
}

/// Whether an answer is not in an application, which may have others of before.
fn has_not(application: &Application, id: AnswerId) -> bool {
    application.answers.iter().all(|record| record.id != id)
}

async fn a_disk_takes_nothing(state: DiskState, words: &str) {
    let gateway = Gateway::start(&["--applications", "1500", "--organizations", "1", "--seed", "5"]);
    let site = Site::new(gateway.url(), "");
    site.edit("02:30", "live");
    site.json(&["pull"]);
    let found = site.json(&["list", "--from", "2000-01-01", "--to", "2099-12-31", "--limit", "1"]);
    site.add_registrar("ivanova", found["items"][0]["organization"]["oid"].as_str().unwrap());
    let disk = Disk::over(&site.data());
    let mut command = site.command(&["serve"]);
    disk.under(&mut command, false);
    let mut register = Running::start(command);
    let url = register.line("listening on ");
    let api = Api::signed_in(&url, "ivanova", PASSWORD).await;
    let mut waiting = pending(&api).await.into_iter();
    let mut acknowledged = Vec::new();
    for one in waiting.by_ref().take(3) {
        let id = AnswerId::generate();
        assert_eq!(put(&api, &one, id).await.status, 201);
        acknowledged.push((one.id, id));
    }

    disk.become_now(state);
    // A full disk may still have room in what was begun.
    let (refused, id, reply) = loop {
        let (one, id) = (waiting.next().expect("some answer is refused"), AnswerId::generate());
        let reply = put(&api, &one, id).await;
        match reply.status {
            201 => acknowledged.push((one.id, id)),
            _ => break (one, id, reply),
        }
    };
    assert_eq!((reply.status, reply.content_type()), (503, Some("application/problem+json")));
    let said = reply.json()["detail"].as_str().unwrap().to_owned();
    assert!(said.to_lowercase().contains("диск") && said.contains("ничего не записано"), "{said}");
    let ready = api.get("/readyz").await;
    assert_eq!((ready.status, &ready.json()["ready"]), (503, &json!(false)));
    assert!(ready.json()["attention"].to_string().contains(words), "{}", ready.json());
    let status = site.run(&["status"]);
    assert!(status.code() == Some(1) && status.stdout.contains(words), "{}", status.words());
    // Reading goes on, also what stands in the journal, and nothing of the refused answer is seen.
    all_are_there(&api, &acknowledged).await;
    assert!(has_not(&card(&api, refused.id).await, id));
    let sign_in = json!({"login": "ivanova", "password": PASSWORD});
    let another = api.anonymous().send(Method::POST, "/v1/sessions", Some(&sign_in)).await.unwrap();
    assert_eq!(another.status, 503, "{}", another.json());

    disk.become_now(DiskState::Well);
    until_ready(&api, "it works again", |shown| shown["ready"] == json!(true)).await;
    assert!(has_not(&card(&api, refused.id).await, id), "what was refused was not kept");
    for (one, id) in [(refused, id), (waiting.next().unwrap(), AnswerId::generate())] {
        let reply = put(&api, &one, id).await;
        assert_eq!(reply.status, 201, "{}", reply.json());
        acknowledged.push((one.id, id));
    }
    all_are_there(&api, &acknowledged).await;
    until_ready(&api, "everything is pushed", |shown| shown["outbox"]["queued"] == json!(0)).await;
    register.kill();

    let (_register, url) = site.serve();
    all_are_there(&Api::signed_in(&url, "ivanova", PASSWORD).await, &acknowledged).await;
    assert_eq!(site.json(&["verify"])["problems"], json!([]));
    let status = site.json(&["status"]);
    assert_eq!((&status["damage"], &status["ready"]), (&json!([]), &json!(true)), "{status}");
    let effects: Vec<u64> = gateway.answers().await.iter().map(|one| one["effects"].as_u64().unwrap()).collect();
    assert_eq!(effects, vec![1; acknowledged.len()], "each once, and nothing that was refused");
    // What was looked at meanwhile is in the journal.
    let looked = site.json(&["journal", "list", "--act", "card_opened", "--limit", "500"]);
    assert!(looked.as_array().unwrap().len() > 2 * acknowledged.len(), "{looked}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_and_nothing_is_lost() {
    a_disk_takes_nothing(DiskState::Full, "нет места").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_disk_is_told_and_nothing_is_lost() {
    a_disk_takes_nothing(DiskState::ReadOnly, "только для чтения").await;
}
