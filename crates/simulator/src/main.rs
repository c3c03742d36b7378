//! `prikrep-simulator`: the simulator as a program. The first line on standard output says where it listens.

use std::io::{self, IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::Context as _;
use chrono::{DateTime, SubsecRound as _, Utc};
use clap::Parser;
use prikrep_domain::Credentials;
use prikrep_simulator::{
    DEFAULT_LOGIN, DEFAULT_PASSWORD, MAX_APPLICATIONS, MAX_ORGANIZATIONS, MAX_RATE, Options, Scale, Simulator,
};
use tracing_subscriber::EnvFilter;

const AFTER_HELP: &str = "\
Управление (JSON, без входа):
  GET, POST, DELETE /control/faults   правила сбоев: показать, задать, снять
  POST /control/arrive {\"count\": 3}   новые заявления сейчас
  POST /control/epoch                 новая эпоха: прежние курсоры получат 410
  POST /control/forget {\"id\": \"…\"}    забыть заявление
  GET  /control/answers               принятые ответы и сколько раз каждый подействовал

Правила сбоев: {\"seed\": 7, \"rules\": [
    {\"fault\": \"status\", \"status\": 503, \"retry_after_secs\": 2, \"on\": \"feed\", \"probability\": 0.1},
    {\"fault\": \"drop_after\", \"on\": \"answers\", \"count\": 5}]}
  fault: latency (latency_ms), status (429, 500, 503), drop_before, drop_after, cut_body, truncate,
         malformed (malformation, replace), expire_cursor, expire_sessions
  on: any, sessions, feed, applications, answers, directory
  malformation: unknown_status, unknown_type, wrong_type, missing_field, date_out_of_range, oversized,
                not_an_object, duplicate, stale_version

Код возврата: 0 — остановлен по сигналу, 1 — ошибка, 2 — неверные аргументы.";

/// Имитатор федерального сервиса: раздаёт придуманные заявления и принимает ответы.
#[derive(Parser)]
#[command(version, after_help = AFTER_HELP)]
struct Arguments {
    /// Адрес и порт; порт 0 — любой свободный
    #[arg(long, value_name = "АДРЕС", default_value = "127.0.0.1:9000")]
    listen: SocketAddr,
    /// Сколько заявлений есть с самого начала
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(..=MAX_APPLICATIONS))]
    applications: u64,
    /// Сколько медицинских организаций
    #[arg(long, value_name = "M", default_value_t = 12, value_parser = organizations)]
    organizations: usize,
    /// Зерно: одинаковые зерно и --now дают одинаковые данные
    #[arg(long, value_name = "S", default_value_t = 22)]
    seed: u64,
    /// Сколько новых заявлений приходит в секунду
    #[arg(long, value_name = "ЧИСЛО", default_value_t = 0.0, value_parser = rate)]
    rate: f64,
    /// Момент, до которого поданы заявления, RFC 3339; обычно — время запуска
    #[arg(long, value_name = "ВРЕМЯ")]
    now: Option<DateTime<Utc>>,
    /// Логин учётной записи
    #[arg(long, value_name = "ЛОГИН", default_value = DEFAULT_LOGIN)]
    login: String,
    /// Пароль учётной записи
    #[arg(long, value_name = "ПАРОЛЬ", env = "PRIKREP_SIMULATOR_PASSWORD", hide_env_values = true, default_value = DEFAULT_PASSWORD)]
    password: String,
    /// Сколько секунд длится сеанс
    #[arg(long, value_name = "СЕКУНД", default_value_t = 43_200, value_parser = clap::value_parser!(u32).range(1..))]
    session_secs: u32,
    /// Журнал в виде JSON
    #[arg(long)]
    log_json: bool,
}

fn organizations(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=MAX_ORGANIZATIONS).contains(number));
    number.ok_or_else(|| format!("целое число от 1 до {MAX_ORGANIZATIONS}"))
}

fn rate(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (0.0..=MAX_RATE).contains(number));
    number.ok_or_else(|| format!("число от 0 до {MAX_RATE}"))
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log_to_standard_error(arguments.log_json);
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Without standard error there is nowhere left to say it.
            let _ = writeln!(io::stderr().lock(), "prikrep-simulator: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn log_to_standard_error(json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    if json {
        log.json().init();
    } else {
        log.with_ansi(io::stderr().is_terminal()).init();
    }
}

#[tokio::main]
async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let start = arguments.now.unwrap_or_else(|| Utc::now().trunc_subsecs(0));
    let options = Options {
        listen: arguments.listen,
        scale: Scale {
            applications: arguments.applications,
            organizations: arguments.organizations,
            seed: arguments.seed,
            start,
        },
        rate: arguments.rate,
        account: Credentials { login: arguments.login, password: arguments.password },
        session_secs: arguments.session_secs,
    };
    let stop = asked_to_stop().context("Не удалось следить за сигналами")?;
    let running = Simulator::start(options).await?;
    let mut out = io::stdout().lock();
    writeln!(out, "listening on {}", running.url()).and_then(|()| out.flush()).context("Не удалось вывести адрес")?;
    drop(out);
    stop.await;
    tracing::info!("stopping");
    running.stop().await;
    Ok(())
}

/// Ends with the first signal that comes after this call, awaited or not.
#[cfg(unix)]
fn asked_to_stop() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(windows)]
fn asked_to_stop() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
