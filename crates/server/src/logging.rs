//! Logs, on standard error or in a folder, a file a day: standard output is for what was asked for.

use std::path::PathBuf;

use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

use crate::config::{LogConfig, LogFormat, LogLevel};

/// The files of the log cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("журнал в папке {} не ведётся: проверьте log.dir и права", dir.display())]
pub struct LogError {
    /// The folder.
    pub dir: PathBuf,
    /// Why.
    pub source: tracing_appender::rolling::InitError,
}

/// Begins to log. A second call changes nothing.
///
/// # Errors
/// [`LogError`]; nothing is logged then.
pub fn init(config: &LogConfig) -> Result<(), LogError> {
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
    let builder = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(filter)).with_writer(writer(config)?);
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
    Ok(())
}

fn writer(config: &LogConfig) -> Result<BoxMakeWriter, LogError> {
    let Some(dir) = &config.dir else { return Ok(BoxMakeWriter::new(std::io::stderr)) };
    // Days are those of UTC.
    let files = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("prikrepd")
        .filename_suffix("log")
        .max_log_files(config.keep_files);
    let files = files.build(dir).map_err(|source| LogError { dir: dir.clone(), source })?;
    Ok(BoxMakeWriter::new(files))
}
