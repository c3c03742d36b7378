//! Logs, on standard error: standard output is for what was asked for.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::config::{LogConfig, LogFormat, LogLevel};

/// Begins to log. A second call changes nothing.
pub fn init(config: &LogConfig) {
    let level = match config.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    // Only our own crates below warnings: others' details may quote what they carry.
    let ours = ["prikrepd", "prikrep_server", "prikrep_daemon", "prikrep_store", "prikrep_worklist"];
    let foreign = level.min(LevelFilter::WARN);
    let filter =
        ours.iter().map(|name| format!("{name}={level}")).fold(foreign.to_string(), |all, one| all + "," + &one);
    let builder = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(filter)).with_writer(std::io::stderr);
    let started = match config.format {
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
        LogFormat::Text => builder.with_ansi(false).try_init(),
    };
    if started.is_ok() {
        // A panic's message may quote anything: the place is enough to find it.
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(place, "a part of the program panicked");
        }));
    }
}
