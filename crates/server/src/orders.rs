//! An administrator's orders, carried out on the register: by the running server, or on the store itself.
//!
//! Invariant: both ways are this one function, so that they cannot differ.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use prikrep_domain::{Act, FieldError, Found, JournalPage, Oid, Organization, Period, Place, Problem, Query, Terms};
use prikrep_store::{JournalCheck, Quarantined, StoreError, Verification};
use serde::{Deserialize, Serialize};

use crate::account::{Account, AccountCard, AccountChange, Login, NewAccount, NewOrganization, Scope};
use crate::accounts::AccountError;
use crate::condition::{Condition, UpstreamCondition};
use crate::journal::{JournalSearch, console};
use crate::search::Search;
use crate::{Register, Secret};

/// What an administrator asks for.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// How the register is doing.
    Status,
    /// Make an account.
    AddUser(NewAccount),
    /// All accounts.
    ListUsers,
    /// Let an account sign in no more; its sessions end.
    DisableUser(Login),
    /// Let it sign in again; its failed attempts are forgotten.
    EnableUser(Login),
    /// End its sessions.
    SignOutUser(Login),
    /// Change what it may do; its sessions go on, and are of the new role and organization at once.
    ChangeUser(AccountChange),
    /// Give it another password; its sessions end, its failed attempts are forgotten.
    SetPassword {
        /// Which account.
        login: Login,
        /// The new one.
        password: Secret,
        /// Whether it must be changed at the next sign-in; `None` asks it of people.
        #[serde(default)]
        change: Option<bool>,
    },
    /// Search, of one organization or of the whole region.
    List {
        /// What for.
        search: Box<Search>,
        /// Whose.
        organization: Option<Oid>,
    },
    /// The records in quarantine, without their content.
    ListQuarantine,
    /// One record in quarantine, as received.
    ShowQuarantined(String),
    /// Read the records in quarantine anew.
    RetryQuarantine,
    /// Read and authenticate every stored value.
    Verify,
    /// Read the journal.
    ReadJournal(JournalSearch),
    /// Follow the chain of the journal.
    CheckJournal,
}

impl Order {
    /// What the journal says of it; asking how the register is doing is not worth an entry.
    fn act(&self) -> Option<Act> {
        let command = |name: &str| Some(Act::Command { name: name.to_owned() });
        let change = |login: &Login, change: &str| {
            Some(Act::AccountChanged { login: login.to_string(), change: change.to_owned() })
        };
        match self {
            Self::Status => None,
            Self::AddUser(account) => change(&account.login, "add"),
            Self::ListUsers => command("user list"),
            Self::DisableUser(login) => change(login, "disable"),
            Self::EnableUser(login) => change(login, "enable"),
            Self::SignOutUser(login) => change(login, "sign-out"),
            Self::ChangeUser(altered) => change(&altered.login, "change"),
            Self::SetPassword { login, .. } => change(login, "password"),
            Self::List { search, .. } => {
                let asked = search.read(None).ok()?;
                Some(Act::Searched { terms: Terms::from(&asked.query) })
            }
            Self::ListQuarantine => command("quarantine list"),
            Self::ShowQuarantined(_) => command("quarantine show"),
            Self::RetryQuarantine => command("quarantine retry"),
            Self::Verify => command("verify"),
            // Of a long reading only the beginning.
            Self::ReadJournal(search) => search.before.is_none().then_some(Act::JournalRead),
            Self::CheckJournal => command("journal verify"),
        }
    }
}

/// What came of an order.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// How the register is doing.
    Status(Box<Condition>),
    /// The account as it is now.
    User(Box<AccountCard>),
    /// All accounts.
    Users(Vec<AccountCard>),
    /// What was found.
    Found(Found),
    /// The records in quarantine.
    Quarantine(Vec<QuarantineCard>),
    /// One of them.
    Quarantined(Quarantined),
    /// How many were understood.
    Retried(Retried),
    /// What the check found.
    Verified(Verification),
    /// A part of the journal.
    Journal(JournalPage),
    /// What following its chain has found.
    JournalChecked(JournalCheck),
}

/// A record in quarantine, without its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineCard {
    /// Its name.
    pub key: String,
    /// What is wrong.
    pub reason: String,
    /// When it arrived.
    pub received_at: DateTime<Utc>,
    /// Its length, in bytes.
    pub bytes: usize,
}

/// What came of reading the quarantine anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retried {
    /// Records that are understood now.
    pub understood: usize,
    /// Records that stay.
    pub left: usize,
}

