//! The invariants of the state machine under random events in any order of arrival.

use std::collections::BTreeMap;

use chrono::Duration;
use prikrep_domain::{
    ALL_DECISIONS, AnswerDraft, Application, ApplicationType, DecisionKind, Delivery, OnTheWay, Problem, ProblemKind,
    RecordedAnswer, Refusal, Standing, Status, stand, supersedes, transition,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::given::{answer_id, application, draft, moment};

/// What may happen at a hop that knows a choice and its cancellation.
#[derive(Clone, Debug)]
enum Event {
    /// The upstream's word on one of the two; an older version than the known one changes nothing.
    Arrives { which: Which, status: Status, version: u64 },
    /// A registrar answers.
    Answered { which: Which, decision: DecisionKind },
    /// The upstream has taken an answer and says so by a new base.
    Confirmed { which: Which, number: Index },
    /// The upstream has refused an answer.
    Rejected { which: Which, number: Index },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Which {
    Choice,
    Cancellation,
}

impl Which {
    const BOTH: [Self; 2] = [Self::Choice, Self::Cancellation];

    fn base(self, status: Status, version: u64) -> Application {
        let (number, application_type) = match self {
            Self::Choice => (1, ApplicationType::Choice),
            Self::Cancellation => (2, ApplicationType::Cancellation),
        };
        Application { version, ..application(number, application_type, status) }
    }
}

/// A hop as small as it can be: the bases, and the answers that are still on their way.
#[derive(Clone, Debug, Default)]
struct Hop {
    bases: BTreeMap<Which, Application>,
    outbox: BTreeMap<Which, Vec<OnTheWay>>,
    answers: u128,
}

impl Hop {
    fn on_the_way(&self, which: Which) -> &[OnTheWay] {
        self.outbox.get(&which).map_or(&[], Vec::as_slice)
    }

    fn standing(&self, which: Which) -> Option<Standing> {
        let cancellation = self
            .bases
            .get(&Which::Cancellation)
            .map(|base| stand(base, self.on_the_way(Which::Cancellation), []).application);
        self.bases.get(&which).map(|base| stand(base, self.on_the_way(which), &cancellation))
    }

    fn standings(&self) -> [Option<Standing>; 2] {
        Which::BOTH.map(|which| self.standing(which))
    }

    fn happens(&mut self, event: &Event) {
        match *event {
            Event::Arrives { which, status, version } => {
                if self.bases.get(&which).is_none_or(|known| known.version < version) {
                    let answers = self.bases.get(&which).map(|known| known.answers.clone()).unwrap_or_default();
                    self.bases.insert(which, Application { answers, ..which.base(status, version) });
                }
            }
            Event::Answered { which, decision } => self.answered(which, decision),
            Event::Confirmed { which, number } => self.confirmed(which, number),
            Event::Rejected { which, number } => {
                if let Some(answer) = self.outbox.get_mut(&which).and_then(|queue| pick(queue, number)) {
                    let problem = Some(Box::new(Problem::new(ProblemKind::WrongStatus)));
                    answer.record.delivery = Delivery::Rejected { at: Some(moment().now), problem };
                }
            }
        }
    }

    fn answered(&mut self, which: Which, decision: DecisionKind) {
        let Some(before) = self.standing(which) else { return };
        let others = self.standings();
        let before_kind = before.application.application_type;
        match before.check(&draft(decision), moment()) {
            Ok(answer) => {
                self.answers += 1;
                let record = RecordedAnswer { id: answer_id(self.answers), answer, delivery: Delivery::Queued };
                let id = record.id;
                self.outbox.entry(which).or_default().push(OnTheWay { record, applies: true });
                let after = self.standing(which).unwrap();
                let expected = transition(before_kind, before.application.status, decision);
                assert_eq!(Some(after.application.status), expected, "the table's status after");
                assert_eq!(after.application.answers.iter().filter(|known| known.id == id).count(), 1);
                assert!(after.application.changed_at >= before.application.changed_at);
            }
            Err(refusal) => {
                assert!(before.allowed().all(|offered| offered != decision), "offered, yet refused: {refusal}");
                assert_eq!(self.standings(), others, "a refused answer changes nothing");
            }
        }
    }

    fn confirmed(&mut self, which: Which, number: Index) {
        let Some(base) = self.bases.get_mut(&which) else { return };
        let queue = self.outbox.entry(which).or_default();
        let Some(place) = (!queue.is_empty()).then(|| number.index(queue.len())) else { return };
        let mut taken = queue.remove(place).record;
        if let Some(status) = transition(base.application_type, base.status, taken.answer.decision.kind()) {
            base.status = status;
        }
        base.version += 1;
        taken.delivery = Delivery::Delivered { at: Some(moment().now) };
        base.answers.push(taken);
    }
}

fn pick(queue: &mut [OnTheWay], number: Index) -> Option<&mut OnTheWay> {
    if queue.is_empty() { None } else { queue.get_mut(number.index(queue.len())) }
}

fn event() -> impl Strategy<Value = Event> {
    let which = || select(&Which::BOTH[..]);
    prop_oneof![
        2 => (which(), select(&Status::ALL[..]), 1..9u64)
            .prop_map(|(which, status, version)| Event::Arrives { which, status, version }),
        2 => which().prop_map(|which| {
            let status = match which { Which::Choice => Status::Sent, Which::Cancellation => Status::Accepted };
            Event::Arrives { which, status, version: 1 }
        }),
        5 => (which(), select(&ALL_DECISIONS[..])).prop_map(|(which, decision)| Event::Answered { which, decision }),
        2 => (which(), any::<Index>()).prop_map(|(which, number)| Event::Confirmed { which, number }),
        1 => (which(), any::<Index>()).prop_map(|(which, number)| Event::Rejected { which, number }),
    ]
}

fn invariants(hop: &Hop) {
    let [choice, cancellation] = hop.standings();
    for standing in [&choice, &cancellation].into_iter().flatten() {
        let possible = ALL_DECISIONS.into_iter().any(|decision| standing.check(&draft(decision), moment()).is_ok());
        assert_eq!(standing.is_pending(), possible, "pending exactly when something is allowed");
        let again = stand(&standing.application, &[], cancellation.as_ref().map(|standing| &standing.application));
        assert_eq!(&again, standing, "nothing is applied twice");
    }
    if let (Some(choice), Some(cancellation)) = (choice, cancellation) {
        let by = cancellation.application.id;
        assert_eq!(choice.superseded_by, Some(by));
        assert!(!choice.is_pending());
        for decision in ALL_DECISIONS {
            assert_eq!(choice.check(&draft(decision), moment()), Err(Refusal::Superseded { by }));
        }
        // The description's words: «the final status of the cancellation becomes the choice's status too».
        let status = cancellation.application.status;
        if [Status::Done, Status::Refused, Status::Cancelled].contains(&status) {
            assert_eq!(choice.application.status, status, "no reader sees one without the other");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn invariants_hold_after_every_event(events in prop::collection::vec(event(), 1..40)) {
        let mut hop = Hop::default();
        for event in &events {
            hop.happens(event);
            invariants(&hop);
        }
    }

    /// The same words of the upstream in another order, and with repetitions, end in the same standings.
    #[test]
    fn the_order_of_arrival_does_not_count(
        bases in prop::collection::vec((select(&Which::BOTH[..]), select(&Status::ALL[..])), 1..12),
        order in prop::collection::vec(any::<Index>(), 12),
    ) {
        // One version says one thing.
        let arrivals: Vec<Event> = (1u64..)
            .zip(&bases)
            .map(|(version, (which, status))| Event::Arrives { which: *which, status: *status, version })
            .collect();
        let mut in_order = Hop::default();
        arrivals.iter().for_each(|event| in_order.happens(event));
        let mut shuffled = Hop::default();
        order.iter().map(|index| index.get(&arrivals)).chain(arrivals.iter().rev()).for_each(|event| shuffled.happens(event));
        prop_assert_eq!(in_order.standings(), shuffled.standings());
    }

    /// Of several cancellations the last filed prevails, in whatever order they are handed over.
    #[test]
    fn the_last_filed_cancellation_prevails(
        filed in prop::collection::vec((0..4i64, select(&Status::ALL[..])), 1..5),
        order in any::<Index>(),
    ) {
        let choice = Which::Choice.base(Status::Sent, 1);
        let mut cancellations: Vec<Application> = (2u128..)
            .zip(&filed)
            .map(|(number, (hours, status))| {
                let mut cancellation = application(number, ApplicationType::Cancellation, *status);
                cancellation.created_at += Duration::hours(*hours);
                cancellation
            })
            .collect();
        let standing = stand(&choice, &[], &cancellations);
        let last = cancellations.iter().max_by_key(|one| (one.created_at, one.id)).unwrap();
        prop_assert_eq!(standing.superseded_by, Some(last.id));
        let by = order.index(cancellations.len());
        cancellations.rotate_left(by);
        prop_assert_eq!(&stand(&choice, &[], &cancellations), &standing);
        cancellations.reverse();
        prop_assert_eq!(&stand(&choice, &[], &cancellations), &standing);
    }
}

#[test]
fn only_a_cancellation_of_this_very_choice_stands_over_it() {
    let choice = Which::Choice.base(Status::Sent, 1);
    let cancellation = Which::Cancellation.base(Status::Accepted, 1);
    assert!(supersedes(&cancellation, &choice));

    let mut of_another = cancellation.clone();
    of_another.cancels = Some(crate::given::application_id(99));
    let mut elsewhere = cancellation.clone();
    elsewhere.organization.oid = prikrep_domain::Oid::parse("1.2.3").unwrap();
    let not_one = Application { application_type: ApplicationType::Detachment, ..cancellation.clone() };
    let detachment = Application { application_type: ApplicationType::Detachment, ..choice.clone() };
    for other in [&of_another, &elsewhere, &not_one, &choice] {
        assert!(!supersedes(other, &choice));
        assert_eq!(stand(&choice, &[], [other]).superseded_by, None);
    }
    assert!(!supersedes(&cancellation, &detachment));
}

#[test]
fn an_answer_that_the_base_knows_is_not_applied_again() {
    let record = crate::given::record(1, DecisionKind::FailCancel, Delivery::Queued);
    let mut base = Which::Cancellation.base(Status::CancelFailed, 2);
    base.answers.push(record.clone());
    let standing = stand(&base, &[OnTheWay { record, applies: true }], []);
    assert_eq!(standing.application, base);
}

#[test]
fn a_rejected_answer_and_one_that_the_base_has_outlived_change_the_history_only() {
    let base = Which::Choice.base(Status::Sent, 2);
    let rejected = Delivery::Rejected { at: None, problem: None };
    for (delivery, applies) in [(rejected, true), (Delivery::Queued, false)] {
        let record = crate::given::record(1, DecisionKind::Provide, delivery);
        let standing = stand(&base, &[OnTheWay { record: record.clone(), applies }], []);
        assert_eq!(standing.application, Application { answers: vec![record], ..base.clone() });
        assert!(standing.is_pending());
    }
}

#[test]
fn providing_moves_the_patient_to_the_named_district_and_doctor() {
    let base = Which::Choice.base(Status::Sent, 1);
    let record = crate::given::record(1, DecisionKind::Provide, Delivery::Queued);
    let standing = stand(&base, &[OnTheWay { record, applies: true }], []);
    assert_eq!(standing.application.district.as_deref(), Some("12"));
    assert_eq!(standing.application.doctor, Some(crate::given::doctor()));
    assert_eq!(standing.application.changed_at, moment().now);
}

#[test]
fn a_draft_without_a_decision_is_told_what_stands_in_its_way() {
    let empty = AnswerDraft::default();
    let done = stand(&Which::Choice.base(Status::Done, 1), &[], []);
    assert!(matches!(done.check(&empty, moment()), Err(Refusal::WrongStatus { status: Status::Done, .. })));
    let open = stand(&Which::Choice.base(Status::Sent, 1), &[], []);
    assert!(matches!(open.check(&empty, moment()), Err(Refusal::Invalid(_))));
}
