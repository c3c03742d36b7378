//! The gateway without HTTP: feed, answers, arrivals, epochs.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use prikrep_domain::{
    AnswerId, Application, ApplicationId, ApplicationType, Decision, DecisionKind, MAX_PAGE_BYTES, Period, Problem,
    Query, Refusal, Sort, SortColumn, Status, StatusFilter,
};
use prikrep_simulator::{AnswerError, FeedError, Gateway};
use proptest::prelude::*;

use crate::support::{draft, everything, gateway, pending, start};

fn answer(gateway: &mut Gateway, id: ApplicationId, decision: DecisionKind) -> Result<Application, AnswerError> {
    gateway.answer(id, AnswerId::generate(), &draft(decision), start()).map(|answered| answered.application)
}

#[test]
fn pages_hold_everything_once_in_the_order_of_versions() {
    let gateway = gateway(100);
    let mut versions = Vec::new();
    let mut cursor = None::<String>;
    loop {
        let page = gateway.feed(cursor.as_deref(), 30).unwrap();
        assert_eq!(page.has_more, versions.len() < 90);
        versions.extend(page.changes.iter().map(|application| application.version));
        cursor = Some(page.cursor.to_string());
        if !page.has_more {
            break;
        }
    }
    assert_eq!(versions, (1..=100).collect::<Vec<_>>());
    let after_all = gateway.feed(cursor.as_deref(), 30).unwrap();
    assert!(after_all.changes.is_empty() && !after_all.has_more);
    assert_eq!(Some(after_all.cursor.to_string()), cursor);
}

#[test]
fn a_cursor_is_ours_or_it_is_refused() {
    let mut gateway = gateway(10);
    let cursor = gateway.feed(None, 5).unwrap().cursor.to_string();
    for text in ["x", "1-2-3", "0123456789abcdef", "0123456789abcdef-", "+123456789abcdef-1x", &"9".repeat(100)] {
        assert_eq!(gateway.feed(Some(text), 5), Err(FeedError::Malformed), "{text}");
    }
    let beyond = cursor.replace("-5", "-11");
    assert_eq!(gateway.feed(Some(&beyond), 5), Err(FeedError::Expired));
    gateway.begin_epoch();
    assert_eq!(gateway.feed(Some(&cursor), 5), Err(FeedError::Expired));
    assert_eq!(gateway.feed(Some(""), 50).unwrap().changes.len(), 10);
}

#[test]
fn an_answer_takes_effect_once() {
    let mut gateway = gateway(2_000);
    let choice = pending(&gateway, ApplicationType::Choice, Status::Sent);
    let cursor = gateway.feed(None, 5_000).unwrap().cursor.to_string();
    let id = AnswerId::generate();
    let first = gateway.answer(choice.id, id, &draft(DecisionKind::Provide), start()).unwrap();
    assert_eq!((first.repeated, first.application.status), (false, Status::Done));
    assert_eq!(first.application.district.as_deref(), Some("7"));
    assert_eq!(first.application.version, 2_001);

    let mut same = draft(DecisionKind::Provide);
    same.comment = "  Готово ".to_owned();
    same.answered_by = "Другое имя".to_owned();
    let again = gateway.answer(choice.id, id, &same, start() + TimeDelta::days(1)).unwrap();
    assert_eq!((again.repeated, &again.application), (true, &first.application));

    let page = gateway.feed(Some(&cursor), 10).unwrap();
    assert_eq!(page.changes, [first.application]);
    let applied = gateway.applied_answers();
    assert_eq!((applied.len(), applied[0].effects, applied[0].puts), (1, 1, 2));
    assert_eq!(everything(&gateway).len(), 2_000);
}

#[test]
fn an_answer_id_belongs_to_one_answer() {
    let mut gateway = gateway(2_000);
    let choice = pending(&gateway, ApplicationType::Choice, Status::Sent);
    let id = AnswerId::generate();
    gateway.answer(choice.id, id, &draft(DecisionKind::Provide), start()).unwrap();
    let other_content = gateway.answer(choice.id, id, &draft(DecisionKind::Refuse), start()).unwrap_err();
    assert!(matches!(other_content, AnswerError::IdReused(application) if application.id == choice.id));
    let other = pending(&gateway, ApplicationType::Detachment, Status::Sent);
    let elsewhere = gateway.answer(other.id, id, &draft(DecisionKind::Detach), start()).unwrap_err();
    assert!(matches!(&elsewhere, AnswerError::IdReused(application) if application.id == other.id));
    let problem = Problem::from(elsewhere);
    assert_eq!((problem.status, problem.application.unwrap().id), (409, other.id));
    assert_eq!(gateway.applied_answers().len(), 1);
}

