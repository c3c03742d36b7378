//! `prikrepd serve`: the register as a service.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use prikrep_server::{Caller, Config, Loaded, OpenError, Server, StartError, init_logging};
use prikrep_store::StoreError;

use super::connection::in_words;
use super::service_manager::ServiceManager;

pub(crate) async fn serve(Loaded { config, warnings }: Loaded) -> anyhow::Result<ExitCode> {
    init_logging(&config.log);
    for warning in warnings {
        tracing::warn!(warning, "configuration");
    }
    let mut stop = StopSignal::listen()?;
    let manager = ServiceManager::of_this_process();
    manager.opening();
    let running = match Server::start(config.clone()).await {
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
struct StopSignal {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
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

    #[cfg(not(unix))]
    fn listen() -> anyhow::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn arrived(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
