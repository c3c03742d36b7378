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
mod common;
mod config;
mod control;
mod guessing;
mod journal;
mod longpoll;
mod openapi;
mod passwords;
mod program;
mod roles;
mod service;
mod simulation;
