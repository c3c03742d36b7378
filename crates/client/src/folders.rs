//! Where things lie on this workstation: the settings, and a folder for each profile's local store.
//!
//! Invariant: no file or folder name says who works here: a profile's folder is named by a digest.

use std::path::{Path, PathBuf};

use directories::ProjectDirs;
use ring::digest;

use crate::hex::hex;

/// How much of the digest a name holds: 32 digits are enough for no two profiles to meet.
const NAME_BYTES: usize = 16;

/// The system does not say where the person's files lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Не найдена домашняя папка: укажите папку данных ключом --data-dir")]
pub struct NoHome;

/// The folders of this workstation. They are named here and made by those who write into them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    config: PathBuf,
    data: PathBuf,
}

impl Folders {
    /// The system's folders for the program, or everything under one folder when it is given.
    ///
    /// # Errors
    /// [`NoHome`] when no folder is given and the system names none.
    pub fn find(data_dir: Option<&Path>) -> Result<Self, NoHome> {
        if let Some(folder) = data_dir {
            return Ok(Self { config: folder.to_owned(), data: folder.to_owned() });
        }
        let system = ProjectDirs::from("ru", "", "prikrep").ok_or(NoHome)?;
        // On Windows nothing of it follows the person to other computers: the store is this one's.
        Ok(Self { config: system.config_local_dir().to_owned(), data: system.data_local_dir().to_owned() })
    }

    /// Where the settings lie.
    #[must_use]
    pub fn settings_file(&self) -> PathBuf {
        self.config.join("settings.json")
    }

    /// Where the profiles and logs lie, for the person who asks.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The folder of one person's work with one server.
    #[must_use]
    pub fn profile(&self, server: &str, login: &str) -> PathBuf {
        self.data.join("profiles").join(profile_name(server, login))
    }
}

/// The name of a profile: the beginning of SHA-256 over the server and the login. The case of the host and
/// of the login, spaces around and slashes at the end do not count, as they do not for the server.
#[must_use]
pub fn profile_name(server: &str, login: &str) -> String {
    let text = format!("{}\n{}", same_server(server), login.trim().to_ascii_lowercase());
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    hex(digest.as_ref().get(..NAME_BYTES).unwrap_or_default())
}

fn same_server(server: &str) -> String {
    let server = server.trim().trim_end_matches('/');
    let Some((scheme, rest)) = server.split_once("://") else { return server.to_owned() };
    let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    format!("{}://{}{path}", scheme.to_ascii_lowercase(), host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_lies_under_the_folder_that_was_given() {
        let folders = Folders::find(Some(Path::new("/given"))).unwrap();
        assert_eq!(folders.settings_file(), Path::new("/given/settings.json"));
        assert_eq!(folders.data(), Path::new("/given"));
        assert!(folders.profile("https://register", "olga").starts_with("/given/profiles"));
    }

    #[test]
    fn a_profile_is_known_by_server_and_login_and_names_neither() {
        let name = profile_name("https://register.example", "olga@mo");
        assert_eq!(name, "9ce29b9634ef43317e931c4cdfd0c365");
        for (server, login) in [(" HTTPS://Register.example/ ", "olga@mo"), ("https://register.example", " Olga@MO")] {
            assert_eq!(profile_name(server, login), name);
        }
        for (server, login) in [
            ("https://register.example:8443", "olga@mo"),
            ("http://register.example", "olga@mo"),
            ("https://register.example/api", "olga@mo"),
            ("https://register.example", "olga"),
        ] {
            assert_ne!(profile_name(server, login), name, "{server} {login}");
        }
        assert_ne!(profile_name("https://a/Path", "olga"), profile_name("https://a/path", "olga"));
    }
}
