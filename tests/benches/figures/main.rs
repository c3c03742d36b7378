//! The figures of the product, in one run: ours, SQLite doing the same, and the limit of the machine.
//!
//! `cargo bench -p prikrep-tests` prints the whole table; `-- --sizes 100000` and `-- --only query` shorten
//! it. Measurements of one line are interleaved, so that a machine that slows down slows all of them.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::panic
)]

mod answering;
mod data;
mod ingest;
mod opening;
mod pulling;
mod queries;
mod sqlite;
mod table;

use std::time::{Duration, Instant};

use table::Table;

/// As the programs have it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long something takes.
pub fn time<T>(run: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    std::hint::black_box(run());
    start.elapsed()
}

/// The medians of several runs, each round all of them in turn.
pub fn interleaved<const N: usize>(rounds: usize, mut runs: [&mut dyn FnMut(); N]) -> [Duration; N] {
    let mut times = [const { Vec::new() }; N];
    for _ in 0..rounds {
        for (run, times) in runs.iter_mut().zip(&mut times) {
            times.push(time(run));
        }
    }
    times.map(|mut times| {
        times.sort();
        times[times.len() / 2]
    })
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, child, rest @ ..] = arguments.as_slice()
        && child == "--child"
    {
        return opening::child(rest);
    }
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let sizes = value("--sizes").unwrap_or_else(|| "100000,1000000".into());
    let only = value("--only");
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    for size in sizes.split(',').map(|size| size.parse::<u64>().expect("a number of records")) {
        println!("\n{size} records\n");
        let mut table = Table::default();
        if ["ingest", "query", "answer", "open"].into_iter().any(wanted) {
            let world = data::World::new(size);
            let mut stores = ingest::run(&world, &mut table);
            if wanted("query") {
                queries::run(&world, &stores, &mut table);
            }
            if wanted("answer") {
                answering::run(&mut stores, &mut table);
            }
            if wanted("open") {
                opening::run(stores, &mut table);
            }
        }
        if wanted("pull") {
            pulling::run(size, &mut table);
        }
        table.print();
    }
}
