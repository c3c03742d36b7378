//! What a test asks of the gateway beside the protocol.

use reqwest::Method;
use serde_json::json;

use crate::support::{Bench, problem};

#[tokio::test]
async fn applications_arrive_on_request() {
    let bench = Bench::start(10).await;
    let cursor = bench.feed("").await.cursor;
    let response = bench.post("/control/arrive", json!({ "count": 3 })).await;
    let ids = response.json::<serde_json::Value>().await.unwrap()["ids"].clone();
    let page = bench.feed(&format!("after={cursor}")).await;
    assert_eq!(json!(page.changes.iter().map(|a| a.id).collect::<Vec<_>>()), ids);
    assert_eq!(page.changes.iter().map(|a| a.version).collect::<Vec<_>>(), [11, 12, 13]);
    for body in [json!({}), json!({ "count": 0 }), json!({ "count": -1 }), json!({ "count": 1_000_001 })] {
        problem(bench.post("/control/arrive", body).await, 400, "bad-request").await;
    }
}

#[tokio::test]
async fn a_new_epoch_expires_cursors_and_shows_what_was_forgotten() {
    let bench = Bench::start(10).await;
    let page = bench.feed("limit=5").await;
    let gone = page.changes[0].id;
    let forget = || bench.post("/control/forget", json!({ "id": gone }));
    assert_eq!(forget().await.status(), 204);
    problem(forget().await, 404, "not-found").await;
    problem(bench.get(&format!("/v1/applications/{gone}")).await, 404, "not-found").await;
    let epoch = bench.request(Method::POST, "/control/epoch").send().await.unwrap();
    assert_eq!(epoch.json::<serde_json::Value>().await.unwrap(), json!({ "epoch": 2 }));
    problem(bench.get(&format!("/v1/feed?after={}", page.cursor)).await, 410, "cursor-expired").await;
    let all = bench.feed("").await.changes;
    assert_eq!(all.len(), 9);
    assert!(all.iter().all(|application| application.id != gone));
}

#[tokio::test]
async fn faults_are_shown_set_and_cleared() {
    let bench = Bench::start(1).await;
    assert_eq!(bench.get_json("/control/faults").await, json!({ "seed": 0, "rules": [] }));
    bench.faults(json!([{ "fault": "status", "status": 503, "on": "directory", "probability": 1 }])).await;
    assert_eq!(bench.get("/v1/directory").await.status(), 503);
    for plan in [
        json!({ "rules": [{ "fault": "meteor" }] }),
        json!({ "rules": [{ "fault": "status", "status": 404 }] }),
        json!({ "rules": [{ "fault": "status" }] }),
        json!({ "rules": [{ "fault": "drop_after", "probabilty": 0.1 }] }),
        json!({ "rules": [{ "fault": "drop_after", "probability": 2 }] }),
        json!({ "rules": [{ "fault": "drop_after", "on": "everything" }] }),
        json!({ "rules": [{ "fault": "latency", "latency_ms": 600_001 }] }),
        json!({ "rulez": [] }),
        json!([]),
    ] {
        problem(bench.post("/control/faults", plan).await, 400, "bad-request").await;
    }
    // A plan that was refused leaves the old one.
    assert_eq!(bench.get("/v1/directory").await.status(), 503);
    let cleared = bench.request(Method::DELETE, "/control/faults").send().await.unwrap();
    assert_eq!(cleared.status(), 204);
    assert_eq!(bench.get("/v1/directory").await.status(), 200);
}
