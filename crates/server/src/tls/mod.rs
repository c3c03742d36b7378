//! TLS: the certificate that is served, read again when its files change, and shaking hands with it.
//!
//! Invariant: files that cannot be used change nothing: the last good certificate is served, and the problem told.
//! Connections that are open keep what they have shaken hands with.

mod material;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use prikrep_domain::{Problem, ProblemKind};
use rustls::ServerConfig;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::condition::TlsCondition;
use crate::config::{Patience, TlsConfig};
use crate::http::Secured;
use crate::serving::{Unblocked, linger, unblocked};
use crate::words;
use material::{Files, Validity};

/// The first byte of every TLS connection.
const HANDSHAKE: u8 = 0x16;
/// A certificate is renewed before it has fewer days left.
const RENEW_DAYS: i64 = 14;

/// Looks at a configuration's certificate as a start would.
///
/// # Errors
/// Words for what makes it useless. What is only to be known about it is returned.
pub fn check_tls(config: &TlsConfig, now: DateTime<Utc>) -> Result<Vec<String>, String> {
    let validity = Files::read(config)?.served(config)?.validity;
    let mut warnings: Vec<String> = validity.attention(now).into_iter().collect();
    if crate::config::others_read(&config.key_file) {
        let path = config.key_file.display();
        warnings.push(format!("tls.key_file: {path} доступен не только владельцу; chmod 600 {path}"));
    }
    Ok(warnings)
}

/// The certificate of the register, and the handshake with it.
pub(crate) struct Tls {
    config: TlsConfig,
    look_every: Duration,
    /// Held for a whole look: an older one must not end after a newer one.
    looking: Mutex<()>,
    state: Mutex<State>,
}

struct State {
    served: Served,
    /// Of the files as they were last read, whether they could be used or not.
    digest: Option<String>,
    looked_at: Instant,
    problem: Option<String>,
}

/// What hands are shaken with.
struct Served {
    config: Arc<ServerConfig>,
    validity: Validity,
}

impl Tls {
    /// Reads the files. Blocks on the disk.
    ///
    /// # Errors
    /// Words for an administrator.
    pub(crate) fn open(config: &TlsConfig, patience: Patience) -> Result<Self, String> {
        let files = Files::read(config)?;
        let served = files.served(config)?;
        let state = State { served, digest: Some(files.digest()), looked_at: Instant::now(), problem: None };
        Ok(Self {
            config: config.clone(),
            look_every: patience.look,
            looking: Mutex::default(),
            state: Mutex::new(state),
        })
    }

    /// How the certificate stands. May block on the disk.
    pub(crate) fn condition(&self) -> TlsCondition {
        if self.is_due() {
            self.refresh();
        }
        let state = self.state.lock();
        let Validity { from, until } = state.served.validity;
        TlsCondition { certificate_valid_from: from, certificate_expires_at: until, problem: state.problem.clone() }
    }

    /// Shakes hands; `None` when that failed. The caller limits the time.
    pub(crate) async fn accept(
        self: Arc<Self>,
        stream: TcpStream,
        patience: Patience,
    ) -> Option<(TlsStream<Unblocked>, Secured)> {
        let mut first = [0];
        if stream.peek(&mut first).await.ok()? == 0 {
            return None;
        }
        let mut stream = unblocked(stream, patience);
        if first != [HANDSHAKE] {
            tracing::debug!("a client speaks no TLS");
            // Whoever sent no HTTP does not read the answer.
            let _ = stream.write_all(plain_refusal().as_bytes()).await;
            linger(&mut stream).await;
            return None;
        }
        let config = self.current().await;
        match TlsAcceptor::from(config).accept(stream).into_fallible().await {
            Ok(stream) => {
                let client_certificate = stream.get_ref().1.peer_certificates().is_some();
                Some((stream, Secured { client_certificate }))
            }
            Err((error, mut stream)) => {
                tracing::debug!(error = words::chain(&error), "a client could not shake hands");
                linger(&mut stream).await;
                None
            }
        }
    }

