//! The domain held to its description: the transition as one table, the invariants under random events,
//! the words of every mistake, the shapes on the wire and in stored values, and what a list shows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod fields;
#[allow(
    unreachable_pub,
    reason = "shared with the test kit, which cannot be a dependency here: it depends on all crates"
)]
#[path = "../../../testkit/src/given.rs"]
mod given;
mod list;
mod machine;
mod stored;
mod table;
mod unreadable;
mod wire;
