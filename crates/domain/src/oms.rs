//! The policy of obligatory medical insurance (полис ОМС) in its three forms.
//!
//! Source of the rule: `приказ ФФОМС` on the single number (ЕНП): 16 digits, the last a check by modulus 10.

use std::fmt;
use std::str::FromStr;

/// Why a text is not a policy, in words for the person who typed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPolicy {
    /// Nothing was typed.
    #[error("Номер полиса пуст")]
    Empty,
    /// All digits are zeros.
    #[error("Номер полиса не может состоять из одних нулей")]
    Zeros,
    /// 16 digits, but the last is not their check.
    #[error("Контрольная цифра ЕНП не сходится: проверьте цифры")]
    Check,
    /// Neither 16 digits, nor 9, nor a series and a number.
    #[error("Это не ЕНП (16 цифр), не временное свидетельство (9 цифр) и не полис с серией и номером")]
    Form,
}

/// A policy as a person or the federal service writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OmsPolicy {
    /// The single number, ЕНП: 16 digits whose check holds.
    Single(String),
    /// A temporary certificate: 9 digits.
    Temporary(String),
    /// An old policy: its series and number as they stand.
    Old(String),
}

impl OmsPolicy {
    /// Parses a policy; spaces and dashes between digits are accepted.
    ///
    /// # Errors
    /// [`BadPolicy`] with what is wrong.
    pub fn parse(text: &str) -> Result<Self, BadPolicy> {
        let text = text.trim();
        if text.is_empty() {
            return Err(BadPolicy::Empty);
        }
        let compact: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        if compact.bytes().all(|b| b == b'0') {
            return Err(BadPolicy::Zeros);
        }
        let all_digits = compact.bytes().all(|b| b.is_ascii_digit());
        match (all_digits, compact.len()) {
            (true, 16) if luhn_holds(&compact) => Ok(Self::Single(compact)),
            (true, 16) => Err(BadPolicy::Check),
            (true, 9) => Ok(Self::Temporary(compact)),
            _ if is_series_and_number(text, &compact) => Ok(Self::Old(text.to_owned())),
            _ => Err(BadPolicy::Form),
        }
    }
}

/// Old policies were printed by regions in their own forms: letters, digits, a sign № between them.
fn is_series_and_number(text: &str, compact: &str) -> bool {
    let known = |c: char| c.is_alphanumeric() || c.is_whitespace() || matches!(c, '-' | '№' | '/' | '.');
    let digits = compact.chars().filter(char::is_ascii_digit).count();
    text.chars().all(known) && (4..=32).contains(&compact.chars().count()) && digits >= 4
}

fn luhn_holds(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0');
            if place % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 }
        })
        .sum();
    sum.is_multiple_of(10)
}

impl FromStr for OmsPolicy {
    type Err = BadPolicy;
    fn from_str(text: &str) -> Result<Self, BadPolicy> {
        Self::parse(text)
    }
}

impl fmt::Display for OmsPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Single(text) | Self::Temporary(text) | Self::Old(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [&str; 5] =
        ["8451999122899990", "2200000000000004", "2250850814000015", "7754890879000120", "1234567890123452"];

    #[test]
    fn a_single_number_is_known_by_its_check_digit() {
        for text in GOOD {
            assert_eq!(OmsPolicy::parse(text), Ok(OmsPolicy::Single(text.to_owned())));
            let spaced = format!("{} {} {}-{}", &text[..4], &text[4..8], &text[8..12], &text[12..]);
            assert_eq!(OmsPolicy::parse(&spaced), Ok(OmsPolicy::Single(text.to_owned())));
            let last = text.as_bytes()[15] - b'0';
            for other in (0..10).filter(|digit| *digit != last) {
                assert_eq!(OmsPolicy::parse(&format!("{}{other}", &text[..15])), Err(BadPolicy::Check));
            }
        }
        assert_eq!(OmsPolicy::parse("0000000000000000"), Err(BadPolicy::Zeros));
    }

    #[test]
    fn old_policies_and_temporary_certificates_stand_as_they_are() {
        assert_eq!(OmsPolicy::parse("123 456 789"), Ok(OmsPolicy::Temporary("123456789".into())));
        assert_eq!(OmsPolicy::parse("22-01 № 1234567"), Ok(OmsPolicy::Old("22-01 № 1234567".into())));
        assert_eq!(OmsPolicy::parse("АБ 123456"), Ok(OmsPolicy::Old("АБ 123456".into())));
        for text in ["", "12", "полис", "1;2345678"] {
            assert!(OmsPolicy::parse(text).is_err(), "{text:?}");
        }
    }
}
