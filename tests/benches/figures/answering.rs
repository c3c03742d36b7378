//! One durable answer at a time.

use std::fs::File;
use std::io::Write;

use prikrep_domain::{AnswerDraft, AnswerId, DecisionKind, DoctorDraft, Query, StatusFilter};
use prikrep_store::{Author, Store};
use rusqlite::params;

use crate::data::{all_time, now};
use crate::ingest::Stores;
use crate::interleaved;
use crate::table::Table;

const ANSWERS: usize = 200;

pub fn run(stores: &mut Stores, table: &mut Table) {
    let pending = Query { status: Some(StatusFilter::Pending), ..all_time() };
    let applications = stores.ours.find(&pending, 0, 5_000).unwrap().items;
    let mut choices = applications.iter().filter(|one| {
        one.status == prikrep_domain::Status::Sent && one.application_type == prikrep_domain::ApplicationType::Choice
    });
    let draft = AnswerDraft {
        decision: Some(DecisionKind::Provide),
        comment: "Приходите с паспортом и полисом".into(),
        answered_at: Some(now()),
        answered_by: "Иванова Анна Андреевна".into(),
        district: "12".into(),
        doctor: Some(DoctorDraft {
            full_name: "Петров Пётр Петрович".into(), position: "врач-терапевт".into()
        }),
        ..AnswerDraft::default()
    };
    let body = serde_json::to_string(&draft).unwrap();
    let author = Author { employee: None, organization: None };
    let mut log = File::create(stores.folder.path().join("durable")).unwrap();
    let sqlite = &mut stores.sqlite.0;
    sqlite.execute_batch("PRAGMA synchronous=FULL;").unwrap();
    let mut others = applications.iter().cycle();
    let rounds = ANSWERS.min(choices.clone().count());
    let [us, them, limit] = interleaved(
        rounds,
        [
            &mut || {
                let id = choices.next().unwrap().id;
                stores.ours.answer(id, AnswerId::generate(), &draft, &author, now()).unwrap();
            },
            &mut || {
                let id = others.next().unwrap().id;
                let transaction = sqlite.transaction().unwrap();
                let answer = AnswerId::generate();
                transaction
                    .execute(
                        "INSERT INTO answer VALUES (?1, ?2, ?3)",
                        params![answer.uuid().as_bytes(), id.uuid().as_bytes(), body],
                    )
                    .unwrap();
                transaction.execute("UPDATE application SET status = 1 WHERE id = ?1", [id.uuid().as_bytes()]).unwrap();
                transaction.commit().unwrap();
            },
            &mut || {
                log.write_all(body.as_bytes()).unwrap();
                log.sync_data().unwrap();
            },
        ],
    );
    table.times("one durable answer (SQLite: synchronous=FULL)", us, Some(them), Some(limit));
}
