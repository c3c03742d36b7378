//! What the service control manager starts, and what it is told.
//!
//! Invariant: whatever happens, the manager is told in the end that the service has stopped, with a failure when it is
//! one, and the reason is in the log.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, bail};
use prikrep_server::{Config, LogConfig, Running, init_logging};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use windows_service::service::{
    ServiceControl, ServiceControlAccept, ServiceExitCode, ServiceState, ServiceStatus, ServiceType,
};
use windows_service::service_control_handler::{self, ServiceControlHandlerResult, ServiceStatusHandle};
use windows_service::service_dispatcher;

use super::super::serve::{StopSignal, serve_for};
use super::super::words;
use super::{NAME, default_log_dir};

/// How often the manager hears that the store is still being opened.
const TELL_EVERY: Duration = Duration::from_secs(5);
/// How long it waits for the next word.
const WAIT: Duration = Duration::from_secs(30);
/// The service's own code of a failure: its words are in the log.
const FAILED: u32 = 1;

/// The entry is called by the system, without anything of ours.
static STARTED_WITH: OnceLock<(Handle, PathBuf)> = OnceLock::new();

/// Serves under the manager, until the service has stopped.
pub(super) async fn run(config: PathBuf) -> anyhow::Result<ExitCode> {
    // Once a process: there is nothing set before.
    let _ = STARTED_WITH.set((Handle::current(), config));
    let served = spawn_blocking(|| service_dispatcher::start(NAME, entry)).await;
    if served.context("внутренний сбой службы")?.is_err() {
        bail!("эту команду даёт сама Windows: prikrepd service start, а без службы — prikrepd serve");
    }
    Ok(ExitCode::SUCCESS)
}

extern "system" fn entry(_: u32, _: *mut *mut u16) {
    if let Some((runtime, config)) = STARTED_WITH.get() {
        runtime.block_on(serve(config));
    }
}

async fn serve(config: &Path) {
    let asked = Arc::new(Notify::new());
    let stop = StopSignal::of_service(Arc::clone(&asked));
    let control = move |control| {
        if matches!(control, ServiceControl::Stop | ServiceControl::Preshutdown) {
            asked.notify_one();
            ServiceControlHandlerResult::NoError
        } else if matches!(control, ServiceControl::Interrogate) {
            ServiceControlHandlerResult::NoError
        } else {
            ServiceControlHandlerResult::NotImplemented
        }
    };
    // Without a handle there is nobody to tell anything.
    let Ok(handle) = service_control_handler::register(NAME, control) else { return };
    let manager = ServiceManager { service: Some(handle) };
    let ended = serve_logged(config, &manager, stop).await;
    if let Err(error) = &ended {
        tracing::error!(error = words(error), "the service ends");
    }
    manager.stopped(ended.is_ok_and(|code| code == ExitCode::SUCCESS));
}

async fn serve_logged(config: &Path, manager: &ServiceManager, stop: StopSignal) -> anyhow::Result<ExitCode> {
    manager.starting(0);
    let loaded = Config::load(config);
    let mut log = loaded.as_ref().map_or_else(|_| LogConfig::default(), |loaded| loaded.config.log.clone());
    log.dir.get_or_insert_with(|| default_log_dir(config));
    init_logging(&log)?;
    serve_for(loaded?, manager, stop).await
}

/// The service control manager, when it has started this process.
pub(crate) struct ServiceManager {
    service: Option<ServiceStatusHandle>,
}

impl ServiceManager {
    /// In a console there is none.
    pub(crate) fn of_this_process() -> Self {
        Self { service: None }
    }

    /// The store is being opened, which takes its time when it is migrated or rebuilt. Never ready.
    pub(crate) async fn opening(&self) -> Infallible {
        let mut told = 0_u32;
        loop {
            told = told.saturating_add(1);
            self.starting(told);
            tokio::time::sleep(TELL_EVERY).await;
        }
    }

    /// The register listens.
    #[allow(clippy::unused_async, reason = "as where it is looked at")]
    pub(crate) async fn ready(&self, running: &Running) {
        if self.service.is_some() {
            // There is no standard output that anyone would read.
            tracing::info!("listening on {}", running.url());
        }
        self.tell(ServiceState::Running, 0, ServiceExitCode::NO_ERROR);
    }

    /// There is no watchdog here. Never ready.
    pub(crate) async fn attend(&self, _: &Running) {
        std::future::pending().await
    }

    /// The register stops.
    pub(crate) fn stopping(&self) {
        self.tell(ServiceState::StopPending, 1, ServiceExitCode::NO_ERROR);
    }

    fn starting(&self, told: u32) {
        self.tell(ServiceState::StartPending, told, ServiceExitCode::NO_ERROR);
    }

    fn stopped(&self, well: bool) {
        let code = if well { ServiceExitCode::NO_ERROR } else { ServiceExitCode::ServiceSpecific(FAILED) };
        self.tell(ServiceState::Stopped, 0, code);
    }

    fn tell(&self, current_state: ServiceState, checkpoint: u32, exit_code: ServiceExitCode) {
        let Some(service) = &self.service else { return };
        let running = current_state == ServiceState::Running;
        let pending = matches!(current_state, ServiceState::StartPending | ServiceState::StopPending);
        let accepted = ServiceControlAccept::STOP | ServiceControlAccept::PRESHUTDOWN;
        let told = service.set_service_status(ServiceStatus {
            service_type: ServiceType::OWN_PROCESS,
            current_state,
            controls_accepted: if running { accepted } else { ServiceControlAccept::empty() },
            exit_code,
            checkpoint,
            wait_hint: if pending { WAIT } else { Duration::ZERO },
            process_id: None,
        });
        if let Err(error) = told {
            tracing::warn!(%error, "the service control manager could not be told");
        }
    }
}
