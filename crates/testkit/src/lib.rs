//! For tests only: builders, temporary stores, a region in miniature, our programs as real
//! processes, a client of their API.
//!
//! It panics, with words, when something that a test stands on is not there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod api;
mod authority;
#[cfg(target_os = "linux")]
pub mod disk;
pub mod given;
#[cfg(unix)]
mod load;
pub mod programs;
mod region;
mod site;
mod stores;
mod workstation;

pub use api::{Api, Reply};
pub use authority::{Authority, Issued};
pub use given::{ZONE, draft_of};
#[cfg(unix)]
pub use load::{Load, Outcome};
pub use region::{PASSWORD, Region, start};
pub use site::{Gateway, Site};
pub use stores::StoreFolder;
pub use workstation::Workstation;
