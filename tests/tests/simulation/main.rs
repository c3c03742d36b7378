//! A simulation by seed: three workstations, a register and a gateway, with random faults between them and
//! restarts at random points. Afterwards every answer that was acknowledged has been delivered exactly once
//! or refused with a reason that its author can see, all hops agree, and nothing is stuck.
//!
//! The same seed makes the same run. `PRIKREP_SIMULATION_SEEDS=5000 cargo test -p prikrep-tests --test
//! simulation` runs longer; `PRIKREP_SIMULATION_SEED=17` runs one.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout
)]

mod links;
mod nodes;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use world::{End, World};

/// How many seeds a run of the tests takes.
const SEEDS: u64 = 200;
/// How many things happen before the world comes to rest.
const STEPS: u32 = 160;
/// Worlds wait for their disks: several of them at once.
const AT_ONCE: usize = 4;

#[test]
fn every_acknowledged_answer_arrives_once_and_all_hops_agree() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let seeds = match number("PRIKREP_SIMULATION_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("PRIKREP_SIMULATION_SEEDS").unwrap_or(SEEDS),
    };
    let next = AtomicU64::new(seeds.start);
    let total = Mutex::new(End::default());
    let next_seed = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed < seeds.end);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(seed) = next_seed() {
                    total.lock().add(&run(seed));
                }
            });
        }
    });
    let End { delivered, refused, restarts } = total.into_inner();
    println!("{seeds:?}: {delivered} answers delivered, {refused} refused, {restarts} restarts");
    assert!(delivered > 0 && restarts > 0, "a simulation in which nothing happens proves nothing");
}

fn run(seed: u64) -> End {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = std::panic::AssertUnwindSafe(|| runtime.block_on(World::new(seed).run(STEPS)));
    std::panic::catch_unwind(world).unwrap_or_else(|panic| {
        println!("the seed was {seed}: PRIKREP_SIMULATION_SEED={seed} runs it again");
        std::panic::resume_unwind(panic)
    })
}