    /// What to shake hands with. The one client that finds the look due waits for it, no other does.
    async fn current(self: Arc<Self>) -> Arc<ServerConfig> {
        if self.is_due() {
            let looking = Arc::clone(&self);
            if spawn_blocking(move || looking.refresh()).await.is_err() {
                tracing::error!("the look at the certificate's files failed");
            }
        }
        Arc::clone(&self.state.lock().served.config)
    }

    fn is_due(&self) -> bool {
        let mut state = self.state.lock();
        let due = state.looked_at.elapsed() >= self.look_every;
        if due {
            state.looked_at = Instant::now();
        }
        due
    }

    /// Reads the files, and takes them when they have changed. Certificate and key are two files that change one
    /// after the other: between them they do not match, which is told and then forgotten.
    fn refresh(&self) {
        let _looking = self.looking.lock();
        let files = Files::read(&self.config);
        let digest = files.as_ref().ok().map(Files::digest);
        if digest.is_some() && digest == self.state.lock().digest {
            return;
        }
        let read = files.and_then(|files| files.served(&self.config));
        let mut state = self.state.lock();
        state.digest = digest;
        match read {
            Ok(served) => {
                tracing::info!(expires_at = %served.validity.until, "the certificate was read");
                (state.served, state.problem) = (served, None);
            }
            Err(problem) => {
                if state.problem.as_ref() != Some(&problem) {
                    tracing::warn!(problem, "the certificate cannot be read: the last good one is served");
                }
                state.problem = Some(problem);
            }
        }
    }
}

impl TlsCondition {
    /// What an administrator should know about it.
    pub(crate) fn attention(&self, now: DateTime<Utc>) -> impl Iterator<Item = String> {
        let validity = Validity { from: self.certificate_valid_from, until: self.certificate_expires_at };
        let problem = self.problem.as_ref().map(|problem| format!("{problem}; действует прежний сертификат"));
        problem.into_iter().chain(validity.attention(now))
    }
}

impl Validity {
    fn attention(self, now: DateTime<Utc>) -> Option<String> {
        let (from, until) = (self.from.format("%d.%m.%Y %H:%M UTC"), self.until.format("%d.%m.%Y %H:%M UTC"));
        let days = (self.until - now).num_days();
        if now < self.from {
            Some(format!("сертификат TLS ещё не действует (с {from}): проверьте часы сервера"))
        } else if now >= self.until {
            Some(format!("срок сертификата TLS истёк {until}: рабочие места не подключатся, замените его"))
        } else if days < RENEW_DAYS {
            Some(format!("срок сертификата TLS истекает {until} (дней: {days}): замените его"))
        } else {
            None
        }
    }
}

/// What a client that speaks HTTP in the clear is told. Not a status that an answer or a cursor could be lost by.
fn plain_refusal() -> String {
    let detail = "Регистр отвечает только по HTTPS: адрес должен начинаться с https://";
    let kind = ProblemKind::Other("about:blank".to_owned());
    let problem = Problem { status: 426, ..Problem::new(kind).with_detail(detail) };
    let body = serde_json::to_string(&problem).unwrap_or_default();
    format!(
        "HTTP/1.1 426 Upgrade Required\r\nUpgrade: TLS/1.2, HTTP/1.1\r\nConnection: Upgrade, close\r\n\
         Cache-Control: no-store\r\nContent-Type: application/problem+json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_is_about_to_expire_is_told_in_time() {
        let at = |day: u32| DateTime::parse_from_rfc3339(&format!("2026-03-{day:02}T00:00:00Z")).unwrap().to_utc();
        let validity = Validity { from: at(2), until: at(20) };
        for (day, words) in [
            (1, Some("ещё не действует (с 02.03.2026 00:00 UTC)")),
            (3, None),
            (6, None),
            (7, Some("истекает 20.03.2026 00:00 UTC (дней: 13)")),
            (20, Some("истёк 20.03.2026")),
        ] {
            let told = validity.attention(at(day));
            assert_eq!(told.is_some(), words.is_some(), "{day}: {told:?}");
            assert!(words.is_none_or(|words| told.as_ref().unwrap().contains(words)), "{day}: {told:?}");
        }
    }
}
