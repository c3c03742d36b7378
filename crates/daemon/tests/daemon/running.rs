//! The whole daemon: stops, the directory, what it holds on to.

use std::sync::Arc;
use std::time::Duration;

use prikrep_daemon::{Config, Daemon, stored_directory};
use prikrep_domain::Directory;
use tokio::time::{Instant, sleep};

use crate::fixture::{TestClock, choice, live, open, until};
use crate::gateway::{Fault, Gateway};

#[tokio::test(start_paused = true)]
async fn a_stop_during_a_held_poll_is_quick_and_the_store_can_be_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::with((0..10).map(choice));
    for _ in 0..3 {
        let daemon = Daemon::start(open(folder.path()), gateway.clone(), live(), Arc::new(TestClock::new()));
        until(&daemon, |status| status.connection.is_online()).await;
        sleep(Duration::from_secs(15)).await;
        let asked = Instant::now();
        assert!(daemon.stop().await);
        assert!(asked.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_while_the_upstream_hangs_or_sign_in_is_refused_is_quick() {
    let folder = tempfile::tempdir().unwrap();
    for fault in [Fault::Hang, Fault::status(401), Fault::asks_to_wait(429, 3600), Fault::network()] {
        let gateway = Gateway::with((0..10).map(choice));
        gateway.end_session();
        gateway.fail_sign_ins([fault]);
        let daemon = Daemon::start(open(folder.path()), gateway.clone(), live(), Arc::new(TestClock::new()));
        sleep(Duration::from_secs(1)).await;
        let asked = Instant::now();
        assert!(daemon.stop().await);
        assert!(asked.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_is_dropped_stops_too() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::with((0..10).map(choice));
    let store = open(folder.path());
    let daemon = Daemon::start(store.clone(), gateway.clone(), live(), Arc::new(TestClock::new()));
    until(&daemon, |status| status.last_pull.is_some()).await;
    drop(daemon);
    sleep(Duration::from_secs(5)).await;
    assert_eq!(Arc::strong_count(&store), 1);
    let pulls = gateway.pulls().len();
    sleep(Duration::from_secs(600)).await;
    assert_eq!(gateway.pulls().len(), pulls);
}

#[tokio::test(start_paused = true)]
async fn the_directory_is_kept_in_the_store_and_followed() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::with([]);
    let reasons = |reason: &str| Directory { refusal_reasons: vec![reason.to_owned()], ..Directory::default() };
    gateway.set_directory(reasons("Нет мест"), "\"1\"");
    let store = open(folder.path());
    let config = || Config { directory_every: Some(Duration::from_secs(3600)), ..live() };
    let daemon = Daemon::start(store.clone(), gateway.clone(), config(), Arc::new(TestClock::new()));
    let first = until(&daemon, |status| status.directory_at.is_some()).await.directory_at;
    assert_eq!(stored_directory(&*store).unwrap(), Some(reasons("Нет мест")));
    gateway.set_directory(reasons("Другой район"), "\"2\"");
    until(&daemon, |status| status.directory_at != first).await;
    assert_eq!(stored_directory(&*store).unwrap(), Some(reasons("Другой район")));
    assert!(daemon.stop().await);
}
