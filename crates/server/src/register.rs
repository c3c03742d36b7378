//! The register as a service, without HTTP: what each path of the protocol does for a signed-in account.
//!
//! Invariant: every method asks the account's role first, and every read and write is bounded by the
//! account's organization: another organization's application does not exist for it. Methods may block on
//! the disk; none reads a clock.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use prikrep_domain::{
    Action, AnswerDraft, AnswerId, Application, ApplicationId, Credentials, FeedPage, Found, MAX_PAGE_RECORDS, Oid,
    Problem, ProblemKind, Role, Session,
};
use prikrep_store::{AnswerError, Author, FeedError, Store, StoreError};

use crate::account::{Account, Login};
use crate::accounts::{AccountError, Accounts, Shared};
use crate::config::Config;
use crate::directory::{Directories, DirectoryDocument};
use crate::lockout::Lockout;
use crate::search::Search;
use crate::sessions::{LiveSession, Sessions};
use crate::{Secret, words};

/// A refusal to sign in.
#[derive(Debug)]
pub struct Refused {
    /// Why.
    pub problem: Box<Problem>,
    /// How long to wait before the next attempt.
    pub retry_after: Option<Duration>,
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self { problem: Box::new(problem), retry_after: None }
    }
}

/// Whoever has shown the token of a live session.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The account.
    pub account: Arc<Account>,
    session: LiveSession,
    digest: String,
}

impl SignedIn {
    /// The session as the protocol tells it, without its token.
    #[must_use]
    pub fn session(&self) -> Session {
        Session {
            token: None,
            expires_at: self.session.expires_at,
            employee: self.account.employee.clone(),
            role: self.account.role,
            organization: self.account.organization.clone(),
            password_change_required: false,
        }
    }

    fn organization(&self) -> Option<&Oid> {
        self.account.organization.as_ref().map(|organization| &organization.oid)
    }

    /// Whether the account may do something now.
    ///
    /// # Errors
    /// [`Problem`] `not-allowed`, with the reason in words.
    pub fn may(&self, action: Action) -> Result<(), Problem> {
        let allowed = self.account.role.may(action);
        if allowed { Ok(()) } else { Err(words::role_refuses(action)) }
    }
}

/// An answer that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The application as it now stands.
    pub application: Application,
    /// Whether this very answer had been accepted before.
    pub repeated: bool,
}

/// The register.
#[derive(Debug)]
pub struct Register {
    pub(crate) store: Shared,
    pub(crate) accounts: Accounts,
    pub(crate) sessions: Sessions,
    pub(crate) directories: Directories,
    lockout: Lockout,
    has_upstream: bool,
}

impl Register {
    /// Opens the register over a store.
    ///
    /// # Errors
    /// [`AccountError`] when accounts or sessions cannot be read.
    pub fn open(store: Arc<dyn Store>, config: &Config, now: DateTime<Utc>) -> Result<Self, AccountError> {
        let settings = &config.sessions;
        let encode = |_| StoreError::Encode { what: "directory".to_owned() };
        Ok(Self {
            accounts: Accounts::open(Arc::clone(&store), settings.min_password_chars)?,
            sessions: Sessions::open(Arc::clone(&store), settings.lifetime(), settings.most, now)?,
            directories: Directories::open(config.directory.file.clone(), now).map_err(encode)?,
            lockout: Lockout::new(settings.attempts, settings.address_attempts, settings.lockout()),
            has_upstream: config.upstream.is_some(),
            store: Shared(store),
        })
    }

