//! The daemon against upstreams that misbehave: in process with paused time, and over HTTP on loopback.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod client;
mod faulty_store;
mod fixture;
mod gateway;
mod hostile;
mod logging;
mod pulling;
mod pushing;
mod running;
mod seeds;
mod server;
