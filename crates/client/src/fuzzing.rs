//! What the window reads from its files, for the fuzz targets alone: a program is built without this.

use crate::vault::{VaultError, fuzzing};

/// Reads the file of a profile and gives what would be written of it.
///
/// # Errors
/// [`VaultError`] with what the person is told.
pub fn profile(bytes: &[u8]) -> Result<Vec<u8>, VaultError> {
    fuzzing::rewritten(bytes)
}