    /// The store beneath.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store.0
    }

    /// Signs in. The session holds its token.
    ///
    /// # Errors
    /// [`Refused`]: bad credentials (in the same words and time, whatever is wrong with them), too many
    /// attempts, or the store failed.
    pub fn sign_in(&self, credentials: &Credentials, address: IpAddr, now: DateTime<Utc>) -> Result<Session, Refused> {
        let Credentials { login, password } = credentials;
        check_lengths(login, password)?;
        let typed = login.trim().to_ascii_lowercase();
        self.lockout.begin(&typed, address, now).map_err(|wait| {
            tracing::warn!(wait_secs = wait.num_seconds(), "too many attempts to sign in");
            Refused { problem: Box::new(words::too_many_attempts(wait)), retry_after: Some(wait) }
        })?;
        let account = self
            .accounts
            .verify(Login::parse(&typed).ok().as_ref(), password)
            .ok_or_else(|| Problem::new(ProblemKind::BadCredentials))?;
        self.lockout.succeeded(&typed, address);
        Ok(self.begin_session(&account, now)?)
    }

    fn begin_session(&self, account: &Arc<Account>, now: DateTime<Utc>) -> Result<Session, Problem> {
        let token = Secret::random().map_err(|error| words::internal(&error))?;
        let session = self.sessions.begin(&account.login, &token, now).map_err(words::unavailable)?;
        let signed_in = SignedIn { account: Arc::clone(account), session, digest: token.digest() };
        // The account may have been disabled, or got another password, while its password was being checked.
        if self.accounts.find(&account.login).is_none_or(|current| !Arc::ptr_eq(&current, account)) {
            self.sign_out(&signed_in)?;
            return Err(Problem::new(ProblemKind::BadCredentials));
        }
        Ok(Session { token: Some(token.expose().to_owned()), ..signed_in.session() })
    }

    /// Whose token it is.
    ///
    /// # Errors
    /// [`Problem`] `session-expired` when it is over, unknown, or its account is disabled.
    pub fn signed_in(&self, token: &str, now: DateTime<Utc>) -> Result<SignedIn, Problem> {
        let digest = Secret::new(token.to_owned()).digest();
        let session = self.sessions.find(&digest, now);
        session
            .and_then(|session| {
                let account = self.accounts.find(&session.login).filter(|account| !account.disabled)?;
                Some(SignedIn { account, session, digest })
            })
            .ok_or_else(|| Problem::new(ProblemKind::SessionExpired))
    }

    /// Whether a session that was alive still is; for a request that has waited.
    ///
    /// # Errors
    /// [`Problem`] `session-expired` when it is not.
    pub fn still_signed_in(&self, who: &SignedIn, now: DateTime<Utc>) -> Result<(), Problem> {
        let account = self.sessions.find(&who.digest, now).and_then(|session| self.accounts.find(&session.login));
        let alive = account.is_some_and(|account| !account.disabled);
        if alive { Ok(()) } else { Err(Problem::new(ProblemKind::SessionExpired)) }
    }

    /// Signs out: the token is dead at once.
    ///
    /// # Errors
    /// [`Problem`] when the store failed; the token is dead then too, as long as the process lives.
    pub fn sign_out(&self, who: &SignedIn) -> Result<(), Problem> {
        self.sessions.end(&who.digest).map_err(words::unavailable)
    }

    /// A page of the feed: the applications that the account may see, changed after a cursor.
    ///
    /// # Errors
    /// [`Problem`]: the role may not read, the cursor is malformed or of another epoch, the store failed.
    pub fn feed(&self, who: &SignedIn, after: Option<&str>, limit: usize) -> Result<FeedPage, Problem> {
        who.may(Action::ReadFeed)?;
        let after = after.filter(|cursor| !cursor.is_empty());
        let limit = limit.clamp(1, MAX_PAGE_RECORDS);
        self.store().feed(after, limit, who.organization()).map_err(|error| match error {
            FeedError::Expired => {
                Problem::new(ProblemKind::CursorExpired).with_detail("Список перестроен: начните чтение без курсора")
            }
            FeedError::Malformed => words::bad_request("after: это не курсор регистра"),
            FeedError::Store(error) => words::unavailable(error),
        })
    }

    /// Searches as the screen does.
    ///
    /// # Errors
    /// [`Problem`]: the role may not read, fields are wrong, the store failed.
    pub fn search(&self, who: &SignedIn, search: &Search) -> Result<Found, Problem> {
        who.may(Action::Search)?;
        let asked = search.read(who.organization().cloned()).map_err(words::bad_fields)?;
        self.store().find(&asked.query, asked.offset, asked.limit).map_err(words::unavailable)
    }

    /// One application.
    ///
    /// # Errors
    /// [`Problem`]: the role may not read, there is no such application for this account, the store failed.
    pub fn application(&self, who: &SignedIn, id: ApplicationId) -> Result<Application, Problem> {
        who.may(Action::OpenCard)?;
        let standing = self.store().standing(id).map_err(words::unavailable)?;
        standing
            .map(|standing| standing.application)
            .filter(|application| who.organization().is_none_or(|oid| application.organization.oid == *oid))
            .ok_or_else(words::no_such_application)
    }

    /// Answers an application; durable when this returns. The author is the account's employee, except
    /// where the account is a trusted daemon.
    ///
    /// # Errors
    /// [`Problem`]: the role may not answer, there is no such application for this account, the domain
    /// refuses the answer, its identifier is another answer's, the store failed.
    pub fn answer(
        &self,
        who: &SignedIn,
        application: ApplicationId,
        id: AnswerId,
        draft: &AnswerDraft,
        now: DateTime<Utc>,
    ) -> Result<Answered, Problem> {
        who.may(Action::Answer)?;
        let trusted = matches!(who.account.role, Role::Daemon);
        let author = Author {
            employee: (!trusted).then(|| who.account.employee.clone()),
            organization: who.organization().cloned(),
        };
        match self.store().answer(application, id, draft, &author, now) {
            Ok(accepted) => Ok(Answered { application: accepted.standing.application, repeated: accepted.repeated }),
            // A register that is still being filled does not know what is not there.
            Err(AnswerError::NotFound) if self.has_upstream && !self.store().is_complete() => {
                Err(words::still_filling())
            }
            Err(AnswerError::NotFound) => Err(words::no_such_application()),
            Err(AnswerError::Refused { refusal, standing }) => Err(match Problem::from(&refusal) {
                problem if problem.status == 409 => problem.with_application(standing.application),
                problem => problem,
            }),
            Err(AnswerError::IdReused { standing }) => Err(Problem::new(ProblemKind::AnswerIdReused)
                .with_detail("Ответ с таким номером уже принят, и он другой")
                .with_application(standing.application)),
            Err(AnswerError::Store(error)) => Err(words::unavailable(error)),
        }
    }

    /// What the answer forms offer for the account's organization.
    ///
    /// # Errors
    /// [`Problem`]: the role does not read it.
    pub fn directory(&self, who: &SignedIn, now: DateTime<Utc>) -> Result<DirectoryDocument, Problem> {
        who.may(Action::ReadDirectory)?;
        Ok(self.directories.of(who.organization(), now))
    }

    /// Forgets sessions that are over.
    ///
    /// # Errors
    /// [`StoreError`] when the store failed.
    pub fn sweep(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        self.sessions.sweep(now)
    }
}

fn check_lengths(login: &str, password: &str) -> Result<(), Problem> {
    let fits = |text: &str, most: usize| (1..=most).contains(&text.chars().count());
    if fits(login, 128) && fits(password, 1024) {
        Ok(())
    } else {
        Err(words::bad_request("login: от 1 до 128 знаков, password: от 1 до 1024"))
    }
}
