//! `prikrepd`: the regional register, and the administrator's commands.
//!
//! Exit status: 0 done, 1 failed, 2 called wrongly.

mod cli;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

/// A pull allocates millions of small strings on one thread and frees them on another: glibc's allocator takes
/// about a quarter more processor time for it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return cli::failed(&anyhow::Error::new(error)),
    };
    let ended = runtime.block_on(cli::run(arguments));
    // Whatever still blocks (a check of the whole store) need not come to its end.
    runtime.shutdown_timeout(Duration::from_millis(500));
    match ended {
        Ok(code) => code,
        Err(error) => cli::failed(&error),
    }
}
