//! `prikrep`: the workstation's program. For now its terminal demo.

mod demo;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A pull allocates millions of small strings on one thread and frees them on another: glibc's allocator takes
/// about a quarter more processor time for it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Прикрепление онлайн: рабочее место регистратора.
#[derive(Debug, Parser)]
#[command(name = "prikrep", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Шлюз, регистр и рабочее место на этом компьютере: заявления приходят, ответы доставляются.
    Demo(demo::Arguments),
}

fn main() -> ExitCode {
    let Arguments { command: Command::Demo(arguments) } = Arguments::parse();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(demo::run(&arguments)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write;
            // With standard error closed there is nobody left to tell.
            let _ = writeln!(std::io::stderr(), "prikrep: {error:#}");
            ExitCode::FAILURE
        }
    }
}
