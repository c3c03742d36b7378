//! What must hold of everything that is read from outside: one function a fuzz target, which panics when it does not.
//!
//! `tests/fuzz` runs them under cargo-fuzz; `tests/replay.rs` here runs them over the corpus on any compiler.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod asked;
mod connection;
mod files;
mod list;
mod pieces;
mod sealed;
mod stored;
mod wire;

pub use asked::{identifiers, parameters};
pub use connection::requests;
pub use files::{configuration, directory, profile, settings};
pub use list::{columns, written};
pub use sealed::{backup, journal, sealing};
pub use stored::values;
pub use wire::{bodies, page, problem};

/// A target: what it is given must not make it panic.
pub type Target = fn(&[u8]);

/// All targets, by the names of their programs and of the folders of their corpora.
pub const TARGETS: [(&str, Target); 15] = [
    ("backup", backup),
    ("bodies", bodies),
    ("columns", columns),
    ("configuration", configuration),
    ("directory", directory),
    ("identifiers", identifiers),
    ("journal", journal),
    ("page", page),
    ("parameters", parameters),
    ("problem", problem),
    ("profile", profile),
    ("requests", requests),
    ("sealing", sealing),
    ("settings", settings),
    ("values", values),
];
