//! The upstream over HTTP: any server that speaks the feed protocol.
//!
//! Invariant: every body has a limit and every wait an end; redirects are not followed, so that neither a
//! password nor an answer ever goes to an address that nobody configured.

mod body;
mod fault;
pub(crate) mod refusal;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::RwLock;
use prikrep_domain::{
    AnswerDraft, ApplicationId, Credentials, Cursor, Directory, JournalPage, MAX_PAGE_BYTES, PasswordChange,
    RecordedAnswer, ReportedAct, Session, read_application,
};
use reqwest::header::{DATE, ETAG, HeaderValue, IF_NONE_MATCH};
use reqwest::{Certificate, Client, Identity, Method, RequestBuilder, Response, StatusCode, Url, redirect};
use serde::Deserialize;
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    DirectoryNews, ErrorResponse, FetchedPage, NetworkFault, PasswordSource, Pushed, Secret, Upstream, UpstreamError,
};

/// An application with its answers, or a problem that carries one.
const MAX_SMALL_BYTES: usize = 2 << 20;

/// Where the upstream is, and as whom to sign in.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// The server's address, for example `https://register.example/`; a path in it is kept.
    pub url: String,
    /// The account's login.
    pub login: String,
    /// The account's password.
    pub password: PasswordSource,
    /// Certificates of authorities to trust beside those of the system, in PEM.
    pub trusted_pem: Option<Vec<u8>>,
    /// The client's own certificate with its key, in PEM, for servers that ask for one.
    pub identity_pem: Option<Secret>,
    /// How long each step may take.
    pub timeouts: Timeouts,
}

/// How long each step of a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// To be connected.
    pub connect: Duration,
    /// Until the answer begins, beyond the wait of a long poll.
    pub answer: Duration,
    /// The longest silence within an answer.
    pub silence: Duration,
    /// For the whole of an answer's body.
    pub transfer: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            silence: Duration::from_secs(30),
            transfer: Duration::from_secs(120),
        }
    }
}

