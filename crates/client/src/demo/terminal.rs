//! The demo without a window: everything is started, told, and stopped.

use std::sync::Arc;

use anyhow::{Result, ensure};
use prikrep_daemon::{Config, Daemon, Pulls, SystemClock};
use prikrep_store::{SledStore, Store};

use super::places::{Amount, EMPLOYEE, Places, Workstation};
use super::show::line;
use super::story;

const LONG_POLL_SECS: u32 = 30;

/// The demo's places with a workstation at work.
pub(super) struct Running {
    pub(super) places: Places,
    pub(super) store: Arc<SledStore>,
    pub(super) daemon: Daemon,
}

/// Starts everything, tells the story, stops everything; with `stay` not before Ctrl+C.
///
/// # Errors
/// Whatever went wrong, in words.
pub async fn run(amount: Amount, stay: bool) -> Result<()> {
    let running = start(amount).await?;
    let told = tell(&running, stay).await;
    let stopped = stop(running).await;
    told?;
    stopped?;
    line("Всё остановлено, временная папка удалена.")
}

async fn start(amount: Amount) -> Result<Running> {
    let places = Places::start(amount).await?;
    line(&format!("Шлюз Госуслуг (имитация)  {}", places.gateway.url()))?;
    line(&format!("Региональный регистр      {}", places.register.url()))?;
    let Workstation { store, upstream, session: _ } = places.workstation()?;
    let config = Config::new(Pulls::Live { wait_secs: LONG_POLL_SECS });
    let daemon = Daemon::start(Arc::clone(&store) as Arc<dyn Store>, upstream, config, Arc::new(SystemClock));
    line(&format!("Рабочее место             {} — {EMPLOYEE}", places.organization.name))?;
    Ok(Running { places, store, daemon })
}

async fn tell(running: &Running, stay: bool) -> Result<()> {
    story::pull(running).await?;
    story::answer_everything(running).await?;
    story::what_next(&running.places, stay)?;
    if stay {
        tokio::signal::ctrl_c().await?;
    }
    Ok(())
}

async fn stop(running: Running) -> Result<()> {
    let Running { places, store, daemon } = running;
    let in_time = daemon.stop().await;
    drop(store);
    places.stop().await?;
    ensure!(in_time, "рабочее место не остановилось за 5 секунд");
    Ok(())
}