#[test]
fn an_answer_of_before_is_known_too() {
    let mut gateway = gateway(100);
    let answered = everything(&gateway).into_iter().find(|application| !application.answers.is_empty()).unwrap();
    let record = &answered.answers[0];
    let again = gateway.answer(answered.id, record.id, &(&record.answer).into(), start()).unwrap();
    assert_eq!((again.repeated, again.application), (true, answered));
}

#[test]
fn what_the_domain_refuses_changes_nothing() {
    let mut gateway = gateway(2_000);
    let before = everything(&gateway);
    let done = before.iter().find(|a| a.application_type == ApplicationType::Choice && a.status == Status::Done);
    let refusal = |error: AnswerError| match error {
        AnswerError::Refused { refusal, .. } => refusal,
        AnswerError::NotFound | AnswerError::IdReused(_) => panic!("{error:?}"),
    };
    let already = answer(&mut gateway, done.unwrap().id, DecisionKind::Refuse).unwrap_err();
    assert!(matches!(refusal(already), Refusal::AlreadyAnswered { .. }));

    let sent = pending(&gateway, ApplicationType::Choice, Status::Sent);
    let wrong = answer(&mut gateway, sent.id, DecisionKind::ApproveCancel).unwrap_err();
    assert_eq!(Problem::from(wrong.clone()).application.unwrap().id, sent.id);
    assert!(matches!(refusal(wrong), Refusal::WrongStatus { .. }));

    let superseded = before.iter().find(|a| gateway.standing(a.id).unwrap().superseded_by.is_some()).unwrap();
    let under = answer(&mut gateway, superseded.id, DecisionKind::Provide).unwrap_err();
    assert!(matches!(refusal(under), Refusal::Superseded { .. }));

    let mut empty = draft(DecisionKind::Provide);
    empty.comment.clear();
    let invalid = gateway.answer(sent.id, AnswerId::generate(), &empty, start()).unwrap_err();
    let problem = Problem::from(invalid);
    assert_eq!((problem.status, problem.errors[0].field.as_str(), problem.application), (422, "comment", None));

    let nobody = ApplicationId::parse("0198f3a2-1c5e-7d40-8a11-5b2f6f0c9d21").unwrap();
    assert_eq!(answer(&mut gateway, nobody, DecisionKind::Provide), Err(AnswerError::NotFound));
    assert_eq!(everything(&gateway), before);
    assert!(gateway.applied_answers().is_empty());
}

/// A cancellation of this status whose choice is there.
fn linked(gateway: &Gateway, status: Status) -> Application {
    everything(gateway)
        .into_iter()
        .find(|a| a.cancels.is_some_and(|choice| gateway.standing(choice).is_some()) && a.status == status)
        .unwrap()
}

#[test]
fn a_cancellation_and_its_choice_end_side_by_side() {
    for (status, steps, end) in [
        (Status::Accepted, &[DecisionKind::ApproveCancel][..], Status::Cancelled),
        (Status::CancelFailed, &[DecisionKind::Refuse][..], Status::Refused),
        (Status::Accepted, &[DecisionKind::FailCancel, DecisionKind::Provide][..], Status::Done),
    ] {
        let mut gateway = gateway(3_000);
        let cancellation = linked(&gateway, status);
        let choice = cancellation.cancels.unwrap();
        let (last, earlier) = steps.split_last().unwrap();
        for step in earlier {
            answer(&mut gateway, cancellation.id, *step).unwrap();
            assert_eq!(gateway.standing(choice).unwrap().application.status, Status::Sent);
        }
        let cursor = gateway.feed(Some(""), 5_000).unwrap().cursor.to_string();
        answer(&mut gateway, cancellation.id, *last).unwrap();
        let page = gateway.feed(Some(&cursor), 10).unwrap();
        let seen: Vec<_> = page.changes.iter().map(|a| (a.id, a.status)).collect();
        assert_eq!(seen, [(cancellation.id, end), (choice, end)]);
        assert_eq!(page.changes[1].version, page.changes[0].version + 1);
    }
}

