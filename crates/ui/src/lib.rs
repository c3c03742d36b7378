//! The window's views. A view reads a snapshot and returns actions; nothing here is async, takes a lock or
//! does I/O.

mod settings;
pub mod texts;
pub mod theme;
pub mod widgets;

pub use settings::{Settings, ThemeChoice};
