//! The same by SQLite: one table, the body as JSON, an index for every filter and order of the list.

use std::path::Path;

use prikrep_domain::{Application, Query, StatusFilter, collate::fold};
use rusqlite::{Connection, params};

use crate::data::ZONE;

const SCHEMA: &str = "
    CREATE TABLE application (
        row INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, version INTEGER NOT NULL, type INTEGER NOT NULL, kind INTEGER NOT NULL,
        status INTEGER NOT NULL, created_at INTEGER NOT NULL, patient BLOB NOT NULL, snils INTEGER,
        name TEXT NOT NULL, oid TEXT NOT NULL, body TEXT NOT NULL);
    CREATE INDEX by_date ON application (created_at);
    CREATE INDEX by_status ON application (status, created_at);
    CREATE INDEX by_name ON application (name, created_at, status);
    CREATE INDEX by_patient ON application (patient, created_at);
    CREATE INDEX by_snils ON application (snils, created_at);
    CREATE TABLE cursor (only INTEGER PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE answer (id BLOB PRIMARY KEY, application BLOB NOT NULL, body TEXT NOT NULL);";

pub struct Sqlite(pub Connection);

/// The folded name as text: SQLite sorts it as we do.
fn name_of(application: &Application) -> String {
    fold(&application.patient.name.full()).into_iter().map(char::from).collect()
}

impl Sqlite {
    pub fn open(path: &Path) -> Self {
        let connection = Connection::open(path).unwrap();
        connection
            .execute_batch(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536; PRAGMA mmap_size=4294967296;",
            )
            .unwrap();
        Self(connection)
    }

    pub fn create(&self) {
        self.0.execute_batch(SCHEMA).unwrap();
    }

    pub fn apply(&mut self, applications: &[Application], cursor: &str) {
        let transaction = self.0.transaction().unwrap();
        {
            let mut insert = transaction
                .prepare_cached(
                    "INSERT INTO application (id, version, type, kind, status, created_at, patient, snils, name, oid, body)
                     VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)
                     ON CONFLICT (id) DO UPDATE SET version=excluded.version, type=excluded.type, kind=excluded.kind,
                       status=excluded.status, created_at=excluded.created_at, patient=excluded.patient,
                       snils=excluded.snils, name=excluded.name, oid=excluded.oid, body=excluded.body
                     WHERE excluded.version > application.version",
                )
                .unwrap();
            for one in applications {
                insert
                    .execute(params![
                        one.id.uuid().as_bytes(),
                        one.version.cast_signed(),
                        one.application_type as u8,
                        one.kind as u8,
                        one.status as u8,
                        one.created_at.timestamp(),
                        one.patient.guid.uuid().as_bytes(),
                        one.snils_digits().map(u64::cast_signed),
                        name_of(one),
                        one.organization.oid.as_str(),
                        serde_json::to_string(one).unwrap(),
                    ])
                    .unwrap();
            }
            let mut set = transaction.prepare_cached("INSERT OR REPLACE INTO cursor VALUES (0, ?1)").unwrap();
            set.execute([cursor]).unwrap();
        }
        transaction.commit().unwrap();
    }

    /// Rows of a list, in its order: what the index by name holds, so that the table need not be touched.
    pub fn list(&self, query: &Query, order: &str, limit: Option<usize>) -> usize {
        let (from, until) = query.period.instants(ZONE);
        let mut sql = String::from("SELECT row FROM application WHERE created_at >= ?1 AND created_at < ?2");
        if let Some(StatusFilter::Is(status)) = query.status {
            sql += &format!(" AND status = {}", status as u8);
        }
        if let Some(snils) = query.snils {
            sql += &format!(" AND snils = {}", snils.number());
        }
        if let Some(patient) = query.patient {
            sql += &format!(" AND patient = x'{}'", patient.uuid().simple());
        }
        let words = query.name.as_ref().map_or(&[] as &[Vec<u8>], |name| name.words());
        for word in words {
            let word: String = word.iter().copied().map(char::from).collect();
            sql += &format!(" AND instr(name, '{word}') > 0");
        }
        sql += &format!(" ORDER BY {order}");
        if let Some(limit) = limit {
            sql += &format!(" LIMIT {limit}");
        }
        let mut statement = self.0.prepare_cached(&sql).unwrap();
        let mut rows = statement.query(params![from.timestamp(), until.timestamp()]).unwrap();
        let mut count = 0;
        while let Some(row) = rows.next().unwrap() {
            let row: i64 = row.get(0).unwrap();
            std::hint::black_box(row);
            count += 1;
        }
        count
    }
}
