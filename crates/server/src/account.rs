//! An account: who may sign in, in which role, for which organization.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Duration, Utc};
use prikrep_domain::{Oid, Organization, Role};
use serde::{Deserialize, Serialize};

use crate::Secret;
use crate::passwords::{Owner, PasswordDue, PasswordFacts, PasswordHash};
use crate::places::Places;
use crate::secret::sha256_hex;

/// A text that cannot be a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("логин: от 1 до 128 знаков, латинские буквы, цифры и . _ - @")]
pub struct BadLogin;

/// A login: 1 to 128 Latin letters (lower case), digits and `. _ - @`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Login(String);

impl Login {
    /// Parses a login; case and surrounding spaces do not count.
    ///
    /// # Errors
    /// [`BadLogin`] when the text is anything else.
    pub fn parse(text: &str) -> Result<Self, BadLogin> {
        let login = text.trim().to_ascii_lowercase();
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte);
        if (1..=128).contains(&login.len()) && login.bytes().all(fits) { Ok(Self(login)) } else { Err(BadLogin) }
    }

    /// The login as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What logs call the account: a login may be somebody's name.
    #[must_use]
    pub fn tag(&self) -> String {
        let mut tag = sha256_hex(self.0.as_bytes());
        tag.truncate(8);
        tag
    }
}

impl FromStr for Login {
    type Err = BadLogin;
    fn from_str(text: &str) -> Result<Self, BadLogin> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Login {
    type Error = BadLogin;
    fn try_from(text: String) -> Result<Self, BadLogin> {
        Self::parse(&text)
    }
}

impl From<Login> for String {
    fn from(login: Login) -> Self {
        login.0
    }
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An account, as it is kept. New fields are added with `#[serde(default)]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    /// What it signs in with.
    pub login: Login,
    pub(crate) password: PasswordHash,
    /// The employee's full name, or what a daemon is called.
    pub employee: String,
    /// What it may do.
    pub role: Role,
    /// The organization; `None` for the whole region.
    pub organization: Option<Organization>,
    /// Whether it may not sign in.
    pub disabled: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    #[serde(default)]
    pub(crate) password_facts: PasswordFacts,
    #[serde(default)]
    pub(crate) places: Places,
}

impl Account {
    /// The organization's OID; `None` for the whole region.
    pub(crate) fn oid(&self) -> Option<&Oid> {
        self.organization.as_ref().map(|organization| &organization.oid)
    }

    pub(crate) fn owner(&self) -> Owner<'_> {
        let organization = self.organization.as_ref().map(|organization| organization.name.as_str());
        Owner { login: &self.login, employee: &self.employee, organization }
    }

    /// Whether its password must be changed before anything else. Nobody sits at a daemon to change it.
    pub(crate) fn password_due(&self, max_age: Option<Duration>, now: DateTime<Utc>) -> Option<PasswordDue> {
        if changes_given_password(self.role) { self.password_age_due(max_age, now) } else { None }
    }

    pub(crate) fn password_age_due(&self, max_age: Option<Duration>, now: DateTime<Utc>) -> Option<PasswordDue> {
        PasswordDue::of(&self.password_facts, self.created_at, max_age, now)
    }

    /// Whether it still lets in whoever has just shown the password of an earlier state of it.
    pub(crate) fn still_admits(&self, earlier: &Self, password: &str) -> bool {
        !self.disabled && (self.password == earlier.password || self.password.fits(password))
    }
}

/// An account to be made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewAccount {
    /// What it will sign in with.
    pub login: Login,
    /// Its password.
    pub password: Secret,
    /// The employee's full name, or what a daemon is called.
    pub employee: String,
    /// What it may do.
    pub role: Role,
    /// The organization; only a daemon, an administrator and an auditor may be of the whole region.
    pub organization: Option<NewOrganization>,
    /// Whether the password must be changed at the first sign-in; `None` asks it of people.
    #[serde(default)]
    pub change_password: Option<bool>,
}

/// The organization of an account to be made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewOrganization {
    /// Its OID.
    pub oid: Oid,
    /// Its name; when it is not given, the one that its applications name, or else the OID.
    pub name: Option<String>,
}

/// What is to be changed of an account; what is not named stays.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountChange {
    /// Which one.
    pub login: Login,
    /// The employee's full name.
    pub employee: Option<String>,
    /// What it may do.
    pub role: Option<Role>,
    /// Whose applications it works with.
    pub scope: Option<Scope>,
}

/// Whose applications an account works with.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The whole region's.
    Region,
    /// An organization's.
    Organization(NewOrganization),
}

/// An account as an administrator sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountCard {
    /// What it signs in with.
    pub login: Login,
    /// What the log calls it.
    pub tag: String,
    /// The employee's full name.
    pub employee: String,
    /// What it may do.
    pub role: Role,
    /// The organization; `None` for the whole region.
    pub organization: Option<Organization>,
    /// Whether it may not sign in.
    pub disabled: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Its live sessions.
    pub sessions: usize,
    /// Whether its password must be changed before anything else.
    #[serde(default)]
    pub password_change_required: bool,
}

/// Whether a role needs an organization: a person who works with applications does.
#[must_use]
pub const fn needs_organization(role: Role) -> bool {
    match role {
        Role::Registrar | Role::Viewer => true,
        Role::Auditor | Role::Admin | Role::Daemon => false,
    }
}

/// Whether whoever has a role changes a password that somebody else has set: a person does.
#[must_use]
pub(crate) const fn changes_given_password(role: Role) -> bool {
    match role {
        Role::Registrar | Role::Viewer | Role::Auditor | Role::Admin => true,
        Role::Daemon => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_short_and_plain() {
        assert_eq!(Login::parse(" Ivanova.A-1@mo_22 ").unwrap().as_str(), "ivanova.a-1@mo_22");
        let long = "a".repeat(129);
        for text in ["", "  ", "иванова", "a b", "a/b", "a\nb", long.as_str()] {
            assert_eq!(Login::parse(text), Err(BadLogin), "{text:?}");
        }
        assert_eq!(Login::parse("a").unwrap().tag().len(), 8);
    }

    #[test]
    fn an_account_of_the_first_version_is_read() {
        let kept = r#"{"login":"ivanova","password":"$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA",
            "employee":"Иванова","role":"registrar","organization":{"oid":"1.2.643","name":"ЦРБ"},
            "disabled":false,"created_at":"2026-03-02T05:00:00Z"}"#;
        let account: Account = serde_json::from_str(kept).unwrap();
        assert_eq!((&account.password_facts, &account.places), (&PasswordFacts::default(), &Places::default()));
        assert_eq!(account.password_due(None, account.created_at), None);
        let again: Account = serde_json::from_value(serde_json::to_value(&account).unwrap()).unwrap();
        assert_eq!(again.password_facts, account.password_facts);
    }
}
