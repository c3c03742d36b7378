//! SNILS: the insurance number of an individual account of the pension fund.
//!
//! Source of the rule: `Постановление Правления ПФР`, as given in the domain description: the check
//! applies to numbers above 001-001-998.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The last number that was given without a check.
const LAST_UNCHECKED: u64 = 1_001_998;

/// Why a text is not a SNILS, in words for the person who typed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSnils {
    /// Something other than digits, spaces and dashes.
    #[error("В СНИЛС могут быть только цифры, пробелы и дефисы")]
    NotDigits,
    /// Not eleven digits.
    #[error("В СНИЛС 11 цифр, а здесь {0}")]
    Length(usize),
    /// All digits are zeros.
    #[error("СНИЛС не может состоять из одних нулей")]
    Zeros,
    /// The last two digits are not the check of the first nine.
    #[error("Контрольное число СНИЛС не сходится: проверьте цифры")]
    Check,
}

/// A SNILS whose check holds; shown as `112-233-445 95`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Snils(u64);

impl Snils {
    /// Parses a SNILS in any mix of spaces and dashes.
    ///
    /// # Errors
    /// [`BadSnils`] with what is wrong.
    pub fn parse(text: &str) -> Result<Self, BadSnils> {
        let (count, value) = read_digits(text).ok_or(BadSnils::NotDigits)?;
        if count != 11 {
            return Err(BadSnils::Length(count));
        }
        if value == 0 {
            return Err(BadSnils::Zeros);
        }
        let (number, check) = (value / 100, value % 100);
        if number > LAST_UNCHECKED && check != check_of(number) {
            return Err(BadSnils::Check);
        }
        Ok(Self(value))
    }

    /// All eleven digits as one number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The eleven digits of a text as a number, whether or not their check holds: what a received SNILS
    /// is searched and sorted by. `None` when there are not eleven of them.
    #[must_use]
    pub fn digits_of(text: &str) -> Option<u64> {
        read_digits(text).filter(|(count, _)| *count == 11).map(|(_, value)| value)
    }
}

/// How many digits, and their value; `None` when something else than spaces and dashes is among them.
fn read_digits(text: &str) -> Option<(usize, u64)> {
    let (mut count, mut value) = (0usize, 0u64);
    for character in text.chars() {
        match character {
            '0'..='9' => {
                count += 1;
                value = value.wrapping_mul(10).wrapping_add(u64::from(character.to_digit(10)?));
            }
            '-' | '\u{2010}'..='\u{2015}' => {}
            space if space.is_whitespace() => {}
            _ => return None,
        }
    }
    Some((count, value))
}

fn check_of(number: u64) -> u64 {
    let sum: u64 = (1..=9)
        .scan(number, |rest, weight| {
            let digit = *rest % 10;
            *rest /= 10;
            Some(digit * weight)
        })
        .sum();
    sum % 101 % 100
}

impl TryFrom<String> for Snils {
    type Error = BadSnils;
    fn try_from(text: String) -> Result<Self, BadSnils> {
        Self::parse(&text)
    }
}

impl From<Snils> for String {
    fn from(snils: Snils) -> Self {
        format!("{:011}", snils.0)
    }
}

impl FromStr for Snils {
    type Err = BadSnils;
    fn from_str(text: &str) -> Result<Self, BadSnils> {
        Self::parse(text)
    }
}

impl fmt::Display for Snils {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, check) = (self.0 / 100, self.0 % 100);
        write!(f, "{:03}-{:03}-{:03} {check:02}", number / 1_000_000, number / 1_000 % 1_000, number % 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_good_are_read_and_shown_in_the_official_form() {
        for text in [
            "112-233-445 95",
            "087-654-303 00",
            "642-709-548 07",
            "123-456-789 64",
            "001-001-999 65",
            "141-008-408 00",
            "205-132-059 00",
            "952-530-077 00",
            "001-001-998 00",
        ] {
            let snils = Snils::parse(text).unwrap_or_else(|bad| panic!("{text}: {bad}"));
            assert_eq!(snils.to_string(), text);
            assert_eq!(Snils::parse(&String::from(snils)), Ok(snils));
            assert_eq!(Snils::parse(&format!(" {} ", text.replace('-', " - "))), Ok(snils));
        }
    }

    #[test]
    fn the_bad_are_told_what_is_wrong() {
        for (text, bad) in [
            ("112-233-445 96", BadSnils::Check),
            ("001-001-999 00", BadSnils::Check),
            ("1122334459", BadSnils::Length(10)),
            ("112233445951", BadSnils::Length(12)),
            ("", BadSnils::Length(0)),
            ("000-000-000 00", BadSnils::Zeros),
            ("112-233-445 9a", BadSnils::NotDigits),
            ("١١٢-233-445 95", BadSnils::NotDigits),
        ] {
            assert_eq!(Snils::parse(text), Err(bad), "{text:?}");
        }
    }

    #[test]
    fn a_received_number_keeps_its_digits_even_when_the_check_fails() {
        assert_eq!(Snils::digits_of("112-233-445 96"), Some(11_223_344_596));
        assert_eq!(Snils::digits_of("нет"), None);
        assert_eq!(Snils::digits_of(&"9".repeat(400)), None);
    }

    #[test]
    fn check_by_the_rule_below_and_above_a_hundred() {
        // Every sum that the rule treats apart: below 100, 100, 101, and beyond.
        for number in (1_001_999..999_999_999u64).step_by(7_919_993) {
            let sum: u64 =
                format!("{number:09}").bytes().zip((1..=9).rev()).map(|(b, w)| u64::from(b - b'0') * w).sum();
            let expected = match sum {
                0..100 => sum,
                100 | 101 => 0,
                _ => match sum % 101 {
                    100 => 0,
                    rest => rest,
                },
            };
            assert_eq!(check_of(number), expected, "{number}");
        }
    }
}
