//! Signing in: credentials, sessions.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Organization, Role};

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

/// What changes the password of one's own account. Never shown: its `Debug` hides both.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasswordChange {
    /// The present one: 1 to 1024 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 1024))]
    pub current: String,
    /// The new one: 1 to 1024 characters, and what the server's rules ask.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 1024))]
    pub new: String,
}

impl fmt::Debug for PasswordChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordChange")
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
    /// Whether the password must be changed before anything else is allowed. Beyond the protocol: a server
    /// that does not say it asks for no change.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub password_change_required: bool,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("expires_at", &self.expires_at)
            .field("role", &self.role)
            .field("organization", &self.organization.as_ref().map(|organization| &organization.oid))
            .field("password_change_required", &self.password_change_required)
            .finish_non_exhaustive()
    }
}
