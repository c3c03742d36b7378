//! The conformance suite: what every store must do, by its interface alone. `reopen` stands for a restart.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::ops::ControlFlow;

use common::*;
use prikrep_domain::{
    Answer, DecisionKind, Delivery, Problem, ProblemKind, Refusal, Sort, SortColumn, Status, StatusFilter,
};
use prikrep_store::{AnswerError, Author, FeedError, OutboxState, Shelf, SledStore, Store, UnreadableRecord};

/// A store that can be closed and opened again.
struct Subject {
    folder: tempfile::TempDir,
    store: Option<SledStore>,
}

impl Subject {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Some(open(folder.path()));
        Self { folder, store }
    }

    fn reopen(&mut self) {
        self.store = None;
        self.store = Some(open(self.folder.path()));
    }
}

impl std::ops::Deref for Subject {
    type Target = dyn Store;
    fn deref(&self) -> &Self::Target {
        self.store.as_ref().unwrap()
    }
}

#[test]
fn a_page_is_kept_with_its_cursor_and_seen_twice_changes_nothing() {
    let mut store = Subject::new();
    let first = page((1..=50).map(choice).collect(), "c1", true);
    let applied = store.apply(&first, now()).unwrap();
    assert_eq!((applied.added, applied.added_pending, applied.changed, applied.unchanged), (50, 50, 0, 0));
    let served = store.feed(None, 100, None).unwrap();
    assert_eq!(store.apply(&first, now()).unwrap().unchanged, 50);
    assert_eq!(store.feed(None, 100, None).unwrap(), served);
    store.reopen();
    assert_eq!(store.cursor().unwrap().unwrap().as_str(), "c1");
    assert_eq!(store.apply(&first, now()).unwrap().unchanged, 50);
    assert_eq!(store.feed(None, 100, None).unwrap(), served);
    assert_eq!(store.census().applications, 50);
}

#[test]
fn a_store_knows_whether_it_has_read_the_upstream_to_its_end() {
    let mut store = Subject::new();
    assert!(!store.is_complete());
    store.apply(&page(vec![choice(1)], "1", true), now()).unwrap();
    assert!(!store.is_complete());
    store.apply(&page(vec![choice(2)], "2", false), now()).unwrap();
    store.apply(&page(vec![choice(3)], "3", true), now()).unwrap();
    assert!(store.is_complete());
    store.reopen();
    assert!(store.is_complete());
}

#[test]
fn only_a_newer_version_changes_an_application() {
    let store = Subject::new();
    let known = choice(5);
    let older = prikrep_domain::Application { version: 4, status: Status::Done, ..known.clone() };
    let newer = prikrep_domain::Application { version: 6, status: Status::Cancelling, ..known.clone() };
    store.apply(&page(vec![known], "1", true), now()).unwrap();
    assert_eq!(store.apply(&page(vec![older.clone()], "2", true), now()).unwrap().unchanged, 1);
    assert_eq!(store.standing(application_id(5)).unwrap().unwrap().application.status, Status::Sent);
    let both = page(vec![newer, older], "3", true);
    let applied = store.apply(&both, now()).unwrap();
    assert_eq!((applied.changed, applied.unchanged), (1, 1));
    assert_eq!(store.standing(application_id(5)).unwrap().unwrap().application.status, Status::Cancelling);
}

#[test]
fn an_answer_is_accepted_once_and_survives_a_restart() {
    let mut store = Subject::new();
    store.apply(&page(vec![choice(1), choice(2)], "1", false), now()).unwrap();
    store.save_draft(application_id(1), &draft(DecisionKind::Refuse)).unwrap();
    let cursor = store.feed(None, 10, None).unwrap().cursor;
    let answer = |id, text: &str| {
        let mut draft = draft(DecisionKind::Refuse);
        draft.comment = text.into();
        store.answer(application_id(1), answer_id(id), &draft, &anyone(), now())
    };
    let accepted = answer(1, "  да ").unwrap();
    assert!(!accepted.repeated);
    assert_eq!(accepted.standing.application.status, Status::Refused);
    assert_eq!(store.draft(application_id(1)).unwrap(), None);
    assert!(answer(1, "да").unwrap().repeated);
    assert!(matches!(answer(1, "нет"), Err(AnswerError::IdReused { .. })));
    assert!(matches!(answer(2, "да"), Err(AnswerError::Refused { refusal: Refusal::AlreadyAnswered { .. }, .. })));
    let other = store.answer(application_id(2), answer_id(1), &draft(DecisionKind::Refuse), &anyone(), now());
    assert!(matches!(other, Err(AnswerError::IdReused { .. })));
    // The change is in our own feed.
    let news = store.feed(Some(cursor.as_str()), 10, None).unwrap();
    assert_eq!(news.changes.iter().map(|changed| changed.id).collect::<Vec<_>>(), [application_id(1)]);
    assert_eq!(news.changes[0].answers[0].delivery, Delivery::Queued);

    store.reopen();
    let entries = store.outbox();
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].record.id, &entries[0].state), (answer_id(1), &OutboxState::Queued));
    assert_eq!(store.standing(application_id(1)).unwrap().unwrap().application.status, Status::Refused);
    assert_eq!(store.census().queued, 1);
}

