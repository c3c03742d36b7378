//! `prikrepd backup` and `prikrepd restore`.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use chrono::Utc;
use prikrep_server::{Config, open_key, user_name};
use prikrep_store::SledStore;
use tokio::task::spawn_blocking;

use super::connection::{Connection, only_stopped};

/// Writes a backup; returns its length in bytes.
pub(crate) async fn backup(config: &Config, file: &Path) -> anyhow::Result<usize> {
    let connection = Connection::open_existing(config).await?;
    let written = match connection {
        Connection::Running(caller) => caller.backup().await?,
        Connection::Alone(register) => {
            let work = move || {
                let mut written = Vec::new();
                register.note_command(&user_name(), "backup", Utc::now())?;
                register.store().backup(&mut written).map(|()| written)
            };
            spawn_blocking(work).await.context("внутренний сбой при записи копии")??
        }
    };
    replace(file, &written).with_context(|| format!("не удалось записать {}", file.display()))?;
    Ok(written.len())
}

/// Writes a file beside and renames it: there is never half a backup under the asked name.
fn replace(file: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut partial = file.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = options.open(&partial)?;
    let written = out.write_all(content).and_then(|()| out.sync_all()).and_then(|()| std::fs::rename(&partial, file));
    if written.is_err() {
        // The failure is told; what is left of the attempt would only be in the way.
        let _ = std::fs::remove_file(&partial);
    }
    written
}

/// Makes the store from a backup; returns how many records were restored.
pub(crate) async fn restore(config: &Config, file: &Path) -> anyhow::Result<usize> {
    only_stopped(&config.data_dir).await?;
    if !config.key_path().exists() {
        bail!(
            "нет файла ключа {}: копия запечатана ключом прежнего хранилища, положите его сюда",
            config.key_path().display()
        );
    }
    let backup = File::open(file).with_context(|| format!("не удалось открыть {}", file.display()))?;
    let (config, mut backup) = (config.clone(), BufReader::new(backup));
    let restored = spawn_blocking(move || {
        let key = open_key(&config)?;
        SledStore::restore(&config.data_dir, &key, &mut backup, Utc::now()).map_err(anyhow::Error::new)
    });
    restored.await.context("внутренний сбой при восстановлении")?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("copy");
        replace(&file, b"first").unwrap();
        replace(&file, b"second").unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"second");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(replace(&folder.path().join("no/such/folder"), b"x").is_err());
    }
}
