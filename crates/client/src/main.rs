//! `prikrep`: the workstation's program.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use prikrep_client::app::{DEMO, Start};
use prikrep_client::demo::{Amount, Places, run_in_terminal};
use prikrep_client::folders::Folders;
use prikrep_client::window;
use tracing_subscriber::EnvFilter;

/// A pull allocates millions of small strings on one thread and frees them on another: glibc's allocator takes
/// about a quarter more processor time for it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Прикрепление онлайн: рабочее место регистратора. Без команды открывает окно.
#[derive(Debug, Parser)]
#[command(name = "prikrep", version = prikrep_daemon::VERSION)]
struct Arguments {
    /// Адрес регистра; запоминается для следующих запусков
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Файл сертификатов региона (PEM), которым верят вместе с системными; запоминается так же, "" забывает
    #[arg(long, value_name = "ФАЙЛ")]
    ca_file: Option<String>,
    /// Папка для настроек и местных данных вместо обычной
    #[arg(long, value_name = "ПАПКА", global = true)]
    data_dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Шлюз, регистр и рабочее место на этом компьютере: заявления приходят, ответы доставляются
    Demo(DemoArguments),
}

#[derive(Debug, clap::Args)]
struct DemoArguments {
    /// В терминале, без окна
    #[arg(long)]
    terminal: bool,
    /// Сколько заявлений у шлюза (в окне 5000, в терминале 2000)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(100..=1_000_000))]
    applications: Option<u64>,
    /// Число, из которого получаются данные: то же число — те же заявления
    #[arg(long, value_name = "N", default_value_t = DEMO.seed)]
    seed: u64,
    /// В терминале: не останавливаться в конце, пока не нажать Ctrl+C
    #[arg(long)]
    stay: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("prikrep: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// A line on standard error. With that closed there is nobody left to tell.
fn say(words: &str) {
    let _ = writeln!(std::io::stderr(), "{words}");
}

fn run(arguments: Arguments) -> Result<()> {
    let Arguments { server, ca_file, data_dir, command } = arguments;
    let ca_file = ca_file.map(absolute).transpose()?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("не удалось запустить потоки")?;
    let Some(Command::Demo(demo)) = command else {
        window::display().map_err(anyhow::Error::msg)?;
        let folders = Folders::find(data_dir.as_deref())?;
        return window::open(Start { folders, server, ca_file, demo: None, runtime: runtime.handle().clone() });
    };
    let terminal = if demo.terminal {
        true
    } else if let Err(why) = window::display() {
        say(&format!("{why} Показываю в терминале."));
        true
    } else {
        false
    };
    let usual = if terminal { 2_000 } else { DEMO.applications };
    let amount = Amount { applications: demo.applications.unwrap_or(usual), seed: demo.seed, ..DEMO };
    if terminal {
        return runtime.block_on(run_in_terminal(Amount { rate: 0.0, ..amount }, demo.stay));
    }
    let places = runtime.block_on(Places::start(amount))?;
    // The demo leaves no trace: its settings lie in its own folder, unless another is given.
    let folders = Folders::find(Some(&data_dir.unwrap_or_else(|| places.settings_folder())))?;
    window::open(Start { folders, server, ca_file, demo: Some(places), runtime: runtime.handle().clone() })
}

/// The program may be started from another folder next time.
fn absolute(path: String) -> Result<String> {
    if path.is_empty() {
        return Ok(path);
    }
    let whole = std::path::absolute(&path).with_context(|| format!("--ca-file {path}: такого пути не бывает"))?;
    whole.into_os_string().into_string().map_err(|_| anyhow::anyhow!("--ca-file {path}: путь не записать буквами"))
}
