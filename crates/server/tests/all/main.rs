//! The register over the real store: as a service, over HTTP, as a program.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::wildcard_enum_match_arm,
    reason = "tests"
)]

mod accounts;
mod api;
// Not by the crate of the test kit, which depends on this one.
#[path = "../../../testkit/src/authority.rs"]
#[allow(unreachable_pub, reason = "public there")]
mod authority;
mod common;
mod config;
mod control;
mod guessing;
mod hostile;
mod journal;
mod longpoll;
mod openapi;
mod passwords;
mod program;
mod roles;
mod service;
mod simulation;
mod tls;
