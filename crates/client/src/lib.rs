//! The workstation: everything that the window needs beside its views.
//!
//! Invariant: the thread that draws does no I/O and takes no lock that anyone holds for longer than a copy.

pub mod app;
#[cfg(windows)]
pub mod background;
pub mod demo;
pub mod dialogs;
pub mod export;
pub mod folders;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
pub mod notices;
pub mod settings;
pub mod vault;
pub mod window;

mod auditing;
mod durable;
mod entry;
mod events;
mod exporting;
mod hex;
mod open;
mod settings_keeper;
mod workplace;

#[cfg(test)]
#[cfg(target_os = "linux")]
mod private_bus;
