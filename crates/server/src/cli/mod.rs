//! The command line: what may be said, and what answers it.

mod arguments;
mod commands;
mod connection;
mod files;
mod journal;
mod output;
mod passwords;
mod serve;
#[cfg(not(windows))]
mod service_manager;
mod tables;
#[cfg(windows)]
mod windows;
#[cfg(any(windows, test))]
mod windows_sample;

use std::io::Write;
use std::process::ExitCode;

pub(crate) use arguments::Arguments;
pub(crate) use commands::run;

/// Called wrongly: exit status 2, like the wrong usage of a flag.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// Tells a failure in words and gives its exit status.
pub(crate) fn failed(error: &anyhow::Error) -> ExitCode {
    // There is nobody left to tell when standard error is closed.
    let _ = writeln!(std::io::stderr(), "prikrepd: {}", words(error));
    ExitCode::from(if error.is::<Usage>() { 2 } else { 1 })
}

/// A failure with its causes.
fn words(error: &anyhow::Error) -> String {
    let mut causes = error.chain().map(ToString::to_string);
    let mut words = causes.next().unwrap_or_default();
    for cause in causes {
        // Transparent errors repeat their source.
        if !words.ends_with(&cause) {
            words = format!("{words}: {cause}");
        }
    }
    words
}
