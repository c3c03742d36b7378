//! The upstream as the loops see it: what can be asked of it, and what can go wrong.
//!
//! Invariant: no error shows a value of a record in its `Display` or `Debug`; the server's own words,
//! which may name a person, are reached by [`UpstreamError::words`] only.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use prikrep_domain::{
    Application, ApplicationId, Cursor, Directory, Problem, ProblemKind, RecordedAnswer, ReportedAct, Session,
};
use uuid::Uuid;

use crate::FetchedPage;

/// The next hop towards the federal service. One call is one request: signing in again, retrying and
/// waiting are the loops' business.
pub trait Upstream: Send + Sync + 'static {
    /// Signs in; later calls are made in that session. The session comes back without its token.
    fn sign_in(&self) -> impl Future<Output = Result<Session, UpstreamError>> + Send;

    /// Asks for a page of at most `limit` changes after a cursor, from the beginning without one. When there
    /// is nothing new the upstream may hold the request for `wait_secs` seconds. Has no effect upstream: it
    /// may be dropped at any time.
    fn pull(
        &self,
        after: Option<&Cursor>,
        limit: usize,
        wait_secs: u32,
    ) -> impl Future<Output = Result<FetchedPage, UpstreamError>> + Send;

    /// Hands over an answer under its own identifier; the same again has no further effect upstream.
    fn push(
        &self,
        application: ApplicationId,
        answer: &RecordedAnswer,
    ) -> impl Future<Output = Result<Pushed, UpstreamError>> + Send;

    /// Asks for the directory, when it is another than the one of this `ETag`.
    fn directory(&self, etag: Option<&str>) -> impl Future<Output = Result<DirectoryNews, UpstreamError>> + Send;

    /// Reports what was done at a place; tells up to which number it is known now. An upstream without a
    /// journal answers 404, as this does where it is not made otherwise.
    fn report(&self, device: Uuid, acts: &[ReportedAct]) -> impl Future<Output = Result<u64, UpstreamError>> + Send {
        let _ = (device, acts);
        async { Err(UpstreamError::status(404)) }
    }

    /// The upstream's own time by now, by what it last said of it; `None` where it says nothing.
    fn time(&self) -> Option<DateTime<Utc>> {
        None
    }

    /// Ends the session.
    fn sign_out(&self) -> impl Future<Output = Result<(), UpstreamError>> + Send;
}

impl<U: Upstream> Upstream for Arc<U> {
    fn sign_in(&self) -> impl Future<Output = Result<Session, UpstreamError>> + Send {
        U::sign_in(self)
    }
    fn pull(
        &self,
        after: Option<&Cursor>,
        limit: usize,
        wait_secs: u32,
    ) -> impl Future<Output = Result<FetchedPage, UpstreamError>> + Send {
        U::pull(self, after, limit, wait_secs)
    }
    fn push(
        &self,
        application: ApplicationId,
        answer: &RecordedAnswer,
    ) -> impl Future<Output = Result<Pushed, UpstreamError>> + Send {
        U::push(self, application, answer)
    }
    fn directory(&self, etag: Option<&str>) -> impl Future<Output = Result<DirectoryNews, UpstreamError>> + Send {
        U::directory(self, etag)
    }
    fn report(&self, device: Uuid, acts: &[ReportedAct]) -> impl Future<Output = Result<u64, UpstreamError>> + Send {
        U::report(self, device, acts)
    }
    fn time(&self) -> Option<DateTime<Utc>> {
        U::time(self)
    }
    fn sign_out(&self) -> impl Future<Output = Result<(), UpstreamError>> + Send {
        U::sign_out(self)
    }
}

/// An answer that the upstream has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// The application as the upstream now has it, when it said so in a way that is understood.
    pub application: Option<Application>,
}

/// What the upstream says about the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DirectoryNews {
    /// It is the one that is known here.
    Unchanged,
    /// Another one.
    Changed {
        /// The directory.
        directory: Directory,
        /// Its `ETag`, when it has one.
        etag: Option<String>,
    },
}

