//! A register that is killed at any moment: everything that it has acknowledged is there after the restart,
//! and reaches the federal service exactly once.
//!
//! The seed is `PRIKREP_SEED` (22 by default), the number of kills `PRIKREP_KILLS` (30 by default).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use prikrep_domain::{AnswerId, Application, ApplicationId, DecisionKind, Delivery, allowed};
use prikrep_testkit::{Api, Gateway, PASSWORD, Site, draft_of};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use reqwest::Method;
use serde_json::{Value, json, to_value};
use tokio::sync::watch;
use tokio::task::JoinSet;

const AT_ONCE: usize = 4;
const ANSWERS_A_ROUND: usize = 24;

/// An answer that a workstation sends, with the same identifier until it knows what became of it.
#[derive(Clone, Debug)]
struct Sent {
    application: ApplicationId,
    id: AnswerId,
    body: Value,
}

/// What a workstation knows of its answers.
#[derive(Debug, Default)]
struct Known {
    acknowledged: Vec<Sent>,
    /// The connection ended before there was a reply.
    unanswered: Vec<Sent>,
    /// Everything that was ever sent.
    ids: HashSet<AnswerId>,
    applications: HashSet<ApplicationId>,
}

enum Fate {
    Acknowledged(Sent),
    Unanswered(Sent),
    Refused,
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

pub(crate) fn first_allowed(one: &Application) -> DecisionKind {
    allowed(one.application_type, one.status).next().unwrap()
}

async fn put(api: &Api, sent: Sent) -> Fate {
    let path = format!("/v1/applications/{}/answers/{}", sent.application, sent.id);
    match api.send(Method::PUT, &path, Some(&sent.body)).await {
        Ok(reply) if matches!(reply.status, 200 | 201) => Fate::Acknowledged(sent),
        // A cancellation of this choice has arrived meanwhile.
        Ok(reply) if reply.status == 409 => Fate::Refused,
        Ok(reply) => panic!("{}: {}", reply.status, reply.json()),
        Err(_) => Fate::Unanswered(sent),
    }
}

/// Everything that waits for an answer.
pub(crate) async fn pending(api: &Api) -> Vec<Application> {
    let found = api.get("/v1/applications?from=2000-01-01&to=2099-12-31&status=pending&limit=1000").await.json();
    serde_json::from_value(found["items"].clone()).unwrap()
}

/// What is sent in this round: first what was never answered, then what waits for an answer.
async fn work_of(api: &Api, known: &mut Known) -> Vec<Sent> {
    let fresh = pending(api).await.into_iter().filter(|one| !known.applications.contains(&one.id)).map(|one| Sent {
        application: one.id,
        id: AnswerId::generate(),
        body: to_value(draft_of(first_allowed(&one), Utc::now())).unwrap(),
    });
    let work: Vec<Sent> = known.unanswered.drain(..).chain(fresh.collect::<Vec<_>>()).take(ANSWERS_A_ROUND).collect();
    known.ids.extend(work.iter().map(|sent| sent.id));
    known.applications.extend(work.iter().map(|sent| sent.application));
    work
}

/// Sends everything, several at a time, and tells how many were acknowledged so far.
async fn answer(api: Api, work: Vec<Sent>, progress: Arc<watch::Sender<usize>>) -> Vec<Fate> {
    let mut tasks = JoinSet::new();
    for part in work.chunks(work.len().div_ceil(AT_ONCE).max(1)) {
        let (api, part, progress) = (api.clone(), part.to_vec(), Arc::clone(&progress));
        tasks.spawn(async move {
            let mut fates = Vec::new();
            for sent in part {
                let fate = put(&api, sent).await;
                progress.send_modify(|count| *count += usize::from(matches!(fate, Fate::Acknowledged(_))));
                fates.push(fate);
            }
            fates
        });
    }
    tasks.join_all().await.into_iter().flatten().collect()
}

pub(crate) async fn card(api: &Api, id: ApplicationId) -> Application {
    let reply = api.get(&format!("/v1/applications/{id}")).await;
    serde_json::from_value(reply.json()).unwrap_or_else(|error| panic!("{error}: {}", reply.json()))
}

/// Every acknowledged answer stands in its application, once.
async fn nothing_is_lost(api: &Api, acknowledged: &[Sent]) {
    for sent in acknowledged {
        let answers = card(api, sent.application).await.answers;
        let times = answers.iter().filter(|record| record.id == sent.id).count();
        assert_eq!(times, 1, "the acknowledged answer {} stands {times} times in {}", sent.id, sent.application);
    }
}

/// Follows the register's feed until its outbox has nothing more to push.
async fn until_all_is_pushed(api: &Api) {
    let mut cursor = String::new();
    for _ in 0..1_000 {
        if api.get("/readyz").await.json()["outbox"]["queued"] == json!(0) {
            return;
        }
        let page = api.get(&format!("/v1/feed?wait=2&limit=5000&after={cursor}")).await.json();
        cursor = page["cursor"].as_str().unwrap().to_owned();
    }
    panic!("answers stay in the outbox: {}", api.get("/readyz").await.json());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_every_kill_and_is_delivered_once() {
    let (seed, kills) = (setting("PRIKREP_SEED", 22), setting("PRIKREP_KILLS", 30));
    println!("PRIKREP_SEED={seed} PRIKREP_KILLS={kills}");
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let number = seed.to_string();
    let gateway =
        Gateway::start(&["--applications", "8000", "--organizations", "1", "--seed", &number, "--rate", "20"]);
    let site = Site::new(gateway.url(), "");
    site.edit("02:30", "live");
    site.json(&["pull"]);
    let found = site.json(&["list", "--from", "2000-01-01", "--to", "2099-12-31", "--limit", "1"]);
    site.add_registrar("ivanova", found["items"][0]["organization"]["oid"].as_str().unwrap());

    let mut known = Known::default();
    let mut checked = 0;
    for round in 0..kills {
        let (mut register, url) = site.serve();
        let api = Api::signed_in(&url, "ivanova", PASSWORD).await;
        nothing_is_lost(&api, &known.acknowledged[checked..]).await;
        checked = known.acknowledged.len();
        let work = work_of(&api, &mut known).await;
        if round % 3 == 0 {
            // Everything is pulled again meanwhile.
            gateway.control("/control/epoch", &json!({})).await;
        }
        let after = dice.random_range(0..=work.len().min(ANSWERS_A_ROUND));
        let (progress, mut seen) = watch::channel(0);
        let answering = tokio::spawn(answer(api, work, Arc::new(progress)));
        // An end of the answering ends this wait, too.
        let _ = seen.wait_for(|count| *count >= after).await;
        // The moment of the kill is drawn, not awaited.
        tokio::time::sleep(Duration::from_micros(dice.random_range(0..20_000))).await;
        register.kill();
        for fate in answering.await.unwrap() {
            match fate {
                Fate::Acknowledged(sent) => known.acknowledged.push(sent),
                Fate::Unanswered(sent) => known.unanswered.push(sent),
                Fate::Refused => {}
            }
        }
    }

    let (register, url) = site.serve();
    let api = Api::signed_in(&url, "ivanova", PASSWORD).await;
    for sent in std::mem::take(&mut known.unanswered) {
        match put(&api, sent).await {
            Fate::Acknowledged(sent) => known.acknowledged.push(sent),
            Fate::Unanswered(sent) => panic!("{} is not answered by a register that runs", sent.id),
            Fate::Refused => {}
        }
    }
    nothing_is_lost(&api, &known.acknowledged).await;
    until_all_is_pushed(&api).await;
    delivered_once(&gateway, &api, &known).await;
    let status = site.json(&["status"]);
    assert_eq!((&status["damage"], &status["ready"]), (&json!([]), &json!(true)), "{status}");
    assert_eq!(site.json(&["verify"])["problems"], json!([]));
    drop(register);
}

async fn delivered_once(gateway: &Gateway, api: &Api, known: &Known) {
    let applied: HashMap<AnswerId, u64> = gateway
        .answers()
        .await
        .iter()
        .map(|one| (serde_json::from_value(one["answer"].clone()).unwrap(), one["effects"].as_u64().unwrap()))
        .collect();
    for (id, effects) in &applied {
        assert_eq!(*effects, 1, "{id} took effect {effects} times");
        assert!(known.ids.contains(id), "{id} was never sent");
    }
    let mut overtaken = 0;
    for sent in known.acknowledged.iter().filter(|sent| !applied.contains_key(&sent.id)) {
        // Refused upstream for a reason that the registrar is shown: a cancellation was faster.
        let answers = card(api, sent.application).await.answers;
        let record = answers.iter().find(|record| record.id == sent.id).unwrap();
        let Delivery::Rejected { problem: Some(problem), .. } = &record.delivery else {
            panic!("{} was acknowledged, but never reached the gateway: {:?}", sent.id, record.delivery);
        };
        assert_eq!(problem.kind, prikrep_domain::ProblemKind::Superseded, "{}", problem.words());
        overtaken += 1;
    }
    let acknowledged = known.acknowledged.len();
    println!("{acknowledged} acknowledged, {} delivered, {overtaken} overtaken by a cancellation", applied.len());
    assert!(acknowledged > 50 && overtaken * 10 < acknowledged, "most were delivered");
}
