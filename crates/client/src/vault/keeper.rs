//! The keeper of a key: the system's keyring behind a small trait.
//!
//! Invariant: a missing entry is an answer, not an error, so that «there is none» is never mistaken for
//! «the keyring is locked». Every call may block until the person unlocks the keyring: never on the thread
//! that draws.

use std::collections::HashMap;
use std::fmt;

use keyring::Entry;
use parking_lot::Mutex;
use zeroize::Zeroizing;

const SERVICE: &str = "prikrep";

/// Why the keyring does not serve.
#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    /// There is no keyring on this system, or its service does not run.
    #[error(
        "Хранилище паролей системы не найдено или не запущено. Если ключ лежит в нём, войдите в систему заново \
         и запустите программу снова; при первом входе можно вместо него задать парольную фразу"
    )]
    Absent(#[source] Option<Reason>),
    /// The keyring is locked, has no place to write to, or refused.
    #[error("Хранилище паролей системы закрыто или отказало в доступе: разблокируйте его и повторите")]
    Denied(#[source] Option<Reason>),
    /// The keyring failed in some other way.
    #[error("Хранилище паролей системы ответило ошибкой: повторите, а если не поможет, войдите в систему заново")]
    Failed(#[source] Reason),
}

/// What the system said.
pub type Reason = Box<dyn std::error::Error + Send + Sync>;

/// Keeps secrets by a name. Every call may block.
pub trait SecretKeeper: Send + Sync + fmt::Debug {
    /// The secret of a name; `None` when there is none.
    ///
    /// # Errors
    /// [`KeeperError`].
    fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeeperError>;

    /// Keeps a secret in the place of the one before.
    ///
    /// # Errors
    /// [`KeeperError`].
    fn write(&self, name: &str, secret: &[u8]) -> Result<(), KeeperError>;

    /// Removes a secret; it is no mistake when there is none.
    ///
    /// # Errors
    /// [`KeeperError`].
    fn remove(&self, name: &str) -> Result<(), KeeperError>;
}

/// The keyring of the system: Secret Service on Linux, Credential Manager on Windows. It is looked for once
/// in the life of the program.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemKeyring;

impl SecretKeeper for SystemKeyring {
    fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeeperError> {
        match entry(name)?.get_secret() {
            Ok(secret) => Ok(Some(Zeroizing::new(secret))),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(refused(error)),
        }
    }

    fn write(&self, name: &str, secret: &[u8]) -> Result<(), KeeperError> {
        entry(name)?.set_secret(secret).map_err(refused)
    }

    fn remove(&self, name: &str) -> Result<(), KeeperError> {
        match entry(name)?.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(error) => Err(refused(error)),
        }
    }
}

fn entry(name: &str) -> Result<Entry, KeeperError> {
    Entry::new(SERVICE, name).map_err(refused)
}

#[allow(clippy::wildcard_enum_match_arm, reason = "a foreign enum that grows")]
fn refused(error: keyring::Error) -> KeeperError {
    match error {
        keyring::Error::NoDefaultStore => {
            KeeperError::Absent(Entry::store_status().as_ref().err().map(|why| why.to_string().into()))
        }
        keyring::Error::NoStorageAccess(why) => KeeperError::Denied(Some(why)),
        // The bytes of a malformed secret must not get into an error.
        keyring::Error::BadEncoding(_) | keyring::Error::BadDataFormat(..) => {
            KeeperError::Failed("the entry has another form".into())
        }
        other => KeeperError::Failed(other.into()),
    }
}

/// A keyring in memory, for tests: what it holds is lost with it.
#[derive(Default)]
pub struct MemoryKeyring(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    condition: Condition,
    secrets: HashMap<String, Zeroizing<Vec<u8>>>,
}

/// How a [`MemoryKeyring`] behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Condition {
    /// It serves.
    #[default]
    Open,
    /// As on a system without a keyring.
    Absent,
    /// As when the person does not unlock it.
    Denied,
}

impl fmt::Debug for MemoryKeyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryKeyring")
    }
}

impl MemoryKeyring {
    /// Changes how it behaves from now on.
    pub fn set(&self, condition: Condition) {
        self.0.lock().condition = condition;
    }

    /// How many secrets it holds.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.lock().secrets.len()
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<String, Zeroizing<Vec<u8>>>) -> T) -> Result<T, KeeperError> {
        let mut memory = self.0.lock();
        match memory.condition {
            Condition::Open => Ok(act(&mut memory.secrets)),
            Condition::Absent => Err(KeeperError::Absent(None)),
            Condition::Denied => Err(KeeperError::Denied(None)),
        }
    }
}

impl SecretKeeper for MemoryKeyring {
    fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeeperError> {
        self.with(|secrets| secrets.get(name).cloned())
    }

    fn write(&self, name: &str, secret: &[u8]) -> Result<(), KeeperError> {
        self.with(|secrets| {
            secrets.insert(name.to_owned(), Zeroizing::new(secret.to_vec()));
        })
    }

    fn remove(&self, name: &str) -> Result<(), KeeperError> {
        self.with(|secrets| {
            secrets.remove(name);
        })
    }
}
