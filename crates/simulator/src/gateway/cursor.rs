//! Places in the feed: an epoch and a sequence number.

use prikrep_domain::{Cursor, Problem, ProblemKind};

/// Why a page of the feed cannot be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// The cursor is of another epoch.
    #[error("Курсор относится к прежнему состоянию списка: читайте с начала")]
    Expired,
    /// The text is not a cursor.
    #[error("Это не курсор: передайте курсор прошлой страницы без изменений")]
    Malformed,
}

impl From<FeedError> for Problem {
    fn from(error: FeedError) -> Self {
        let kind = match error {
            FeedError::Expired => ProblemKind::CursorExpired,
            FeedError::Malformed => ProblemKind::BadRequest,
        };
        Self::new(kind).with_detail(error.to_string())
    }
}

pub(crate) fn write(epoch: u64, sequence: u64) -> Result<Cursor, FeedError> {
    Cursor::new(format!("{epoch:016x}-{sequence}")).map_err(|_| FeedError::Malformed)
}

/// The sequence number after which to read; absent and empty cursors are the beginning.
pub(crate) fn read(cursor: Option<&str>, epoch: u64, head: u64) -> Result<u64, FeedError> {
    let Some(text) = cursor.filter(|text| !text.is_empty()) else { return Ok(0) };
    let (named, sequence) = text.split_once('-').ok_or(FeedError::Malformed)?;
    let well_formed = named.len() == 16 && sequence.len() <= 20 && sequence.bytes().all(|byte| byte.is_ascii_digit());
    if !well_formed {
        return Err(FeedError::Malformed);
    }
    let named = u64::from_str_radix(named, 16).map_err(|_| FeedError::Malformed)?;
    let sequence: u64 = sequence.parse().map_err(|_| FeedError::Malformed)?;
    if named == epoch && sequence <= head { Ok(sequence) } else { Err(FeedError::Expired) }
}
