//! The controls as a person meets them: found by their names, used by mouse and keyboard.
#![allow(
    missing_docs,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests; the renderer counts in pixels"
)]

mod controls;
mod dates;
mod desk;
mod gallery;
mod renderer;
