//! From a closed store to the first list, in a process of its own; its memory.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use prikrep_domain::{Query, StatusFilter};
use prikrep_store::{SledStore, Store};

use crate::data::{ZONE, all_time};
use crate::ingest::{Stores, options};
use crate::sqlite::Sqlite;
use crate::table::Table;

pub fn run(stores: Stores, table: &mut Table) {
    let Stores { folder, ours, sqlite } = stores;
    // As a kill would leave it: the files as they are while the store is open, the last answers and their
    // changes not in the snapshot.
    let killed = folder.path().join("killed");
    copy(&folder.path().join("ours"), &killed);
    drop((ours, sqlite));
    let measured = |kind: &str, name: &str| median(|| child_run(kind, &folder.path().join(name)));
    let (us, memory) = measured("ours", "ours");
    let (them, their_memory) = measured("sqlite", "sqlite.db");
    table.times("open to the first list", us, Some(them), None);
    let again = folder.path().join("again");
    let (after_kill, _) = median(|| {
        // Opening mends what the kill has left: each time a copy.
        copy(&killed, &again);
        let run = child_run("ours", &again);
        std::fs::remove_dir_all(&again).unwrap();
        run
    });
    table.times("open to the first list, after a kill", after_kill, Some(them), None);
    table.words("memory of a process with the list", format!("{memory} MB"), format!("{their_memory} MB"));
}

fn median(run: impl FnMut() -> (Duration, u64)) -> (Duration, u64) {
    let mut runs: Vec<_> = std::iter::repeat_with(run).take(3).collect();
    runs.sort();
    runs[1]
}

fn child_run(kind: &str, path: &Path) -> (Duration, u64) {
    let output = Command::new(std::env::current_exe().unwrap()).args(["--child", kind]).arg(path).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut numbers = text.split_whitespace().map(|number| number.parse::<u64>().unwrap());
    (Duration::from_micros(numbers.next().unwrap()), numbers.next().unwrap())
}

/// Opens a store, makes a list, prints microseconds and megabytes.
pub fn child(arguments: &[String]) {
    let path = Path::new(&arguments[1]);
    let query = Query { status: Some(StatusFilter::Is(prikrep_domain::Status::Sent)), ..all_time() };
    let start = Instant::now();
    if arguments[0] == "ours" {
        let store = SledStore::open(path, options()).unwrap();
        store.with_list(|list| list.find(&query, ZONE, 0, 50));
        let elapsed = start.elapsed();
        assert!(store.census().damage.is_empty());
        println!("{} {}", elapsed.as_micros(), resident_mb());
    } else {
        let sqlite = Sqlite::open(path);
        sqlite.list(&query, "created_at DESC", Some(50));
        println!("{} {}", start.elapsed().as_micros(), resident_mb());
    }
}

fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
            // The store had committed it: opening must not wait for what only the copy has not written yet.
            std::fs::File::open(target).unwrap().sync_all().unwrap();
        }
    }
}
