//! The hash by which a password is known without a connection. Hashing takes tens of milliseconds and 19 MiB.

use std::fmt;

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use serde::{Deserialize, Serialize};

use super::{VaultError, sealing};

/// The argon2id hash of a password, in PHC form. Its `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct PasswordHash(String);

impl PasswordHash {
    pub(super) fn of(password: &str) -> Result<Self, VaultError> {
        let hash =
            sealing::argon2()?.hash_password(password.as_bytes()).map_err(|_| VaultError::Cipher("хеш пароля"))?;
        Ok(Self(hash.to_string()))
    }

    pub(super) fn fits(&self, password: &str) -> bool {
        Argon2::default().verify_password(password.as_bytes(), self.0.as_str()).is_ok()
    }

    /// Whether it asks for the costs that this version writes. A file that was tampered with could ask for
    /// gigabytes.
    pub(super) fn is_ours(&self) -> bool {
        self.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
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
    fn a_hash_fits_its_password_only() {
        let hash = PasswordHash::of("Сложный пароль 1").unwrap();
        assert!(hash.is_ours(), "{}", hash.0);
        assert!(hash.fits("Сложный пароль 1"));
        assert!(!hash.fits("Сложный пароль 2") && !hash.fits(""));
        assert_ne!(hash, PasswordHash::of("Сложный пароль 1").unwrap());
        assert_eq!(format!("{hash:?}"), "PasswordHash");
        assert!(!PasswordHash("not a hash".into()).fits("not a hash"));
        assert!(!PasswordHash("$argon2id$v=19$m=4194304,t=2,p=1$AAAA$AAAA".into()).is_ours());
    }
}
