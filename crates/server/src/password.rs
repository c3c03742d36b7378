//! Passwords: argon2id with a salt of its own for each.
//!
//! Invariant: a check takes the same work whether or not there is an account. Hashing takes tens of
//! milliseconds and 19 MiB: never on an async worker.

use std::fmt;

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use serde::{Deserialize, Serialize};

use crate::Secret;

/// A hash could not be made.
#[derive(Debug, thiserror::Error)]
#[error("не удалось вычислить хеш пароля")]
pub struct HashError(#[source] argon2::password_hash::Error);

/// The argon2id hash of a password, in PHC form. Its `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct PasswordHash(String);

impl PasswordHash {
    pub(crate) fn of(password: &Secret) -> Result<Self, HashError> {
        let hash = Argon2::default().hash_password(password.expose().as_bytes()).map_err(HashError)?;
        Ok(Self(hash.to_string()))
    }

    pub(crate) fn fits(&self, password: &str) -> bool {
        Argon2::default().verify_password(password.as_bytes(), self.0.as_str()).is_ok()
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_fits_its_password_only_and_is_argon2id() {
        let hash = PasswordHash::of(&Secret::new("Сложный пароль 1".into())).unwrap();
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.0);
        assert!(hash.fits("Сложный пароль 1"));
        assert!(!hash.fits("Сложный пароль 2"));
        assert!(!hash.fits(""));
        assert_eq!(format!("{hash:?}"), "PasswordHash");
        assert!(!PasswordHash("not a hash".into()).fits("not a hash"));
    }
}
