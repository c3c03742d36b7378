//! The register that a command speaks to: the running one, or its store when none runs.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use chrono::Utc;
use prikrep_server::{Caller, Config, OpenError, Order, Outcome, Register, open_register, user_name};
use prikrep_store::StoreError;
use tokio::task::spawn_blocking;

/// Who carries out an order.
pub(crate) enum Connection {
    /// The running register.
    Running(Caller),
    /// This process, on the store.
    Alone(Arc<Register>),
}

impl Connection {
    pub(crate) async fn open(config: &Config) -> anyhow::Result<Self> {
        if let Some(caller) = Caller::find(&config.data_dir).await? {
            return Ok(Self::Running(caller));
        }
        let config = config.clone();
        let opened =
            spawn_blocking(move || open_register(&config, Utc::now()).map_err(|error| in_words(error, &config)));
        Ok(Self::Alone(Arc::new(opened.await.context("внутренний сбой при открытии хранилища")??)))
    }

    /// The same for a command that only reads: it makes no store where there is none.
    pub(crate) async fn open_existing(config: &Config) -> anyhow::Result<Self> {
        if !config.key_path().exists() {
            bail!(
                "хранилища ещё нет (нет файла ключа {}): проверьте data_dir или запустите prikrepd serve",
                config.key_path().display()
            );
        }
        Self::open(config).await
    }

    pub(crate) async fn carry_out(&self, order: Order) -> anyhow::Result<Outcome> {
        match self {
            Self::Running(caller) => Ok(caller.carry_out(&order).await?),
            Self::Alone(register) => {
                let register = Arc::clone(register);
                let done = spawn_blocking(move || register.carry_out(order, &user_name(), None, Utc::now()));
                Ok(done.await.context("внутренний сбой при выполнении команды")??)
            }
        }
    }
}

/// A folder in use by a register that cannot be reached is a case of its own.
pub(crate) fn in_words(error: OpenError, config: &Config) -> anyhow::Error {
    match error {
        OpenError::Store(StoreError::Locked { .. }) => anyhow::anyhow!(
            "папка данных {} занята, а регистр не отвечает: он запускается, останавливается, завис \
             или запущен на другом компьютере; подождите и повторите, затем проверьте службу prikrepd",
            config.data_dir.display()
        ),
        error @ (OpenError::Folder { .. } | OpenError::Store(_) | OpenError::Accounts(_)) => error.into(),
    }
}

/// Refuses when a register runs on the folder.
pub(crate) async fn only_stopped(data_dir: &Path) -> anyhow::Result<()> {
    if Caller::find(data_dir).await?.is_some() {
        let stop = if cfg!(windows) { "prikrepd service stop" } else { "systemctl stop prikrepd" };
        bail!("регистр работает: остановите его ({stop}) и повторите");
    }
    Ok(())
}
