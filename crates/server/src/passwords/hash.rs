//! Passwords: argon2id with a salt of its own for each.
//!
//! Invariant: a check takes the same work whether or not there is an account. Hashing takes tens of
//! milliseconds and 19 MiB: never on an async worker.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use serde::{Deserialize, Serialize};

use crate::Secret;

/// The cost of a hash, here and nowhere else: OWASP's first choice for argon2id. A hash of another cost is
/// made anew at the next sign-in.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

fn argon2id() -> Result<Argon2<'static>, HashError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| HashError(error.into()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

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
        let hash = argon2id()?.hash_password(password.expose().as_bytes()).map_err(HashError)?;
        Ok(Self(hash.to_string()))
    }

    /// Whether it is of today's cost.
    pub(crate) fn is_current(&self) -> bool {
        self.0.starts_with(&format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$"))
    }

    /// Whether it is this password's. The cost is the hash's own, whatever today's is.
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
        assert!(hash.is_current());
        assert!(hash.fits("Сложный пароль 1"));
        assert!(!hash.fits("Сложный пароль 2"));
        assert!(!hash.fits(""));
        assert_eq!(format!("{hash:?}"), "PasswordHash");
        let strange = PasswordHash("not a hash".into());
        assert!(!strange.fits("not a hash") && !strange.is_current());
        let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).unwrap());
        let cheap = PasswordHash(cheap.hash_password("Сложный пароль 1".as_bytes()).unwrap().to_string());
        assert!(cheap.fits("Сложный пароль 1") && !cheap.is_current());
    }
}
