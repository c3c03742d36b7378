//! The store: the only crate that names sled. Two databases in one locked folder: the desk (answers,
//! drafts, accounts: what exists nowhere else) and the cache (applications, cursor, quarantine: what the
//! upstream can give again), every value sealed; the columns of the cache are in memory.
//!
//! Invariants: an answer is durable before anybody is told; the cursor follows its page; damage is noticed,
//! set aside and told in words; what is shown can always be recomputed from the base and the outbox.

mod answering;
mod api;
mod backup;
mod cache;
mod checking;
mod codec;
mod columns;
mod database;
mod desk;
mod disk;
mod error;
mod folder;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod journal;
mod key;
mod opening;
mod outbox;
mod packing;
mod publishing;
mod reading;
mod receiving;
mod reopening;
mod salvage;
mod seal;
mod shared;
mod sled_store;

pub use api::*;
pub use database::once_closed;
pub use disk::DiskTrouble;
pub use error::StoreError;
pub use key::Key;
pub use sled_store::{Options, SledStore};
