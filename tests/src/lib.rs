//! What the workspace-wide tests share: the protocol as a judge of what our programs say.
//!
//! Only tests use it: it panics, with words, when the protocol's own text is not what it expects.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod protocol;

pub use protocol::{Operation, Protocol};
