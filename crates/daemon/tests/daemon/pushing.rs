//! Pushes: order, poison, rejections, the network, retries.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use prikrep_daemon::{
    AsyncStore, Connection, Daemon, PushStep, RetryPolicy, Trouble, Upstream, UpstreamError, next_answers, push_one,
};
use prikrep_domain::{Application, DecisionKind, Problem, ProblemKind, Status};
use prikrep_store::{OutboxState, SledStore, Store};
use tokio::time::{Instant, sleep};

use crate::faulty_store::{FaultyStore, StoreFault};
use crate::fixture::{TestClock, answer, application_id, cancellation, choice, live, open, until, until_store};
use crate::gateway::{Fault, Gateway};

fn queued(store: &dyn Store) -> usize {
    store.outbox().iter().filter(|entry| entry.state == OutboxState::Queued).count()
}

fn answer_all(store: &dyn Store, numbers: std::ops::Range<u32>) {
    for number in numbers {
        answer(store, number, DecisionKind::Refuse);
    }
}

/// A store that knows the gateway's applications, and a daemon over both.
async fn started(gateway: &Arc<Gateway>, folder: &tempfile::TempDir) -> (Arc<SledStore>, Daemon) {
    let store = open(folder.path());
    let daemon = Daemon::start(store.clone(), Arc::clone(gateway), live(), Arc::new(TestClock::new()));
    until(&daemon, |status| status.last_pull.is_some()).await;
    (store, daemon)
}

#[tokio::test(start_paused = true)]
async fn answers_are_delivered_once_each_and_of_one_application_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::with((0..40).map(choice).chain((40..60).map(cancellation)));
    let (store, daemon) = started(&gateway, &folder).await;
    // Of every push the reply is late, of every third it is lost.
    let mut count = 0;
    gateway.on_push(move |_| {
        count += 1;
        Some(if count % 3 == 0 { Fault::ReplyLost } else { Fault::Slow(Duration::from_millis(300)) })
    });
    let mut ids = Vec::new();
    for number in 0..40 {
        ids.push(answer(&*store, number, DecisionKind::Refuse));
    }
    for number in 40..60 {
        ids.push(answer(&*store, number, DecisionKind::FailCancel));
        ids.push(answer(&*store, number, DecisionKind::Refuse));
    }
    until_store(&*store, |store| queued(store) == 0).await;
    assert!(ids.iter().all(|id| gateway.effects(*id) == 1));
    assert!((0..60).all(|number| gateway.status_of(application_id(number)) == Status::Refused));
    let pushes = gateway.pushes();
    for pair in pushes.windows(2).filter(|pair| pair[0].application == pair[1].application) {
        assert!(ids.iter().position(|id| *id == pair[0].answer) <= ids.iter().position(|id| *id == pair[1].answer));
    }
    until(&daemon, |status| status.pushes.is_empty()).await;
    assert!(daemon.stop().await);
}

