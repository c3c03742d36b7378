//! The controls and the whole window as a person meets them: found by their names, used by mouse and
//! keyboard.
#![allow(
    missing_docs,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests; the renderer counts in pixels"
)]

mod answer;
mod card;
mod controls;
mod dates;
mod desk;
mod drafts;
mod entry;
mod filter;
mod flows;
mod gallery;
mod given;
mod journal;
#[allow(
    dead_code,
    unreachable_pub,
    reason = "shared with the test kit, which cannot be a dependency here: it depends on all crates"
)]
#[path = "../../../testkit/src/given.rs"]
mod kit;
mod list;
mod office;
mod pictures;
mod renderer;
mod sections;
mod shell;
mod workstation;
