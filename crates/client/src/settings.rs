//! The settings of this workstation as a file.
//!
//! Invariant: whatever the file holds, the program starts. What cannot be read gives way to the defaults,
//! value by value, and every value that is handed out is within its range.

use std::io;
use std::path::Path;

use prikrep_ui::Settings;
use serde_json::{Map, Value};

use crate::durable;

const MOST_BYTES: u64 = 64 * 1024;
const MOST_SERVER_CHARS: usize = 2048;
const MOST_PATH_CHARS: usize = 4096;
const MOST_LOGIN_CHARS: usize = 128;
const MOST_LOCK_MINS: u16 = 24 * 60;
const COLUMNS: usize = 6;
const LEAST_POINTS: f32 = 16.0;
const MOST_POINTS: f32 = 4096.0;

/// The settings that were found.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// What the program works with.
    pub settings: Settings,
    /// What the log should say: there was no file, or it could not be read in part or at all.
    pub word: Option<String>,
}

/// Loads the settings. It never fails: see [`Loaded::word`].
#[must_use]
pub fn load(path: &Path) -> Loaded {
    let (settings, word) = match durable::read(path, MOST_BYTES) {
        Ok(None) => (Settings::default(), Some("файла настроек ещё нет: взяты исходные".to_owned())),
        Ok(Some(bytes)) => return parse(&bytes),
        Err(error) => {
            (Settings::default(), Some(format!("файл настроек не читается, взяты исходные настройки: {error}")))
        }
    };
    Loaded { settings: in_range(settings), word }
}

/// Reads the settings of a file. It never fails: see [`Loaded::word`].
#[must_use]
pub fn parse(bytes: &[u8]) -> Loaded {
    let (settings, word) = read(bytes);
    Loaded { settings: in_range(settings), word }
}

/// Saves the settings durably: the file is the old one or the new one.
///
/// # Errors
/// When the file cannot be written.
pub fn save(path: &Path, settings: &Settings) -> io::Result<()> {
    let text = serde_json::to_vec_pretty(&in_range(settings.clone()))?;
    durable::replace(path, &text)
}

fn read(bytes: &[u8]) -> (Settings, Option<String>) {
    let Ok(values) = serde_json::from_slice::<Map<String, Value>>(bytes) else {
        return (Settings::default(), Some("файл настроек повреждён: взяты исходные".to_owned()));
    };
    let (good, bad): (Map<_, _>, Map<_, _>) = values.into_iter().partition(|(name, value)| fits(name, value));
    let settings = serde_json::from_value(Value::Object(good)).unwrap_or_default();
    let bad: Vec<&str> = bad.keys().map(String::as_str).collect();
    let word = (!bad.is_empty()).then(|| format!("в файле настроек не приняты значения: {}", bad.join(", ")));
    (settings, word)
}

fn fits(name: &str, value: &Value) -> bool {
    let alone = Map::from_iter([(name.to_owned(), value.clone())]);
    serde_json::from_value::<Settings>(Value::Object(alone)).is_ok()
}

fn in_range(settings: Settings) -> Settings {
    let Settings {
        server,
        ca_file,
        login,
        zone,
        notifications,
        zoom_percent,
        theme,
        keep_drafts,
        lock_after_mins,
        column_widths,
        narrow_column_widths,
    } = settings;
    Settings {
        zone,
        server: short(server, MOST_SERVER_CHARS),
        ca_file: short(ca_file, MOST_PATH_CHARS),
        login: short(login, MOST_LOGIN_CHARS),
        notifications,
        zoom_percent: zoom_percent.clamp(100, 200),
        theme,
        keep_drafts,
        lock_after_mins: lock_after_mins.min(MOST_LOCK_MINS),
        column_widths: widths(column_widths),
        narrow_column_widths: widths(narrow_column_widths),
    }
}

fn widths(widths: Vec<f32>) -> Vec<f32> {
    let fit = widths.len() == COLUMNS && widths.iter().all(|width| width.is_finite());
    if fit { widths.into_iter().map(|width| width.clamp(LEAST_POINTS, MOST_POINTS)).collect() } else { Vec::new() }
}

fn short(text: String, most_chars: usize) -> String {
    if text.chars().count() > most_chars { String::new() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prikrep_ui::ThemeChoice;

    fn loaded(text: &str) -> Loaded {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        std::fs::write(&path, text).unwrap();
        load(&path)
    }

    #[test]
    fn what_was_saved_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config").join("settings.json");
        let first = load(&path);
        assert_eq!(first.settings, Settings::default());
        assert!(first.word.unwrap().contains("ещё нет"));
        let settings = Settings {
            server: "https://register.example".into(),
            ca_file: "/etc/prikrep/region.pem".into(),
            login: "olga".into(),
            notifications: false,
            zoom_percent: 150,
            theme: ThemeChoice::Dark,
            keep_drafts: false,
            lock_after_mins: 0,
            zone: chrono_tz::Europe::Moscow,
            column_widths: vec![220.5, 120.0, 100.0, 100.0, 120.0, 90.0],
            narrow_column_widths: vec![180.0, 120.0, 60.0, 80.0, 100.0, 90.0],
        };
        save(&path, &settings).unwrap();
        assert_eq!(load(&path), Loaded { settings, word: None });
    }

    #[test]
    fn a_damaged_file_gives_the_defaults_and_a_word() {
        for text in ["", "{", "[]", "\0\0\0", "\"text\""] {
            let Loaded { settings, word } = loaded(text);
            assert_eq!(settings, Settings::default(), "{text:?}");
            assert!(word.unwrap().contains("повреждён"), "{text:?}");
        }
        let Loaded { settings, word } = loaded(&format!("{{\"login\": \"{}\"}}", "a".repeat(100_000)));
        assert_eq!(settings, Settings::default());
        assert!(word.unwrap().contains("не читается"));
    }

    #[test]
    fn one_bad_value_does_not_cost_the_others() {
        let Loaded { settings, word } =
            loaded(r#"{"server": "https://a", "zoom_percent": "big", "theme": "pink", "from_tomorrow": 1}"#);
        assert_eq!(settings, Settings { server: "https://a".into(), ..Settings::default() });
        assert_eq!(word.unwrap(), "в файле настроек не приняты значения: theme, zoom_percent");
    }

    #[test]
    fn values_are_brought_into_range() {
        let text = r#"{"zoom_percent": 5, "lock_after_mins": 60000, "column_widths": [1, 2]}"#;
        let Settings { zoom_percent, lock_after_mins, column_widths, .. } = loaded(text).settings;
        assert_eq!((zoom_percent, lock_after_mins, column_widths), (100, 1440, vec![]));
        let wide = loaded(r#"{"narrow_column_widths": [1, 100, 1e9, 100, 100, 100]}"#).settings;
        assert_eq!(wide.narrow_column_widths, [16.0, 100.0, 4096.0, 100.0, 100.0, 100.0]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        save(&path, &Settings { column_widths: vec![f32::NAN; 6], zoom_percent: 900, ..Settings::default() }).unwrap();
        assert_eq!(load(&path), Loaded { settings: Settings { zoom_percent: 200, ..Settings::default() }, word: None });
    }

    #[test]
    fn a_folder_in_the_place_of_the_file_stops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(load(folder.path()).settings, Settings::default());
        assert!(save(folder.path(), &Settings::default()).is_err());
    }
}
