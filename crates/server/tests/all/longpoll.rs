//! The long poll: what wakes it, what ends it, how many there may be.

use std::time::{Duration, Instant};

use prikrep_server::{Order, Running};
use reqwest::Method;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::api::{Served, problem};
use crate::common::{OURS, THEIRS, application, at, id, page};

async fn cursor(served: &Served) -> String {
    let page: Value = served.get("/v1/feed").await.json().await.unwrap();
    page["cursor"].as_str().unwrap().to_owned()
}

fn poll(served: &Served, cursor: &str) -> JoinHandle<reqwest::Response> {
    let request = served.request(Method::GET, &format!("/v1/feed?wait=60&after={cursor}"));
    tokio::spawn(async move { request.send().await.unwrap() })
}

/// Waits until the register has as many long polls open as the test has begun.
async fn opened(served: &Served, count: usize) {
    loop {
        let metrics = served.anonymous(Method::GET, "/metrics").send().await.unwrap().text().await.unwrap();
        if metrics.contains(&format!("prikrep_long_polls {count}\n")) {
            return;
        }
        tokio::task::yield_now().await;
    }
}

fn arrive(running: &Running, number: u128, organization: &str) {
    let page = page(vec![application(number, organization)], &number.to_string());
    running.register().store().apply(&page, at(0)).unwrap();
}

#[tokio::test]
async fn it_is_woken_by_what_is_its_own_only() {
    let served = Served::new().await;
    let waiting = poll(&served, &cursor(&served).await);
    opened(&served, 1).await;
    arrive(&served.running, 20, THEIRS);
    arrive(&served.running, 21, OURS);
    let page: Value = waiting.await.unwrap().json().await.unwrap();
    let ids: Vec<_> = page["changes"].as_array().unwrap().iter().map(|change| change["id"].clone()).collect();
    assert_eq!(ids, [serde_json::json!(id(21))]);
    opened(&served, 0).await;
    // The cursor has passed the stranger's change too.
    let nothing: Value =
        served.get(&format!("/v1/feed?after={}", page["cursor"].as_str().unwrap())).await.json().await.unwrap();
    assert_eq!(nothing["changes"], serde_json::json!([]));
    served.running.stop().await;
}

#[tokio::test]
async fn it_comes_back_empty_when_its_time_is_over() {
    let served = Served::new().await;
    let cursor = cursor(&served).await;
    let started = Instant::now();
    let page: Value = served.get(&format!("/v1/feed?wait=1&after={cursor}")).await.json().await.unwrap();
    assert_eq!((&page["changes"], &page["cursor"]), (&serde_json::json!([]), &serde_json::json!(cursor)));
    assert!(started.elapsed() >= Duration::from_secs(1));
    served.running.stop().await;
}

#[tokio::test]
async fn a_stop_ends_it_at_once() {
    let served = Served::new().await;
    let waiting = poll(&served, &cursor(&served).await);
    opened(&served, 1).await;
    let started = Instant::now();
    served.running.stop().await;
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    let response = waiting.await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.json::<Value>().await.unwrap()["changes"], serde_json::json!([]));
}

#[tokio::test]
async fn a_session_that_ends_meanwhile_gets_nothing_more() {
    let served = Served::new().await;
    let waiting = poll(&served, &cursor(&served).await);
    opened(&served, 1).await;
    let order = Order::DisableUser("ivanova".parse().unwrap());
    served.running.register().carry_out(order, "root", None, at(0)).unwrap();
    arrive(&served.running, 21, OURS);
    assert_eq!(problem(waiting.await.unwrap()).await, (401, "session-expired".to_owned()));
    served.running.stop().await;
}

#[tokio::test]
async fn an_account_has_so_many_at_a_time() {
    let served = Served::with(|config| config.limits.long_polls = 2).await;
    let cursor = cursor(&served).await;
    let (first, second) = (poll(&served, &cursor), poll(&served, &cursor));
    opened(&served, 2).await;
    let refused = poll(&served, &cursor).await.unwrap();
    assert_eq!(problem(refused).await, (429, "overloaded".to_owned()));
    assert_eq!(served.get(&format!("/v1/feed?after={cursor}")).await.status(), 200, "a plain request is none");
    arrive(&served.running, 21, OURS);
    assert_eq!(first.await.unwrap().status(), 200);
    assert_eq!(second.await.unwrap().status(), 200);
    served.running.stop().await;
}
