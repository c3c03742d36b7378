use prikrep_domain::{AnswerDraft, AnswerId, Application, Cursor, DecisionKind, Delivery, RecordedAnswer, Status};

use super::*;
use crate::{Author, Key, Options, Page};

const CHOICE: &str = r#"{
    "id":"0198f3a2-1c5e-7d40-8a11-5b2f6f0c9d21","version":1,"type":"choice","kind":"therapeutic","status":"sent",
    "created_at":"2026-03-01T10:00:00Z","changed_at":"2026-03-01T10:00:00Z",
    "patient":{"guid":"0198f3a2-1c5e-7d40-8a11-5b2f6f0c9d23","name":{"family":"Ёлкин","given":"Пётр"},
        "birth_date":"1980-02-28"},
    "organization":{"oid":"1.2.643.5.1.13.13.12.2.22.2001","name":"Поликлиника № 1"}}"#;

fn page(application: Application, cursor: &str, has_more: bool) -> Page {
    let cursor = Cursor::new(cursor.to_owned()).unwrap();
    Page { applications: vec![application], unreadable: Vec::new(), cursor, has_more }
}

#[test]
fn an_answer_that_only_a_lost_page_had_settled_is_put_back() {
    let folder = tempfile::tempdir().unwrap();
    let now: DateTime<Utc> = "2026-03-02T05:00:00Z".parse().unwrap();
    let options = Options { key: Key::from_bytes([7; 32]), zone: chrono_tz::Asia::Barnaul, now, scrub: false };
    let shared = Shared::open(folder.path(), options).unwrap();
    let choice: Application = serde_json::from_str(CHOICE).unwrap();
    shared.apply_page(&page(choice.clone(), "1", false), now).unwrap();
    let draft = AnswerDraft {
        decision: Some(DecisionKind::Refuse),
        comment: "Нет".into(),
        refusal_reason: "Нет мест".into(),
        answered_at: Some(now),
        ..AnswerDraft::default()
    };
    let (id, author) = (AnswerId::generate(), Author { employee: Some("Иванова И. И.".into()), organization: None });
    let accepted = shared.accept(choice.id, id, &draft, &author, now).unwrap();
    let before = shared.writer.lock().position.clone();

    let answer = accepted.standing.application.answers[0].answer.clone();
    let said = RecordedAnswer { id, answer, delivery: Delivery::Delivered { at: Some(now) } };
    let settled = Application { version: 2, status: Status::Refused, answers: vec![said], ..choice };
    shared.apply_page(&page(settled, "2", true), now).unwrap();
    assert!(shared.outbox.read().get(id).is_none(), "the feed has said the last word");

    // The page is not committed, and the disk has refused the write of its position.
    let mut writer = shared.writer.lock();
    shared.set_position(&mut writer, before).unwrap();
    shared.take_up_cache(&mut writer, now).unwrap();
    assert!(shared.outbox.read().get(id).is_some());
    assert!(writer.settled.is_empty(), "nothing makes the desk forget it before it is settled again");
}
