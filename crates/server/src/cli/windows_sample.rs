//! The sample configuration as it lies in the folder of the Windows service.

const SAMPLE: &str = include_str!("../../../../packaging/prikrepd.example.toml");

/// What stands here, and what stands there. Paths are relative to the file.
const REPLACED: [(&str, &str); 6] = [
    ("образец конфигурации, /etc/prikrep/prikrepd.toml", "конфигурация службы Windows"),
    (
        "# Проверить:  prikrepd config check",
        "# Файлы в этой папке читают только служба и администраторы: это здесь вместо «прав 600» и «прав 700».\n\
         #\n\
         # Проверить:  prikrepd config check",
    ),
    ("/var/lib/prikrep/", "data/"),
    ("/var/lib/prikrep", "data"),
    ("#dir = \"/var/log/prikrep\"", "dir = \"logs\""),
    ("/etc/prikrep/", ""),
];

/// The text of the file.
pub(crate) fn text() -> String {
    let here = REPLACED.iter().fold(SAMPLE.to_owned(), |text, (old, new)| text.replace(old, new));
    here.replace('\n', "\r\n")
}

#[cfg(test)]
mod tests {
    use prikrep_server::Config;

    use super::*;

    #[test]
    fn the_sample_is_good_as_it_is_and_names_no_path_of_another_system() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("prikrepd.toml");
        std::fs::write(&path, text()).unwrap();
        let config = Config::load(&path).unwrap().config;
        assert_eq!(config.data_dir, folder.path().join("data"));
        assert_eq!(config.log.dir, Some(folder.path().join("logs")));
        assert!(text().contains("#key_file = \"data/store.key\""));
        assert!(["\"/", "/etc", "/var"].iter().all(|of_another| !text().contains(of_another)));
        for (old, new) in REPLACED {
            assert!(SAMPLE.contains(old), "{old}");
            assert!(text().contains(&new.replace('\n', "\r\n")), "{new}");
        }
    }
}
