//! Random faults by seed: whatever happens, every answer takes effect once and everything is pulled.

use std::sync::Arc;
use std::time::Duration;

use prikrep_daemon::{Daemon, Jitter, NetworkFault, UpstreamError};
use prikrep_domain::{DecisionKind, Problem, ProblemKind, Status};
use prikrep_store::{OutboxState, Store};
use tokio::time::sleep;

use crate::fixture::{TestClock, answer, application_id, choice, live, open, until, until_store};
use crate::gateway::{Fault, Gateway};

const APPLICATIONS: u32 = 300;

fn fault(random: u64) -> Option<Fault> {
    match random % 24 {
        0 => Some(Fault::network()),
        1 => Some(Fault::Before(UpstreamError::network(NetworkFault::TimedOut))),
        2 | 3 => Some(Fault::ReplyLost),
        4 => Some(Fault::status(500)),
        5 => Some(Fault::asks_to_wait(429, random / 24 % 90)),
        6 => Some(Fault::status(503)),
        7 => Some(Fault::Before(UpstreamError::SignedOut)),
        8 => Some(Fault::Panic),
        9 => Some(Fault::Before(UpstreamError::Unintelligible("x".to_owned()))),
        10 => Some(Fault::Before(UpstreamError::TooLarge("x"))),
        11 => Some(Fault::Slow(Duration::from_secs(random / 24 % 40))),
        _ => None,
    }
}

async fn run(seed: u64) {
    let random = Arc::new(Jitter::seeded(seed));
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::with((0..APPLICATIONS / 2).map(choice));
    let source = Arc::clone(&random);
    gateway.on_push(move |_| fault(source.next()));
    let source = Arc::clone(&random);
    gateway.on_pull(move |pull| {
        let number = source.next();
        let expired = pull.after.is_some() && number % 50 == 49;
        let fault =
            if expired { Some(Fault::Before(Problem::new(ProblemKind::CursorExpired).into())) } else { fault(number) };
        fault.map(Err)
    });
    let mut answers = Vec::new();
    for life in 0..4 {
        let store = open(folder.path());
        let mut config = live();
        (config.page_limit, config.jitter) = (40, Jitter::seeded(random.next()));
        let daemon = Daemon::start(store.clone(), gateway.clone(), config, Arc::new(TestClock::new()));
        let news = APPLICATIONS / 2 + life * 30;
        gateway.publish((news..news + 30).map(choice));
        until(&daemon, |status| status.last_pull.is_some()).await;
        for number in 0..APPLICATIONS {
            let is_new = store.standing(application_id(number)).unwrap().is_some_and(|known| known.is_pending());
            if is_new && random.next().is_multiple_of(3) {
                answers.push((number, answer(&*store, number, DecisionKind::Refuse)));
            }
            if random.next().is_multiple_of(8) {
                sleep(Duration::from_millis(random.next() % 4_000)).await;
            }
        }
        assert!(daemon.stop().await);
        assert_eq!(Arc::strong_count(&store), 1);
    }
    gateway.behave();
    let store = open(folder.path());
    let daemon = Daemon::start(store.clone(), gateway.clone(), live(), Arc::new(TestClock::new()));
    // Answers that the upstream has settled in the feed leave the outbox.
    until_store(&*store, |store| store.outbox().is_empty()).await;
    for (number, id) in &answers {
        assert_eq!(gateway.effects(*id), 1, "the answer to {number}");
        assert_eq!(gateway.status_of(application_id(*number)), Status::Refused);
    }
    assert_eq!(store.census().applications, 270);
    assert!(!store.outbox().iter().any(|entry| matches!(entry.state, OutboxState::Rejected { .. })));
    assert!(daemon.stop().await);
}

#[tokio::test(start_paused = true)]
async fn every_answer_takes_effect_once_whatever_happens() {
    let seeds = std::env::var("PRIKREP_DAEMON_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(12);
    for seed in 0..seeds {
        println!("seed {seed}");
        run(seed).await;
    }
}
