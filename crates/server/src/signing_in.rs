//! Signing in and out, and who is signed in.
//!
//! Invariant: a sign-in costs the same password check whatever is wrong with it. Who is signed in is asked of
//! the accounts anew at every request: what an administrator changes holds at once.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use prikrep_domain::{Action, Credentials, Oid, PasswordChange, Problem, ProblemKind, Session};
use prikrep_store::StoreError;

use crate::account::{Account, Login};
use crate::accounts::AccountError;
use crate::lockout::Footing;
use crate::passwords::PasswordDue;
use crate::places::network_of;
use crate::sessions::{LiveSession, TokenDigest};
use crate::{Register, Secret, words};

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
    digest: TokenDigest,
    due: Option<PasswordDue>,
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
            password_change_required: self.due.is_some(),
        }
    }

    /// Whether the account may do something now.
    ///
    /// # Errors
    /// [`Problem`] `not-allowed`, with the reason in words.
    pub fn may(&self, action: Action) -> Result<(), Problem> {
        match self.due {
            Some(due) if !matches!(action, Action::OwnSession) => Err(words::password_due(due)),
            Some(_) | None if self.account.role.may(action) => Ok(()),
            Some(_) | None => Err(words::role_refuses(action)),
        }
    }

    pub(crate) fn organization(&self) -> Option<&Oid> {
        self.account.oid()
    }
}

/// An attempt to sign in, before its password was looked at.
struct Attempt {
    /// As it was typed, but for what does not count.
    typed: String,
    login: Option<Login>,
    network: IpAddr,
    footing: Footing,
}

impl Register {
    /// Signs in. The session holds its token.
    ///
    /// # Errors
    /// [`Refused`]: bad credentials (in the same words and time, whatever is wrong with them), too many
    /// attempts, or the store failed.
    pub fn sign_in(&self, credentials: &Credentials, address: IpAddr, now: DateTime<Utc>) -> Result<Session, Refused> {
        let Credentials { login, password } = credentials;
        check_lengths(login, password)?;
        let attempt = self.attempt(login, address, now);
        self.begin_attempt(&attempt, now)?;
        let account = self.accounts.verify(attempt.login.as_ref(), password).ok_or_else(bad_credentials)?;
        self.lockout.succeeded(&attempt.typed, attempt.network, attempt.footing);
        let welcome = self.accounts.welcome(&account, password, attempt.network, now).map_err(failed)?;
        let account = welcome.ok_or_else(bad_credentials)?;
        Ok(self.begin_session(&account, password, now)?)
    }

    /// Whether a login has signed in from an address before.
    #[must_use]
    pub fn is_at_its_place(&self, login: &str, address: IpAddr, now: DateTime<Utc>) -> bool {
        matches!(self.attempt(login, address, now).footing, Footing::Own)
    }

    fn attempt(&self, login: &str, address: IpAddr, now: DateTime<Utc>) -> Attempt {
        let typed = login.trim().to_ascii_lowercase();
        let (login, network) = (Login::parse(&typed).ok(), network_of(address));
        let footing = self.accounts.footing(login.as_ref(), network, now);
        Attempt { typed, login, network, footing }
    }

    fn begin_attempt(&self, attempt: &Attempt, now: DateTime<Utc>) -> Result<(), Refused> {
        self.lockout.begin(&attempt.typed, attempt.network, attempt.footing, now).map_err(|wait| {
            tracing::warn!(wait_secs = wait.num_seconds(), "too many attempts to sign in");
            Refused { problem: Box::new(words::too_many_attempts(wait)), retry_after: Some(wait) }
        })
    }

    fn begin_session(&self, account: &Arc<Account>, password: &str, now: DateTime<Utc>) -> Result<Session, Problem> {
        let token = Secret::random().map_err(|error| words::internal(&error))?;
        let session = self.sessions.begin(&account.login, &token, now).map_err(words::unavailable)?;
        let (digest, due) = (TokenDigest::of(&token), self.due(account, now));
        let signed_in = SignedIn { account: Arc::clone(account), session, digest, due };
        // The account may have been disabled, or got another password, since its password was checked.
        if self.accounts.find(&account.login).is_none_or(|current| !current.still_admits(account, password)) {
            self.sign_out(&signed_in)?;
            return Err(bad_credentials());
        }
        Ok(Session { token: Some(token.expose().to_owned()), ..signed_in.session() })
    }

