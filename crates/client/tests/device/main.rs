//! A workstation without pixels: the application of the window, driven by its actions and read by its
//! snapshots, against a real register and a real gateway over HTTP on the loopback.
//!
//! No test sleeps: a device is looked at when it asks to be drawn, as the window is.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "tests"
)]
#![expect(unreachable_pub, reason = "modules of one test program")]

mod arrivals;
mod cable;
mod device;
#[cfg(target_os = "linux")]
mod disk;
mod drafts;
mod export;
mod figures;
mod journal;
mod lock;
mod offline;
mod region;
mod releases;
mod sign_in;
mod together;
