//! Passwords that everybody thinks of.
//!
//! Built in: the estimator's own lists (frequent passwords, English words and names, rows of keys, dates,
//! repetitions) and a list of Russian words beside them, both as typed and as typed in the other keyboard
//! layout. An administrator may name a file of more, which are compared whole.

use std::collections::HashSet;
use std::io::Read;
use std::path::Path;

use zxcvbn::{Score, zxcvbn};

const RUSSIAN: &str = include_str!("../../assets/common-passwords-ru.txt");
const MAX_FILE_BYTES: u64 = 16 << 20;
/// Beyond this many guesses (10^8) a password is left to the lockout.
const ENOUGH: Score = Score::Three;

/// The file of common passwords cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommonFileError {
    #[error("файл частых паролей не читается: {0}")]
    Read(#[from] std::io::Error),
    #[error("файл частых паролей больше {} МиБ: сократите его", MAX_FILE_BYTES >> 20)]
    TooLarge,
}

/// What is known of common passwords.
#[derive(Debug, Default)]
pub(crate) struct CommonPasswords {
    listed: HashSet<String>,
}

impl CommonPasswords {
    /// With the lines of a file, when one is named.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self, CommonFileError> {
        let Some(file) = file else { return Ok(Self::default()) };
        let mut bytes = Vec::new();
        let mut file = std::fs::File::open(file)?.take(MAX_FILE_BYTES + 1);
        if u64::try_from(file.read_to_end(&mut bytes)?).is_ok_and(|length| length > MAX_FILE_BYTES) {
            return Err(CommonFileError::TooLarge);
        }
        // Such lists are of many hands: a line that is not UTF-8 costs that line only.
        let text = String::from_utf8_lossy(&bytes);
        let listed = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_lowercase).collect();
        Ok(Self { listed })
    }

    /// Whether the file names it.
    pub(crate) fn list(&self, password: &str) -> bool {
        self.listed.contains(&password.to_lowercase())
    }

    /// Whether it is soon guessed by whoever knows these words too.
    pub(crate) fn are_close_to(password: &str, words: &[String]) -> bool {
        let russian = RUSSIAN.lines().filter(|line| !line.starts_with('#'));
        let words: Vec<String> = russian.map(str::to_owned).chain(words.iter().cloned()).collect();
        let keys: Vec<String> = words.iter().map(|word| on_latin_keys(word)).collect();
        let words: Vec<&str> = words.iter().chain(&keys).map(String::as_str).collect();
        let soon = |password: &str| zxcvbn(password, &words).score() < ENOUGH;
        soon(password) || soon(&on_latin_keys(password))
    }
}

/// The same keys in the Latin layout.
pub(super) fn on_latin_keys(text: &str) -> String {
    const CYRILLIC: &str = "йцукенгшщзхъфывапролджэячсмитьбюё";
    const LATIN: &str = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`";
    let latin = |key: char| CYRILLIC.chars().zip(LATIN.chars()).find(|(cyrillic, _)| *cyrillic == key).map(|it| it.1);
    text.to_lowercase().chars().map(|key| latin(key).unwrap_or(key)).collect()
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn what_everybody_thinks_of_is_soon_guessed() {
        let words = ["кузнецова".to_owned(), "инна".to_owned(), "kuznecova".to_owned()];
        for password in [
            "password1234",
            "Password12345!",
            "qwertyuiop12",
            "йцукенгшщзхъ",
            "пароль123456",
            "gfhjkm123456",
            "Поликлиника1",
            "Барнаул-2026",
            "prikreplenie2026",
            "123456789012",
            "111111111111",
            "01.01.1980 г",
            "Кузнецова2026",
            "kuznecova.2026",
            "repytwjdf2026",
        ] {
            assert!(CommonPasswords::are_close_to(password, &words), "{password}");
        }
        for password in [
            "prikrep-demo-2026",
            "верный пароль 1",
            "одна длинная фраза",
            "correct horse battery",
            "mZ7-wq4k-Lh2p",
            "синий чайник на крыше",
        ] {
            assert!(!CommonPasswords::are_close_to(password, &words), "{password}");
        }
    }

    #[test]
    fn a_file_adds_whole_passwords() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("common.txt");
        std::fs::write(&file, b"Big Secret\r\n\xff\xfe\n\n  two words \n").unwrap();
        let common = CommonPasswords::open(Some(&file)).unwrap();
        assert!(common.list("big SECRET") && common.list("two words"));
        assert!(!common.list("big") && !common.list(""));
        assert!(CommonPasswords::open(Some(&folder.path().join("other"))).is_err());
        std::fs::File::create(&file).unwrap().set_len(MAX_FILE_BYTES + 1).unwrap();
        assert!(matches!(CommonPasswords::open(Some(&file)), Err(CommonFileError::TooLarge)));
    }

    #[test]
    fn nothing_that_is_typed_brings_the_estimator_down() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let alphabet: Vec<char> = "aA0$@!1 пЙё\u{301}\u{200d}🙂\u{0}qwerty2026-".chars().collect();
        for _ in 0..60 {
            let length = rng.random_range(0..150);
            let password: String = (0..length).map(|_| alphabet[rng.random_range(0..alphabet.len())]).collect();
            let _ = CommonPasswords::are_close_to(&password, &[password.chars().take(5).collect()]);
        }
    }
}
