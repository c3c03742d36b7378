//! Sealing: AES-256-GCM with the value's place bound in, so that values can be neither read, changed nor
//! swapped without being noticed.
//!
//! A sealed value is `format 1 | nonce 12 | ciphertext | tag 16`. Invariant: every byte that the store
//! writes about a person has gone through here.

use parking_lot::Mutex;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, MAX_TAG_LEN, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};

use crate::{Key, StoreError};

const FORMAT: u8 = 1;
const HEADER: usize = 1 + NONCE_LEN;
const NONCES_AT_ONCE: usize = 64;

/// Seals and opens values of one database.
#[derive(Debug)]
pub(crate) struct Sealer {
    key: LessSafeKey,
    nonces: Mutex<Nonces>,
}

/// Random nonces, drawn many at a time: one by one they cost a system call a value.
#[derive(Debug)]
struct Nonces {
    random: SystemRandom,
    drawn: [u8; NONCES_AT_ONCE * NONCE_LEN],
    used: usize,
}

impl Nonces {
    fn next(&mut self) -> Result<[u8; NONCE_LEN], ring::error::Unspecified> {
        let nonce = match self.drawn.get(self.used..).and_then(<[u8]>::first_chunk) {
            Some(nonce) => *nonce,
            None => {
                self.random.fill(&mut self.drawn)?;
                self.used = 0;
                *self.drawn.first_chunk().ok_or(ring::error::Unspecified)?
            }
        };
        self.used += NONCE_LEN;
        Ok(nonce)
    }
}

/// Why a sealed value cannot be opened: damaged, moved, or sealed by another key. Which, nobody can tell.
#[derive(Debug)]
pub(crate) struct NotAuthentic;

impl Sealer {
    pub(crate) fn new(key: &Key, salt: &[u8], purpose: &'static str) -> Result<Self, StoreError> {
        let unbound = UnboundKey::new(&AES_256_GCM, key.derive(salt, purpose).as_slice())
            .map_err(|_| StoreError::Key("ключ не подходит шифру".into()))?;
        let drawn = [0; NONCES_AT_ONCE * NONCE_LEN];
        let nonces = Mutex::new(Nonces { random: SystemRandom::new(), drawn, used: drawn.len() });
        Ok(Self { key: LessSafeKey::new(unbound), nonces })
    }

    /// Seals a value for a place: the tree's tag and the record's key.
    pub(crate) fn seal(&self, place: &[&[u8]], plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let refused = |_| StoreError::Key("шифр отказал".into());
        let nonce = self.nonces.lock().next().map_err(refused)?;
        let mut sealed = Vec::with_capacity(HEADER + plain.len() + MAX_TAG_LEN);
        sealed.push(FORMAT);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let tag = self
            .key
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.concat()),
                sealed.get_mut(HEADER..).unwrap_or_default(),
            )
            .map_err(refused)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens a value sealed for a place.
    pub(crate) fn open(&self, place: &[&[u8]], sealed: &[u8]) -> Result<Vec<u8>, NotAuthentic> {
        self.open_owned(place, sealed.to_vec())
    }

    /// The same of a value that is not needed any more: its bytes are not copied.
    pub(crate) fn open_owned(&self, place: &[&[u8]], mut sealed: Vec<u8>) -> Result<Vec<u8>, NotAuthentic> {
        let (header, _) = sealed.split_at_checked(HEADER).ok_or(NotAuthentic)?;
        let (format, nonce) = header.split_first().ok_or(NotAuthentic)?;
        if *format != FORMAT {
            return Err(NotAuthentic);
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| NotAuthentic)?;
        let opened = self.key.open_within(nonce, Aad::from(place.concat()), &mut sealed, HEADER..);
        let length = opened.map_err(|_| NotAuthentic)?.len();
        sealed.truncate(length);
        Ok(sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sealer() -> Sealer {
        Sealer::new(&Key::from_bytes([7; 32]), b"salt", "test").unwrap()
    }

    #[test]
    fn a_value_cannot_be_moved_to_another_place() {
        let sealed = sealer().seal(&[b"rows", &[1]], b"text").unwrap();
        assert_eq!(sealer().open(&[b"rows", &[1]], &sealed).unwrap(), b"text");
        assert!(sealer().open(&[b"rows", &[2]], &sealed).is_err());
        assert!(
            Sealer::new(&Key::from_bytes([7; 32]), b"other", "test").unwrap().open(&[b"rows", &[1]], &sealed).is_err()
        );
    }

    #[test]
    fn no_nonce_is_used_twice() {
        let sealer = sealer();
        let nonces = (0..3 * NONCES_AT_ONCE).map(|_| sealer.seal(&[b"place"], b"text").unwrap()[1..HEADER].to_vec());
        assert_eq!(nonces.collect::<std::collections::HashSet<_>>().len(), 3 * NONCES_AT_ONCE);
    }

    proptest! {
        #[test]
        fn any_change_is_noticed(plain in prop::collection::vec(any::<u8>(), 0..64), at in any::<prop::sample::Index>(), bit in 0u8..8) {
            let mut sealed = sealer().seal(&[b"place"], &plain).unwrap();
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert!(sealer().open(&[b"place"], &sealed).is_err());
            prop_assert!(sealer().open(&[b"place"], &sealed[..at]).is_err());
        }
    }
}