/// Why an order was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// The account.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The search.
    #[error("{}", words_of(.0))]
    Search(Vec<FieldError>),
    /// The search in the journal.
    #[error("{}", .0.words())]
    Journal(Box<Problem>),
    /// There is no such record in quarantine.
    #[error("в карантине нет записи {0}: посмотрите «prikrepd quarantine list»")]
    NotInQuarantine(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn words_of(errors: &[FieldError]) -> String {
    errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect::<Vec<_>>().join("; ")
}

impl Register {
    /// Carries an order of a person out, whose name the system tells, and writes it down before. May block on
    /// the disk for long.
    ///
    /// # Errors
    /// [`OrderError`].
    pub fn carry_out(
        &self,
        order: Order,
        by: &str,
        upstream: Option<UpstreamCondition>,
        now: DateTime<Utc>,
    ) -> Result<Outcome, OrderError> {
        if let Some(act) = order.act() {
            self.write_down(console(by), Place::Console, act, now)?;
        }
        Ok(match order {
            Order::Status => Outcome::Status(Box::new(self.condition(upstream, now))),
            Order::AddUser(account) => self.user(self.add_user(account, now)?.as_ref(), now),
            Order::ListUsers => {
                Outcome::Users(self.accounts.all().iter().map(|account| self.card(account, now)).collect())
            }
            Order::DisableUser(login) => {
                let account = self.accounts.set_disabled(&login, true)?;
                self.sessions.end_all(&login)?;
                self.user(&account, now)
            }
            Order::EnableUser(login) => {
                self.lockout.forgive(login.as_str());
                self.user(self.accounts.set_disabled(&login, false)?.as_ref(), now)
            }
            Order::SignOutUser(login) => {
                let account = self.accounts.find(&login).ok_or_else(|| AccountError::Unknown(login.clone()))?;
                self.sessions.end_all(&login)?;
                self.user(&account, now)
            }
            Order::ChangeUser(change) => self.user(self.change_user(change)?.as_ref(), now),
            Order::SetPassword { login, password, change } => {
                let account = self.accounts.set_password(&login, &password, change, now)?;
                self.sessions.end_all(&login)?;
                self.lockout.forgive(login.as_str());
                self.user(&account, now)
            }
            Order::List { search, organization } => {
                let asked = search.read(organization).map_err(OrderError::Search)?;
                Outcome::Found(self.store().find(&asked.query, asked.offset, asked.limit)?)
            }
            Order::ListQuarantine => {
                Outcome::Quarantine(self.store().quarantine()?.into_iter().map(QuarantineCard::from).collect())
            }
            Order::ShowQuarantined(key) => {
                let found = self.store().quarantine()?.into_iter().find(|record| record.key == key);
                Outcome::Quarantined(found.ok_or(OrderError::NotInQuarantine(key))?)
            }
            Order::RetryQuarantine => {
                let understood = self.store().retry_quarantine(now)?;
                Outcome::Retried(Retried { understood, left: self.store().quarantine()?.len() })
            }
            Order::Verify => Outcome::Verified(self.store().verify()?),
            Order::ReadJournal(search) => Outcome::Journal(
                self.journal_of_all(&search).map_err(|problem| OrderError::Journal(Box::new(problem)))?,
            ),
            Order::CheckJournal => Outcome::JournalChecked(self.check_journal()?),
        })
    }

    /// Makes an account.
    ///
    /// # Errors
    /// [`OrderError::Account`] when it does not fit, [`OrderError::Store`] when the store failed.
    pub fn add_user(&self, new: NewAccount, now: DateTime<Utc>) -> Result<Arc<Account>, OrderError> {
        let organization = new.organization.clone().map(|named| self.named(named)).transpose()?;
        Ok(self.accounts.add(new, organization, now)?)
    }

    fn change_user(&self, change: AccountChange) -> Result<Arc<Account>, OrderError> {
        let AccountChange { login, employee, role, scope } = change;
        let scope = scope.map(|scope| match scope {
            Scope::Region => Ok(None),
            Scope::Organization(named) => self.named(named).map(Some),
        });
        Ok(self.accounts.alter(&login, employee, role, scope.transpose()?)?)
    }

    fn named(&self, NewOrganization { oid, name }: NewOrganization) -> Result<Organization, OrderError> {
        let given = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        let name = match given {
            Some(name) => name,
            None => self.known_name(&oid)?.unwrap_or_else(|| oid.to_string()),
        };
        Ok(Organization { oid, name })
    }

    /// The name that an organization has in its latest application.
    fn known_name(&self, oid: &Oid) -> Result<Option<String>, OrderError> {
        let date = |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default();
        let Ok(ever) = Period::new(date(2000), date(2100)) else { return Ok(None) };
        let query = Query { organization: Some(oid.clone()), ..Query::of(ever) };
        let found = self.store().find(&query, 0, 1)?;
        Ok(found.items.into_iter().next().map(|application| application.organization.name))
    }

    fn user(&self, account: &Account, now: DateTime<Utc>) -> Outcome {
        Outcome::User(Box::new(self.card(account, now)))
    }

    fn card(&self, account: &Account, now: DateTime<Utc>) -> AccountCard {
        AccountCard {
            login: account.login.clone(),
            tag: account.login.tag(),
            employee: account.employee.clone(),
            role: account.role,
            organization: account.organization.clone(),
            disabled: account.disabled,
            created_at: account.created_at,
            sessions: self.sessions.count_of(&account.login),
            password_change_required: account.password_due(self.accounts.rules.max_age, now).is_some(),
        }
    }
}

impl From<Quarantined> for QuarantineCard {
    fn from(record: Quarantined) -> Self {
        let Quarantined { key, reason, received_at, raw } = record;
        Self { key, reason, received_at, bytes: raw.len() }
    }
}