#[test]
fn a_list_and_a_visit_show_what_is_found_as_it_stands() {
    let store = Subject::new();
    let mut applications: Vec<_> = (1..=2_500).map(choice).collect();
    applications.push(cancellation(9_000, 7));
    store.apply(&page(applications, "1", false), now()).unwrap();
    let mut query = everything();
    query.sort = Sort { column: SortColumn::Name, descending: true };
    let (mut listed, mut visited) = (Vec::new(), Vec::new());
    for offset in (0..2_501).step_by(1_000) {
        let part = store.list(&query, offset, 1_000).unwrap();
        assert_eq!(part.total, 2_501);
        listed.extend(part.rows);
    }
    store
        .visit(&query, &mut |standing| {
            visited.push(standing);
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(listed, visited);
    let found: Vec<_> = store.find(&query, 0, 5_000).unwrap().items.into_iter().map(|one| one.id).collect();
    assert_eq!(found, listed.iter().map(|one| one.application.id).collect::<Vec<_>>());
    let over = listed.iter().find(|one| one.application.id == application_id(7)).unwrap();
    assert_eq!((over.superseded_by, over.is_pending()), (Some(application_id(9_000)), false));

    let mut seen = 0;
    store
        .visit(&query, &mut |_| {
            seen += 1;
            if seen < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
        .unwrap();
    assert_eq!(seen, 3);
}

#[test]
fn another_organization_is_not_there() {
    let store = Subject::new();
    store.apply(&page((1..=9).map(choice).collect(), "1", false), now()).unwrap();
    let author = Author { employee: Some("Своя".into()), organization: Some(organization(2).oid) };
    let answer =
        |number| store.answer(application_id(number), answer_id(number), &draft(DecisionKind::Provide), &author, now());
    assert!(matches!(answer(1), Err(AnswerError::NotFound)));
    assert!(matches!(answer(1000), Err(AnswerError::NotFound)));
    assert_eq!(answer(2).unwrap().standing.application.answers[0].answer.answered_by, "Своя");
    let feed = store.feed(None, 100, Some(&organization(2).oid)).unwrap();
    assert!(feed.changes.iter().all(|application| application.organization == organization(2)));
    assert_eq!(feed.changes.len(), 3);
}

#[test]
fn what_the_upstream_says_of_an_answer_settles_it() {
    let mut store = Subject::new();
    store.apply(&page(vec![choice(1)], "1", false), now()).unwrap();
    store.answer(application_id(1), answer_id(1), &draft(DecisionKind::Refuse), &anyone(), now()).unwrap();
    // The next hop has taken it, and still has it in its own queue.
    let taken = answered_upstream(&choice(1), answer_id(1), 7, Delivery::Queued);
    store.delivered(answer_id(1), Some(&taken), store.upstream_epoch(), now()).unwrap();
    let standing = store.standing(application_id(1)).unwrap().unwrap();
    assert_eq!(standing.application.answers.len(), 1);
    assert_eq!(store.census().delivered, 1);
    store.reopen();
    assert_eq!(store.census().delivered, 1);
    // It has reached the end of its way.
    let done = answered_upstream(&choice(1), answer_id(1), 8, Delivery::Delivered { at: Some(now()) });
    store.apply(&page(vec![done], "2", false), now()).unwrap();
    assert_eq!(store.outbox(), []);
    let again = store.answer(application_id(1), answer_id(1), &draft(DecisionKind::Refuse), &anyone(), now());
    assert!(again.unwrap().repeated, "an answer that the base knows is known");
}

#[test]
fn an_upstream_that_does_not_list_answers_is_enough() {
    let store = Subject::new();
    store.apply(&page(vec![choice(1)], "1", false), now()).unwrap();
    store.answer(application_id(1), answer_id(1), &draft(DecisionKind::Refuse), &anyone(), now()).unwrap();
    store.delivered(answer_id(1), None, store.upstream_epoch(), now()).unwrap();
    let refused = prikrep_domain::Application { version: 9, status: Status::Refused, ..choice(1) };
    store.apply(&page(vec![refused], "2", false), now()).unwrap();
    let application = store.standing(application_id(1)).unwrap().unwrap().application;
    assert_eq!((application.status, application.answers.len()), (Status::Refused, 1));
}

#[test]
fn a_refused_answer_returns_the_application_to_the_desk() {
    let mut store = Subject::new();
    store.apply(&page(vec![choice(1)], "1", false), now()).unwrap();
    store.answer(application_id(1), answer_id(1), &draft(DecisionKind::Refuse), &anyone(), now()).unwrap();
    let problem = Problem::new(ProblemKind::InvalidAnswer).with_detail("Причина не из справочника");
    store.rejected(answer_id(1), &problem, store.upstream_epoch(), now()).unwrap();
    store.reopen();
    let standing = store.standing(application_id(1)).unwrap().unwrap();
    assert!(standing.is_pending());
    assert!(
        matches!(&standing.application.answers[0].delivery, Delivery::Rejected { problem: Some(found), .. } if **found == problem)
    );
    assert!(store.rework(answer_id(1)).unwrap());
    assert!(!store.rework(answer_id(1)).unwrap());
    assert_eq!(store.draft(application_id(1)).unwrap().unwrap().refusal_reason, "Нет мест");
    store.answer(application_id(1), answer_id(2), &draft(DecisionKind::Refuse), &anyone(), now()).unwrap();
}

#[test]
fn a_new_base_that_forbids_a_queued_answer_rejects_it() {
    let mut store = Subject::new();
    store.apply(&page(vec![choice(1), choice(2), choice(4)], "1", false), now()).unwrap();
    for number in [1, 2, 4] {
        store
            .answer(application_id(number), answer_id(number), &draft(DecisionKind::Refuse), &anyone(), now())
            .unwrap();
    }
    let cancelling = prikrep_domain::Application { version: 9, status: Status::Cancelling, ..choice(1) };
    let applied = store.apply(&page(vec![cancelling, cancellation(10, 2)], "2", false), now()).unwrap();
    assert_eq!(applied.rejected_answers, 2);
    let kind_of = |number| {
        let entries = store.outbox();
        let entry = entries.iter().find(|entry| entry.record.id == answer_id(number)).unwrap().clone();
        match entry.state {
            OutboxState::Rejected { problem, .. } => Some(problem.kind),
            OutboxState::Queued | OutboxState::Delivered { .. } => None,
        }
    };
    assert_eq!(kind_of(1), Some(ProblemKind::WrongStatus));
    assert_eq!(kind_of(2), Some(ProblemKind::Superseded));
    assert_eq!(kind_of(4), None);
    assert_eq!(store.standing(application_id(1)).unwrap().unwrap().application.status, Status::Cancelling);
    store.reopen();
    assert_eq!(store.census().rejected, 2);
}

#[test]
fn a_cancellation_and_its_choice_change_together_in_any_order() {
    for choice_first in [true, false] {
        let mut store = Subject::new();
        let mut pages = [page(vec![choice(1)], "1", true), page(vec![cancellation(7, 1)], "2", false)];
        if !choice_first {
            pages.reverse();
        }
        for page in &pages {
            store.apply(page, now()).unwrap();
        }
        let standing = store.standing(application_id(1)).unwrap().unwrap();
        assert_eq!(standing.superseded_by, Some(application_id(7)));
        assert!(!standing.is_pending());
        assert_eq!(store.census().pending, 1);
        let cursor = store.feed(None, 10, None).unwrap().cursor;
        store.answer(application_id(7), answer_id(1), &draft(DecisionKind::ApproveCancel), &anyone(), now()).unwrap();
        for _ in 0..2 {
            for number in [1, 7] {
                let status = store.standing(application_id(number)).unwrap().unwrap().application.status;
                assert_eq!(status, Status::Cancelled, "{number}");
            }
            let query = prikrep_domain::Query { status: Some(StatusFilter::Is(Status::Cancelled)), ..everything() };
            assert_eq!(store.find(&query, 0, 10).unwrap().total, 2);
            store.reopen();
        }
        let news = store.feed(Some(cursor.as_str()), 10, None).unwrap().changes;
        assert_eq!(news.len(), 2);
        assert!(news.iter().all(|application| application.status == Status::Cancelled));
    }
}

#[test]
fn a_page_of_the_feed_does_not_part_a_linked_pair() {
    let store = Subject::new();
    let all = vec![choice(1), choice(2), choice(3), cancellation(9, 3), choice(4)];
    store.apply(&page(all, "1", false), now()).unwrap();
    let ids = |page: &prikrep_domain::FeedPage| page.changes.iter().map(|changed| changed.id).collect::<Vec<_>>();
    let first = store.feed(None, 3, None).unwrap();
    assert_eq!(ids(&first), [application_id(1), application_id(2)]);
    assert!(first.has_more);
    let second = store.feed(Some(first.cursor.as_str()), 3, None).unwrap();
    assert_eq!(ids(&second), [application_id(3), application_id(9), application_id(4)]);
    assert!(!second.has_more);
    let one = store.feed(Some(first.cursor.as_str()), 1, None).unwrap();
    assert_eq!(ids(&one), [application_id(3)]);
}

#[test]
fn a_new_epoch_of_the_upstream_is_read_again_and_what_it_lacks_is_gone() {
    let mut store = Subject::new();
    store.apply(&page((1..=5).map(choice).collect(), "1", false), now()).unwrap();
    store.answer(application_id(1), answer_id(1), &draft(DecisionKind::Refuse), &anyone(), now()).unwrap();
    store.delivered(answer_id(1), None, store.upstream_epoch(), now()).unwrap();
    store.answer(application_id(5), answer_id(5), &draft(DecisionKind::Refuse), &anyone(), now()).unwrap();
    store.save_draft(application_id(5), &draft(DecisionKind::Provide)).unwrap();
    let cursor = store.feed(None, 10, None).unwrap().cursor;
    store.begin_again().unwrap();
    assert_eq!(store.cursor().unwrap(), None);
    assert_eq!(store.census().queued, 2, "what the upstream took and does not show yet is sent again");
    let lower = |number| prikrep_domain::Application { version: 1, ..choice(number) };
    store.apply(&page((1..=2).map(lower).collect(), "e1", true), now()).unwrap();
    assert_eq!(store.census().applications, 5, "nothing is gone before the end");
    // A restart in the middle begins again.
    store.reopen();
    assert_eq!(store.cursor().unwrap(), None);
    store.apply(&page((1..=2).map(lower).collect(), "e1", true), now()).unwrap();
    store.apply(&page((3..=4).map(lower).collect(), "e2", false), now()).unwrap();
    assert_eq!(store.census().applications, 4);
    assert_eq!(store.standing(application_id(5)).unwrap(), None);
    assert_eq!((store.outbox().len(), store.census().drafts), (2, 1), "own answers and drafts stay");
    assert!(matches!(store.feed(Some(cursor.as_str()), 10, None), Err(FeedError::Expired)));
    store.reopen();
    assert_eq!(store.census().applications, 4);
    assert_eq!(store.cursor().unwrap().unwrap().as_str(), "e2");
}

#[test]
fn lists_are_found_in_the_asked_order() {
    let store = Subject::new();
    store.apply(&page((1..=30).map(choice).collect(), "1", false), now()).unwrap();
    let mut query = everything();
    query.sort = Sort { column: SortColumn::Name, descending: false };
    let found = store.find(&query, 10, 5).unwrap();
    assert_eq!((found.total, found.items.len()), (30, 5));
    let mut names: Vec<String> = (1..=30).map(|number| choice(number).patient.name.full()).collect();
    names.sort_by_key(|name| prikrep_domain::collate::fold(name));
    let shown: Vec<String> = found.items.iter().map(|item| item.patient.name.full()).collect();
    assert_eq!(shown, names[10..15]);
    query.status = Some(StatusFilter::Pending);
    query.organization = Some(organization(1).oid);
    assert_eq!(store.find(&query, 0, 100).unwrap().total, 10);
}

#[test]
fn unreadable_records_wait_in_quarantine_until_they_are_understood() {
    let mut store = Subject::new();
    let json = serde_json::to_string(&choice(3)).unwrap();
    let bad =
        |id, raw: &str| UnreadableRecord { id, reason: "неизвестный статус".into(), raw: raw.into() };
    let mut mixed = page(vec![choice(1)], "1", false);
    mixed.unreadable =
        vec![bad(Some(application_id(3)), &json), bad(None, "{}"), bad(None, "{}"), bad(Some(application_id(4)), "[]")];
    assert_eq!(store.apply(&mixed, now()).unwrap().quarantined, 4);
    store.reopen();
    assert_eq!(store.quarantine().unwrap().len(), 3);
    assert_eq!(store.retry_quarantine(now()).unwrap(), 1);
    assert!(store.standing(application_id(3)).unwrap().is_some());
    store.apply(&page(vec![choice(4)], "2", false), now()).unwrap();
    assert_eq!(store.census().quarantined, 1, "a readable record takes the place of the one in quarantine");
}

#[test]
fn small_records_are_kept_by_shelf() {
    let mut store = Subject::new();
    store.put_record(Shelf::Accounts, "anna", b"1").unwrap();
    store.put_record(Shelf::Sessions, "anna", b"2").unwrap();
    store.put_record(Shelf::Accounts, "boris", b"3").unwrap();
    store.remove_record(Shelf::Accounts, "boris").unwrap();
    store.reopen();
    assert_eq!(store.records(Shelf::Accounts).unwrap(), [("anna".to_owned(), b"1".to_vec())]);
    assert_eq!(store.record(Shelf::Sessions, "anna").unwrap().unwrap(), b"2");
    assert_eq!(store.record(Shelf::Settings, "anna").unwrap(), None);
    assert!(store.put_record(Shelf::Settings, "large", &vec![0; 1 << 20]).is_err());
}

#[test]
fn a_cursor_of_nobody_is_told_apart_from_an_old_one() {
    let store = Subject::new();
    assert!(matches!(store.feed(Some("what"), 1, None), Err(FeedError::Malformed)));
    assert!(matches!(store.feed(Some("0198f3a21c5e7d408a115b2f6f0c9d21.1"), 1, None), Err(FeedError::Expired)));
    let empty = store.feed(Some(""), 1, None).unwrap();
    assert!(!empty.has_more);
    assert_eq!(store.feed(Some(empty.cursor.as_str()), 1, None).unwrap().changes, []);
}

#[test]
fn readers_are_woken_and_told_nothing() {
    let store = Subject::new();
    let mut changes = store.changes();
    changes.mark_unchanged();
    store.apply(&page(vec![choice(1)], "1", false), now()).unwrap();
    assert!(changes.has_changed().unwrap());
    changes.mark_unchanged();
    store.answer(application_id(1), answer_id(1), &draft(DecisionKind::Refuse), &anyone(), now()).unwrap();
    assert!(changes.has_changed().unwrap());
}

#[test]
fn verification_reads_everything() {
    let store = Subject::new();
    store.apply(&page((1..=20).map(choice).collect(), "1", false), now()).unwrap();
    store.put_record(Shelf::Accounts, "anna", b"1").unwrap();
    let verification = store.verify().unwrap();
    assert_eq!((verification.applications, verification.problems), (20, vec![]));
}

#[test]
fn an_answer_of_the_base_is_compared_by_its_content() {
    let store = Subject::new();
    let done = answered_upstream(&choice(1), answer_id(1), 8, Delivery::Delivered { at: None });
    store.apply(&page(vec![done.clone()], "1", false), now()).unwrap();
    let mut same: prikrep_domain::AnswerDraft = (&done.answers[0].answer).into();
    assert!(Answer::try_from(same.clone()).unwrap().same_content(&done.answers[0].answer));
    same.comment.push('!');
    let other = store.answer(application_id(1), answer_id(1), &same, &anyone(), now());
    assert!(matches!(other, Err(AnswerError::IdReused { .. })));
}
