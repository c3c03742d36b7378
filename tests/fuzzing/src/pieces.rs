//! One input cut into several: what a target reads is a kind and a few byte strings.

/// The first byte and the rest; `None` when there is nothing.
pub(crate) fn kind(data: &[u8]) -> Option<(u8, &[u8])> {
    data.split_first().map(|(kind, rest)| (*kind, rest))
}

/// Byte strings, each after its length in two bytes; the last takes what is left.
pub(crate) fn pieces(mut data: &[u8], most: usize) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    while let Some((length, rest)) = data.split_first_chunk::<2>() {
        let (piece, rest) = rest.split_at(usize::from(u16::from_be_bytes(*length)).min(rest.len()));
        pieces.push(piece);
        data = rest;
        if pieces.len() == most {
            break;
        }
    }
    pieces
}
