//! What is made of a profile's key and of a passphrase: sealing by AES-256-GCM with the place bound in.
//!
//! A sealed value is `nonce 12 | ciphertext | tag 16`. Invariant: the key itself seals nothing; each use has
//! a key of its own, derived from it.

use argon2::{Algorithm, Argon2, Params, Version};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf;
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use super::VaultError;

/// The bytes of a key; wiped when dropped.
pub(super) type KeyBytes = Zeroizing<[u8; KEY_BYTES]>;

pub(super) const KEY_BYTES: usize = 32;
pub(super) const SALT_BYTES: usize = 16;

/// The value was damaged, moved, or sealed by another key. Which, nobody can tell.
#[derive(Debug)]
pub(super) struct NotAuthentic;

pub(super) fn random<const COUNT: usize>() -> Result<Zeroizing<[u8; COUNT]>, VaultError> {
    let mut bytes = Zeroizing::new([0; COUNT]);
    SystemRandom::new().fill(bytes.as_mut_slice()).map_err(|_| VaultError::Cipher("случайные числа"))?;
    Ok(bytes)
}

/// A key from bytes that were kept elsewhere; `None` when they are not a key.
pub(super) fn key_of(bytes: &[u8]) -> Option<KeyBytes> {
    bytes.try_into().ok().map(Zeroizing::new)
}

/// argon2id with 19 MiB and two passes, fixed for this version of the profile: a file cannot ask for more.
pub(super) fn argon2() -> Result<Argon2<'static>, VaultError> {
    let params = Params::new(19 * 1024, 2, 1, Some(KEY_BYTES)).map_err(|_| VaultError::Cipher("параметры argon2id"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The key that a passphrase stands for. It takes tens of milliseconds.
pub(super) fn from_passphrase(passphrase: &str, salt: &[u8]) -> Result<KeyBytes, VaultError> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    argon2()?
        .hash_password_into(passphrase.as_bytes(), salt, key.as_mut_slice())
        .map_err(|_| VaultError::Cipher("argon2id"))?;
    Ok(key)
}

/// A key for one purpose.
pub(super) fn derived(key: &KeyBytes, purpose: &'static str) -> Result<KeyBytes, VaultError> {
    let mut derived = Zeroizing::new([0; KEY_BYTES]);
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"prikrep profile")
        .extract(key.as_slice())
        .expand(&[purpose.as_bytes()], hkdf::HKDF_SHA256)
        .and_then(|material| material.fill(derived.as_mut_slice()))
        .map_err(|_| VaultError::Cipher("производный ключ"))?;
    Ok(derived)
}

/// Seals a value for a place, which whoever opens it has to name.
pub(super) fn seal(key: &KeyBytes, place: &[u8], plain: &[u8]) -> Result<Vec<u8>, VaultError> {
    let refused = |_| VaultError::Cipher("запечатывание");
    let nonce = random::<NONCE_LEN>()?;
    let mut body = plain.to_vec();
    let sealing = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_slice()).map_err(refused)?);
    sealing
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(*nonce), Aad::from(place), &mut body)
        .map_err(refused)?;
    Ok([nonce.as_slice(), &body].concat())
}

/// Opens a value sealed for a place.
pub(super) fn open(key: &KeyBytes, place: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotAuthentic> {
    let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or(NotAuthentic)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| NotAuthentic)?;
    let opening = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_slice()).map_err(|_| NotAuthentic)?);
    let mut body = Zeroizing::new(body.to_vec());
    let length = opening.open_in_place(nonce, Aad::from(place), &mut body).map_err(|_| NotAuthentic)?.len();
    body.truncate(length);
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_opens_with_its_key_at_its_place_and_unchanged_only() {
        let (key, other) = (random().unwrap(), random().unwrap());
        let sealed = seal(&key, b"place", b"value").unwrap();
        assert_eq!(open(&key, b"place", &sealed).unwrap().as_slice(), b"value");
        assert!(open(&key, b"other", &sealed).is_err());
        assert!(open(&other, b"place", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(open(&key, b"place", &changed).is_err(), "{at}");
            assert!(open(&key, b"place", &sealed[..at]).is_err(), "{at}");
        }
    }

    #[test]
    fn each_purpose_and_each_salt_has_a_key_of_its_own() {
        let key = random().unwrap();
        assert_ne!(derived(&key, "one").unwrap(), derived(&key, "two").unwrap());
        assert_eq!(derived(&key, "one").unwrap(), derived(&key, "one").unwrap());
        let salted = |salt: u8| from_passphrase("парольная фраза", &[salt; SALT_BYTES]).unwrap();
        assert_eq!(salted(1), salted(1));
        assert_ne!(salted(1), salted(2));
    }
}
