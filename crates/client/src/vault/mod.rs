//! Who may open the local store of a profile, and with which key.
//!
//! The store's key lies in the system's keyring, or in the profile's folder wrapped under a passphrase.
//! Invariant: without a right password nothing is opened, with or without a connection; and a key that may
//! have sealed a store is never replaced by another. Every call here hashes passwords, touches the disk or
//! waits for the keyring, perhaps for a person to unlock it: never on the thread that draws.

mod error;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod keeper;
mod password;
mod profile;
mod sealing;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use prikrep_domain::Session;
use prikrep_store::{Key, once_closed};

pub use error::VaultError;
pub use keeper::{Condition, KeeperError, MemoryKeyring, Reason, SecretKeeper, SystemKeyring};

use crate::durable::sync_folder;
use crate::folders::profile_name;
use password::PasswordHash;
use profile::{KeptKey, Profile, without_token};
use sealing::{KEY_BYTES, KeyBytes};

/// The least length of a passphrase, in characters.
pub const LEAST_PASSPHRASE_CHARS: usize = 8;

/// Where the key of a profile's store lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptBy {
    /// In the system's keyring.
    Keyring,
    /// In the profile's folder, wrapped under a passphrase.
    Passphrase,
}

/// An open profile: what opens its store, and whose it is. The session has no token when it was opened
/// without a connection.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The store's key.
    pub key: Key,
    /// Whose it is, by the last sign-in.
    pub session: Session,
}

/// The profile of one person's work with one server.
#[derive(Clone, Debug)]
pub struct Vault {
    folder: PathBuf,
    name: String,
    keeper: Arc<dyn SecretKeeper>,
}

impl Vault {
    /// The profile in a folder, which belongs to it alone. Nothing is read yet.
    #[must_use]
    pub fn open(profile_folder: &Path, server: &str, login: &str) -> Self {
        Self::with_keeper(profile_folder, server, login, Arc::new(SystemKeyring))
    }

    /// The same with another keeper than the system's keyring.
    #[must_use]
    pub fn with_keeper(profile_folder: &Path, server: &str, login: &str, keeper: Arc<dyn SecretKeeper>) -> Self {
        Self { folder: profile_folder.to_owned(), name: profile_name(server, login), keeper }
    }

    /// Whether there is a profile, readable or not.
    #[must_use]
    pub fn exists(&self) -> bool {
        profile::file_of(&self.folder).exists()
    }

    /// Where the key lies; `None` when there is no profile yet.
    ///
    /// # Errors
    /// [`VaultError::Damaged`], [`VaultError::TooNew`], [`VaultError::File`].
    pub fn keeper(&self) -> Result<Option<KeptBy>, VaultError> {
        Ok(Profile::load(&self.folder)?.map(|profile| profile.kept_by()))
    }

    /// Makes the profile after the server has accepted the password: with a passphrase the key is wrapped
    /// under it, without one it goes to the keyring.
    ///
    /// # Errors
    /// [`VaultError::Exists`]; [`VaultError::Keyring`]: ask for a passphrase and call again;
    /// [`VaultError::ShortPassphrase`]; [`VaultError::KeyGone`] when there is a store whose key is lost.
    pub fn create(&self, password: &str, passphrase: Option<&str>, session: &Session) -> Result<Opened, VaultError> {
        if self.exists() {
            return Err(VaultError::Exists);
        }
        let (key, kept) = match passphrase {
            Some(passphrase) => self.new_wrapped(passphrase)?,
            None => (self.kept_or_new()?, KeptKey::Keyring),
        };
        self.save(password, kept, session, &key)?;
        Ok(opened(&key, session.clone()))
    }

    /// Opens the profile without a connection.
    ///
    /// # Errors
    /// [`VaultError`] with what the person can do.
    pub fn unlock_offline(&self, password: &str, passphrase: Option<&str>) -> Result<Opened, VaultError> {
        let profile = self.profile()?;
        if !profile.fits(password) {
            return Err(VaultError::WrongPassword);
        }
        let key = self.key_of(&profile, passphrase)?;
        let session = profile.session(&key)?;
        Ok(opened(&key, session.ok_or_else(|| self.damaged("данные о сотруднике не открываются этим ключом"))?))
    }

    /// Opens the profile after the server has accepted the password, and keeps what the server said: a
    /// changed password, another role or organization. A damaged profile is written anew when the keyring
    /// has its key; the damaged file is set aside.
    ///
    /// # Errors
    /// [`VaultError`] with what the person can do.
    pub fn unlock_online(
        &self,
        password: &str,
        passphrase: Option<&str>,
        session: &Session,
    ) -> Result<Opened, VaultError> {
        let profile = match self.profile() {
            Ok(profile) => profile,
            Err(damaged @ VaultError::Damaged { .. }) => return self.repair(password, session, damaged),
            Err(error) => return Err(error),
        };
        let key = self.key_of(&profile, passphrase)?;
        if !profile.fits(password) || profile.session(&key)? != Some(without_token(session)) {
            self.save(password, profile.key().clone(), session, &key)?;
        }
        Ok(opened(&key, session.clone()))
    }