#[tokio::test(start_paused = true)]
async fn at_most_eight_are_on_their_way_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::with((0..30).map(choice));
    let (store, daemon) = started(&gateway, &folder).await;
    gateway.on_push(|_| Some(Fault::Hang));
    answer_all(&*store, 0..30);
    sleep(Duration::from_secs(30)).await;
    let applications: HashSet<_> = gateway.pushes().iter().map(|push| push.application).collect();
    assert_eq!((gateway.pushes().len(), applications.len()), (8, 8));
    let status = daemon.status().borrow().clone();
    assert_eq!(status.pushes.len(), 30);
    assert_eq!(status.pushes.values().filter(|push| push.sending).count(), 8);
    // A push that never ends does not hold up the stop, and the answer is still there.
    let asked = Instant::now();
    assert!(daemon.stop().await);
    assert!(asked.elapsed() < Duration::from_secs(5));
    assert_eq!(queued(&*store), 30);
    assert_eq!(Arc::strong_count(&store), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_always_fails_waits_alone() {
    for fault in [
        Fault::status(500),
        Fault::asks_to_wait(503, 2),
        Fault::status(404),
        Fault::Panic,
        Fault::Before(UpstreamError::Unintelligible("x".to_owned())),
        Fault::Before(UpstreamError::network(prikrep_daemon::NetworkFault::Broken)),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let gateway = Gateway::with((0..30).map(choice));
        let (store, daemon) = started(&gateway, &folder).await;
        let (poisoned, poison) = (application_id(0), fault.clone());
        gateway.on_push(move |push| (push.application == poisoned).then(|| poison.clone()));
        let bad = answer(&*store, 0, DecisionKind::Refuse);
        let began = Instant::now();
        for number in 1..30 {
            answer(&*store, number, DecisionKind::Refuse);
            sleep(Duration::from_secs(2)).await;
        }
        until_store(&*store, |store| queued(store) <= 1).await;
        assert!(began.elapsed() < Duration::from_secs(90), "{fault:?}: {:?}", began.elapsed());
        let tries = gateway.pushes_of(bad).len();
        assert!((2..=35).contains(&tries), "{fault:?}: {tries} tries");
        if let Some(push) = daemon.status().borrow().pushes.get(&bad) {
            assert!(push.tries as usize >= tries - 1 && push.last_trouble.is_some(), "{fault:?}: {push:?}");
        }
        gateway.behave();
        daemon.nudge();
        until_store(&*store, |store| queued(store) == 0).await;
        assert!(daemon.stop().await);
    }
}

#[tokio::test(start_paused = true)]
async fn pushes_that_all_fail_become_rare_and_pulls_go_on() {
    for (fault, most) in [(Fault::status(500), 100), (Fault::status(403), 150)] {
        let folder = tempfile::tempdir().unwrap();
        let gateway = Gateway::with((0..500).map(choice));
        let (store, daemon) = started(&gateway, &folder).await;
        gateway.on_push(move |_| Some(fault.clone()));
        answer_all(&*store, 0..500);
        for number in 1_000..1_030 {
            sleep(Duration::from_secs(120)).await;
            gateway.publish([choice(number)]);
        }
        sleep(Duration::from_secs(1)).await;
        assert_eq!(store.census().applications, 530, "pulls are not held up");
        assert!(daemon.status().borrow().connection.is_online());
        assert!(gateway.pushes().len() < most, "{} pushes in an hour", gateway.pushes().len());
        gateway.behave();
        daemon.nudge();
        until_store(&*store, |store| queued(store) == 0).await;
        assert!(daemon.stop().await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_rejects_the_answer_with_the_servers_words_and_refreshes_the_base() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::with((0..6).map(choice));
    let (store, daemon) = started(&gateway, &folder).await;
    let other = || Application { version: 1_000, status: Status::Done, ..choice(4) };
    gateway.on_push(move |push| {
        let problem = match push.application {
            id if id == application_id(1) => Problem::new(ProblemKind::InvalidAnswer).with_detail("Укажите участок"),
            id if id == application_id(2) => Problem::new(ProblemKind::NotFound).with_detail("Нет такого"),
            id if id == application_id(3) => Problem::new(ProblemKind::AnswerIdReused).with_application(other()),
            id if id == application_id(4) => return Some(Fault::status(409)),
            id if id == application_id(5) => return Some(Fault::OtherWord(Box::new(other()))),
            _ => return None,
        };
        Some(Fault::Before(problem.into()))
    });
    // A colleague has answered meanwhile, and the poll that tells is not back yet.
    gateway.on_pull(|pull| (pull.wait_secs > 0).then_some(Err(Fault::Hang)));
    sleep(Duration::from_secs(60)).await;
    gateway.publish([Application { status: Status::Done, ..choice(0) }]);
    let ids: Vec<_> = (0..6).map(|number| answer(&*store, number, DecisionKind::Refuse)).collect();
    until_store(&*store, |store| queued(store) == 0).await;
    assert_eq!(gateway.effects(ids[5]), 1);
    let words: Vec<_> = store
        .outbox()
        .into_iter()
        .filter(|entry| entry.application != application_id(5))
        .map(|entry| match entry.state {
            OutboxState::Rejected { problem, .. } => (problem.kind.clone(), problem.words().to_owned()),
            state @ (OutboxState::Queued | OutboxState::Delivered { .. }) => panic!("{state:?}"),
        })
        .collect();
    assert_eq!(words[0], (ProblemKind::AlreadyAnswered, "Уже ответили".to_owned()));
    assert_eq!(words[1], (ProblemKind::InvalidAnswer, "Укажите участок".to_owned()));
    assert_eq!(words[2], (ProblemKind::NotFound, "Нет такого".to_owned()));
    assert_eq!(words[3].0, ProblemKind::AnswerIdReused);
    assert!(words[4].1.contains("409"), "{}", words[4].1);
    assert!(ids.iter().all(|id| gateway.pushes_of(*id).len() == 1), "a refusal is not tried again");
    let status = |number| store.standing(application_id(number)).unwrap().unwrap().application.status;
    assert_eq!(status(0), Status::Done, "the base that the problem carries is taken");
    assert_eq!(status(4), Status::Sent, "the base of another application is not");
    until(&daemon, |status| status.pushes.is_empty()).await;
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn while_the_network_is_down_all_wait_gently_and_its_return_sends_all() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::with((0..200).map(choice));
    let (store, daemon) = started(&gateway, &folder).await;
    let down = Arc::new(Mutex::new(true));
    let rule = Arc::clone(&down);
    gateway.on_push(move |_| rule.lock().then(Fault::network));
    let rule = Arc::clone(&down);
    gateway.on_pull(move |_| rule.lock().then(|| Err(Fault::network())));
    answer_all(&*store, 0..199);
    sleep(Duration::from_secs(3600)).await;
    let (pushes, pulls) = (gateway.pushes().len(), gateway.pulls().len());
    assert!(pushes + pulls < 150, "{pushes} pushes and {pulls} pulls in an hour without a network");
    let status = daemon.status().borrow().clone();
    assert!(matches!(status.connection, Connection::Offline { ref why, .. } if why.is_network()));

    // A new answer is a reason to try at once, but one request only.
    sleep(Duration::from_secs(7)).await;
    let (before, asked) = (gateway.pushes().len(), Instant::now());
    answer(&*store, 199, DecisionKind::Refuse);
    let mut status = daemon.status();
    status.wait_for(|_| gateway.pushes().len() > before).await.unwrap();
    assert!(asked.elapsed() < Duration::from_secs(1));
    sleep(Duration::from_millis(500)).await;
    assert_eq!(gateway.pushes().len() - before, 1);

    // A nudge tries at once, and the delays begin short again.
    let before = gateway.pushes().len() + gateway.pulls().len();
    daemon.nudge();
    // Without it there would be one try a minute; the longest jitter makes it two in ten seconds.
    sleep(Duration::from_secs(20)).await;
    let tries = gateway.pushes().len() + gateway.pulls().len() - before;
    assert!((3..=14).contains(&tries), "{tries}");

    *down.lock() = false;
    let back = Instant::now();
    daemon.nudge();
    until_store(&*store, |store| queued(store) == 0).await;
    assert!(back.elapsed() < Duration::from_secs(1), "{:?}", back.elapsed());
    until(&daemon, |status| status.connection.is_online() && status.pushes.is_empty()).await;
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn without_a_nudge_the_return_of_the_network_is_found_too() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::with((0..20).map(choice));
    let (store, daemon) = started(&gateway, &folder).await;
    gateway.on_push(|_| Some(Fault::network()));
    gateway.on_pull(|_| Some(Err(Fault::network())));
    answer_all(&*store, 0..20);
    sleep(Duration::from_secs(3 * 3600)).await;
    gateway.behave();
    let back = Instant::now();
    until_store(&*store, |store| queued(store) == 0).await;
    assert!(back.elapsed() < Duration::from_secs(11 * 60), "{:?}", back.elapsed());
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_to_wait_is_left_alone_until_a_person_asks() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::with((0..20).map(choice));
    let (store, daemon) = started(&gateway, &folder).await;
    gateway.on_push(|_| Some(Fault::asks_to_wait(429, 600)));
    let first = answer(&*store, 0, DecisionKind::Refuse);
    until(&daemon, |status| matches!(status.connection, Connection::Offline { .. })).await;
    gateway.behave();
    let asked = Instant::now();
    for number in 1..10 {
        answer(&*store, number, DecisionKind::Refuse);
        sleep(Duration::from_secs(30)).await;
    }
    assert_eq!(gateway.pushes().len(), 1, "new answers do not get round Retry-After");
    daemon.retry(first);
    until_store(&*store, |store| queued(store) == 0).await;
    assert!(asked.elapsed() < Duration::from_secs(300));
    assert_eq!(gateway.pushes_of(first).len(), 2);

    // Nobody asks: it goes on by itself after the time.
    gateway.on_push(|_| Some(Fault::asks_to_wait(429, 600)));
    answer(&*store, 11, DecisionKind::Refuse);
    until(&daemon, |status| matches!(status.connection, Connection::Offline { .. })).await;
    gateway.behave();
    let asked = Instant::now();
    until_store(&*store, |store| queued(store) == 0).await;
    let waited = asked.elapsed().as_secs();
    assert!((599..=661).contains(&waited), "{waited}");
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_is_renewed_once_for_all() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::with((0..58).map(choice));
    let (store, daemon) = started(&gateway, &folder).await;
    gateway.fail_sign_ins([Fault::Slow(Duration::from_secs(3))]);
    gateway.end_session();
    answer_all(&*store, 0..50);
    until_store(&*store, |store| queued(store) == 0).await;
    assert_eq!(gateway.sign_ins().len(), 1);

    // A sign-in that fails is the answer to all who wait for it.
    gateway.fail_sign_ins([Fault::CutOff(Duration::from_secs(3)), Fault::CutOff(Duration::from_secs(3))]);
    gateway.end_session();
    answer_all(&*store, 50..58);
    until(&daemon, |status| matches!(status.connection, Connection::Offline { .. })).await;
    assert_eq!(gateway.sign_ins().len(), 2);
    until_store(&*store, |store| queued(store) == 0).await;
    assert!(gateway.sign_ins().len() <= 4);
    assert!(until(&daemon, |status| status.account.is_some()).await.connection.is_online());
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_401_and_a_wrong_password_become_a_visible_state() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::with((0..50).map(choice));
    let (store, daemon) = started(&gateway, &folder).await;
    let signed_out = || Fault::Before(UpstreamError::SignedOut);
    gateway.on_push(move |_| Some(signed_out()));
    gateway.on_pull(move |_| Some(Err(signed_out())));
    answer_all(&*store, 0..50);
    let status = until(&daemon, |status| matches!(status.connection, Connection::SignInRefused { .. })).await;
    assert!(status.last_trouble.is_some());
    sleep(Duration::from_secs(3600)).await;
    assert!(gateway.sign_ins().len() < 60, "{} sign-ins in an hour", gateway.sign_ins().len());
    gateway.behave();
    until_store(&*store, |store| queued(store) == 0).await;
    until(&daemon, |status| status.connection.is_online()).await;

    let before = gateway.sign_ins().len();
    let wrong = || Fault::Before(Problem::new(ProblemKind::BadCredentials).with_detail("Неверный пароль").into());
    gateway.fail_sign_ins(std::iter::repeat_with(wrong).take(100));
    gateway.end_session();
    daemon.nudge();
    let status = until(&daemon, |status| matches!(status.connection, Connection::SignInRefused { .. })).await;
    let Connection::SignInRefused { why, .. } = status.connection else { unreachable!() };
    assert_eq!(why.words(), "Неверный пароль");
    sleep(Duration::from_secs(3600)).await;
    assert!(gateway.sign_ins().len() - before <= 6, "{}", gateway.sign_ins().len() - before);
    // The password was put right: whoever did that says so.
    gateway.behave();
    daemon.nudge();
    let asked = Instant::now();
    until(&daemon, |status| status.connection.is_online()).await;
    assert!(asked.elapsed() < Duration::from_secs(1));
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_whose_delivery_cannot_be_kept_is_pushed_again_without_a_second_effect() {
    for fault in [StoreFault::Error, StoreFault::Panic] {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(FaultyStore::new(open(folder.path())));
        let gateway = Gateway::with((0..5).map(choice));
        // The pull is not to tell of the answer first.
        gateway.on_pull(|pull| (pull.wait_secs > 0).then_some(Err(Fault::Hang)));
        let daemon = Daemon::start(store.clone(), gateway.clone(), live(), Arc::new(TestClock::new()));
        until(&daemon, |status| status.last_pull.is_some()).await;
        let mut calls = 0;
        *store.on_delivered.lock() = Box::new(move || {
            calls += 1;
            (calls <= 2).then_some(fault)
        });
        let id = answer(&*store, 1, DecisionKind::Refuse);
        until_store(&*store, |store| queued(store) == 0).await;
        assert_eq!((gateway.pushes_of(id).len(), gateway.effects(id)), (3, 1));
        assert!(matches!(daemon.status().borrow().last_trouble, Some((_, Trouble::Store(_) | Trouble::Panicked(_)))));
        assert!(daemon.stop().await);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_queued_before_a_restart_is_delivered_after_it_under_the_same_identifier() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::with((0..10).map(choice));
    let id = {
        let (store, daemon) = started(&gateway, &folder).await;
        gateway.on_push(|_| Some(Fault::Hang));
        let id = answer(&*store, 4, DecisionKind::Refuse);
        until(&daemon, |status| status.pushes.get(&id).is_some_and(|push| push.sending)).await;
        assert!(daemon.stop().await);
        id
    };
    gateway.behave();
    let (store, daemon) = started(&gateway, &folder).await;
    until_store(&*store, |store| queued(store) == 0).await;
    assert_eq!((gateway.pushes_of(id).len(), gateway.effects(id)), (2, 1));
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_step_alone_settles_one_answer() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::with((0..3).map(choice).chain([cancellation(3)]));
    let (store, daemon) = started(&gateway, &folder).await;
    daemon.stop().await;
    gateway.end_session();
    let (steps, clock, policy) = (AsyncStore::new(store.clone()), TestClock::new(), RetryPolicy::default());
    for (number, decision) in [(1, DecisionKind::Refuse), (3, DecisionKind::FailCancel), (3, DecisionKind::Refuse)] {
        answer(&*store, number, decision);
    }
    let outbox = store.outbox();
    let next: Vec<_> = next_answers(&outbox).collect();
    assert_eq!(next.iter().map(|entry| entry.application).collect::<Vec<_>>(), [application_id(1), application_id(3)]);
    let step = async |failures| push_one(&steps, &*gateway, next[0], failures, &policy, &clock).await;
    assert!(matches!(step(0).await, Err(Trouble::Upstream(UpstreamError::SignedOut))));
    gateway.sign_in().await.unwrap();
    gateway.on_push(|_| Some(Fault::status(404)));
    assert!(matches!(step(0).await, Err(Trouble::Upstream(UpstreamError::Response(_)))));
    assert_eq!(queued(&*store), 3);
    assert!(matches!(step(policy.unexplained_tries).await, Ok(PushStep::Rejected(_))));
    assert_eq!(queued(&*store), 2);
}
