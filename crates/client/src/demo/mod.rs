//! The demo: the whole road on one computer, on temporary folders and free ports.
//!
//! Invariant: nothing is pretended. Gateway, register and workstation are the real ones over real HTTP, and
//! what is shown was read from them.

mod places;
mod show;
mod story;
mod terminal;

pub use places::{Amount, Places};
pub(crate) use places::{LOGIN, PASSWORD, Workstation};
pub use terminal::run as run_in_terminal;
