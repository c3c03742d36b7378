//! The whole road of an answer: from a workstation's store over the register to the gateway, and the word back.

use chrono::Utc;
use prikrep_domain::{
    ALL_DECISIONS, AnswerDraft, AnswerId, Application, ApplicationId, DecisionKind, Delivery, ProblemKind, Role,
    Standing, transition,
};
use prikrep_store::{AnswerError, OutboxState, Store};
use prikrep_testkit::{Region, Workstation, draft_of};

/// What a workstation has that waits for a decision, or had when it last looked.
fn waiting(workstation: &Workstation, all: &[Application], decision: DecisionKind) -> Standing {
    let standings = all.iter().filter_map(|one| workstation.store.standing(one.id).unwrap());
    let mut open = standings.filter(|standing| standing.allowed().any(|allowed| allowed == decision));
    open.next().unwrap_or_else(|| panic!("nothing waits for {decision:?}"))
}

fn standing(workstation: &Workstation, id: ApplicationId) -> Application {
    workstation.store.standing(id).unwrap().unwrap().application
}

fn draft(decision: DecisionKind) -> AnswerDraft {
    draft_of(decision, Utc::now())
}

async fn region_with_two() -> (Region, [Workstation; 2], Vec<Application>) {
    let region = Region::start(3_000, 11).await;
    let mo = region.organizations().remove(0);
    let api = region.sign_in("ivanova", Role::Registrar, Some(&mo)).await;
    region.sign_in("petrova", Role::Registrar, Some(&mo)).await;
    let workstations = ["ivanova", "petrova"].map(|login| Workstation::start(&region.register.url(), login));
    for workstation in &workstations {
        workstation.pull().await;
    }
    let found = api.get("/v1/applications?from=2000-01-01&to=2099-12-31&limit=5000").await.json();
    (region, workstations, serde_json::from_value(found["items"].clone()).unwrap())
}

async fn stop(region: Region, workstations: [Workstation; 2]) {
    for workstation in workstations {
        drop(workstation.stop().await);
    }
    region.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_decision_travels_to_the_gateway_and_its_word_comes_back_to_every_hop() {
    let (region, [ivanova, petrova], all) = region_with_two().await;
    assert_eq!(ivanova.store.census().applications, all.len());
    let mut sent: Vec<(ApplicationId, AnswerId, DecisionKind)> = Vec::new();
    for decision in ALL_DECISIONS {
        let before = waiting(&ivanova, &all, decision).application;
        let (id, accepted) = ivanova.answer(before.id, draft(decision)).await.unwrap();
        let after = transition(before.application_type, before.status, decision);
        assert_eq!(Some(accepted.standing.application.status), after, "shown at once");
        sent.push((before.id, id, decision));
    }
    // The outbox lets an answer go when the word of the gateway itself has come down to the workstation.
    region.register.pull_now().await.unwrap();
    ivanova.until_outbox(<[_]>::is_empty).await;
    petrova.pull().await;

    let applied = region.gateway.read(|gateway| gateway.applied_answers().to_vec());
    assert_eq!(applied.len(), sent.len());
    for (application, id, decision) in sent {
        let effect = applied.iter().find(|one| one.answer == id).unwrap();
        assert_eq!((effect.application, effect.decision, effect.effects), (application, decision, 1));
        let at_gateway = region.gateway.read(|gateway| gateway.standing(application)).unwrap().application;
        let at_register = region.register.register().store().standing(application).unwrap().unwrap().application;
        for at_hop in [&at_register, &standing(&ivanova, application), &standing(&petrova, application)] {
            assert_eq!(at_hop.status, at_gateway.status, "{decision:?}");
            let record = at_hop.answers.iter().find(|record| record.id == id).unwrap();
            assert_eq!(record.answer.answered_by, "Сотрудник ivanova", "the account's own name");
            assert!(matches!(record.delivery, Delivery::Delivered { .. }), "{:?}", record.delivery);
        }
    }
    stop(region, [ivanova, petrova]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_registrars_the_second_is_told_who_was_faster() {
    let (region, [ivanova, petrova], all) = region_with_two().await;
    let one = waiting(&ivanova, &all, DecisionKind::Provide).application.id;
    let (first, second) =
        (ivanova.answer(one, draft(DecisionKind::Provide)), petrova.answer(one, draft(DecisionKind::Refuse)));
    let (first, second) = tokio::join!(first, second);
    let both = [(&ivanova, first), (&petrova, second)];

    let settled = |workstation: &Workstation| {
        workstation.store.outbox().iter().all(|entry| !matches!(entry.state, OutboxState::Queued))
    };
    let mut refused = 0;
    for (workstation, answered) in both {
        match answered {
            // The colleague's answer had come down by the feed before this one was written.
            Err(AnswerError::Refused { refusal, .. }) => {
                assert!(refusal.to_string().contains("Сотрудник"), "{refusal}");
                refused += 1;
            }
            Err(other) => panic!("{other}"),
            Ok(_) => {
                workstation.until_outbox(|_| settled(workstation)).await;
                for entry in workstation.store.outbox() {
                    if let OutboxState::Rejected { problem, .. } = entry.state {
                        assert_eq!(problem.kind, ProblemKind::AlreadyAnswered, "{}", problem.words());
                        assert!(problem.words().contains("Сотрудник"), "{}", problem.words());
                        refused += 1;
                    }
                }
            }
        }
    }
    assert_eq!(refused, 1, "one was taken and one refused");
    region.register.pull_now().await.unwrap();
    for workstation in [&ivanova, &petrova] {
        workstation.pull().await;
    }
    let shown = [&ivanova, &petrova].map(|workstation| standing(workstation, one).status);
    assert_eq!(shown[0], shown[1], "and both see the same");
    assert_eq!(region.gateway.read(|gateway| gateway.applied_answers().len()), 1);
    stop(region, [ivanova, petrova]).await;
}
