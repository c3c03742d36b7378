//! The in-memory columns of a store, and the query over them: filter, order, name search, changes, snapshot.
//!
//! Invariant: a pure function of the upserts and removals that it was given. What [`Worklist::run`] shows is
//! exactly what `Query::matches` and `Query::compare` say, settled or not; nothing here does I/O, reads a
//! clock or decides a status.
//!
//! A row is a dense number given at arrival: [`Row`]. Memory is about 120 bytes a row.
//!
//! How a query runs: its filter becomes a bitmap of rows (`filter`, `scan`), which is then read off along an
//! order that is kept ready (`order`, `settle`). Rows that came since the last settling are few; they are
//! filtered and sorted by themselves and merged in (`find`).

mod bitmap;
mod changes;
mod columns;
mod error;
mod filter;
mod find;
mod gallop;
mod links;
mod names;
mod order;
mod organizations;
mod radix;
mod row;
mod scan;
mod settle;
mod snapshot;
mod tag;
#[cfg(test)]
mod tests;
mod worklist;

pub use error::{BadSnapshot, UpsertError};
pub use find::Page;
pub use row::Row;
pub use snapshot::MAX_CHUNK_BYTES;
pub use worklist::{Changes, Worklist};
