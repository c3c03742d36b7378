//! The daemon of the register: the federal service as its upstream.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono_tz::Tz;
use parking_lot::Mutex;
use prikrep_daemon::{
    Clock, Config, Daemon, DaemonStatus, Daily, HttpOptions, HttpOptionsError, HttpUpstream, PasswordSource, Pulls,
    Secret, Timeouts,
};
use prikrep_store::Store;
use tokio::sync::watch;

use crate::PullSummary;
use crate::config::{PullAt, UpstreamConfig};

const LIVE_WAIT_SECS: u32 = 55;
const MAX_PASSWORD_FILE_BYTES: u64 = 16 << 10;

/// Why the federal service's client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// Its address or certificates.
    #[error(transparent)]
    Options(#[from] HttpOptionsError),
    /// A file of certificates.
    #[error("{key}: не удалось прочитать {}", path.display())]
    Certificates {
        /// The key of the configuration that names it.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl UpstreamConfig {
    /// When the configuration wants the federal service to be pulled.
    #[must_use]
    pub fn pulls(&self, zone: Tz) -> Pulls {
        match self.pull_at {
            PullAt::Daily(at) => Pulls::Daily(Daily { at, zone }),
            PullAt::Live => Pulls::Live { wait_secs: LIVE_WAIT_SECS },
        }
    }
}

/// A running daemon with the federal service as its upstream.
pub struct Syncing {
    daemon: Mutex<Option<Daemon>>,
    status: watch::Receiver<DaemonStatus>,
}

impl Syncing {
    /// Starts the daemon on the runtime that it is called in. The password is read from its file at each
    /// sign-in.
    ///
    /// # Errors
    /// [`SyncError`].
    pub async fn start(
        config: &UpstreamConfig,
        pulls: Pulls,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SyncError> {
        let trusted_pem = read_pem("upstream.ca_file", config.ca_file.as_deref()).await?;
        let own = read_pem("upstream.client_certificate_file", config.client_certificate_file.as_deref()).await?;
        let file = config.password_file.clone();
        let upstream = HttpUpstream::new(HttpOptions {
            url: config.url.clone(),
            login: config.login.clone(),
            password: PasswordSource::new(move || read_password(&file)),
            trusted_pem: trusted_pem.map(String::into_bytes),
            identity_pem: own.map(Secret::new),
            timeouts: Timeouts::default(),
        })?;
        let daemon = Daemon::start(store, upstream, Config::new(pulls), clock);
        let status = daemon.status();
        Ok(Self { daemon: Mutex::new(Some(daemon)), status })
    }

    /// What the daemon is doing.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<DaemonStatus> {
        self.status.clone()
    }

    /// Pulls now, or joins the pull that is running, and waits for its end.
    ///
    /// # Errors
    /// Words for an administrator.
    pub async fn pull_now(&self) -> Result<PullSummary, String> {
        let outcome = self.daemon.lock().as_ref().map(Daemon::pull_now);
        match outcome {
            Some(outcome) => outcome.await.map(|report| PullSummary::from(&report)).map_err(|trouble| trouble.words()),
            None => Err("регистр останавливается".to_owned()),
        }
    }

    /// Stops within a few seconds.
    pub async fn stop(&self) {
        let daemon = self.daemon.lock().take();
        if let Some(daemon) = daemon
            && !daemon.stop().await
        {
            tracing::warn!("the daemon did not come to its end in time");
        }
    }
}

async fn read_pem(key: &'static str, path: Option<&Path>) -> Result<Option<String>, SyncError> {
    let Some(path) = path else { return Ok(None) };
    let read = tokio::fs::read_to_string(path).await;
    read.map(Some).map_err(|source| SyncError::Certificates { key, path: path.to_owned(), source })
}

/// The password of a file, without the white space around it.
fn read_password(path: &Path) -> Result<Secret, String> {
    let failed = |error: std::io::Error| format!("файл пароля {} не читается: {error}", path.display());
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut text = zeroize::Zeroizing::new(String::new());
    std::io::Read::read_to_string(&mut std::io::Read::take(file, MAX_PASSWORD_FILE_BYTES), &mut text)
        .map_err(failed)?;
    match text.trim() {
        "" => Err(format!("файл пароля {} пуст", path.display())),
        password => Ok(Secret::new(password.to_owned())),
    }
}