    /// Checks the password of the last sign-in, for a locked window.
    ///
    /// # Errors
    /// [`VaultError::WrongPassword`], or the profile cannot be read.
    pub fn check_password(&self, password: &str) -> Result<(), VaultError> {
        if self.profile()?.fits(password) { Ok(()) } else { Err(VaultError::WrongPassword) }
    }

    /// Gives the profile's folder another name, which is returned, so that a new profile can be made. The
    /// store in it must be closed.
    ///
    /// # Errors
    /// [`VaultError::File`].
    pub fn set_aside(&self, now: DateTime<Utc>) -> Result<PathBuf, VaultError> {
        let stamp = now.format("%Y%m%dT%H%M%S%3f");
        let aside = self.folder.with_file_name(format!("{}.aside-{stamp}", self.name));
        once_closed(|| fs::rename(&self.folder, &aside)).map_err(|source| self.failed("перенос в сторону", source))?;
        if let Some(parent) = aside.parent() {
            sync_folder(parent);
        }
        Ok(aside)
    }

    /// Removes the key from the keyring and the whole folder of the profile with the store in it, which must
    /// be closed. What was not delivered is lost.
    ///
    /// # Errors
    /// [`VaultError::File`], or [`VaultError::Keyring`] when the folder is gone but the keyring may still hold
    /// the key.
    pub fn wipe(&self) -> Result<(), VaultError> {
        // A keyring that a wrapped key never went to may as well be absent.
        let wrapped = matches!(self.keeper(), Ok(Some(KeptBy::Passphrase)));
        let removed = self.keeper.remove(&self.name);
        match once_closed(|| fs::remove_dir_all(&self.folder)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(self.failed("удаление", error));
            }
            Ok(()) | Err(_) => {}
        }
        if wrapped { Ok(()) } else { Ok(removed?) }
    }

    fn profile(&self) -> Result<Profile, VaultError> {
        Profile::load(&self.folder)?.ok_or(VaultError::NoProfile)
    }

    fn save(&self, password: &str, kept: KeptKey, session: &Session, key: &KeyBytes) -> Result<(), VaultError> {
        Profile::new(PasswordHash::of(password)?, kept, session, key)?.save(&self.folder)
    }

    fn key_of(&self, profile: &Profile, passphrase: Option<&str>) -> Result<KeyBytes, VaultError> {
        match profile.key() {
            KeptKey::Keyring => self.kept()?.ok_or(VaultError::KeyGone),
            KeptKey::Passphrase { salt, wrapped } => {
                let passphrase = passphrase.ok_or(VaultError::PassphraseNeeded)?;
                KeptKey::unwrap_with(salt, wrapped, passphrase)
            }
        }
    }

    /// The keyring's key; `None` when there is none, or something else lies in its place.
    fn kept(&self) -> Result<Option<KeyBytes>, VaultError> {
        Ok(self.keeper.read(&self.name)?.and_then(|bytes| sealing::key_of(&bytes)))
    }

    fn new_wrapped(&self, passphrase: &str) -> Result<(KeyBytes, KeptKey), VaultError> {
        let found = passphrase.chars().count();
        if found < LEAST_PASSPHRASE_CHARS {
            return Err(VaultError::ShortPassphrase { least: LEAST_PASSPHRASE_CHARS, found });
        }
        let key = self.new_key()?;
        let kept = KeptKey::wrap(&key, passphrase)?;
        Ok((key, kept))
    }

    /// The key that the keyring has already, for a store that lost its profile; otherwise a new one.
    fn kept_or_new(&self) -> Result<KeyBytes, VaultError> {
        if let Some(key) = self.kept()? {
            return Ok(key);
        }
        let key = self.new_key()?;
        self.keeper.write(&self.name, key.as_slice())?;
        // A keyring that forgets would cost the store at the next start.
        if self.kept()? == Some(key.clone()) {
            Ok(key)
        } else {
            Err(KeeperError::Failed("the keyring does not give back what was written".into()).into())
        }
    }

    fn new_key(&self) -> Result<KeyBytes, VaultError> {
        if self.holds_a_store() { Err(VaultError::KeyGone) } else { sealing::random::<KEY_BYTES>() }
    }

    /// Folders in the profile's folder are a store's.
    fn holds_a_store(&self) -> bool {
        fs::read_dir(&self.folder)
            .is_ok_and(|mut entries| entries.any(|entry| entry.is_ok_and(|it| it.path().is_dir())))
    }

    fn repair(&self, password: &str, session: &Session, damaged: VaultError) -> Result<Opened, VaultError> {
        let Ok(Some(key)) = self.kept() else { return Err(damaged) };
        profile::set_aside(&self.folder)?;
        self.save(password, KeptKey::Keyring, session, &key)?;
        Ok(opened(&key, session.clone()))
    }

    fn damaged(&self, what: &'static str) -> VaultError {
        VaultError::Damaged { path: profile::file_of(&self.folder), what }
    }

    fn failed(&self, step: &'static str, source: std::io::Error) -> VaultError {
        VaultError::File { step, path: self.folder.clone(), source }
    }
}

fn opened(key: &KeyBytes, session: Session) -> Opened {
    Opened { key: Key::from_bytes(**key), session }
}
