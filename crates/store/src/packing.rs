//! Rows, packed: zstd with a dictionary of what all rows have in common, to about a quarter.
//!
//! A row is short and packs badly by itself; most of it (the names of organizations and streets, the words of
//! statuses and types) stands in other rows as well. What sled writes, reads and caches is by as much less.
//! Invariant: the dictionary of a row version never changes: without it rows cannot be read.

use std::cell::RefCell;
use std::io;
use std::sync::LazyLock;

use prikrep_domain::MAX_RECORD_BYTES;
use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::zstd_safe::compress_bound;

/// Trained on generated applications by `cargo run -p prikrep-tests --example row_dictionary`.
const DICTIONARY: &[u8] = include_bytes!("../assets/rows-2.dictionary");

/// The fastest that is worth it.
const LEVEL: i32 = 1;

/// The most that a row may be: more than any record of the protocol becomes.
const MAX_PLAIN_BYTES: usize = 2 * MAX_RECORD_BYTES;

static PACKING: LazyLock<EncoderDictionary<'static>> = LazyLock::new(|| EncoderDictionary::copy(DICTIONARY, LEVEL));
static UNPACKING: LazyLock<DecoderDictionary<'static>> = LazyLock::new(|| DecoderDictionary::copy(DICTIONARY));

thread_local! {
    static PACKER: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static UNPACKER: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
    /// Bodies as they are before and after, one at a time.
    static PLAIN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Packs the body that is written behind what a buffer has.
pub(crate) fn pack(to: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> io::Result<()> {
    PLAIN.with_borrow_mut(|plain| {
        plain.clear();
        write(plain)?;
        to.reserve(compress_bound(plain.len()));
        PACKER.with_borrow_mut(|packer| {
            let packer = match packer {
                Some(packer) => packer,
                None => packer.insert(Compressor::with_prepared_dictionary(&PACKING)?),
            };
            let behind = to.len() as u64;
            let mut to = io::Cursor::new(to);
            to.set_position(behind);
            packer.compress_to_buffer(plain, &mut to).map(drop)
        })
    })
}

/// Reads a packed body; `None` when it is none, or when it is read to be none.
pub(crate) fn unpack<T>(packed: &[u8], read: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
    let length = zstd::zstd_safe::get_frame_content_size(packed).ok()??;
    let length = usize::try_from(length).ok().filter(|length| *length <= MAX_PLAIN_BYTES)?;
    PLAIN.with_borrow_mut(|plain| {
        plain.clear();
        plain.reserve(length);
        UNPACKER.with_borrow_mut(|unpacker| {
            let unpacker = match unpacker {
                Some(unpacker) => unpacker,
                None => unpacker.insert(Decompressor::with_prepared_dictionary(&UNPACKING).ok()?),
            };
            unpacker.decompress_to_buffer(packed, plain).ok()
        })?;
        read(plain)
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_packed_is_unpacked(plain in prop::collection::vec(any::<u8>(), 0..3_000)) {
            let mut packed = Vec::new();
            packed.extend_from_slice(b"head");
            pack(&mut packed, |body| body.write_all(&plain)).unwrap();
            prop_assert_eq!(&packed[..4], b"head");
            prop_assert_eq!(unpack(&packed[4..], |plain| Some(plain.to_vec())), Some(plain));
        }

        #[test]
        fn what_was_not_packed_is_no_body(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            // It may be one by chance; it is never more than may be.
            prop_assert!(unpack(&bytes, |plain| Some(plain.len())).is_none_or(|length| length <= MAX_PLAIN_BYTES));
        }
    }

    #[test]
    fn a_small_frame_that_says_to_be_huge_is_no_body() {
        let huge = zstd::bulk::compress(&vec![0; MAX_PLAIN_BYTES + 1], 1).unwrap();
        assert!(huge.len() < 1_000);
        assert_eq!(unpack(&huge, |plain| Some(plain.len())), None);
    }
}
