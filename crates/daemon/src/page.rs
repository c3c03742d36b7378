//! Reading a page of the feed: records that are understood, records for the quarantine, and the cursor.
//!
//! Invariant: one bad record never stops the others. Only a page that is no page at all is an error.

use std::borrow::Cow;

use prikrep_domain::{Application, MAX_PAGE_RECORDS, RawFeedPage, Unreadable, read_application};
use prikrep_store::{Page, UnreadableRecord};

use crate::UpstreamError;

const LOST: char = '\u{FFFD}';

/// Reads a page from its body.
///
/// # Errors
/// [`UpstreamError::Unintelligible`] when it is not a page of the protocol, [`UpstreamError::TooLarge`] when
/// it has more records than a page may have.
pub fn read_page(body: &[u8]) -> Result<Page, UpstreamError> {
    // Bytes that are not UTF-8 in one record must not cost the page: they are replaced, and the records
    // that have such replacements go to quarantine.
    let text = str::from_utf8(body).map_or_else(|_| String::from_utf8_lossy(body), Cow::Borrowed);
    let damaged = matches!(text, Cow::Owned(_));
    let page: RawFeedPage<'_> = serde_json::from_str(&text).map_err(|error| {
        // The parser's own words may quote a value.
        let place = format!("строка {}, столбец {}", error.line(), error.column());
        UpstreamError::Unintelligible(format!("это не страница списка ({place})"))
    })?;
    if page.changes.len() > MAX_PAGE_RECORDS {
        return Err(UpstreamError::TooLarge("больше 5000 записей на странице"));
    }
    let mut applications = Vec::with_capacity(page.changes.len());
    let mut unreadable = Vec::new();
    for raw in &page.changes {
        match read_record(raw.get(), damaged) {
            Ok(application) => applications.push(application),
            Err(Unreadable { id, reason }) => {
                unreadable.push(UnreadableRecord { id, reason, raw: raw.get().to_owned() });
            }
        }
    }
    Ok(Page { applications, unreadable, cursor: page.cursor, has_more: page.has_more })
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
