//! Each fault, as a consumer meets it.

use std::time::{Duration, Instant};

use prikrep_domain::{AnswerId, ApplicationType, DecisionKind, RawFeedPage, Status, read_application};
use prikrep_simulator::{Fault, FaultPlan, Rule, Scope};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Bench, draft, pending, problem};

#[tokio::test]
async fn statuses_come_with_retry_after_and_run_out() {
    let bench = Bench::start(10).await;
    for (status, code) in [(503, "unavailable"), (429, "overloaded"), (500, "internal")] {
        bench
            .faults(json!([{ "fault": "status", "status": status, "retry_after_secs": 7, "count": 2, "on": "feed" }]))
            .await;
        for _ in 0..2 {
            let response = bench.get("/v1/feed").await;
            let retry_after = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
            assert_eq!(retry_after.as_deref(), (status != 500).then_some("7"));
            problem(response, status, code).await;
        }
        assert_eq!(bench.get("/v1/directory").await.status(), 200);
        assert_eq!(bench.get("/v1/feed").await.status(), 200);
        assert_eq!(bench.get_json("/control/faults").await["rules"][0]["fired"], 2);
    }
}

#[tokio::test]
async fn latency_holds_a_request() {
    let bench = Bench::start(1).await;
    bench.faults(json!([{ "fault": "latency", "latency_ms": 120, "on": "directory" }])).await;
    let began = Instant::now();
    bench.get_json("/v1/directory").await;
    assert!(began.elapsed() >= Duration::from_millis(120));
}

#[tokio::test]
async fn a_dropped_connection_has_no_response_and_the_effect_is_as_said() {
    let bench = Bench::start(2_000).await;
    let choice = bench.running.read(|gateway| pending(gateway, ApplicationType::Choice, Status::Sent));
    let path = format!("/v1/applications/{}/answers/{}", choice.id, AnswerId::generate());
    let put = || bench.request(Method::PUT, &path).json(&draft(DecisionKind::Refuse)).send();
    let applied = || bench.running.read(|gateway| gateway.applied_answers().len());

    bench.faults(json!([{ "fault": "drop_before", "on": "answers", "count": 1 }])).await;
    assert!(put().await.is_err());
    assert_eq!(applied(), 0);

    bench.faults(json!([{ "fault": "drop_after", "on": "answers", "count": 1 }])).await;
    assert!(put().await.is_err());
    assert_eq!(applied(), 1);

    assert_eq!(put().await.unwrap().status(), 200);
    let answers = bench.get_json("/control/answers").await;
    assert_eq!((&answers["answers"][0]["effects"], &answers["answers"][0]["puts"]), (&json!(1), &json!(2)));
    assert_eq!(answers["answers"][0]["decision"], "refuse");
}

#[tokio::test]
async fn a_cut_body_fails_and_a_truncated_one_is_not_json() {
    let bench = Bench::start(200).await;
    for _ in 0..3 {
        bench.faults(json!([{ "fault": "cut_body", "on": "feed", "count": 1 }])).await;
        let response = bench.get("/v1/feed").await;
        assert_eq!(response.status(), 200);
        assert!(response.bytes().await.is_err());
    }
    bench.faults(json!([{ "fault": "truncate", "on": "feed", "count": 1 }])).await;
    let body = bench.get("/v1/feed").await.bytes().await.unwrap();
    assert!(body.len() > 10_000 && serde_json::from_slice::<Value>(&body).is_err());
    assert_eq!(bench.feed("").await.changes.len(), 200);
}

#[tokio::test]
async fn a_malformed_record_stands_beside_the_real_ones() {
    let bench = Bench::start(20).await;
    bench.faults(json!([{ "fault": "malformed", "malformation": "unknown_status", "count": 2 }])).await;
    let text = bench.get("/v1/feed?limit=10").await.text().await.unwrap();
    let page: RawFeedPage<'_> = serde_json::from_str(&text).unwrap();
    let bad: Vec<_> = page.changes.iter().filter_map(|raw| read_application(raw.get()).err()).collect();
    assert_eq!((page.changes.len(), bad.len(), page.has_more), (10, 1, true));
    assert!(bad[0].reason.contains("unknown variant"));
    // Nothing real was lost by it: the next page goes on where this one ended.
    let rest = bench.get(&format!("/v1/feed?after={}", page.cursor)).await.text().await.unwrap();
    let rest: RawFeedPage<'_> = serde_json::from_str(&rest).unwrap();
    let good = [page.changes, rest.changes].concat().iter().filter(|raw| read_application(raw.get()).is_ok()).count();
    assert_eq!(good, 20);
    // The counts have run out; the page is whole again.
    assert_eq!(bench.feed("").await.changes.len(), 20);
}

#[tokio::test]
async fn a_malformed_record_takes_the_place_of_a_real_one() {
    let bench = Bench::start(20).await;
    for limit in [1, 20] {
        bench
            .faults(json!([{ "fault": "malformed", "malformation": "missing_field", "replace": true, "count": 1 }]))
            .await;
        let text = bench.get(&format!("/v1/feed?limit={limit}")).await.text().await.unwrap();
        let page: RawFeedPage<'_> = serde_json::from_str(&text).unwrap();
        let bad: Vec<_> = page.changes.iter().filter_map(|raw| read_application(raw.get()).err()).collect();
        assert_eq!((page.changes.len(), bad.len()), (limit, 1));
        assert!(bench.running.read(|gateway| gateway.standing(bad[0].id.unwrap()).is_some()));
    }
}

#[tokio::test]
async fn an_expired_cursor_and_expired_sessions() {
    let mut bench = Bench::start(20).await;
    let cursor = bench.feed("limit=5").await.cursor;
    bench.faults(json!([{ "fault": "expire_cursor", "count": 1 }])).await;
    problem(bench.get(&format!("/v1/feed?after={cursor}")).await, 410, "cursor-expired").await;
    assert_eq!(bench.feed(&format!("after={cursor}")).await.changes.len(), 15);
    bench.faults(json!([{ "fault": "expire_sessions", "on": "feed", "count": 1 }])).await;
    problem(bench.get("/v1/feed").await, 401, "session-expired").await;
    bench.sign_in().await;
    assert_eq!(bench.feed("").await.changes.len(), 20);
}

#[tokio::test]
async fn the_same_seed_strikes_the_same_requests() {
    let bench = Bench::start(10).await;
    let mut runs = Vec::new();
    for seed in [5, 5, 6] {
        let rule = Rule::new(Fault::Status { status: 503, retry_after_secs: None }, Scope::Feed).with_probability(0.5);
        bench.running.set_faults(FaultPlan { seed, rules: vec![rule] }).unwrap();
        let mut statuses = Vec::new();
        for _ in 0..40 {
            statuses.push(bench.get("/v1/feed?limit=1").await.status().as_u16());
        }
        runs.push(statuses);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    assert!(bench.running.faults().rules[0].fired > 5);
}
