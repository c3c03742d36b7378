//! The workstation: everything that the window needs beside its views.
//!
//! Invariant: the thread that draws does no I/O and takes no lock that anyone holds for longer than a copy.

pub mod app;
pub mod demo;
mod entry;
mod exporting;
mod settings_keeper;
pub mod window;
mod workplace;