/// How the network failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NetworkFault {
    /// The server's name is not known to the name service.
    NameNotFound,
    /// No connection could be made.
    NoConnection,
    /// The server's certificate is not to be believed.
    Certificate(CertificateFault),
    /// What answers at the address speaks no TLS.
    NoTls,
    /// The server asks for a certificate of the client, and has not got one that it trusts.
    ClientCertificate,
    /// The server did not answer in time. Whether the request had an effect is unknown.
    TimedOut,
    /// The connection broke. Whether the request had an effect is unknown.
    Broken,
}

impl NetworkFault {
    /// Whether the server was reached at all.
    #[must_use]
    pub const fn reached(self) -> bool {
        match self {
            Self::NameNotFound | Self::NoConnection | Self::Certificate(_) | Self::NoTls | Self::ClientCertificate => {
                false
            }
            Self::TimedOut | Self::Broken => true,
        }
    }

    /// Whether there is a way to the server, but not one that can be trusted: the network is not to blame.
    #[must_use]
    pub const fn is_of_trust(self) -> bool {
        match self {
            Self::Certificate(_) | Self::NoTls | Self::ClientCertificate => true,
            Self::NameNotFound | Self::NoConnection | Self::TimedOut | Self::Broken => false,
        }
    }
}

impl fmt::Display for NetworkFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NameNotFound => "адрес сервера не найден",
            Self::NoConnection => "нет связи с сервером",
            Self::Certificate(fault) => return fault.fmt(f),
            Self::NoTls => "сервер не отвечает по защищённому соединению (TLS): проверьте адрес и порт",
            Self::ClientCertificate => {
                "сервер не принял сертификат этой программы или не получил его: обратитесь к администратору сервера"
            }
            Self::TimedOut => "сервер не ответил вовремя",
            Self::Broken => "связь с сервером прервалась",
        })
    }
}

/// Why the certificate of a server is not to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CertificateFault {
    /// Its time is over, by the clock of this computer.
    Expired,
    /// Its time has not come, by the clock of this computer.
    NotYetValid,
    /// It was issued for another name.
    OtherName,
    /// Nobody who is trusted here has issued it.
    UnknownIssuer,
    /// Its issuer has taken it back.
    Revoked,
    /// Anything else.
    Unfit,
}

impl fmt::Display for CertificateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expired => {
                "срок сертификата сервера истёк: проверьте дату на этом компьютере и сообщите администратору сервера"
            }
            Self::NotYetValid => "сертификат сервера ещё не действует: проверьте дату и время на этом компьютере",
            Self::OtherName => {
                "сертификат сервера выдан на другое имя: проверьте адрес, он должен быть таким, как дал администратор"
            }
            Self::UnknownIssuer => {
                "сертификат сервера выдан центром, которому этот компьютер не доверяет: попросите у администратора \
                 файл сертификатов региона"
            }
            Self::Revoked => "сертификат сервера отозван: не входите и сообщите администратору сервера",
            Self::Unfit => "сертификату сервера нельзя доверять: сообщите администратору сервера",
        })
    }
}

/// An answer of the server that is not what was asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct ErrorResponse {
    /// The HTTP status.
    pub status: u16,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
    /// The problem document, when there was one.
    pub problem: Option<Box<Problem>>,
}

impl ErrorResponse {
    /// A status without any more words.
    #[must_use]
    pub const fn bare(status: u16) -> Self {
        Self { status, retry_after: None, problem: None }
    }

    /// Whether the server explained itself in the protocol's own terms, so that it is the server that
    /// speaks and not something between.
    #[must_use]
    pub fn is_explained(&self) -> bool {
        self.problem.as_ref().is_some_and(|problem| !matches!(problem.kind, ProblemKind::Other(_)))
    }

