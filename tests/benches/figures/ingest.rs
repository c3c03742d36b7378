//! Ingest in pages of 1,000, and the same pages again.

use std::fs::File;
use std::io::Write;
use std::time::Duration;

use prikrep_store::{Key, Options, SledStore, Store};
use tempfile::TempDir;

use crate::data::{World, ZONE, now};
use crate::sqlite::Sqlite;
use crate::table::Table;
use crate::time;

pub struct Stores {
    pub folder: TempDir,
    pub ours: SledStore,
    pub sqlite: Sqlite,
}

pub fn options() -> Options {
    Options { key: Key::from_bytes([7; 32]), zone: ZONE, now: now(), scrub: false }
}

pub fn run(world: &World, table: &mut Table) -> Stores {
    let folder = tempfile::Builder::new().prefix("prikrep-figures").tempdir().unwrap();
    let ours = SledStore::open(&folder.path().join("ours"), options()).unwrap();
    let mut sqlite = Sqlite::open(&folder.path().join("sqlite.db"));
    sqlite.create();
    let mut log = File::create(folder.path().join("append")).unwrap();
    for (round, what) in ["ingest", "the same again"].into_iter().enumerate() {
        let (mut us, mut them, mut limit) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
        for page in world.pages() {
            us += time(|| ours.apply(&page, now()).unwrap());
            them += time(|| sqlite.apply(&page.applications, page.cursor.as_str()));
            if round == 0 {
                limit += time(|| append(&mut log, &page.applications));
            }
        }
        let limit = (round == 0).then_some(limit);
        table.times(&format!("{what}, pages of 1,000"), us, Some(them), limit);
    }
    assert_eq!(ours.census().applications as u64, world.size);
    ours.flush().unwrap();
    sqlite.0.execute_batch("ANALYZE; PRAGMA wal_checkpoint(TRUNCATE);").unwrap();
    let size = |name: &str| {
        let du = std::process::Command::new("du").arg("-sm").arg(folder.path().join(name)).output().unwrap();
        format!("{} MB", String::from_utf8_lossy(&du.stdout).split_whitespace().next().unwrap_or("?"))
    };
    table.words("on the disk", size("ours"), size("sqlite.db"));
    Stores { ours, sqlite, folder }
}

fn append(log: &mut File, applications: &[prikrep_domain::Application]) {
    let mut bytes = Vec::with_capacity(1 << 20);
    for application in applications {
        serde_json::to_writer(&mut bytes, application).unwrap();
    }
    log.write_all(&bytes).unwrap();
}
