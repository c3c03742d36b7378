//! `prikrep`: the workstation's program.
//!
//! On Windows it has no console of its own. What it would print there is told in a dialog; the installed `prikrep.com`
//! is the same program for consoles, which find it first by the name `prikrep`.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use prikrep_client::app::{DEMO, Start};
#[cfg(windows)]
use prikrep_client::background::{self, Background, Wish};
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
    /// Начать без окна, значком в области уведомлений; закрытое окно тогда прячется в неё
    #[cfg(windows)]
    #[arg(long)]
    hidden: bool,
    /// Попросить открытую программу завершиться
    #[cfg(windows)]
    #[arg(long, conflicts_with = "hidden")]
    quit: bool,
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
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if has_output() => error.exit(),
        Err(error) => {
            say(&error.render().to_string());
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(u8::MAX));
        }
    };
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

/// Whether there is somewhere to print to: a program of Windows without a console has no outputs at all.
fn has_output() -> bool {
    #[cfg(windows)]
    return !std::os::windows::io::AsRawHandle::as_raw_handle(&std::io::stderr()).is_null();
    #[cfg(not(windows))]
    true
}

/// A line on standard error, or a dialog where there is none. With that closed there is nobody left to tell.
fn say(words: &str) {
    if has_output() {
        let _ = writeln!(std::io::stderr(), "{words}");
    } else {
        rfd::MessageDialog::new().set_title(window::TITLE).set_description(words).show();
    }
}

fn run(arguments: Arguments) -> Result<()> {
    #[cfg(windows)]
    let (hidden, quit) = (arguments.hidden, arguments.quit);
    let Arguments { server, ca_file, data_dir, command, .. } = arguments;
    let ca_file = ca_file.map(absolute).transpose()?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("не удалось запустить потоки")?;
    let Some(Command::Demo(demo)) = command else {
        window::display().map_err(anyhow::Error::msg)?;
        let folders = Folders::find(data_dir.as_deref())?;
        #[cfg(windows)]
        if quit {
            return background::ask(&folders, Wish::Quit).map(drop);
        }
        #[cfg(windows)]
        let Some(background) = Background::claim(&folders, hidden, runtime.handle())? else { return Ok(()) };
        let start = Start { folders, server, ca_file, demo: None, runtime: runtime.handle().clone() };
        return window::open(
            start,
            #[cfg(windows)]
            Some(background),
        );
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
        anyhow::ensure!(has_output(), "здесь нет терминала: наберите prikrep.com demo --terminal");
        return runtime.block_on(run_in_terminal(Amount { rate: 0.0, ..amount }, demo.stay));
    }
    let places = runtime.block_on(Places::start(amount))?;
    // The demo leaves no trace: its settings lie in its own folder, unless another is given.
    let folders = Folders::find(Some(&data_dir.unwrap_or_else(|| places.settings_folder())))?;
    let start = Start { folders, server, ca_file, demo: Some(places), runtime: runtime.handle().clone() };
    window::open(
        start,
        #[cfg(windows)]
        None,
    )
}

/// The program may be started from another folder next time.
fn absolute(path: String) -> Result<String> {
    if path.is_empty() {
        return Ok(path);
    }
    let whole = std::path::absolute(&path).with_context(|| format!("--ca-file {path}: такого пути не бывает"))?;
    whole.into_os_string().into_string().map_err(|_| anyhow::anyhow!("--ca-file {path}: путь не записать буквами"))
}
