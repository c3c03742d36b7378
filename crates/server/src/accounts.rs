//! The accounts of the register: kept in the store, read from memory.
//!
//! Invariant: memory holds what the store holds: an account is kept durably before it is seen.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use parking_lot::{Mutex, RwLock};
use prikrep_domain::{Organization, Role};
use prikrep_store::{Shelf, Store, StoreError};

use crate::Secret;
use crate::account::{Account, Login, NewAccount, changes_given_password, needs_organization};
use crate::lockout::Footing;
use crate::passwords::{HashError, Owner, PasswordFacts, PasswordHash, PasswordRefusal, PasswordRules};
use crate::places::Places;
use crate::secret::NoRandomness;

const MAX_NAME_CHARS: usize = 256;
const MAX_ACCOUNTS: usize = 100_000;

/// Why an account cannot be made or changed; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The login is taken.
    #[error("учётная запись {0} уже есть")]
    Taken(Login),
    /// There is no such account.
    #[error("учётной записи {0} нет: посмотрите «prikrepd user list»")]
    Unknown(Login),
    /// What was given does not fit.
    #[error("{0}")]
    Unfit(String),
    /// The password is not taken.
    #[error(transparent)]
    Password(#[from] PasswordRefusal),
    /// The password was changed by somebody else meanwhile.
    #[error("Пароль уже изменён в другом месте: войдите снова")]
    Overtaken,
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The system gives no randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// It could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The accounts.
#[derive(Debug)]
pub(crate) struct Accounts {
    store: Shared,
    pub(crate) rules: PasswordRules,
    by_login: RwLock<BTreeMap<Login, Arc<Account>>>,
    /// One change at a time: what is checked still holds when it is kept.
    changing: Mutex<()>,
    /// Checked when there is no account, so that the answer takes as long.
    decoy: PasswordHash,
}

/// The store, without a `Debug` of its own.
#[derive(Clone)]
pub(crate) struct Shared(pub(crate) Arc<dyn Store>);

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

impl Accounts {
    pub(crate) fn open(store: Arc<dyn Store>, rules: PasswordRules) -> Result<Self, AccountError> {
        let mut by_login = BTreeMap::new();
        for (key, value) in store.records(Shelf::Accounts)? {
            match serde_json::from_slice::<Account>(&value) {
                Ok(account) => {
                    by_login.insert(account.login.clone(), Arc::new(account));
                }
                // One bad account never stops the others; its tag says which it was.
                Err(_) => tracing::error!(
                    account = Login::parse(&key).map(|login| login.tag()).unwrap_or_default(),
                    "an account cannot be read: make it anew with «prikrepd user add»"
                ),
            }
        }
        let decoy = PasswordHash::of(&Secret::random()?)?;
        let store = Shared(store);
        Ok(Self { store, rules, by_login: RwLock::new(by_login), changing: Mutex::new(()), decoy })
    }

    pub(crate) fn find(&self, login: &Login) -> Option<Arc<Account>> {
        self.by_login.read().get(login).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Account>> {
        self.by_login.read().values().cloned().collect()
    }

    /// How a network stands with the account of a login. Takes the same work whether or not there is one.
    pub(crate) fn footing(&self, login: Option<&Login>, network: IpAddr, now: DateTime<Utc>) -> Footing {
        let accounts = self.by_login.read();
        let account = login.and_then(|login| accounts.get(login));
        let organization = account.map(|account| account.oid());
        let colleagues = accounts.values().filter(|other| other.places.know(network, now));
        let colleagues = colleagues.filter(|other| Some(other.oid()) == organization).count();
        match account {
            Some(account) if account.places.know(network, now) => Footing::Own,
            Some(_) if colleagues > 0 => Footing::Colleagues,
            Some(_) | None => Footing::Stranger,
        }
    }

    /// The account as it is now, when it still admits whoever has just shown this password: the place is
    /// remembered, and a hash of another cost than today's is made anew.
    pub(crate) fn welcome(
        &self,
        verified: &Account,
        password: &str,
        network: IpAddr,
        now: DateTime<Utc>,
    ) -> Result<Option<Arc<Account>>, AccountError> {
        let stronger = if verified.password.is_current() {
            None
        } else {
            Some(PasswordHash::of(&Secret::new(password.to_owned()))?)
        };
        let _changing = self.changing.lock();
        let Some(current) = self.find(&verified.login).filter(|current| current.still_admits(verified, password))
        else {
            return Ok(None);
        };
        let mut account = Account::clone(&current);
        let is_new_here = account.places.note(network, now);
        let rehashed = stronger.is_some();
        if let Some(hash) = stronger {
            account.password = hash;
        }
        if is_new_here || rehashed { self.keep(account).map(Some) } else { Ok(Some(current)) }
    }

    /// The account, when the password fits and it is not disabled. Takes the same work in every case.
    pub(crate) fn verify(&self, login: Option<&Login>, password: &str) -> Option<Arc<Account>> {
        let account = login.and_then(|login| self.find(login));
        let fits = account.as_ref().map_or(&self.decoy, |account| &account.password).fits(password);
        account.filter(|account| fits && !account.disabled)
    }

    pub(crate) fn add(
        &self,
        new: NewAccount,
        organization: Option<Organization>,
        now: DateTime<Utc>,
    ) -> Result<Arc<Account>, AccountError> {
        let employee = checked_name(&new.employee)?;
        check_scope(new.role, organization.as_ref())?;
        let named = organization.as_ref().map(|organization| organization.name.as_str());
        let owner = Owner { login: &new.login, employee: &employee, organization: named };
        self.rules.check(new.password.expose(), owner)?;
        let password = PasswordHash::of(&new.password)?;
        let NewAccount { login, role, change_password, .. } = new;
        let temporary = change_password.unwrap_or_else(|| changes_given_password(role));
        let _changing = self.changing.lock();
        if self.find(&login).is_some() {
            return Err(AccountError::Taken(login));
        }
        if self.by_login.read().len() >= MAX_ACCOUNTS {
            return Err(AccountError::Unfit(format!("учётных записей уже {MAX_ACCOUNTS}: больше не бывает")));
        }
        self.keep(Account {
            login,
            password,
            employee,
            role,
            organization,
            disabled: false,
            created_at: now,
            password_facts: PasswordFacts { changed_at: Some(now), temporary, former: Vec::new() },
            places: Places::default(),
        })
    }

    pub(crate) fn set_disabled(&self, login: &Login, disabled: bool) -> Result<Arc<Account>, AccountError> {
        self.change(login, |account| account.disabled = disabled)
    }

    /// Changes what is named, and nothing when it does not fit.
    pub(crate) fn alter(
        &self,
        login: &Login,
        employee: Option<String>,
        role: Option<Role>,
        scope: Option<Option<Organization>>,
    ) -> Result<Arc<Account>, AccountError> {
        let employee = employee.as_deref().map(checked_name).transpose()?;
        let _changing = self.changing.lock();
        let mut account = Account::clone(&*self.find(login).ok_or_else(|| AccountError::Unknown(login.clone()))?);
        account.employee = employee.unwrap_or(account.employee);
        account.role = role.unwrap_or(account.role);
        account.organization = scope.unwrap_or(account.organization);
        check_scope(account.role, account.organization.as_ref())?;
        self.keep(account)
    }

    /// Gives an account another password; whether it must be changed first of all is asked of people, when it
    /// is not said.
    pub(crate) fn set_password(
        &self,
        login: &Login,
        password: &Secret,
        change: Option<bool>,
        now: DateTime<Utc>,
    ) -> Result<Arc<Account>, AccountError> {
        let known = self.find(login).ok_or_else(|| AccountError::Unknown(login.clone()))?;
        let temporary = change.unwrap_or_else(|| changes_given_password(known.role));
        self.replace_password(&known, password, temporary, now)
    }

    /// Changes the password of whoever has just shown the present one.
    pub(crate) fn change_own_password(
        &self,
        verified: &Account,
        password: &Secret,
        now: DateTime<Utc>,
    ) -> Result<Arc<Account>, AccountError> {
        self.replace_password(verified, password, false, now)
    }

    fn replace_password(
        &self,
        known: &Account,
        password: &Secret,
        temporary: bool,
        now: DateTime<Utc>,
    ) -> Result<Arc<Account>, AccountError> {
        self.rules.check(password.expose(), known.owner())?;
        self.rules.check_new(password.expose(), &known.password, &known.password_facts)?;
        let hash = PasswordHash::of(password)?;
        let _changing = self.changing.lock();
        let current = self.find(&known.login).ok_or_else(|| AccountError::Unknown(known.login.clone()))?;
        if current.password != known.password {
            return Err(AccountError::Overtaken);
        }
        let mut account = Account::clone(&current);
        let old = std::mem::replace(&mut account.password, hash);
        account.password_facts = account.password_facts.after(old, temporary, now);
        self.keep(account)
    }

    /// Machine accounts whose password is older than the rules allow.
    pub(crate) fn aged_daemons(&self, now: DateTime<Utc>) -> usize {
        let accounts = self.by_login.read();
        let daemons = accounts.values().filter(|account| !account.disabled && !changes_given_password(account.role));
        daemons.filter(|account| account.password_age_due(self.rules.max_age, now).is_some()).count()
    }

    fn change(&self, login: &Login, change: impl FnOnce(&mut Account)) -> Result<Arc<Account>, AccountError> {
        let _changing = self.changing.lock();
        let known = self.find(login).ok_or_else(|| AccountError::Unknown(login.clone()))?;
        let mut account = Account::clone(&known);
        change(&mut account);
        self.keep(account)
    }

    fn keep(&self, account: Account) -> Result<Arc<Account>, AccountError> {
        let value = serde_json::to_vec(&account).map_err(|_| StoreError::Encode { what: "account".into() })?;
        self.store.0.put_record(Shelf::Accounts, account.login.as_str(), &value)?;
        let account = Arc::new(account);
        self.by_login.write().insert(account.login.clone(), Arc::clone(&account));
        Ok(account)
    }
}

fn checked_name(name: &str) -> Result<String, AccountError> {
    let name = name.trim();
    if (1..=MAX_NAME_CHARS).contains(&name.chars().count()) {
        Ok(name.to_owned())
    } else {
        Err(AccountError::Unfit(format!("имя сотрудника: от 1 до {MAX_NAME_CHARS} знаков")))
    }
}

fn check_scope(role: Role, organization: Option<&Organization>) -> Result<(), AccountError> {
    if needs_organization(role) && organization.is_none() {
        return Err(AccountError::Unfit("для этой роли назовите организацию: --organization OID".to_owned()));
    }
    Ok(())
}
