//! Pages of the feed and of a search, as they travel.
//!
//! A consumer reads a page as raw records first, so that one bad record never stops the others.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::Application;

/// The most records a page may hold.
pub const MAX_PAGE_RECORDS: usize = 5_000;
/// The most bytes a page may have, decompressed.
pub const MAX_PAGE_BYTES: usize = 16 << 20;
/// The most bytes a record may have.
pub const MAX_RECORD_BYTES: usize = 1 << 20;
const MAX_CURSOR_CHARS: usize = 128;

/// A place in a feed, opaque to its consumer; at most 128 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, max_length = 128))]
#[serde(try_from = "String", into = "String")]
pub struct Cursor(String);

impl Cursor {
    /// A cursor of at most 128 characters.
    ///
    /// # Errors
    /// Words, when it is longer.
    pub fn new(text: String) -> Result<Self, &'static str> {
        if text.chars().count() <= MAX_CURSOR_CHARS {
            Ok(Self(text))
        } else {
            Err("курсор длиннее 128 знаков")
        }
    }

    /// The cursor as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Cursor {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, &'static str> {
        Self::new(text)
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A page of the feed as its producer writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedPage {
    /// Applications in their current state, in the order of the producer's changes; empty when nothing is new.
    pub changes: Vec<Application>,
    /// Where to read on.
    pub cursor: Cursor,
    /// Whether more is there already.
    pub has_more: bool,
}

/// A page of the feed as its consumer first reads it: records still raw.
#[derive(Debug, Deserialize)]
pub struct RawFeedPage<'a> {
    /// The records, each to be read by [`crate::read_application`].
    #[serde(borrow)]
    pub changes: Vec<&'a RawValue>,
    /// Where to read on.
    pub cursor: Cursor,
    /// Whether more is there already.
    pub has_more: bool,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Found {
    /// How many there are in all.
    pub total: usize,
    /// The asked part of them, in the asked order.
    pub items: Vec<Application>,
}