    /// The problem document, or one made from the status.
    #[must_use]
    pub fn to_problem(&self) -> Problem {
        self.problem.as_deref().cloned().unwrap_or_else(|| {
            let kind = match self.status {
                404 => ProblemKind::NotFound,
                422 => ProblemKind::InvalidAnswer,
                _ => ProblemKind::Other("about:blank".to_owned()),
            };
            let detail = format!("Сервер отклонил ответ без объяснения (код {})", self.status);
            Problem { status: self.status, ..Problem::new(kind).with_detail(detail) }
        })
    }
}

impl From<Problem> for ErrorResponse {
    fn from(problem: Problem) -> Self {
        Self { status: problem.status, retry_after: None, problem: Some(Box::new(problem)) }
    }
}

impl fmt::Debug for ErrorResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ErrorResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "сервер ответил кодом {}", self.status)?;
        match &self.problem {
            Some(problem) if self.is_explained() => write!(f, " ({})", problem.kind.title()),
            Some(_) | None => Ok(()),
        }
    }
}

/// Why the upstream did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// The network failed.
    #[error("{fault}")]
    Network {
        /// How.
        fault: NetworkFault,
        /// The cause in technical words, without addresses.
        detail: String,
    },
    /// There is no session, or the upstream knows it no more.
    #[error("сеанс завершён: нужно войти снова")]
    SignedOut,
    /// Signing in failed.
    #[error("вход не удался: {0}")]
    SignIn(Box<UpstreamError>),
    /// The password cannot be had; in words for an administrator.
    #[error("пароль недоступен: {0}")]
    NoPassword(String),
    /// The server refused.
    #[error("{0}")]
    Response(ErrorResponse),
    /// The answer is over a limit.
    #[error("ответ сервера больше допустимого: {0}")]
    TooLarge(&'static str),
    /// The answer came, but not whole in the time that it is given.
    #[error("ответ сервера передаётся слишком медленно")]
    TooSlow,
    /// The answer is not what the protocol says; without any of its values.
    #[error("ответ сервера не понят: {0}")]
    Unintelligible(String),
}

impl UpstreamError {
    /// A status without any more words.
    #[must_use]
    pub const fn status(status: u16) -> Self {
        Self::Response(ErrorResponse::bare(status))
    }

    /// A fault of the network without technical words.
    #[must_use]
    pub const fn network(fault: NetworkFault) -> Self {
        Self::Network { fault, detail: String::new() }
    }

    /// The server's own answer, when it is that.
    #[must_use]
    pub const fn response(&self) -> Option<&ErrorResponse> {
        if let Self::Response(response) = self { Some(response) } else { None }
    }

    /// Whether the server does not know the cursor any more, or never gave it: read from the beginning.
    #[must_use]
    pub fn is_cursor_refused(&self) -> bool {
        self.response()
            .is_some_and(|response| response.status == 410 || (response.status == 400 && response.is_explained()))
    }

    /// Whether it is the network that failed, also while signing in.
    #[must_use]
    pub fn is_network(&self) -> bool {
        match self {
            Self::Network { .. } => true,
            Self::SignIn(inner) => inner.is_network(),
            Self::SignedOut
            | Self::NoPassword(_)
            | Self::Response(_)
            | Self::TooLarge(_)
            | Self::TooSlow
            | Self::Unintelligible(_) => false,
        }
    }

    /// What to show a person: the server's own words where it has any. They may name a person: not for a log.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Response(ErrorResponse { problem: Some(problem), .. }) => problem.words().to_owned(),
            Self::SignIn(inner) => inner.words(),
            Self::Response(ErrorResponse { problem: None, .. })
            | Self::Network { .. }
            | Self::SignedOut
            | Self::NoPassword(_)
            | Self::TooLarge(_)
            | Self::TooSlow
            | Self::Unintelligible(_) => self.to_string(),
        }
    }
}

impl From<Problem> for UpstreamError {
    fn from(problem: Problem) -> Self {
        Self::Response(problem.into())
    }
}
