//! The reader of a profile's file, for the fuzz targets alone.

use std::path::Path;

use super::VaultError;
use super::profile::Profile;

/// Reads a profile and writes it again.
pub(crate) fn rewritten(bytes: &[u8]) -> Result<Vec<u8>, VaultError> {
    let profile = Profile::parse(bytes, Path::new(""))?;
    serde_json::to_vec(&profile).map_err(|_| VaultError::Cipher("profile"))
}
