//! Personal data and secrets: never in a log or a metric, never readable on the disk.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::Utc;
use prikrep_domain::{AnswerId, Application, DecisionKind, transition};
use prikrep_testkit::programs::run;
use prikrep_testkit::{Api, Gateway, PASSWORD, Site, draft_of};
use reqwest::Method;
use serde_json::{json, to_value};

/// What must not be read anywhere: the parts of people's data that are theirs alone.
fn personal(all: &[Application], answered: &str) -> BTreeSet<String> {
    let mut parts = BTreeSet::from([answered.to_owned(), PASSWORD.to_owned(), "simulator\n".to_owned()]);
    for one in all {
        let patient = &one.patient;
        parts.insert(patient.name.full());
        parts.insert(patient.guid.to_string());
        parts.extend(one.applicant.as_ref().map(|applicant| applicant.name.full()));
        let texts = [&patient.snils, &patient.oms_policy, &patient.phone, &patient.registration_address];
        parts.extend(texts.into_iter().flatten().cloned());
    }
    // A few letters or digits may stand anywhere by chance.
    parts.into_iter().filter(|part| part.chars().count() >= 8).collect()
}

fn files(folder: &Path, into: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else {
            into.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}

fn contains(whole: &[u8], part: &str) -> bool {
    memchr::memmem::find(whole, part.as_bytes()).is_some()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_person_is_in_a_log_a_metric_or_a_file() {
    let gateway = Gateway::start(&["--applications", "60", "--organizations", "1", "--seed", "9"]);
    gateway.set_faults(json!([{"fault": "malformed", "malformation": "wrong_type", "on": "feed", "count": 1}])).await;
    let site = Site::new(gateway.url(), "log = { level = \"debug\" }");
    site.json(&["pull"]);
    let found = site.json(&["list", "--from", "2000-01-01", "--to", "2099-12-31", "--limit", "5000"]);
    let all: Vec<Application> = serde_json::from_value(found["items"].clone()).unwrap();
    site.add_registrar("ivanova", all[0].organization.oid.as_str());
    let (register, url) = site.serve();
    let api = Api::signed_in(&url, "ivanova", PASSWORD).await;

    // What a day brings: searches by everything, cards, good and bad answers, wrong passwords, broken requests.
    for one in &all {
        let snils = one.patient.snils.clone().unwrap_or_default();
        let name = &one.patient.name.family;
        let query = format!("from=2000-01-01&to=2099-12-31&patient={}&snils={snils}&name={name}", one.patient.guid);
        api.get(&format!("/v1/applications?{query}")).await;
        api.get(&format!("/v1/applications/{}", one.id)).await;
        api.get(&format!("/v1/{name}/{snils}")).await;
    }
    let answered = "Только для заявителя: приходите в кабинет 12";
    for decision in [DecisionKind::Provide, DecisionKind::Refuse] {
        let waits = |one: &&Application| transition(one.application_type, one.status, decision).is_some();
        let Some(one) = all.iter().find(waits) else { continue };
        let mut body = to_value(draft_of(decision, Utc::now())).unwrap();
        body["comment"] = json!(answered);
        for body in [body.clone(), json!({"decision": "provide", "comment": answered}), json!([answered])] {
            let path = format!("/v1/applications/{}/answers/{}", one.id, AnswerId::generate());
            api.send(Method::PUT, &path, Some(&body)).await.unwrap();
        }
    }
    let wrong = json!({"login": all[0].patient.name.full(), "password": PASSWORD});
    api.anonymous().send(Method::POST, "/v1/sessions", Some(&wrong)).await.unwrap();
    site.json(&["pull"]);
    let metrics = api.get("/metrics").await.body;
    let ready = api.get("/readyz").await.body;
    let token = api.token().unwrap().to_owned();
    assert_eq!(run(site.command(&["verify"]), "").code(), Some(0));
    register.terminate();
    let stopped = register.wait();
    assert_eq!(stopped.code(), Some(0), "{}", stopped.stderr);
    assert!(stopped.stderr.lines().count() > all.len(), "the log tells of every request");

    let mut parts = personal(&all, answered);
    parts.insert(token);
    let mut places = vec![
        ("standard error".to_owned(), stopped.stderr.into_bytes()),
        ("standard output".to_owned(), stopped.stdout.into_bytes()),
        ("/metrics".to_owned(), metrics),
        ("/readyz".to_owned(), ready),
    ];
    files(&site.data(), &mut places);
    assert!(places.len() > 6 && places.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() > 50_000);
    for (place, bytes) in &places {
        for part in &parts {
            assert!(!contains(bytes, part), "a text of {} characters of a person is in {place}", part.chars().count());
        }
    }
    // The search itself can find: the configuration's own address is there.
    assert!(contains(&std::fs::read(site.config()).unwrap(), gateway.url()));
}