/// Why the client cannot be made, in words for an administrator.
#[derive(Debug, thiserror::Error)]
pub enum HttpOptionsError {
    /// The address cannot be used.
    #[error("адрес сервера {url:?} не подходит: {why}")]
    Url {
        /// The address as given.
        url: String,
        /// What is wrong.
        why: &'static str,
    },
    /// The certificates cannot be used.
    #[error("сертификаты доверенного центра не читаются (нужен PEM)")]
    Certificates(#[source] Option<reqwest::Error>),
    /// The client's own certificate cannot be used.
    #[error("сертификат клиента не подходит (нужен PEM: сертификат и его ключ без пароля в одном файле)")]
    Identity(#[source] reqwest::Error),
    /// The client cannot be made: mostly there are no system certificates.
    #[error("клиент HTTPS не создан: проверьте, что установлены корневые сертификаты системы")]
    Client(#[source] reqwest::Error),
}

/// The upstream over HTTP.
#[derive(Debug)]
pub struct HttpUpstream {
    client: Client,
    base: Url,
    login: String,
    password: PasswordSource,
    timeouts: Timeouts,
    token: RwLock<Option<Arc<Secret>>>,
    /// The server's time as it last said it, and when that was.
    time: RwLock<Option<(DateTime<Utc>, Instant)>>,
}

impl HttpUpstream {
    /// Makes the client. Nothing is sent yet.
    ///
    /// # Errors
    /// [`HttpOptionsError`].
    pub fn new(options: HttpOptions) -> Result<Self, HttpOptionsError> {
        // Another part of the program may have installed a provider: either is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let base = base_url(&options.url)?;
        let builder = Client::builder()
            .connect_timeout(options.timeouts.connect)
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .tcp_keepalive(Duration::from_secs(20))
            .user_agent(concat!("prikrep/", env!("CARGO_PKG_VERSION")));
        let builder = match &options.trusted_pem {
            Some(pem) => builder.tls_certs_merge(certificates(pem)?),
            // A system without certificates can still speak plain HTTP.
            None if base.scheme() == "http" => builder.tls_certs_only([]),
            None => builder,
        };
        let builder = match &options.identity_pem {
            Some(pem) => {
                builder.identity(Identity::from_pem(pem.expose().as_bytes()).map_err(HttpOptionsError::Identity)?)
            }
            None => builder,
        };
        let unmade = |error| {
            if fault::is_wrong_key(&error) {
                HttpOptionsError::Identity(error)
            } else {
                HttpOptionsError::Client(error)
            }
        };
        Ok(Self {
            client: builder.build().map_err(unmade)?,
            base,
            login: options.login,
            password: options.password,
            timeouts: options.timeouts,
            token: RwLock::new(None),
            time: RwLock::new(None),
        })
    }

    /// Changes the password of the session's own account. This client signs in with the former one all the same.
    ///
    /// # Errors
    /// [`UpstreamError`]; a password that is not taken is told in the problem's `errors`.
    pub async fn change_password(&self, change: &PasswordChange) -> Result<(), UpstreamError> {
        let url = self.url(&["v1", "sessions", "current", "password"]);
        let (request, token) = self.request(Method::PUT, url)?;
        let response = self.send((request.json(change), token), Duration::ZERO).await?;
        if response.status().is_success() { Ok(()) } else { Err(self.refusal(response).await) }
    }

    /// Reads a part of the register's journal; the parameters are those of its path.
    ///
    /// # Errors
    /// [`UpstreamError`].
    pub async fn journal(&self, parameters: &[(&str, String)]) -> Result<JournalPage, UpstreamError> {
        let mut url = self.url(&["v1", "journal"]);
        url.query_pairs_mut().extend_pairs(parameters);
        let request = self.request(Method::GET, url)?;
        let response = self.send(request, Duration::ZERO).await?;
        if response.status() != StatusCode::OK {
            return Err(self.refusal(response).await);
        }
        let body = self.body(response, MAX_PAGE_BYTES).await?;
        json_body(&body, "журнал")
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    /// A request in the session.
    fn request(&self, method: Method, url: Url) -> Result<(RequestBuilder, Arc<Secret>), UpstreamError> {
        let token = self.token.read().clone().ok_or(UpstreamError::SignedOut)?;
        Ok((self.client.request(method, url).bearer_auth(token.expose()), token))
    }

    /// Sends a request in the session. A 401 ends the session, unless another has begun meanwhile.
    async fn send(
        &self,
        (request, token): (RequestBuilder, Arc<Secret>),
        wait: Duration,
    ) -> Result<Response, UpstreamError> {
        let response = self.send_anonymous(request, wait).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        let mut current = self.token.write();
        if current.as_ref().is_some_and(|current| Arc::ptr_eq(current, &token)) {
            *current = None;
        }
        Err(UpstreamError::SignedOut)
    }

    async fn send_anonymous(&self, request: RequestBuilder, wait: Duration) -> Result<Response, UpstreamError> {
        match timeout(self.timeouts.answer + wait, request.send()).await {
            Ok(sent) => sent.map_err(fault::network).inspect(|response| self.note_time(response)),
            Err(_) => Err(UpstreamError::network(NetworkFault::TimedOut)),
        }
    }

    fn note_time(&self, response: &Response) {
        let said = response.headers().get(DATE).and_then(|date| date.to_str().ok());
        if let Some(said) = said.and_then(|date| DateTime::parse_from_rfc2822(date).ok()) {
            *self.time.write() = Some((said.with_timezone(&Utc), Instant::now()));
        }
    }

    async fn body(&self, response: Response, bytes: usize) -> Result<Vec<u8>, UpstreamError> {
        let Timeouts { silence, transfer, .. } = self.timeouts;
        body::read(response, body::Limits { bytes, silence, whole: transfer }).await
    }

    /// What a response says that is not the wished one. A body that cannot be read is only words lost.
    async fn refusal(&self, response: Response) -> UpstreamError {
        let status = response.status().as_u16();
        let retry_after = refusal::retry_after(response.headers(), Utc::now());
        let body = self.body(response, MAX_SMALL_BYTES).await.unwrap_or_default();
        let problem = refusal::read_problem(status, &body).map(Box::new);
        UpstreamError::Response(ErrorResponse { status, retry_after, problem })
    }
}

fn base_url(text: &str) -> Result<Url, HttpOptionsError> {
    let wrong = |why| HttpOptionsError::Url { url: text.to_owned(), why };
    let url = Url::parse(text.trim()).map_err(|_| wrong("нужен вид https://имя-сервера/"))?;
    match url.scheme() {
        "http" | "https" => {}
        _ => return Err(wrong("он должен начинаться с http:// или https://")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        // The address goes to logs and error messages.
        let why = "логин и пароль указываются отдельно";
        return Err(HttpOptionsError::Url { url: url.host_str().unwrap_or_default().to_owned(), why });
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("в нём не должно быть «?» и «#»"));
    }
    Ok(url)
}

fn certificates(pem: &[u8]) -> Result<Vec<Certificate>, HttpOptionsError> {
    let found = Certificate::from_pem_bundle(pem).map_err(|error| HttpOptionsError::Certificates(Some(error)))?;
    if found.is_empty() { Err(HttpOptionsError::Certificates(None)) } else { Ok(found) }
}

fn json_body<T: for<'de> Deserialize<'de>>(body: &[u8], what: &str) -> Result<T, UpstreamError> {
    // The parser's own words may quote a value.
    serde_json::from_slice(body).map_err(|error| {
        UpstreamError::Unintelligible(format!("{what} (строка {}, столбец {})", error.line(), error.column()))
    })
}

impl Upstream for HttpUpstream {
    async fn sign_in(&self) -> Result<Session, UpstreamError> {
        let source = self.password.clone();
        let password = tokio::task::spawn_blocking(move || source.get()).await;
        let password = password.map_err(|_| UpstreamError::NoPassword("сбой при чтении".to_owned()))?;
        let password = password.map_err(UpstreamError::NoPassword)?;
        let credentials = Credentials { login: self.login.clone(), password: password.expose().to_owned() };
        let request = self.client.post(self.url(&["v1", "sessions"])).json(&credentials);
        let response = self.send_anonymous(request, Duration::ZERO).await?;
        if !matches!(response.status(), StatusCode::CREATED | StatusCode::OK) {
            return Err(self.refusal(response).await);
        }
        let body = self.body(response, MAX_SMALL_BYTES).await?;
        let mut session: Session = json_body(&body, "сеанс")?;
        let token = session.token.take().filter(|token| is_header_safe(token));
        let token = token.ok_or_else(|| UpstreamError::Unintelligible("сеанс без токена".to_owned()))?;
        *self.token.write() = Some(Arc::new(Secret::new(token)));
        Ok(session)
    }

    async fn pull(&self, after: Option<&Cursor>, limit: usize, wait_secs: u32) -> Result<FetchedPage, UpstreamError> {
        let mut url = self.url(&["v1", "feed"]);
        let (limit, wait) = (limit.to_string(), wait_secs.to_string());
        url.query_pairs_mut()
            .extend_pairs(after.map(|after| ("after", after.as_str())))
            .extend_pairs([("limit", limit.as_str()), ("wait", wait.as_str())]);
        let response = self.send(self.request(Method::GET, url)?, Duration::from_secs(wait_secs.into())).await?;
        if response.status() != StatusCode::OK {
            return Err(self.refusal(response).await);
        }
        let body = self.body(response, MAX_PAGE_BYTES).await?;
        // A page is parsed for milliseconds, too long for an async worker.
        tokio::task::spawn_blocking(move || FetchedPage::parse(body))
            .await
            .unwrap_or_else(|_| Err(UpstreamError::Unintelligible("сбой при разборе страницы".to_owned())))
    }

    async fn push(&self, application: ApplicationId, answer: &RecordedAnswer) -> Result<Pushed, UpstreamError> {
        let (id, answer_id) = (application.to_string(), answer.id.to_string());
        let (request, token) =
            self.request(Method::PUT, self.url(&["v1", "applications", &id, "answers", &answer_id]))?;
        let request = request.json(&AnswerDraft::from(&answer.answer));
        let response = self.send((request, token), Duration::ZERO).await?;
        let status = response.status();
        if !matches!(status, StatusCode::OK | StatusCode::CREATED | StatusCode::NO_CONTENT) {
            return Err(self.refusal(response).await);
        }
        let body = self.body(response, MAX_SMALL_BYTES).await?;
        if body.is_empty() && status != StatusCode::OK {
            return Ok(Pushed { application: None });
        }
        read_pushed(application, &body)
    }

    async fn directory(&self, etag: Option<&str>) -> Result<DirectoryNews, UpstreamError> {
        let (mut request, token) = self.request(Method::GET, self.url(&["v1", "directory"]))?;
        if let Some(etag) = etag.and_then(|etag| HeaderValue::from_str(etag).ok()) {
            request = request.header(IF_NONE_MATCH, etag);
        }
        let response = self.send((request, token), Duration::ZERO).await?;
        match response.status() {
            StatusCode::NOT_MODIFIED => Ok(DirectoryNews::Unchanged),
            StatusCode::OK => {
                let etag = response.headers().get(ETAG).and_then(|etag| etag.to_str().ok()).map(ToOwned::to_owned);
                let body = self.body(response, MAX_PAGE_BYTES).await?;
                let directory: Directory = json_body(&body, "справочник")?;
                Ok(DirectoryNews::Changed { directory, etag })
            }
            _ => Err(self.refusal(response).await),
        }
    }

    async fn report(&self, device: Uuid, acts: &[ReportedAct]) -> Result<u64, UpstreamError> {
        #[derive(Deserialize)]
        struct Reported {
            through: u64,
        }
        let (request, token) = self.request(Method::POST, self.url(&["v1", "journal"]))?;
        let request = request.json(&serde_json::json!({ "device": device, "acts": acts }));
        let response = self.send((request, token), Duration::ZERO).await?;
        if response.status() != StatusCode::OK {
            return Err(self.refusal(response).await);
        }
        let body = self.body(response, MAX_SMALL_BYTES).await?;
        let Reported { through } = json_body(&body, "ответ журнала")?;
        Ok(through)
    }

    fn time(&self) -> Option<DateTime<Utc>> {
        let (said, then) = (*self.time.read())?;
        Some(said + TimeDelta::from_std(then.elapsed()).ok()?)
    }

    async fn sign_out(&self) -> Result<(), UpstreamError> {
        let Ok((request, token)) = self.request(Method::DELETE, self.url(&["v1", "sessions", "current"])) else {
            return Ok(());
        };
        self.token.write().take();
        let response = match self.send((request, token), Duration::ZERO).await {
            // A session that is over already is what was wanted.
            Err(UpstreamError::SignedOut) => return Ok(()),
            response => response?,
        };
        if response.status().is_success() { Ok(()) } else { Err(self.refusal(response).await) }
    }
}

/// The upstream's word on a pushed answer. It must at least name the application: a page of something
/// that stands between, served with 200, must not make an answer count as delivered.
fn read_pushed(id: ApplicationId, body: &[u8]) -> Result<Pushed, UpstreamError> {
    #[derive(Deserialize)]
    struct Named {
        id: ApplicationId,
    }
    let named: Named = json_body(body, "заявление после ответа")?;
    if named.id != id {
        return Err(UpstreamError::Unintelligible("в ответе другое заявление".to_owned()));
    }
    let application = std::str::from_utf8(body).ok().and_then(|text| read_application(text).ok());
    Ok(Pushed { application })
}

fn is_header_safe(token: &str) -> bool {
    !token.is_empty() && token.len() <= 4096 && token.bytes().all(|byte| byte.is_ascii_graphic())
}
