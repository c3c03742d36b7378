//! The register as a service, without HTTP: what each path of the protocol does for a signed-in account.
//!
//! Invariant: every method asks the account's role first, and every read and write is bounded by the
//! account's organization: another organization's application does not exist for it. Methods may block on
//! the disk; none reads a clock.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use parking_lot::Mutex;
use prikrep_domain::{
    Act, Action, AnswerDraft, AnswerId, Application, ApplicationId, FeedPage, Found, JournalEntry, MAX_PAGE_RECORDS,
    Oid, Problem, ProblemKind, Role, Terms,
};
use prikrep_store::{AnswerError, Author, FeedError, Store, StoreError};

use crate::accounts::{AccountError, Accounts, Shared};
use crate::config::Config;
use crate::directory::{Directories, DirectoryDocument};
use crate::journal::{Marker, last_entry_at};
use crate::lockout::Lockout;
use crate::passwords::PasswordRules;
use crate::search::Search;
use crate::sessions::Sessions;
use crate::signing_in::SignedIn;
use crate::words;

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
    pub(crate) lockout: Lockout,
    pub(crate) marker: Marker,
    pub(crate) zone: Tz,
    /// How long entries of the journal are kept; `None` for ever.
    pub(crate) keep_journal: Option<Duration>,
    pub(crate) reporting: Mutex<()>,
    /// The time of the journal's last entry.
    pub(crate) last_entry_at: Mutex<Option<DateTime<Utc>>>,
    /// What was read while the disk took nothing: written down as soon as it does.
    pub(crate) unwritten: Mutex<Vec<JournalEntry>>,
    has_upstream: bool,
}

impl Register {
    /// Opens the register over a store.
    ///
    /// # Errors
    /// [`AccountError`] when accounts or sessions cannot be read, or the file of common passwords.
    pub fn open(store: Arc<dyn Store>, config: &Config, now: DateTime<Utc>) -> Result<Self, AccountError> {
        let settings = &config.sessions;
        let rules = PasswordRules::open(&config.passwords).map_err(|error| AccountError::Unfit(error.to_string()))?;
        let encode = |_| StoreError::Encode { what: "directory".to_owned() };
        Ok(Self {
            accounts: Accounts::open(Arc::clone(&store), rules)?,
            sessions: Sessions::open(Arc::clone(&store), settings.rules(), now)?,
            directories: Directories::open(config.directory.file.clone(), now).map_err(encode)?,
            lockout: Lockout::new(settings.attempts, settings.address_attempts, settings.lockout()),
            marker: Marker::open(&*store)?,
            zone: config.timezone,
            keep_journal: config.journal.kept(),
            reporting: Mutex::new(()),
            last_entry_at: Mutex::new(last_entry_at(&*store)?),
            unwritten: Mutex::default(),
            has_upstream: config.upstream.is_some(),
            store: Shared(store),
        })
    }

    /// The store beneath.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store.0
    }

    /// A page of the feed: the applications that the account may see, changed after a cursor.
    ///
    /// # Errors
    /// [`Problem`]: the role may not read, the cursor is malformed or of another epoch, the store failed.
    pub fn feed(&self, who: &SignedIn, after: Option<&str>, limit: usize) -> Result<FeedPage, Problem> {
        who.may(Action::ReadFeed)?;
        let page = self.feed_of(who.organization(), after, limit)?;
        self.note_feed(who, page.changes.len())?;
        Ok(page)
    }

    /// The same for an organization, or for all, whoever it is read for.
    pub(crate) fn feed_of(
        &self,
        organization: Option<&Oid>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<FeedPage, Problem> {
        let after = after.filter(|cursor| !cursor.is_empty());
        self.store().feed(after, limit.clamp(1, MAX_PAGE_RECORDS), organization).map_err(|error| match error {
            FeedError::Expired => {
                Problem::new(ProblemKind::CursorExpired).with_detail("Список перестроен: начните чтение без курсора")
            }
            FeedError::Malformed => words::bad_request("after: это не курсор регистра"),
            FeedError::Store(error) => words::unavailable(error),
        })
    }

    /// Writes down that somebody is given so many applications of the feed.
    pub(crate) fn note_feed(&self, who: &SignedIn, records: usize) -> Result<(), Problem> {
        if records > 0 { self.note(who, Act::FeedRead { records: records as u64 }) } else { Ok(()) }
    }

    /// Searches as the screen does.
    ///
    /// # Errors
    /// [`Problem`]: the role may not read, fields are wrong, the store failed.
    pub fn search(&self, who: &SignedIn, search: &Search) -> Result<Found, Problem> {
        who.may(Action::Search)?;
        let asked = search.read(who.organization().cloned()).map_err(words::bad_fields)?;
        let found = self.store().find(&asked.query, asked.offset, asked.limit).map_err(words::unavailable)?;
        self.note(who, Act::Searched { terms: Terms::from(&asked.query) })?;
        Ok(found)
    }

    /// One application.
    ///
    /// # Errors
    /// [`Problem`]: the role may not read, there is no such application for this account, the store failed.
    pub fn application(&self, who: &SignedIn, id: ApplicationId) -> Result<Application, Problem> {
        who.may(Action::OpenCard)?;
        let standing = self.store().standing(id).map_err(words::unavailable)?;
        let application = standing
            .map(|standing| standing.application)
            .filter(|application| who.organization().is_none_or(|oid| application.organization.oid == *oid))
            .ok_or_else(words::no_such_application)?;
        self.note(who, Act::CardOpened { application: id, patient: None })?;
        Ok(application)
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
            Ok(accepted) => {
                if let Some(decision) = draft.decision {
                    self.note(who, Act::Answered { application, answer: id, decision, patient: None })?;
                }
                Ok(Answered { application: accepted.standing.application, repeated: accepted.repeated })
            }
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
}
