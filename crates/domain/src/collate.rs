//! Names as a Russian reader orders and searches them: ё next to е, case ignored.
//!
//! A folded name has one byte a Russian letter, so that a million of them fit in memory and byte order is
//! the alphabet's. Invariant: no folded character is a part of another one's bytes, so that a substring of
//! folded bytes is a substring of characters.

/// Where the Russian alphabet begins among the folded bytes; ASCII stands below.
const RUSSIAN: u8 = 0x80;
/// Leads a character that is neither ASCII nor Russian; four bytes of `PAYLOAD` follow.
const OTHER: u8 = 0xF0;
const PAYLOAD: u8 = 0xA0;

/// Appends the folded form of a text. Runs of white space become one space; there is none at the ends.
pub fn fold_into(text: &str, folded: &mut Vec<u8>) {
    let start = folded.len();
    for character in text.chars() {
        if character.is_whitespace() {
            if folded.len() > start && folded.last() != Some(&b' ') {
                folded.push(b' ');
            }
            continue;
        }
        for lower in character.to_lowercase() {
            fold_char(lower, folded);
        }
    }
    if folded.len() > start && folded.last() == Some(&b' ') {
        folded.pop();
    }
}

/// The folded form of a text.
#[must_use]
pub fn fold(text: &str) -> Vec<u8> {
    let mut folded = Vec::with_capacity(text.len() / 2 + 4);
    fold_into(text, &mut folded);
    folded
}

fn fold_char(lower: char, folded: &mut Vec<u8>) {
    let code = u32::from(lower);
    match lower {
        'ё' => folded.push(RUSSIAN + 5),
        'а'..='я' => folded.push(RUSSIAN + low_byte(code - u32::from('а'))),
        _ if lower.is_ascii() => folded.push(low_byte(code)),
        _ => {
            folded.push(OTHER);
            folded.extend([18, 12, 6, 0].map(|shift| PAYLOAD + low_byte(code >> shift & 0x3F)));
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "every caller has masked or compared the value below 256")]
const fn low_byte(value: u32) -> u8 {
    value as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_russian_reader_finds_the_order_right() {
        let mut names = vec![
            "Яковлев Ян",
            "Ёлкин Пётр",
            "Елкин Петр",
            "Ежов Иван",
            "Жуков Юрий",
            "елкина Анна",
            "Smith John",
            "Иванов Пётр",
            "Иванов-Ли Ян",
        ];
        names.sort_by_key(|name| fold(name));
        assert_eq!(
            names,
            [
                "Smith John",
                "Ежов Иван",
                "Ёлкин Пётр",
                "Елкин Петр",
                "елкина Анна",
                "Жуков Юрий",
                "Иванов Пётр",
                "Иванов-Ли Ян",
                "Яковлев Ян"
            ]
        );
    }

    #[test]
    fn white_space_and_case_do_not_count() {
        assert_eq!(fold("  ИВАНОВ \t Иван  "), fold("иванов иван"));
        assert_eq!(fold(" \n"), fold(""));
    }

    proptest! {
        #[test]
        fn a_substring_of_characters_is_one_of_bytes_and_back(text in "[а-яёА-Яәүa-z -]{0,20}", part in "[а-яёәүa-z]{1,3}") {
            let (whole, needle) = (fold(&text), fold(&part));
            let lower = |t: &str| t.to_lowercase().replace('ё', "е");
            let by_bytes = whole.windows(needle.len()).any(|window| window == needle);
            prop_assert_eq!(by_bytes, lower(&text).contains(&lower(&part)));
        }
    }
}
