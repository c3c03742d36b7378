//! A page of the feed: fetched with its records still raw, then read into what is understood and what goes
//! to quarantine.
//!
//! Two steps, because the next page can be asked for as soon as this one's cursor is known. Invariant: one bad
//! record never stops the others. Only a page that is no page at all is an error.

use std::borrow::Cow;

use prikrep_domain::{Application, Cursor, MAX_PAGE_RECORDS, RawFeedPage, Unreadable, read_application};
use prikrep_store::{Page, UnreadableRecord};
use serde_json::value::RawValue;

use crate::UpstreamError;

const LOST: char = '\u{FFFD}';

/// A page as it was fetched: where to read on is known, its records are not read yet.
#[derive(Debug)]
pub struct FetchedPage {
    cursor: Cursor,
    has_more: bool,
    records: Vec<Box<RawValue>>,
    /// Some bytes of the page were not UTF-8.
    damaged: bool,
}

impl FetchedPage {
    /// Finds the records of a page in its body.
    ///
    /// # Errors
    /// [`UpstreamError::Unintelligible`] when it is not a page of the protocol, [`UpstreamError::TooLarge`]
    /// when it has more records than a page may have.
    pub fn parse(body: &[u8]) -> Result<Self, UpstreamError> {
        // Bytes that are not UTF-8 in one record must not cost the page: they are replaced, and the records
        // that have such replacements go to quarantine.
        let text = simdutf8::basic::from_utf8(body).map_or_else(|_| String::from_utf8_lossy(body), Cow::Borrowed);
        let damaged = matches!(text, Cow::Owned(_));
        let page: RawFeedPage<'_> = serde_json::from_str(&text).map_err(|error| {
            // The parser's own words may quote a value.
            let place = format!("строка {}, столбец {}", error.line(), error.column());
            UpstreamError::Unintelligible(format!("это не страница списка ({place})"))
        })?;
        if page.changes.len() > MAX_PAGE_RECORDS {
            return Err(UpstreamError::TooLarge("больше 5000 записей на странице"));
        }
        let records = page.changes.into_iter().map(ToOwned::to_owned).collect();
        Ok(Self { cursor: page.cursor, has_more: page.has_more, records, damaged })
    }

    /// Where to read on.
    #[must_use]
    pub const fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// Whether more is there already.
    #[must_use]
    pub const fn has_more(&self) -> bool {
        self.has_more
    }

    /// How many records it has, readable or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Reads the records: milliseconds for a full page.
    #[must_use]
    pub fn read(self) -> Page {
        let mut applications = Vec::with_capacity(self.records.len());
        let mut unreadable = Vec::new();
        for raw in &self.records {
            match read_record(raw.get(), self.damaged) {
                Ok(application) => applications.push(application),
                Err(Unreadable { id, reason }) => {
                    unreadable.push(UnreadableRecord { id, reason, raw: raw.get().to_owned() });
                }
            }
        }
        Page { applications, unreadable, cursor: self.cursor, has_more: self.has_more }
    }
}

fn read_record(raw: &str, damaged: bool) -> Result<Application, Unreadable> {
    if damaged && raw.contains(LOST) {
        let id = read_application(raw).map_or_else(|unreadable| unreadable.id, |application| Some(application.id));
        return Err(Unreadable {
            id, reason: "в записи есть байты, которые не являются текстом UTF-8".to_owned()
        });
    }
    read_application(raw)
}
