//! The key of a store: where it comes from is the caller's business, what is made of it is ours.
//!
//! Invariant: a key is never shown, and its bytes are wiped when it is dropped.

use std::fmt;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use ring::hkdf;
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::StoreError;
use crate::database::sync_name;

const KEY_BYTES: usize = 32;

/// A 256-bit master key; the keys that seal values are derived from it.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; KEY_BYTES]>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    /// A key from bytes that the caller keeps, for example in the system's keyring.
    #[must_use]
    pub fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A new random key.
    ///
    /// # Errors
    /// [`StoreError::Key`] when the system gives no randomness.
    pub fn generate() -> Result<Self, StoreError> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        SystemRandom::new()
            .fill(bytes.as_mut_slice())
            .map_err(|_| StoreError::Key("система не даёт случайных чисел".into()))?;
        Ok(Self(bytes))
    }

    /// Reads a key file of 64 hexadecimal digits, or makes one with owner-only rights.
    ///
    /// # Errors
    /// [`StoreError::Key`] in words: it cannot be read or made, has other content, or others may read it.
    pub fn from_file_or_create(path: &Path) -> Result<Self, StoreError> {
        let failed = |action: &str, error: &std::io::Error| {
            StoreError::Key(format!("не удалось {action} файл ключа {}: {error}", path.display()))
        };
        match File::open(path) {
            Ok(file) => {
                refuse_if_others_read(&file, path)?;
                let mut text = Zeroizing::new(String::new());
                file.take(1024).read_to_string(&mut text).map_err(|error| failed("прочитать", &error))?;
                Self::from_hex(text.trim()).ok_or_else(|| {
                    StoreError::Key(format!("в файле ключа {} не 64 шестнадцатеричных цифры", path.display()))
                })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let key = Self::generate()?;
                write_new(path, &key).map_err(|error| failed("создать", &error))?;
                Ok(key)
            }
            Err(error) => Err(failed("открыть", &error)),
        }
    }

    fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        if text.len() != 2 * KEY_BYTES || !text.is_ascii() {
            return None;
        }
        for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// A key for one purpose: `salt` tells one store apart from another, `purpose` one use from another.
    pub(crate) fn derive(&self, salt: &[u8], purpose: &'static str) -> Zeroizing<[u8; KEY_BYTES]> {
        let mut derived = Zeroizing::new([0; KEY_BYTES]);
        let info = [purpose.as_bytes()];
        // The length is the algorithm's own, which is the only thing that `expand` and `fill` can refuse.
        if let Ok(material) =
            hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(self.0.as_slice()).expand(&info, hkdf::HKDF_SHA256)
        {
            let filled = material.fill(derived.as_mut_slice());
            debug_assert!(filled.is_ok());
        }
        derived
    }

    /// Eight bytes by which a store knows its own key; they say nothing of the key.
    pub(crate) fn check(&self) -> String {
        self.derive(b"prikrep", "key check").iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The file is there whole or not at all, and lasts: what is sealed with the key is lost without it.
fn write_new(path: &Path, key: &Key) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Only its owner may read a temporary file, and so the key.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    let text: Zeroizing<String> = Zeroizing::new(key.0.iter().map(|byte| format!("{byte:02x}")).collect());
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.as_file().sync_all()?;
    // Never over a key that another process has made meanwhile. Windows never moves over a file unless asked to, and
    // under a second name the key would stay marked as a temporary file, which backups leave out.
    #[cfg(windows)]
    file.persist_noclobber(path).map_err(|error| error.error)?;
    #[cfg(not(windows))]
    match std::fs::hard_link(file.path(), path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            // Not every file system has second names.
            file.persist_noclobber(path).map_err(|error| error.error)?;
        }
        linked => linked?,
    }
    sync_name(path);
    Ok(())
}

#[cfg(unix)]
fn refuse_if_others_read(file: &File, path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata().map_or(0, |metadata| metadata.permissions().mode());
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let path = path.display();
    Err(StoreError::Key(format!("файл ключа {path} доступен не только владельцу: выполните chmod 600 {path}")))
}

/// On Windows a file has the rights of its folder, which the folder's owner has given; the files of a register lie in a
/// folder of its own.
#[cfg(not(unix))]
fn refuse_if_others_read(_: &File, _: &Path) -> Result<(), StoreError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_made_once_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let made = Key::from_file_or_create(&path).unwrap();
        let read = Key::from_file_or_create(&path).unwrap();
        assert_eq!(made.check(), read.check());
        assert_ne!(made.check(), Key::generate().unwrap().check());
        assert_eq!(format!("{made:?}"), "Key");
        std::fs::write(&path, "not a key").unwrap();
        assert!(matches!(Key::from_file_or_create(&path), Err(StoreError::Key(_))));
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        Key::from_file_or_create(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let words = Key::from_file_or_create(&path).unwrap_err().to_string();
        assert!(words.contains("chmod 600"), "{words}");
    }
}
