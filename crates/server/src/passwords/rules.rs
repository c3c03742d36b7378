//! Which passwords are taken.

use chrono::Duration;

use super::common::on_latin_keys;
use super::facts::MOST_FORMER;
use super::{CommonFileError, CommonPasswords, PasswordFacts, PasswordHash};
use crate::account::Login;
use crate::config::PasswordsConfig;

const MAX_CHARS: usize = 1024;
/// Shorter words are in too many others.
const LEAST_WORD_CHARS: usize = 3;

/// Why a password is not taken, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefusal {
    /// It is too short.
    #[error("Пароль короче {least} знаков: добавьте слов или знаков")]
    Short {
        /// The fewest characters.
        least: usize,
    },
    /// It is too long.
    #[error("Пароль длиннее {MAX_CHARS} знаков: сократите его")]
    Long,
    /// It is the login or the name.
    #[error("Пароль повторяет логин или имя: придумайте другой")]
    Own,
    /// It is in a list of common passwords.
    #[error("Такой пароль есть в списке частых: придумайте другой")]
    Listed,
    /// It is soon guessed.
    #[error("Пароль легко подобрать: возьмите три-четыре не связанных между собой слова")]
    Guessable,
    /// It was this account's password already.
    #[error("Этот пароль уже был: придумайте новый")]
    Former,
}

/// Whose password it is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owner<'a> {
    pub(crate) login: &'a Login,
    pub(crate) employee: &'a str,
    pub(crate) organization: Option<&'a str>,
}

impl Owner<'_> {
    fn names(&self) -> impl Iterator<Item = &str> {
        [self.login.as_str(), self.employee].into_iter()
    }

    /// The words that somebody who knows the owner would try.
    fn words(&self) -> Vec<String> {
        let texts = self.names().chain(self.organization);
        let words = texts.flat_map(|text| text.split(|letter: char| !letter.is_alphanumeric()));
        let long = words.filter(|word| word.chars().count() >= LEAST_WORD_CHARS);
        long.chain([self.login.as_str()]).map(str::to_lowercase).collect()
    }
}

/// The rules of a register.
#[derive(Debug)]
pub(crate) struct PasswordRules {
    least: usize,
    history: usize,
    pub(crate) max_age: Option<Duration>,
    common: CommonPasswords,
}

impl PasswordRules {
    pub(crate) fn open(config: &PasswordsConfig) -> Result<Self, CommonFileError> {
        let max_age = (config.max_age_days > 0).then(|| Duration::days(i64::from(config.max_age_days)));
        let common = CommonPasswords::open(config.common_file.as_deref())?;
        Ok(Self { least: config.min_chars, history: config.history.min(MOST_FORMER), max_age, common })
    }

    /// Whether a password is taken for an owner, without regard to those before it.
    pub(crate) fn check(&self, password: &str, owner: Owner<'_>) -> Result<(), PasswordRefusal> {
        let length = password.chars().count();
        if length < self.least {
            return Err(PasswordRefusal::Short { least: self.least });
        }
        if length > MAX_CHARS {
            return Err(PasswordRefusal::Long);
        }
        if owner.names().any(|name| is_but(password, name)) {
            return Err(PasswordRefusal::Own);
        }
        if self.common.list(password) {
            return Err(PasswordRefusal::Listed);
        }
        if CommonPasswords::are_close_to(password, &owner.words()) {
            return Err(PasswordRefusal::Guessable);
        }
        Ok(())
    }

    /// Whether it is another than the present one and the latest before it. Costs a hash for each.
    pub(crate) fn check_new(
        &self,
        password: &str,
        present: &PasswordHash,
        facts: &PasswordFacts,
    ) -> Result<(), PasswordRefusal> {
        let former = facts.former.iter().take(self.history);
        let again = std::iter::once(present).chain(former).any(|hash| hash.fits(password));
        if again { Err(PasswordRefusal::Former) } else { Ok(()) }
    }
}

/// Whether a password is nothing but a name: case, spaces, signs, figures around it and the layout apart.
fn is_but(password: &str, name: &str) -> bool {
    let letters = |text: &str| text.to_lowercase().chars().filter(|it| it.is_alphabetic()).collect::<String>();
    let (name, password, on_keys) = (letters(name), letters(password), letters(&on_latin_keys(password)));
    !name.is_empty() && (name == password || name == on_keys || letters(&on_latin_keys(&name)) == on_keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(change: impl FnOnce(&mut PasswordsConfig)) -> PasswordRules {
        let mut config = PasswordsConfig::default();
        change(&mut config);
        PasswordRules::open(&config).unwrap()
    }

    #[test]
    fn refusals_by_example() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("common.txt");
        std::fs::write(&file, "синий чайник на крыше\n").unwrap();
        let rules = rules(|config| config.common_file = Some(file));
        let login = Login::parse("vasilisa.premudraya").unwrap();
        let owner = Owner {
            login: &login, employee: "Премудрая Василиса", organization: Some("Лукоморская ЦРБ")
        };
        let long = "я".repeat(1025);
        for (password, refusal) in [
            ("мало знаков", Some(PasswordRefusal::Short { least: 12 })),
            (long.as_str(), Some(PasswordRefusal::Long)),
            ("Vasilisa.Premudraya", Some(PasswordRefusal::Own)),
            ("vasilisa premudraya 2026!", Some(PasswordRefusal::Own)),
            ("премудрая василиса 1", Some(PasswordRefusal::Own)),
            ("Ghtvelhfz Dfcbkbcf", Some(PasswordRefusal::Own)),
            ("Синий чайник на крыше", Some(PasswordRefusal::Listed)),
            ("лукоморская1", Some(PasswordRefusal::Guessable)),
            ("пароль123456", Some(PasswordRefusal::Guessable)),
            ("жёлтый чайник на крыше", None),
        ] {
            assert_eq!(rules.check(password, owner).err(), refusal, "{password}");
        }
    }

    #[test]
    fn the_latest_passwords_are_not_taken_again() {
        let hash = |text: &str| PasswordHash::of(&crate::Secret::new(text.to_owned())).unwrap();
        let facts = PasswordFacts {
            former: vec![hash("первый до него"), hash("второй до него")],
            ..Default::default()
        };
        let again = |history, password: &str| {
            let rules = rules(|config| config.history = history);
            rules.check_new(password, &hash("нынешний"), &facts).is_err()
        };
        assert!(again(0, "нынешний"), "a change changes something");
        assert!(!again(0, "первый до него"));
        assert!(again(1, "первый до него") && !again(1, "второй до него"));
        assert!(again(24, "второй до него") && !again(24, "совсем новый"));
    }
}
