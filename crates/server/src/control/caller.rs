//! The administrator's side of the control listener.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use reqwest::{Client, RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;

use super::{ControlFile, Hello, PullSummary, Refusal, proof};
use crate::secret::same;
use crate::{Order, Outcome, Secret};

const HELLO_TIME: Duration = Duration::from_secs(2);
const MAX_ANSWER_BYTES: usize = 1 << 30;

/// Why a running server did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The file that names it cannot be read.
    #[error(
        "файл управления в папке данных не читается: запускайте команду от имени того же пользователя, что и регистр"
    )]
    File(#[source] std::io::Error),
    /// The way to it broke.
    #[error("связь с работающим регистром прервалась")]
    Broken(#[source] reqwest::Error),
    /// It refused, in its own words.
    #[error("{0}")]
    Refused(String),
    /// Its answer is not understood: it may be of another version.
    #[error("ответ работающего регистра не понят: не другой ли он версии?")]
    Unintelligible,
}

/// A running server that has proved to be ours.
pub struct Caller {
    client: Client,
    address: SocketAddr,
    token: Secret,
}

impl Caller {
    /// Finds the server that runs on a data folder; `None` when none does.
    ///
    /// # Errors
    /// [`CallError`] when the file that would name it cannot be read.
    pub async fn find(data_dir: &Path) -> Result<Option<Self>, CallError> {
        let Some(ControlFile { address, token }) = ControlFile::read(data_dir).map_err(CallError::File)? else {
            return Ok(None);
        };
        // Another part of the program may have installed a provider: either is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().tls_certs_only([]).redirect(reqwest::redirect::Policy::none());
        let client = client.build().map_err(CallError::Broken)?;
        let caller = Self { client, address, token };
        Ok(caller.is_ours().await.then_some(caller))
    }

    async fn is_ours(&self) -> bool {
        let Ok(nonce) = Secret::random() else { return false };
        let request = self.client.get(self.url(&format!("hello?nonce={}", nonce.expose()))).timeout(HELLO_TIME);
        let Ok(response) = request.send().await else { return false };
        let hello = response.json::<Hello>().await;
        hello.is_ok_and(|hello| same(hello.proof.as_bytes(), proof(&self.token, nonce.expose()).as_bytes()))
    }

    /// Has an order carried out.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn carry_out(&self, order: &Order) -> Result<Outcome, CallError> {
        self.json(self.post("order").json(order)).await
    }

    /// Has it pull now, and waits for the end.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn pull(&self) -> Result<PullSummary, CallError> {
        self.json(self.post("pull")).await
    }

    /// Has it write a backup, which is returned.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn backup(&self) -> Result<Vec<u8>, CallError> {
        self.bytes(self.post("backup")).await
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(self.url(path)).bearer_auth(self.token.expose())
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, CallError> {
        let bytes = self.bytes(request).await?;
        serde_json::from_slice(&bytes).map_err(|_| CallError::Unintelligible)
    }

    async fn bytes(&self, request: RequestBuilder) -> Result<Vec<u8>, CallError> {
        let mut response = request.send().await.map_err(CallError::Broken)?;
        let status = response.status();
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(CallError::Broken)? {
            if bytes.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(CallError::Unintelligible);
            }
            bytes.extend_from_slice(&chunk);
        }
        match status {
            StatusCode::OK => Ok(bytes),
            StatusCode::UNPROCESSABLE_ENTITY => Err(serde_json::from_slice::<Refusal>(&bytes)
                .map_or(CallError::Unintelligible, |refusal| CallError::Refused(refusal.words))),
            _ => Err(CallError::Unintelligible),
        }
    }
}
