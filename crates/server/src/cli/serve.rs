//! `prikrepd serve`: the register serves until it is asked to stop.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use prikrep_server::{Caller, Config, Loaded, OpenError, Server, StartError, init_logging};
use prikrep_store::StoreError;

use super::connection::in_words;
#[cfg(not(windows))]
use super::service_manager::ServiceManager;
#[cfg(windows)]
use super::windows::ServiceManager;

pub(crate) async fn serve(loaded: Loaded) -> anyhow::Result<ExitCode> {
    init_logging(&loaded.config.log)?;
    let stop = StopSignal::listen()?;
    serve_for(loaded, &ServiceManager::of_this_process(), stop).await
}

/// Serves under a service manager. The log has begun.
pub(crate) async fn serve_for(
    Loaded { config, warnings }: Loaded,
    manager: &ServiceManager,
    mut stop: StopSignal,
) -> anyhow::Result<ExitCode> {
    for warning in warnings {
        tracing::warn!(warning, "configuration");
    }
    let started = tokio::select! {
        // The manager is told first, even of a start that fails at once.
        biased;
        never = manager.opening() => match never {},
        started = Server::start(config.clone()) => started,
    };
    let running = match started {
        Ok(running) => running,
        Err(error) => return Err(not_started(error, &config).await.context("регистр не запущен")),
    };
    announce(&running.url()).context("адрес не удалось вывести")?;
    manager.ready(&running).await;
    tokio::select! {
        () = stop.arrived() => (),
        () = manager.attend(&running) => (),
    }
    manager.stopping();
    tracing::info!("stopping");
    tokio::select! {
        () = running.stop() => Ok(ExitCode::SUCCESS),
        // Asked twice: at once. What was accepted is durable already.
        () = stop.arrived() => Ok(ExitCode::FAILURE),
    }
}

async fn not_started(error: StartError, config: &Config) -> anyhow::Error {
    match error {
        StartError::Open(error @ OpenError::Store(StoreError::Locked { .. })) => {
            match Caller::find(&config.data_dir).await {
                Ok(Some(_)) => anyhow!("на папке {} регистр уже работает", config.data_dir.display()),
                Ok(None) | Err(_) => in_words(error, config),
            }
        }
        error @ (StartError::Listen { .. }
        | StartError::Open(_)
        | StartError::Syncing(_)
        | StartError::Control(_)
        | StartError::Tls(_)
        | StartError::PlainHttp(_)
        | StartError::Internal) => error.into(),
    }
}

fn announce(url: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "listening on {url}")?;
    out.flush()
}

/// The signals that ask the service to stop. Listened to before anything is started, so that none is missed.
pub(crate) struct StopSignal {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    /// Of a service, which has no console.
    #[cfg(windows)]
    service: Option<std::sync::Arc<tokio::sync::Notify>>,
}

impl StopSignal {
    #[cfg(unix)]
    fn listen() -> anyhow::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).context("сигналы остановки недоступны");
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    #[cfg(unix)]
    async fn arrived(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(windows)]
    #[allow(clippy::unnecessary_wraps, reason = "as where it may fail")]
    fn listen() -> anyhow::Result<Self> {
        Ok(Self { service: None })
    }

    #[cfg(windows)]
    pub(crate) fn of_service(asked: std::sync::Arc<tokio::sync::Notify>) -> Self {
        Self { service: Some(asked) }
    }

    #[cfg(windows)]
    async fn arrived(&mut self) {
        if let Some(asked) = &self.service {
            asked.notified().await;
        } else if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
