//! The demo: the whole road on one computer, on temporary folders and free ports.
//!
//! Invariant: nothing is pretended. Gateway, register and workstation are the real ones over real HTTP, and
//! what is printed was read from them.

mod places;
mod show;
mod story;

use anyhow::Result;

use places::Places;
use show::line;

/// What the demo can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// В терминале, без окна.
    #[arg(long, required = true)]
    terminal: bool,
    /// Сколько заявлений у шлюза.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(100..=1_000_000))]
    applications: u64,
    /// Число, из которого получаются данные: то же число — те же заявления.
    #[arg(long, default_value_t = 22)]
    seed: u64,
    /// Не останавливаться в конце: всё работает, пока не нажать Ctrl+C.
    #[arg(long)]
    stay: bool,
}

/// Starts everything, tells the story, stops everything.
pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let places = Places::start(arguments.applications, arguments.seed).await?;
    let told = tell(&places, arguments).await;
    let stopped = places.stop().await;
    told?;
    stopped?;
    line("Всё остановлено, временная папка удалена.")
}

async fn tell(places: &Places, arguments: &Arguments) -> Result<()> {
    story::pull(places).await?;
    story::answer_everything(places).await?;
    story::what_next(places, arguments.stay)?;
    if arguments.stay {
        tokio::signal::ctrl_c().await?;
    }
    Ok(())
}
