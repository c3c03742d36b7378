//! Who enters the folders of the service: itself, administrators, the system.
//!
//! Invariant: a folder that is not ours (it was there, and lies elsewhere) loses no rights, it only lets the service in.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use prikrep_server::default_path;

/// Everything in it and below, by names that are the same in every language.
const SYSTEM: &str = "*S-1-5-18:(OI)(CI)F";
const ADMINISTRATORS: &str = "*S-1-5-32-544:(OI)(CI)F";

/// What the service may do in a folder.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    Read,
    Change,
}

/// A folder as it is found.
pub(super) struct Folder {
    path: PathBuf,
    right: Right,
    ours: bool,
}

impl Folder {
    /// Makes it where there is none.
    pub(super) fn prepare(path: &Path, right: Right) -> anyhow::Result<Self> {
        let in_default = default_path().parent().is_some_and(|folder| path.starts_with(folder));
        let ours = in_default || !path.exists();
        std::fs::create_dir_all(path).with_context(|| format!("папку {} не удалось создать", path.display()))?;
        Ok(Self { path: path.to_owned(), right, ours })
    }

    /// Lets the account in. Others are shut out of a folder of ours; tells what is left to the administrator.
    pub(super) fn grant(&self, account: &str) -> anyhow::Result<Option<String>> {
        let letter = match self.right {
            Right::Read => "RX",
            Right::Change => "M",
        };
        let service = format!("{account}:(OI)(CI){letter}");
        if !self.ours {
            icacls(&self.path, &["/grant:r", &service])?;
            return Ok(Some(format!(
                "права других на папку {} не изменены: оставьте доступ к ней только службе и администраторам",
                self.path.display()
            )));
        }
        icacls(&self.path, &["/setowner", "*S-1-5-32-544"])?;
        icacls(&self.path, &["/inheritance:r", "/grant:r", SYSTEM, ADMINISTRATORS, &service])?;
        Ok(None)
    }
}

/// The system's own program, wherever else one of this name may lie.
fn icacls(path: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    let system = std::env::var_os("SystemRoot").map_or_else(|| PathBuf::from(r"C:\Windows"), PathBuf::from);
    let ran = Command::new(system.join(r"System32\icacls.exe")).arg(path).args(arguments).output();
    let ran = ran.context("icacls не запускается")?;
    if !ran.status.success() {
        let words = [ran.stdout, ran.stderr].concat();
        bail!("права на папку {} не заданы: {}", path.display(), String::from_utf8_lossy(&words).trim());
    }
    Ok(())
}
