//! The file of a profile: which way the key is kept, and what is needed to open the store without a
//! connection.
//!
//! Invariant: whose profile it is, is sealed with the store's key, and the password's hash is bound into the
//! seal: a hash put in by somebody else opens nothing.

use std::fs;
use std::path::{Path, PathBuf};

use prikrep_domain::Session;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::password::PasswordHash;
use super::sealing::{self, KeyBytes, SALT_BYTES};
use super::{KeptBy, VaultError};
use crate::durable;
use crate::hex::Hex;

/// The version that this program writes.
const VERSION: u32 = 1;
const MOST_BYTES: u64 = 64 * 1024;
const FILE: &str = "profile.json";
const WRAPPED: &[u8] = b"store key under a passphrase";

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Profile {
    version: u32,
    password: PasswordHash,
    session: Hex,
    key: KeptKey,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kept", rename_all = "snake_case")]
pub(super) enum KeptKey {
    Keyring,
    Passphrase { salt: Hex, wrapped: Hex },
}

#[derive(Deserialize)]
struct VersionOnly {
    version: u32,
}

impl KeptKey {
    pub(super) fn wrap(key: &KeyBytes, passphrase: &str) -> Result<Self, VaultError> {
        let salt = sealing::random::<SALT_BYTES>()?;
        let wrapping = sealing::from_passphrase(passphrase, salt.as_slice())?;
        let wrapped = sealing::seal(&wrapping, WRAPPED, key.as_slice())?;
        Ok(Self::Passphrase { salt: Hex(salt.to_vec()), wrapped: Hex(wrapped) })
    }

    pub(super) fn unwrap_with(salt: &Hex, wrapped: &Hex, passphrase: &str) -> Result<KeyBytes, VaultError> {
        let wrapping = sealing::from_passphrase(passphrase, &salt.0)?;
        let opened = sealing::open(&wrapping, WRAPPED, &wrapped.0).ok();
        opened.and_then(|key| sealing::key_of(&key)).ok_or(VaultError::WrongPassphrase)
    }
}

impl Profile {
    pub(super) fn new(
        password: PasswordHash,
        key: KeptKey,
        session: &Session,
        with: &KeyBytes,
    ) -> Result<Self, VaultError> {
        let session = seal_session(session, &password, with)?;
        Ok(Self { version: VERSION, password, session, key })
    }

    pub(super) fn load(folder: &Path) -> Result<Option<Self>, VaultError> {
        let path = file_of(folder);
        let damaged = |what| VaultError::Damaged { path: path.clone(), what };
        let bytes = match durable::read(&path, MOST_BYTES) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(None),
            Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
                return Err(damaged("он слишком велик"));
            }
            Err(source) => return Err(VaultError::File { step: "чтение", path, source }),
        };
        Self::parse(&bytes, &path).map(Some)
    }

    /// Reads the text of a file, whose path is told when it is damaged.
    pub(super) fn parse(bytes: &[u8], path: &Path) -> Result<Self, VaultError> {
        let damaged = |what| VaultError::Damaged { path: path.to_owned(), what };
        let VersionOnly { version } = serde_json::from_slice(bytes).map_err(|_| damaged("он не читается"))?;
        if version > VERSION {
            return Err(VaultError::TooNew { found: version, known: VERSION });
        }
        let profile: Self = serde_json::from_slice(bytes).map_err(|_| damaged("в нём не хватает данных"))?;
        match &profile.key {
            _ if !profile.password.is_ours() => Err(damaged("хеш пароля не того вида")),
            KeptKey::Passphrase { salt, .. } if salt.0.len() != SALT_BYTES => Err(damaged("соль не той длины")),
            KeptKey::Passphrase { .. } | KeptKey::Keyring => Ok(profile),
        }
    }

    pub(super) fn save(&self, folder: &Path) -> Result<(), VaultError> {
        let path = file_of(folder);
        let failed = |source| VaultError::File { step: "запись", path: path.clone(), source };
        let text = serde_json::to_vec_pretty(self).map_err(|error| failed(error.into()))?;
        if u64::try_from(text.len()).is_ok_and(|length| length > MOST_BYTES) {
            return Err(failed(std::io::ErrorKind::FileTooLarge.into()));
        }
        durable::replace(&path, &text).map_err(failed)
    }

    pub(super) fn key(&self) -> &KeptKey {
        &self.key
    }

    pub(super) fn kept_by(&self) -> KeptBy {
        match self.key {
            KeptKey::Keyring => KeptBy::Keyring,
            KeptKey::Passphrase { .. } => KeptBy::Passphrase,
        }
    }

    pub(super) fn fits(&self, password: &str) -> bool {
        self.password.fits(password)
    }

    /// Whose profile it is; `None` when the seal does not open.
    pub(super) fn session(&self, key: &KeyBytes) -> Result<Option<Session>, VaultError> {
        let key = sealing::derived(key, SESSION)?;
        let opened = sealing::open(&key, self.password.as_bytes(), &self.session.0).ok();
        Ok(opened.and_then(|text| serde_json::from_slice(&text).ok()))
    }
}

const SESSION: &str = "session of a profile";

fn seal_session(session: &Session, password: &PasswordHash, with: &KeyBytes) -> Result<Hex, VaultError> {
    let text = serde_json::to_vec(&without_token(session)).map_err(|_| VaultError::Cipher("запись сессии"))?;
    let text = Zeroizing::new(text);
    let key = sealing::derived(with, SESSION)?;
    sealing::seal(&key, password.as_bytes(), &text).map(Hex)
}

/// A token outlives no run of the program.
pub(super) fn without_token(session: &Session) -> Session {
    Session { token: None, ..session.clone() }
}

pub(super) fn file_of(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

/// Gives a damaged file another name, so that a new one can take its place.
pub(super) fn set_aside(folder: &Path) -> Result<(), VaultError> {
    let path = file_of(folder);
    let names = (1..1000).map(|number| folder.join(format!("{FILE}.damaged-{number}")));
    let free = names.into_iter().find(|name| !name.exists()).unwrap_or_else(|| folder.join(format!("{FILE}.damaged")));
    fs::rename(&path, free)
        .map_err(|source| VaultError::File { step: "перенос в сторону", path, source })
}