    /// Whose token it is. The session is used by it.
    ///
    /// # Errors
    /// [`Problem`] `session-expired` when it is over, unknown, or its account is disabled.
    pub fn signed_in(&self, token: &str, now: DateTime<Utc>) -> Result<SignedIn, Problem> {
        let digest = TokenDigest::of(&Secret::new(token.to_owned()));
        let session = self.sessions.touch(&digest, now);
        self.of_session(session, digest, now)
    }

    /// Who it is now, for a request that has waited; its session is not used by it.
    ///
    /// # Errors
    /// [`Problem`] `session-expired` when it is over, or its account is disabled.
    pub fn still_signed_in(&self, who: SignedIn, now: DateTime<Utc>) -> Result<SignedIn, Problem> {
        let session = self.sessions.find(&who.digest, now);
        self.of_session(session, who.digest, now)
    }

    fn due(&self, account: &Account, now: DateTime<Utc>) -> Option<PasswordDue> {
        account.password_due(self.accounts.rules.max_age, now)
    }

    fn of_session(
        &self,
        session: Option<LiveSession>,
        digest: TokenDigest,
        now: DateTime<Utc>,
    ) -> Result<SignedIn, Problem> {
        session
            .and_then(|session| {
                let account = self.accounts.find(&session.login).filter(|account| !account.disabled)?;
                let due = self.due(&account, now);
                Some(SignedIn { account, session, digest, due })
            })
            .ok_or_else(|| Problem::new(ProblemKind::SessionExpired))
    }

    /// Changes the password of one's own account. Its other sessions end.
    ///
    /// # Errors
    /// [`Refused`]: the present password is wrong or the new one is not taken (by field), too many attempts, or
    /// the store failed.
    pub fn change_password(
        &self,
        who: &SignedIn,
        change: &PasswordChange,
        address: IpAddr,
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        who.may(Action::OwnSession)?;
        let PasswordChange { current, new } = change;
        let account = &who.account;
        check_lengths(account.login.as_str(), current)?;
        let attempt = self.attempt(account.login.as_str(), address, now);
        self.begin_attempt(&attempt, now)?;
        if !account.password.fits(current) {
            return Err(words::bad_field("current", "Текущий пароль неверен").into());
        }
        self.lockout.succeeded(&attempt.typed, attempt.network, attempt.footing);
        self.accounts.change_own_password(account, &Secret::new(new.clone()), now).map_err(failed)?;
        self.sessions.end_others(&account.login, &who.digest).map_err(words::unavailable)?;
        Ok(())
    }

    /// Signs out: the token is dead at once.
    ///
    /// # Errors
    /// [`Problem`] when the store failed; the token is dead then too, as long as the process lives.
    pub fn sign_out(&self, who: &SignedIn) -> Result<(), Problem> {
        self.sessions.end(&who.digest).map_err(words::unavailable)
    }

    /// Signs out everywhere: all sessions of the account end, this one too.
    ///
    /// # Errors
    /// [`Problem`] when the store failed; the tokens are dead then too, as long as the process lives.
    pub fn sign_out_everywhere(&self, who: &SignedIn) -> Result<usize, Problem> {
        self.sessions.end_all(&who.account.login).map_err(words::unavailable)
    }

    /// Forgets sessions that are over.
    ///
    /// # Errors
    /// [`StoreError`] when the store failed.
    pub fn sweep(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        self.sessions.sweep(now)
    }
}

fn bad_credentials() -> Problem {
    Problem::new(ProblemKind::BadCredentials)
}

fn failed(error: AccountError) -> Problem {
    match error {
        AccountError::Store(error) => words::unavailable(error),
        AccountError::Password(refusal) => words::bad_field("new", &refusal.to_string()),
        error @ AccountError::Overtaken => words::bad_field("current", &error.to_string()),
        error @ (AccountError::Taken(_)
        | AccountError::Unknown(_)
        | AccountError::Unfit(_)
        | AccountError::Hash(_)
        | AccountError::NoRandomness(_)) => words::internal(&error),
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
