//! The daemon against upstreams that misbehave: in process with paused time, and over HTTP on loopback.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

// Not by the crate of the test kit, which depends on this one.
#[path = "../../../testkit/src/authority.rs"]
#[allow(unreachable_pub, reason = "public there")]
mod authority;
mod client;
mod faulty_store;
mod fixture;
mod gateway;
mod hostile;
mod logging;
mod pulling;
mod pushing;
mod reporting;
mod running;
mod seeds;
mod server;
mod trust;
