//! A register whose clock is wrong by a year, at its start and while it runs: it says so, works on, and loses nothing.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use prikrep_daemon::Clock;
use prikrep_domain::{AnswerId, ApplicationId, DecisionKind, Role};
use prikrep_server::{Running, Server};
use prikrep_testkit::{Api, PASSWORD, Region, draft_of};
use reqwest::Method;
use serde_json::to_value;

use crate::kill::{card, first_allowed, pending};

/// The computer's clock, set wrong.
#[derive(Clone, Default)]
struct WrongClock(Arc<Mutex<TimeDelta>>);

impl WrongClock {
    fn set(&self, wrong_by: TimeDelta) {
        *self.0.lock() = wrong_by;
    }
}

impl Clock for WrongClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now() + *self.0.lock()
    }
}

/// Signs in anew, answers the next application and pulls; what is acknowledged is noted.
async fn works(register: &Running, clock: &WrongClock, acknowledged: &mut Vec<(ApplicationId, AnswerId)>) -> Api {
    let api = Api::signed_in(&register.url(), "ivanova", PASSWORD).await;
    let waiting = pending(&api).await;
    // A detachment has a date of its own, which is refused in words when it is before the application.
    let one = waiting.into_iter().find(|one| first_allowed(one) != DecisionKind::Detach).unwrap();
    // The draft is filled in at a workstation whose clock is right, or is the server's when that is behind.
    let at = clock.now().min(Utc::now());
    let draft = draft_of(first_allowed(&one), at);
    let id = AnswerId::generate();
    let path = format!("/v1/applications/{}/answers/{id}", one.id);
    let reply = api.send(Method::PUT, &path, Some(&to_value(draft).unwrap())).await.unwrap();
    assert_eq!(reply.status, 201, "{}", reply.json());
    acknowledged.push((one.id, id));
    register.pull_now().await.unwrap();
    for (application, id) in &*acknowledged {
        let times = card(&api, *application).await.answers.iter().filter(|record| record.id == *id).count();
        assert_eq!(times, 1, "{id} stands {times} times in {application}");
    }
    api
}

/// What `/readyz` says of the clock.
async fn told(api: &Api) -> Vec<String> {
    let shown = api.get("/readyz").await.json();
    let words = shown["attention"].as_array().unwrap().iter().map(|words| words.as_str().unwrap().to_owned());
    words.filter(|words| words.contains("время")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_wrong_by_a_year_is_told_and_nothing_is_lost() {
    let region = Region::start(3_000, 4).await;
    let organization = region.organizations().into_iter().next().unwrap();
    let config = region.config().clone();
    let (clock, mut acknowledged) = (WrongClock::default(), Vec::new());
    // Its own register on a folder of its own: the region's stays as it is.
    let folder = tempfile::TempDir::with_prefix("prikrep-test-").unwrap();
    let config = prikrep_server::Config { data_dir: folder.path().join("data"), ..config };
    let year = TimeDelta::days(365);

    for wrong_at_start in [TimeDelta::zero(), year, -year] {
        clock.set(wrong_at_start);
        let register = Server::start_with(config.clone(), Arc::new(clock.clone())).await.unwrap();
        register.pull_now().await.unwrap();
        add_registrar(&register, &organization, &clock).await;
        for wrong_by in [wrong_at_start, year, -year, TimeDelta::zero()] {
            clock.set(wrong_by);
            let api = works(&register, &clock, &mut acknowledged).await;
            let told = told(&api).await.join("; ");
            let is_told = |words: &str| told.contains(words);
            assert_eq!(
                (is_told("спешат на 365 сут."), is_told("отстают на 365 сут.")),
                (wrong_by > TimeDelta::zero(), wrong_by < TimeDelta::zero()),
                "{wrong_by}: {told}"
            );
            // A long poll that begins by one clock ends by another.
            let cursor = api.get("/v1/feed?limit=5000").await.json()["cursor"].as_str().unwrap().to_owned();
            let path = format!("/v1/feed?wait=1&after={cursor}");
            let held = tokio::spawn({
                let api = api.clone();
                async move { api.get(&path).await.status }
            });
            clock.set(-wrong_by);
            assert!(matches!(held.await.unwrap(), 200 | 401), "the poll comes to its end");
        }
        register.stop().await;
    }
    // After a stop in the future the right clock is behind what was written down.
    clock.set(year);
    let register = Server::start_with(config.clone(), Arc::new(clock.clone())).await.unwrap();
    works(&register, &clock, &mut acknowledged).await;
    register.stop().await;
    clock.set(TimeDelta::zero());
    let register = Server::start_with(config, Arc::new(clock.clone())).await.unwrap();
    let api = Api::new(&register.url());
    assert!(told(&api).await.iter().any(|words| words.contains("Последняя запись журнала")), "{:?}", told(&api).await);
    works(&register, &clock, &mut acknowledged).await;
    assert!(!told(&api).await.iter().any(|words| words.contains("Последняя запись журнала")), "told until it is right");
    let store = Arc::clone(register.register().store());
    let check = tokio::task::spawn_blocking(move || store.journal_check()).await.unwrap().unwrap();
    assert_eq!(check.problems, Vec::<String>::new());
    register.stop().await;
    let applied = region
        .gateway
        .read(|gateway| gateway.applied_answers().iter().map(|one| (one.answer, one.effects)).collect::<Vec<_>>());
    for (_, id) in &acknowledged {
        let effects: Vec<_> = applied.iter().filter(|(answer, _)| answer == id).map(|(_, effects)| *effects).collect();
        assert_eq!(effects, [1], "{id} was delivered once");
    }
    region.stop().await;
}

async fn add_registrar(register: &Running, organization: &prikrep_domain::Organization, clock: &WrongClock) {
    let account = prikrep_server::NewAccount {
        login: prikrep_server::Login::parse("ivanova").unwrap(),
        password: prikrep_server::Secret::new(PASSWORD.to_owned()),
        employee: "Иванова Ирина".to_owned(),
        role: Role::Registrar,
        organization: Some(prikrep_server::NewOrganization {
            oid: organization.oid.clone(),
            name: Some(organization.name.clone()),
        }),
        change_password: Some(false),
    };
    let (register, now) = (Arc::clone(register.register()), clock.now());
    // At the later starts it is there already.
    drop(tokio::task::spawn_blocking(move || register.add_user(account, now)).await.unwrap());
}