#[test]
fn live_applications_link_in_either_order() {
    let mut gateway = gateway(7);
    let ids = gateway.arrive(400, start());
    assert_eq!(gateway.len(), 407);
    let arrived: Vec<_> = ids.iter().map(|id| gateway.standing(*id).unwrap().application).collect();
    let (mut both_orders, mut moved) = ([0, 0], 0);
    for (place, application) in arrived.iter().enumerate() {
        assert_eq!((application.created_at, application.answers.len()), (start(), 0));
        let Some(choice) = application.cancels else {
            assert_eq!(application.status, Status::Sent);
            continue;
        };
        assert_eq!(application.status, Status::Accepted);
        let Some(choice_place) = ids.iter().position(|id| *id == choice) else { continue };
        both_orders[usize::from(place < choice_place)] += 1;
        assert_eq!(gateway.standing(choice).unwrap().superseded_by, Some(application.id));
        answer(&mut gateway, application.id, DecisionKind::ApproveCancel).unwrap();
        assert_eq!(gateway.standing(choice).unwrap().application.status, Status::Cancelled);
        moved += 1;
    }
    assert!(both_orders[0] > 10 && both_orders[1] > 10 && moved > 40, "{both_orders:?}");
}

#[test]
fn a_choice_that_comes_after_its_ended_cancellation_is_cancelled() {
    let mut gateway = gateway(0);
    let mut found = 0;
    for _ in 0..400 {
        let id = gateway.arrive(1, start())[0];
        let application = gateway.standing(id).unwrap().application;
        match application.cancels {
            Some(choice) if gateway.standing(choice).is_none() => {
                answer(&mut gateway, id, DecisionKind::ApproveCancel).unwrap();
            }
            Some(_) => {}
            None => found += usize::from(application.status == Status::Cancelled),
        }
    }
    assert!(found > 10, "{found}");
}

#[test]
fn a_new_epoch_counts_anew_and_lacks_what_was_forgotten() {
    let mut gateway = gateway(2_000);
    let choice = pending(&gateway, ApplicationType::Choice, Status::Sent);
    answer(&mut gateway, choice.id, DecisionKind::Refuse).unwrap();
    let arrived = gateway.arrive(3, start());
    let gone = gateway.feed(None, 1).unwrap().changes[0].id;
    assert!(gateway.forget(gone) && !gateway.forget(gone));
    assert!(gateway.standing(gone).is_none());
    gateway.begin_epoch();
    assert_eq!((gateway.epoch(), gateway.head(), gateway.len()), (2, 2_003, 2_002));
    let all = everything(&gateway);
    assert_eq!(all.len(), 2_002);
    assert!(all.iter().all(|application| application.id != gone && application.version <= 2_003));
    assert_eq!(all.iter().find(|a| a.id == choice.id).unwrap().status, Status::Refused);
    assert_eq!(all.iter().rev().take(3).map(|a| a.id).collect::<Vec<_>>(), [arrived[2], arrived[1], arrived[0]]);
}

#[test]
fn a_page_of_long_answers_stays_within_its_limit() {
    let mut gateway = gateway(0);
    let mut long = draft(DecisionKind::Refuse);
    // Six bytes each as JSON.
    long.comment = format!("а{}а", "\u{1}".repeat(3_998));
    let ids = gateway.arrive(1_500, start());
    for id in ids {
        let _ = gateway.answer(id, AnswerId::generate(), &long, start());
    }
    assert!(gateway.applied_answers().len() > 900);
    let mut cursor = String::new();
    let mut pages = 0;
    let mut records = 0;
    loop {
        let page = gateway.feed(Some(&cursor), 5_000).unwrap();
        assert!(serde_json::to_vec(&page).unwrap().len() <= MAX_PAGE_BYTES);
        (pages, records, cursor) = (pages + 1, records + page.changes.len(), page.cursor.to_string());
        if !page.has_more {
            break;
        }
    }
    assert!(pages > 1);
    assert_eq!(records, 1_500);
}

