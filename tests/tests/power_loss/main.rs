//! A loss of power at every write: a store at work is recorded, call by call, and after each of them the folder is
//! built as a disk without power would leave it. Everything that was acknowledged before has to be in it.
//!
//! `PRIKREP_POWER_SEEDS` (2 by default) is how many ways of keeping a part of what was not synced are tried at
//! every call, beside the one in which nothing of it is kept.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod platter;
mod script;

use std::collections::HashSet;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use prikrep_testkit::disk::{Done, again_on_a_disk, is_on_a_disk};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

use platter::Platter;
use script::Script;

const NAME: &str = "whenever_the_power_is_lost_nothing_acknowledged_is";
const AT_ONCE: usize = 2;

/// One way in which the folder may be found after the loss.
struct Trial {
    /// How many calls were made.
    calls: usize,
    /// How many steps were acknowledged.
    acknowledged: usize,
    platter: Platter,
    /// What is kept of what was not synced; nothing without a seed.
    seed: Option<u64>,
}

#[test]
fn whenever_the_power_is_lost_nothing_acknowledged_is() {
    let script = Script::new();
    if is_on_a_disk() {
        // The same test, started by itself: the program that is recorded.
        return script.perform(Path::new(&std::env::var_os("DISK_FOLDER").unwrap()));
    }
    let done = again_on_a_disk(NAME, true).recorded();
    let syncs = done.iter().filter(|done| matches!(done, Done::Synced(_))).count();
    let trials = trials(&done);
    println!("{} calls, {syncs} syncs, {} steps, {} trials", done.len(), script.len(), trials.len());
    assert!(syncs > script.len(), "every step is made durable: {syncs} syncs for {} steps", script.len());
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(trial) = trials.get(next.fetch_add(1, Ordering::SeqCst)) {
                    if let Err(words) = tried(&script, trial) {
                        let Trial { calls, acknowledged, seed, .. } = trial;
                        let words = format!("after {calls} calls, {acknowledged} steps, seed {seed:?}: {words}");
                        failures.lock().unwrap().push(words);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    let shown: Vec<&String> = failures.iter().take(10).collect();
    assert!(failures.is_empty(), "{} of {} trials: {shown:#?}", failures.len(), trials.len());
}

fn trials(done: &[Done]) -> Vec<Trial> {
    let seeds = std::env::var("PRIKREP_POWER_SEEDS").map_or(2, |text| text.parse().expect("a number"));
    let (mut platter, mut acknowledged, mut seen, mut trials) = (Platter::default(), 0, HashSet::new(), Vec::new());
    for (calls, done) in done.iter().enumerate() {
        platter.take(done);
        if let Done::Said(words) = done {
            let said = words.split("done ").skip(1).filter_map(|rest| rest.lines().next()?.parse().ok());
            acknowledged = said.last().unwrap_or(acknowledged);
        }
        let trial = |seed| Trial { calls, acknowledged, platter: platter.clone(), seed };
        // Between two syncs nothing becomes certain: the folder without the rest is the same.
        if seen.insert((acknowledged, platter.certain())) {
            trials.push(trial(None));
        }
        if !matches!(done, Done::Said(_)) {
            trials.extend((0..seeds).map(|seed| trial(Some(seed * 1_000_003 + calls as u64))));
        }
    }
    trials
}

/// Builds the folder after the loss and opens what is in it.
fn tried(script: &Script, trial: &Trial) -> Result<(), String> {
    // In memory where there is room for it: the builder's own writes need not last.
    let memory = Path::new("/dev/shm");
    let within = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let folder = TempDir::with_prefix_in("prikrep-test-", within).unwrap();
    let mut dice = trial.seed.map(ChaCha8Rng::seed_from_u64);
    trial.platter.leave(folder.path(), dice.as_mut());
    script.check(folder.path(), trial.acknowledged)
}
