//! A region at work, in its real size: `cargo bench -p prikrep-tests --bench load`.
//!
//! 500 workstations on long polls, 1,000,000 applications pulled meanwhile and 50 answers a second, all on
//! this machine: gateway, register and workstations share its processors. `-- --applications 100000` shortens it.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use std::time::Duration;

use prikrep_testkit::Load;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let given = arguments.iter().position(|argument| argument == "--applications");
    let applications = given.and_then(|at| arguments.get(at + 1)).map_or(1_000_000, |text| text.parse().unwrap());
    let load = Load {
        applications,
        organizations: 250,
        workstations: 2,
        answers_per_sec: 50,
        answers: 1_000,
        most: Duration::from_secs(1_800),
    };
    println!("{load:?}");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let seen = runtime.block_on(load.run());
    let ms = |share: f64| format!("{:.1} ms", seen.within(share).as_secs_f64() * 1_000.0);
    println!();
    println!("| everything pulled and at every workstation | {:.1} s |", seen.took.as_secs_f64());
    println!("| records read by workstations | {} in {} pages |", seen.records, seen.pages);
    println!("| answers | {}, and {} superseded |", seen.answers.len(), seen.superseded);
    println!("| an answer: median, p95, p99, most | {}, {}, {}, {} |", ms(0.5), ms(0.95), ms(0.99), ms(1.0));
    println!("| open long polls | {} |", seen.open_polls);
    println!("| refused for a while (429, 503) | {:?} |", seen.later);
    println!("| anything else | {:?} |", seen.wrong);
    println!("| the register's memory at its most | {} MB |", seen.peak_memory >> 20);
}