#[test]
fn a_search_is_what_the_query_says() {
    let gateway = gateway(3_000);
    let all: Vec<_> = everything(&gateway).iter().map(|a| gateway.standing(a.id).unwrap()).collect();
    let date = |days| start().date_naive() - TimeDelta::days(days);
    let period = Period::new(date(400), date(10)).unwrap();
    let sorts =
        SortColumn::ALL.into_iter().flat_map(|column| [false, true].map(|descending| Sort { column, descending }));
    for sort in sorts {
        let query = Query { sort, status: Some(StatusFilter::Is(Status::Done)), ..Query::of(period) };
        let mut expected: Vec<_> = all.iter().filter(|s| query.matches(s, prikrep_simulator::ZONE)).collect();
        expected.sort_by(|a, b| query.compare(a, b));
        let found = gateway.find_by(query, 20, 15);
        assert!(expected.len() > 500);
        assert_eq!(found.total, expected.len());
        let ids = |applications: Vec<&Application>| applications.iter().map(|a| a.id).collect::<Vec<_>>();
        let wanted = expected.iter().skip(20).take(15).map(|s| &s.application).collect();
        assert_eq!(ids(found.items.iter().collect()), ids(wanted), "{sort}");
    }
    assert_eq!(gateway.find_by(Query::of(period), 50_000, 10).items, []);
}

#[derive(Clone, Debug)]
enum Event {
    Pull(usize),
    Answer(usize, DecisionKind),
    Arrive(u64),
    Epoch,
    Forget(usize),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => (1..40_usize).prop_map(Event::Pull),
        8 => (0..1_000_usize, proptest::sample::select(prikrep_domain::ALL_DECISIONS.to_vec()))
            .prop_map(|(place, decision)| Event::Answer(place, decision)),
        3 => (1..30_u64).prop_map(Event::Arrive),
        1 => Just(Event::Epoch),
        1 => (0..1_000_usize).prop_map(Event::Forget),
    ]
}

/// A consumer that keeps the protocol's rules.
#[derive(Default)]
struct Consumer {
    cursor: String,
    known: BTreeMap<ApplicationId, Application>,
}

impl Consumer {
    fn pull(&mut self, gateway: &Gateway, limit: usize) -> bool {
        let page = match gateway.feed(Some(&self.cursor), limit) {
            Ok(page) => page,
            Err(FeedError::Expired) => {
                *self = Self::default();
                return true;
            }
            Err(FeedError::Malformed) => panic!("our own cursor"),
        };
        for application in page.changes {
            let known = self.known.get(&application.id).map_or(0, |known| known.version);
            assert!(application.version > known);
            self.known.insert(application.id, application);
        }
        self.cursor = page.cursor.to_string();
        page.has_more
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_consumer_always_catches_up(seed: u64, applications in 0..120_u64, events in proptest::collection::vec(event(), 0..60)) {
        let scale = prikrep_simulator::Scale { seed, ..crate::support::scale(applications) };
        let mut gateway = Gateway::new(scale).unwrap();
        let mut consumer = Consumer::default();
        for event in events {
            match event {
                Event::Pull(limit) => { consumer.pull(&gateway, limit); }
                Event::Arrive(count) => { gateway.arrive(count, start()); }
                Event::Epoch => gateway.begin_epoch(),
                Event::Forget(place) => {
                    if let Some(id) = consumer.known.keys().nth(place).copied() {
                        gateway.forget(id);
                        // Told by the next epoch only.
                        gateway.begin_epoch();
                    }
                }
                Event::Answer(place, decision) => {
                    if let Some(id) = consumer.known.keys().nth(place).copied() {
                        let _ = answer(&mut gateway, id, decision);
                    }
                }
            }
        }
        while consumer.pull(&gateway, 25) {}
        let mut all = everything(&gateway);
        all.sort_by_key(|application| application.id);
        prop_assert_eq!(consumer.known.into_values().collect::<Vec<_>>(), all);
        prop_assert!(gateway.applied_answers().iter().all(|applied| applied.effects == 1));
    }
}

#[test]
fn answers_name_their_decision_in_the_list() {
    let mut gateway = gateway(2_000);
    let detachment = pending(&gateway, ApplicationType::Detachment, Status::Sent);
    let answered = answer(&mut gateway, detachment.id, DecisionKind::Detach).unwrap();
    assert!(matches!(answered.answers[0].answer.decision, Decision::Detach { .. }));
    assert_eq!(gateway.applied_answers()[0].decision, DecisionKind::Detach);
}
