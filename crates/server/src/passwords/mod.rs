//! Passwords: how they are hashed, which ones are taken, when one must be changed.

mod common;
mod facts;
mod hash;
mod rules;

pub use hash::HashError;
pub use rules::PasswordRefusal;

pub(crate) use common::{CommonFileError, CommonPasswords};
pub(crate) use facts::{PasswordDue, PasswordFacts};
pub(crate) use hash::PasswordHash;
pub(crate) use rules::{Owner, PasswordRules};
