//! Bytes as hexadecimal digits, in files and in file names.

use serde::{Deserialize, Serialize};

/// Bytes that a JSON file holds as hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Hex(pub(crate) Vec<u8>);

/// A text is not pairs of hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not hexadecimal digits")]
pub(crate) struct NotHex;

/// Lower-case digits, two a byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl From<Hex> for String {
    fn from(bytes: Hex) -> Self {
        hex(&bytes.0)
    }
}

impl TryFrom<String> for Hex {
    type Error = NotHex;
    fn try_from(text: String) -> Result<Self, NotHex> {
        if !text.len().is_multiple_of(2) || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(NotHex);
        }
        let pair = |at| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()).ok_or(NotHex);
        (0..text.len()).step_by(2).map(pair).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_and_nothing_else_is_read() {
        let bytes = Hex(vec![0, 1, 0xAB, 0xFF]);
        assert_eq!(String::from(bytes.clone()), "0001abff");
        assert_eq!(Hex::try_from("0001abff".to_owned()), Ok(bytes));
        for text in ["0", "0g", "+1", "я1"] {
            assert_eq!(Hex::try_from(text.to_owned()), Err(NotHex), "{text}");
        }
    }
}
