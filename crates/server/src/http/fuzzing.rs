//! The readers of requests, for the fuzz targets alone.

use axum::http::Uri;
use bytes::Bytes;
use prikrep_domain::Problem;
use serde::de::DeserializeOwned;

use super::body::{BodyFault, JsonBytes};
use super::{feed, query};

pub(crate) fn parameters<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    query::read(uri)
}

pub(crate) fn feed(uri: &Uri) -> Result<(Option<String>, usize, u64), Problem> {
    feed::read(uri)
}

pub(crate) fn body<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    JsonBytes::of(Bytes::copy_from_slice(body)).read().map_err(|fault| match fault {
        BodyFault::Malformed(problem) => problem.words().to_owned(),
        BodyFault::Field(error) => format!("{}: {}", error.field, error.message),
    })
}
