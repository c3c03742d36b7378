//! Pulls: pages, faults, epochs, the schedule, single flight.

use std::sync::Arc;
use std::time::Duration;

use chrono::{NaiveTime, TimeDelta};
use parking_lot::Mutex;
use prikrep_daemon::{
    Ask, AsyncStore, Clock, Connection, Daemon, DaemonStatus, Daily, Part, Pulled, Pulls, Trouble, UpstreamError,
    pull_page,
};
use prikrep_domain::{Cursor, Problem, ProblemKind};
use prikrep_store::{Page, Store};
use tokio::time::{Instant, sleep, timeout};

use crate::faulty_store::{FaultyStore, StoreFault};
use crate::fixture::{TestClock, application_id, choice, config, live, open, until, until_store};
use crate::gateway::{Fault, Gateway};

fn count(store: &dyn Store) -> usize {
    store.census().applications
}

fn page(applications: std::ops::Range<u32>, cursor: &str, has_more: bool) -> Page {
    let applications = applications.map(choice).collect();
    Page { applications, unreadable: Vec::new(), cursor: Cursor::new(cursor.to_owned()).unwrap(), has_more }
}

#[tokio::test(start_paused = true)]
async fn everything_is_pulled_page_by_page_and_then_the_poll_is_held() {
    let folder = tempfile::tempdir().unwrap();
    let (store, gateway) = (open(folder.path()), Gateway::with((0..2_500).map(choice)));
    let daemon = Daemon::start(store.clone(), gateway.clone(), live(), Arc::new(TestClock::new()));
    let status = until(&daemon, |status| status.last_pull.is_some()).await;
    assert!(status.connection.is_online());
    let report = status.last_pull.unwrap();
    assert_eq!((report.pages, report.records, report.applied.added), (3, 2_500, 2_500));
    assert_eq!(report.applied.added_pending, 2_500);
    assert_eq!(count(&*store), 2_500);

    // Several held polls later: what is new arrives while the poll is held.
    sleep(Duration::from_secs(175)).await;
    let before = gateway.pulls();
    assert_eq!(before.last().unwrap().wait_secs, 50);
    gateway.publish([choice(9_000)]);
    until(&daemon, |status| status.since_start.added == 2_501).await;
    assert_eq!(gateway.pulls()[before.len()..].iter().filter(|pull| pull.wait_secs == 0).count(), 0);
    assert!(before.len() < 12, "{} pulls in three minutes", before.len());
    assert!(daemon.stop().await);
    assert_eq!(gateway.sign_outs(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_pull_goes_on_where_it_was_interrupted_and_counts_all_its_tries() {
    let folder = tempfile::tempdir().unwrap();
    let (store, gateway) = (open(folder.path()), Gateway::with((0..5_000).map(choice)));
    let failed = Arc::new(Mutex::new(0));
    let failures = Arc::clone(&failed);
    gateway.on_pull(move |pull| {
        let mut failures = failures.lock();
        let fails = pull.after.as_deref() == Some("0:2000") && *failures < 3;
        *failures += u32::from(fails);
        fails.then(|| Err(Fault::status(500)))
    });
    let daemon = Daemon::start(store.clone(), gateway.clone(), live(), Arc::new(TestClock::new()));
    let faulty = until(&daemon, |status| matches!(status.connection, Connection::Faulty { .. })).await;
    assert!(matches!(faulty.last_trouble, Some((_, Trouble::Upstream(UpstreamError::Response(_))))));
    let report = until(&daemon, |status| status.last_pull.is_some()).await.last_pull.unwrap();
    assert_eq!((report.records, report.pages, *failed.lock()), (5_000, 5, 3));
    assert_eq!(count(&*store), 5_000);
    let begins = gateway.pulls().iter().filter(|pull| pull.after.is_none()).count();
    assert_eq!(begins, 1, "pages that were kept are not asked for again");
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_page_that_cannot_be_kept_is_pulled_again_and_none_after_it_is_kept() {
    for fault in [StoreFault::Error, StoreFault::Panic] {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(FaultyStore::new(open(folder.path())));
        let mut calls = 0;
        *store.on_apply.lock() = Box::new(move || {
            calls += 1;
            (calls == 3 || calls == 4).then_some(fault)
        });
        let gateway = Gateway::with((0..6_000).map(choice));
        let daemon = Daemon::start(store.clone(), gateway.clone(), live(), Arc::new(TestClock::new()));
        let status = until(&daemon, |status| status.last_pull.is_some()).await;
        let (_, trouble) = status.last_trouble.unwrap();
        match fault {
            StoreFault::Error => assert!(matches!(trouble, Trouble::Store(_)), "{trouble:?}"),
            StoreFault::Panic => assert!(matches!(trouble, Trouble::Panicked(Part::Store)), "{trouble:?}"),
        }
        let kept = store.kept.lock().clone();
        assert_eq!(kept, ["0:1000", "0:2000", "0:3000", "0:4000", "0:5000", "0:6000"]);
        assert_eq!(count(&*store), 6_000);
        assert!(daemon.stop().await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_epoch_is_read_from_the_beginning_and_what_it_has_not_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let (store, gateway) = (open(folder.path()), Gateway::with((0..1_500).map(choice)));
    let daemon = Daemon::start(store.clone(), gateway.clone(), live(), Arc::new(TestClock::new()));
    until(&daemon, |status| status.last_pull.is_some()).await;
    gateway.rebuild(|application| application.id != application_id(3));
    let status = until(&daemon, |status| status.last_pull.as_ref().is_some_and(|pull| pull.begun_again)).await;
    assert_eq!(status.last_pull.unwrap().records, 1_499);
    assert_eq!(count(&*store), 1_499);
    assert!(store.standing(application_id(3)).unwrap().is_none());
    daemon.stop().await;
}

/// Runs a daemon for an hour against a feed that misbehaves for ever. Returns the pulls that it made.
async fn an_hour_with(rule: impl FnMut(u64) -> Result<Page, Fault> + Send + 'static) -> (usize, Connection, usize) {
    let folder = tempfile::tempdir().unwrap();
    let (store, gateway) = (open(folder.path()), Gateway::with([]));
    let mut rule = rule;
    let mut calls = 0;
    gateway.on_pull(move |_| {
        calls += 1;
        Some(rule(calls))
    });
    let daemon = Daemon::start(store.clone(), gateway.clone(), live(), Arc::new(TestClock::new()));
    sleep(Duration::from_secs(3600)).await;
    let connection = daemon.status().borrow().connection.clone();
    assert!(daemon.stop().await);
    (gateway.pulls().len(), connection, count(&*store))
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_leads_in_circles_makes_no_storm_and_its_records_are_kept() {
    let expired = || Fault::Before(Problem::new(ProblemKind::CursorExpired).into());

    let (pulls, connection, _) = an_hour_with(move |_| Err(expired())).await;
    assert!(pulls < 40 && matches!(connection, Connection::Faulty { .. }), "410 for ever: {pulls} {connection:?}");

    let (pulls, connection, kept) =
        an_hour_with(move |call| if call % 2 == 1 { Ok(page(0..5, &call.to_string(), true)) } else { Err(expired()) })
            .await;
    assert!(pulls < 120 && matches!(connection, Connection::Faulty { .. }), "page, 410: {pulls} {connection:?}");
    assert_eq!(kept, 5);

    let (pulls, connection, kept) = an_hour_with(|_| Ok(page(0..7, "same", true))).await;
    assert!(pulls < 60, "the same cursor: {pulls}");
    assert!(matches!(connection, Connection::Faulty { why: Trouble::NoProgress, .. }), "{connection:?}");
    assert_eq!(kept, 7);

    let (pulls, connection, _) = an_hour_with(|_| Ok(page(0..0, "same", true))).await;
    assert!(pulls < 60, "nothing, and more of it: {pulls}");
    assert!(matches!(connection, Connection::Faulty { why: Trouble::NoProgress, .. }));

    let (pulls, connection, kept) =
        an_hour_with(|call| Ok(page(0..3, if call % 2 == 0 { "a" } else { "b" }, true))).await;
    assert!(pulls < 120, "a circle of two: {pulls}");
    assert!(matches!(connection, Connection::Faulty { why: Trouble::NoProgress, .. }));
    assert_eq!(kept, 3);

    // It does not hold the poll, and repeats itself.
    let (pulls, connection, kept) = an_hour_with(|_| Ok(page(0..9, "end", false))).await;
    assert!(pulls < 150 && connection.is_online(), "the same end for ever: {pulls}");
    assert_eq!(kept, 9);

    let (pulls, connection, _) = an_hour_with(|_| Ok(page(0..0, "end", false))).await;
    assert!(pulls < 150 && connection.is_online(), "an unheld poll: {pulls}");
}

#[tokio::test(start_paused = true)]
async fn polls_that_something_between_cuts_off_are_held_for_less() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::with((0..10).map(choice));
    // It gives up on whatever is silent for more than twenty seconds.
    gateway.on_pull(|pull| (pull.wait_secs > 20).then_some(Err(Fault::CutOff(Duration::from_secs(20)))));
    let daemon = Daemon::start(open(folder.path()), gateway.clone(), live(), Arc::new(TestClock::new()));
    let mut status = daemon.status();
    let watching = tokio::spawn(async move {
        let wrong =
            |status: &DaemonStatus| !matches!(status.connection, Connection::Starting | Connection::Online { .. });
        status.wait_for(wrong).await.map(|status| status.connection.clone()).ok()
    });
    sleep(Duration::from_secs(600)).await;
    assert_eq!(gateway.pulls().last().unwrap().wait_secs, 12);
    gateway.publish([choice(50)]);
    let published = Instant::now();
    until(&daemon, |status| status.since_start.added == 11).await;
    assert!(published.elapsed() < Duration::from_secs(1));
    assert!(daemon.stop().await);
    assert!(watching.await.unwrap().is_none(), "none of it is a trouble to show");
}

#[tokio::test(start_paused = true)]
async fn pages_that_are_too_large_are_asked_for_in_halves() {
    let folder = tempfile::tempdir().unwrap();
    let (store, gateway) = (open(folder.path()), Gateway::with((0..1_000).map(choice)));
    gateway.on_pull(|pull| (pull.limit > 130).then_some(Err(Fault::Before(UpstreamError::TooLarge("x")))));
    let daemon = Daemon::start(store.clone(), gateway.clone(), live(), Arc::new(TestClock::new()));
    until(&daemon, |status| status.last_pull.is_some()).await;
    assert_eq!(count(&*store), 1_000);
    let limits: Vec<_> = gateway.pulls().iter().map(|pull| pull.limit).take(5).collect();
    assert_eq!(limits, [1_000, 500, 250, 125, 125]);
    assert!(daemon.stop().await);

    gateway.behave();
    gateway.on_pull(|_| Some(Err(Fault::Before(UpstreamError::TooSlow))));
    let daemon = Daemon::start(store, gateway, live(), Arc::new(TestClock::new()));
    let status = until(&daemon, |status| matches!(status.connection, Connection::Faulty { .. })).await;
    assert!(matches!(status.last_trouble, Some((_, Trouble::Upstream(UpstreamError::TooSlow)))));
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_while_a_pull_runs_is_answered_by_one_that_begins_after() {
    let folder = tempfile::tempdir().unwrap();
    let (store, gateway) = (open(folder.path()), Gateway::with((0..3_000).map(choice)));
    gateway.on_pull(|pull| pull.after.is_none().then(|| Err(Fault::Slow(Duration::from_secs(20)))));
    let daemon = Daemon::start(store, gateway.clone(), live(), Arc::new(TestClock::new()));
    sleep(Duration::from_secs(5)).await;
    let (one, other) = tokio::join!(daemon.pull_now(), daemon.pull_now());
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one, other, "one pull for both");
    assert_eq!((one.records, daemon.status().borrow().since_start.added), (0, 3_000));
    let asked_for: Vec<_> = gateway.pulls().iter().filter_map(|pull| pull.after.clone()).collect();
    assert_eq!(asked_for[..3], ["0:1000", "0:2000", "0:3000"], "the pull that was running was not begun anew");

    // A poll that is held is not waited for.
    sleep(Duration::from_secs(10)).await;
    let asked = Instant::now();
    let report = daemon.pull_now().await.unwrap();
    assert_eq!(report.records, 0);
    assert!(asked.elapsed() < Duration::from_secs(1));

    gateway.on_pull(|_| Some(Err(Fault::network())));
    let failed = daemon.pull_now().await.unwrap_err();
    assert!(matches!(failed, Trouble::Upstream(UpstreamError::Network { .. })), "{failed:?}");
    // Whoever asks during a long wait gets a new try, not the old failure's end.
    sleep(Duration::from_secs(1200)).await;
    gateway.behave();
    let asked = Instant::now();
    assert!(daemon.pull_now().await.is_ok());
    assert!(asked.elapsed() < Duration::from_secs(1));

    let late = daemon.pull_now();
    assert!(daemon.stop().await);
    assert!(matches!(late.await, Err(Trouble::Stopped) | Ok(_)));
}

fn half_past_two() -> Pulls {
    Pulls::Daily(Daily { at: NaiveTime::from_hms_opt(2, 30, 0).unwrap(), zone: chrono_tz::Asia::Barnaul })
}

#[tokio::test(start_paused = true)]
async fn a_daily_pull_comes_once_a_day_and_a_missed_one_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::with((0..10).map(choice));
    let clock = TestClock::new(); // eleven o'clock in Barnaul
    let start = Instant::now();
    let begins = |gateway: &Gateway| -> Vec<u64> {
        gateway.pulls().iter().map(|pull| (pull.at - start).as_secs() / 60).collect()
    };
    {
        let daemon =
            Daemon::start(open(folder.path()), gateway.clone(), config(half_past_two()), Arc::new(clock.clone()));
        let status = until(&daemon, |status| status.next_pull_at.is_some()).await;
        assert_eq!(status.next_pull_at.unwrap() - clock.now(), TimeDelta::minutes(15 * 60 + 30));
        sleep(Duration::from_secs(2 * 24 * 3600)).await;
        assert_eq!(begins(&gateway), [0, 930, 930 + 1440], "never pulled: at once, then at half past two");
        assert!(daemon.stop().await);
    }
    {
        // Started again within the day: nothing was missed.
        let daemon =
            Daemon::start(open(folder.path()), gateway.clone(), config(half_past_two()), Arc::new(clock.clone()));
        let status = until(&daemon, |status| status.next_pull_at.is_some()).await;
        assert!(status.last_pull_at.is_some());
        sleep(Duration::from_secs(3600)).await;
        assert_eq!(gateway.pulls().len(), 3);
        // Somebody asks: that is no daily pull's business.
        daemon.pull_now().await.unwrap();
        assert_eq!(gateway.pulls().len(), 4);
        assert!(daemon.stop().await);
    }
    sleep(Duration::from_secs(26 * 3600)).await;
    let daemon = Daemon::start(open(folder.path()), gateway.clone(), config(half_past_two()), Arc::new(clock));
    until(&daemon, |status| status.last_pull.is_some()).await;
    assert_eq!(gateway.pulls().len(), 5, "the daily pull was missed while it was off");
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn on_request_the_first_pull_asked_for_brings_everything() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::with((0..10).map(choice));
    let daemon =
        Daemon::start(open(folder.path()), gateway.clone(), config(Pulls::OnRequest), Arc::new(TestClock::new()));
    sleep(Duration::from_secs(24 * 3600)).await;
    assert_eq!(gateway.pulls().len(), 0, "nobody has asked");
    assert_eq!(daemon.pull_now().await.unwrap().records, 10);
    sleep(Duration::from_secs(24 * 3600)).await;
    assert_eq!(gateway.pulls().len(), 1);
    assert!(daemon.stop().await);
}

#[tokio::test(start_paused = true)]
async fn a_daily_pull_that_fails_is_tried_again_until_it_succeeds() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::with((0..10).map(choice));
    gateway.on_pull(|_| Some(Err(Fault::status(502))));
    let clock = TestClock::new();
    let store = open(folder.path());
    let daemon = Daemon::start(store.clone(), gateway.clone(), config(half_past_two()), Arc::new(clock));
    sleep(Duration::from_secs(3600)).await;
    assert!((10..60).contains(&gateway.pulls().len()), "{}", gateway.pulls().len());
    gateway.behave();
    let status = until(&daemon, |status| status.last_pull.is_some()).await;
    assert!(status.connection.is_online());
    assert_eq!(count(&*store), 10);
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_wakes_a_daily_pull_within_a_minute_and_makes_no_storm() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::with((0..10).map(choice));
    let clock = TestClock::new();
    let daemon = Daemon::start(open(folder.path()), gateway.clone(), config(half_past_two()), Arc::new(clock.clone()));
    until(&daemon, |status| status.last_pull.is_some()).await;
    for (jump, most) in [(TimeDelta::days(9 * 365), 1), (TimeDelta::days(-9 * 365), 1), (TimeDelta::minutes(-4), 0)] {
        let before = gateway.pulls().len();
        clock.jump(jump);
        sleep(Duration::from_secs(90)).await;
        assert_eq!(gateway.pulls().len() - before, most, "after {jump}");
    }
    let before = gateway.pulls().len();
    for _ in 0..60 {
        clock.jump(TimeDelta::days(2));
        sleep(Duration::from_secs(1)).await;
        clock.jump(TimeDelta::days(-2));
        sleep(Duration::from_secs(1)).await;
    }
    assert!(gateway.pulls().len() - before <= 3, "a clock gone mad: {} pulls", gateway.pulls().len() - before);
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn after_a_sleep_of_the_computer_a_dead_poll_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::with((0..10).map(choice));
    let clock = TestClock::new();
    let daemon = Daemon::start(open(folder.path()), gateway.clone(), live(), Arc::new(clock.clone()));
    until(&daemon, |status| status.last_pull.is_some()).await;
    gateway.on_pull(|pull| (pull.wait_secs > 0).then_some(Err(Fault::Hang)));
    sleep(Duration::from_secs(60)).await;
    gateway.publish([choice(77)]);
    let slept_at = Instant::now();
    clock.jump(TimeDelta::hours(8));
    until(&daemon, |status| status.since_start.added == 11).await;
    assert!(slept_at.elapsed() < Duration::from_secs(25));
    assert!(daemon.stop().await);
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_upstream_is_reported_and_the_loop_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (store, gateway) = (open(folder.path()), Gateway::with((0..10).map(choice)));
    gateway.fail_pulls([Fault::Panic, Fault::Panic]);
    let daemon = Daemon::start(store.clone(), gateway, live(), Arc::new(TestClock::new()));
    let outcome = daemon.pull_now().await;
    assert_eq!(outcome.unwrap().records, 10, "whoever waited is answered after the restart");
    let status = daemon.status().borrow().clone();
    assert_eq!(status.restarts[&Part::Pull].count, 2);
    assert!(status.connection.is_online());
    assert!(daemon.stop().await);
}

#[tokio::test(start_paused = true)]
async fn records_that_are_not_understood_do_not_stop_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let (store, gateway) = (open(folder.path()), Gateway::with((0..10).map(choice)));
    gateway.publish_unreadable("{\"id\":7}");
    gateway.publish((10..20).map(choice));
    let daemon = Daemon::start(store.clone(), gateway, live(), Arc::new(TestClock::new()));
    let report = until(&daemon, |status| status.last_pull.is_some()).await.last_pull.unwrap();
    assert_eq!((report.records, report.applied.added, report.applied.quarantined), (21, 20, 1));
    assert_eq!(store.quarantine().unwrap().len(), 1);
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_step_alone_keeps_a_page_or_begins_again() {
    let folder = tempfile::tempdir().unwrap();
    let (store, gateway) = (open(folder.path()), Gateway::with((0..15).map(choice)));
    let (steps, clock) = (AsyncStore::new(store.clone()), TestClock::new());
    let ask = Ask { limit: 10, wait_secs: 0 };
    let step = async || pull_page(&steps, &*gateway, ask, &clock).await;
    assert!(matches!(step().await, Ok(Pulled::Page { records: 10, has_more: true, .. })));
    assert!(matches!(step().await, Ok(Pulled::Page { records: 5, has_more: false, .. })));
    gateway.rebuild(|_| true);
    assert_eq!(step().await.unwrap(), Pulled::BegunAgain);
    assert!(matches!(step().await, Ok(Pulled::Page { records: 10, has_more: true, .. })));
    gateway.end_session();
    assert!(matches!(step().await, Err(Trouble::Upstream(UpstreamError::SignedOut))));
    until_store(&*store, |store| count(store) == 15).await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_in_the_middle_of_a_pull_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::with((0..9_000).map(choice));
    for _ in 0..200 {
        let store = open(folder.path());
        let known = count(&*store);
        if known == 9_000 {
            return;
        }
        let daemon = Daemon::start(store.clone(), gateway.clone(), live(), Arc::new(TestClock::new()));
        let progress = until(&daemon, |status| status.since_start.added > 0).await;
        let clean = timeout(Duration::from_secs(5), daemon.stop()).await;
        assert_eq!(clean, Ok(true));
        assert!(count(&*store) >= known + progress.since_start.added);
        assert_eq!(Arc::strong_count(&store), 1, "the daemon has let the store go");
    }
    panic!("never came to the end: {}", count(&*open(folder.path())));
}
