//! The file that names the control listener of the running server.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::Secret;

const NAME: &str = "control.json";

/// Where the control listener is, and what proves one to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ControlFile {
    pub(crate) address: SocketAddr,
    pub(crate) token: Secret,
}

impl ControlFile {
    /// The file of a data folder, when there is a readable one.
    pub(crate) fn read(data_dir: &Path) -> std::io::Result<Option<Self>> {
        let file = match std::fs::File::open(path(data_dir)) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut text = Vec::new();
        file.take(4 << 10).read_to_end(&mut text)?;
        // Only this machine is ever called, whatever the file says.
        Ok(serde_json::from_slice::<Self>(&text).ok().filter(|control| control.address.ip().is_loopback()))
    }

    /// Writes it with owner-only rights, in one step.
    pub(crate) fn write(&self, data_dir: &Path) -> std::io::Result<()> {
        let new = data_dir.join(format!("{NAME}.new"));
        match std::fs::remove_file(&new) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&new)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        std::fs::rename(new, path(data_dir))
    }

    /// Removes it, unless another server has written its own meanwhile.
    pub(crate) fn remove(&self, data_dir: &Path) {
        if matches!(Self::read(data_dir), Ok(Some(current)) if current.token == self.token)
            && let Err(error) = std::fs::remove_file(path(data_dir))
        {
            tracing::warn!(%error, "the control file could not be removed");
        }
    }
}

fn path(data_dir: &Path) -> PathBuf {
    data_dir.join(NAME)
}
