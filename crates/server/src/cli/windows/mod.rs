//! `prikrepd service`: the register as a service of Windows.
//!
//! [`setup`] puts it there and speaks to the service control manager, [`entry`] is what the manager starts, [`rights`]
//! says who enters its folders.

mod entry;
mod rights;
mod setup;

use std::path::PathBuf;
use std::process::ExitCode;

pub(crate) use entry::ServiceManager;

use super::arguments::ServiceCommand;

/// The name of the service.
const NAME: &str = "prikrepd";

pub(crate) async fn run(command: ServiceCommand, config: PathBuf) -> anyhow::Result<ExitCode> {
    match command {
        ServiceCommand::Install => setup::install(&config)?,
        ServiceCommand::Start => setup::start(&config).await?,
        ServiceCommand::Stop => setup::stop().await?,
        ServiceCommand::Uninstall => setup::uninstall().await?,
        ServiceCommand::Status(output) => return setup::status(output),
        ServiceCommand::Run => return entry::run(config).await,
    }
    Ok(ExitCode::SUCCESS)
}

/// The folder of the log when the configuration names none, or cannot be read.
fn default_log_dir(config: &std::path::Path) -> PathBuf {
    config.parent().map(std::path::Path::to_owned).unwrap_or_default().join("logs")
}
