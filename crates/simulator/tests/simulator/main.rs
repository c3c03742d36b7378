//! The simulator from outside: its data, its gateway, its protocol, its faults, its program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod control;
mod data;
mod faults;
mod gateway;
mod people;
mod program;
mod protocol;
mod support;
