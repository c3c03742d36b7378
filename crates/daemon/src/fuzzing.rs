//! The readers of what an upstream says, for the fuzz targets alone: a program is built without this.

use std::time::Duration;

use chrono::{DateTime, Utc};
use prikrep_domain::Problem;
use reqwest::header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER};

use crate::http::refusal;

/// Reads a problem document, as a failed request's body is read.
#[must_use]
pub fn problem(status: u16, body: &[u8]) -> Option<Problem> {
    refusal::read_problem(status, body)
}

/// Reads `Retry-After` beside a `Date`; `None` also when one of them cannot be a header at all.
#[must_use]
pub fn retry_after(asked: &[u8], date: &[u8], now: DateTime<Utc>) -> Option<Duration> {
    let headers = [(RETRY_AFTER, HeaderValue::from_bytes(asked).ok()?), (DATE, HeaderValue::from_bytes(date).ok()?)];
    refusal::retry_after(&HeaderMap::from_iter(headers), now)
}
