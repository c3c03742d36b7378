//! Signing in: credentials, roles, sessions.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Organization;

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads and answers the applications of an organization.
    Registrar,
    /// Reads the applications of an organization.
    Viewer,
    /// Reads the journal, no cards.
    Auditor,
    /// Manages accounts and settings, no cards.
    Admin,
    /// A daemon of a trusted system: reads and answers, in its authors' own names.
    Daemon,
}

impl Role {
    /// Whether it may read applications.
    #[must_use]
    pub const fn reads_applications(self) -> bool {
        match self {
            Self::Registrar | Self::Viewer | Self::Daemon => true,
            Self::Auditor | Self::Admin => false,
        }
    }

    /// Whether it may answer applications.
    #[must_use]
    pub const fn answers_applications(self) -> bool {
        match self {
            Self::Registrar | Self::Daemon => true,
            Self::Viewer | Self::Auditor | Self::Admin => false,
        }
    }
}

/// What signs an account in. Never shown: its `Debug` hides the password.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Credentials {
    /// 1 to 128 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 128))]
    pub login: String,
    /// 1 to 1024 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 1024))]
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("login", &self.login).finish_non_exhaustive()
    }
}

/// A session of an account. Its `Debug` hides the token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// The bearer token; only in the answer to a sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub token: Option<String>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// The employee's full name.
    pub employee: String,
    /// The role.
    pub role: Role,
    /// The organization; `None` for accounts of the whole region.
    pub organization: Option<Organization>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("expires_at", &self.expires_at)
            .field("role", &self.role)
            .field("organization", &self.organization.as_ref().map(|organization| &organization.oid))
            .finish_non_exhaustive()
    }
}
