//! The workstation: everything that the window needs beside its views.
//!
//! Invariant: the thread that draws does no I/O and takes no lock that anyone holds for longer than a copy.

pub mod dialogs;
pub mod export;
pub mod folders;
pub mod notices;
pub mod settings;
pub mod vault;

mod durable;
mod hex;

#[cfg(test)]
#[cfg(target_os = "linux")]
mod private_bus;
