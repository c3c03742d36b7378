//! A page of the feed: fetched with its records still raw, then read into what is understood and what goes
//! to quarantine.
//!
//! Two steps, because the next page can be asked for as soon as this one's cursor is known. Invariant: one bad
//! record never stops the others. Only a page that is no page at all is an error.

use std::borrow::Cow;
use std::ops::Range;

use prikrep_domain::{Application, Cursor, MAX_PAGE_RECORDS, RawFeedPage, Unreadable, read_application};
use prikrep_store::{Page, UnreadableRecord};

use crate::UpstreamError;

const LOST: char = '\u{FFFD}';

/// A page as it was fetched: where to read on is known, its records are not read yet.
#[derive(Debug)]
pub struct FetchedPage {
    cursor: Cursor,
    has_more: bool,
    /// UTF-8.
    body: Vec<u8>,
    /// Where in the body the records are: they are read where they lie.
    records: Vec<Range<usize>>,
    /// Some bytes of the page were not UTF-8.
    damaged: bool,
}

impl FetchedPage {
    /// Finds the records of a page in its body.
    ///
    /// # Errors
    /// [`UpstreamError::Unintelligible`] when it is not a page of the protocol, [`UpstreamError::TooLarge`]
    /// when it has more records than a page may have.
    pub fn parse(body: Vec<u8>) -> Result<Self, UpstreamError> {
        // Bytes that are not UTF-8 in one record must not cost the page: they are replaced, and the records
        // that have such replacements go to quarantine.
        let text = simdutf8::basic::from_utf8(&body).map_or_else(|_| String::from_utf8_lossy(&body), Cow::Borrowed);
        let page: RawFeedPage<'_> = serde_json::from_str(&text).map_err(|error| {
            // The parser's own words may quote a value.
            let place = format!("строка {}, столбец {}", error.line(), error.column());
            UpstreamError::Unintelligible(format!("это не страница списка ({place})"))
        })?;
        if page.changes.len() > MAX_PAGE_RECORDS {
            return Err(UpstreamError::TooLarge("больше 5000 записей на странице"));
        }
        let place = |record: &str| {
            let start = record.as_ptr().addr() - text.as_ptr().addr();
            start..start + record.len()
        };
        let records = page.changes.iter().map(|record| place(record.get())).collect();
        let (cursor, has_more) = (page.cursor, page.has_more);
        let replaced = match text {
            Cow::Borrowed(_) => None,
            Cow::Owned(text) => Some(text.into_bytes()),
        };
        let damaged = replaced.is_some();
        Ok(Self { cursor, has_more, body: replaced.unwrap_or(body), records, damaged })
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
        let texts = self.records.iter().filter_map(|place| self.body.get(place.clone()));
        for raw in texts.filter_map(|bytes| simdutf8::basic::from_utf8(bytes).ok()) {
            match read_record(raw, self.damaged) {
                Ok(application) => applications.push(application),
                Err(Unreadable { id, reason }) => {
                    unreadable.push(UnreadableRecord { id, reason, raw: raw.to_owned() });
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
