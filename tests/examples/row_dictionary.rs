//! Trains the dictionary by which the store packs its rows, on generated applications.
//!
//! `cargo run --release -p prikrep-tests --example row_dictionary -- FILE`. A dictionary that rows were written with never
//! changes: a better one is of another version of rows, beside the old one.
#![allow(clippy::unwrap_used, reason = "a tool of the workspace")]

use chrono::{TimeZone, Utc};
use prikrep_simulator::{Gateway, Scale};

const BYTES: usize = 16 << 10;

fn main() {
    let file = std::env::args().nth(1).unwrap_or_else(|| "crates/store/assets/rows-2.dictionary".to_owned());
    let start = Utc.with_ymd_and_hms(2026, 11, 23, 4, 0, 0).unwrap();
    // Other people and organizations than those of the tests and the figures.
    let gateway = Gateway::new(Scale { applications: 20_000, organizations: 150, seed: 2_026, start }).unwrap();
    let mut bodies = Vec::new();
    let mut after = None;
    loop {
        let page = gateway.feed(after.as_deref(), 1_000).unwrap();
        bodies.extend(page.changes.iter().map(|one| rmp_serde::to_vec(one).unwrap()));
        after = Some(page.cursor.to_string());
        if !page.has_more {
            break;
        }
    }
    let dictionary = zstd::dict::from_samples(&bodies, BYTES).unwrap();
    std::fs::write(file, dictionary).unwrap();
}
