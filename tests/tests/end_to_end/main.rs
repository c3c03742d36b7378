//! The whole road on real HTTP: gateway, register, workstation, as processes and in this one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod backup;
mod clock;
mod commands;
#[cfg(target_os = "linux")]
mod disk;
mod kill;
mod load;
mod monitoring;
#[cfg(unix)]
mod privacy;
mod protocol_paths;
mod road;
mod tls;
#[cfg(unix)]
mod told;
