//! Reading a body: never more bytes than allowed after decompression, never longer than allowed.

use std::time::Duration;

use reqwest::Response;
use tokio::time::{Instant, timeout, timeout_at};

use super::fault;
use crate::{NetworkFault, UpstreamError};

/// The limits of one body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Bytes, decompressed.
    pub(super) bytes: usize,
    /// The longest silence.
    pub(super) silence: Duration,
    /// The longest whole transfer.
    pub(super) whole: Duration,
}

/// Reads a body to its end.
///
/// # Errors
/// The network's fault, [`UpstreamError::TooLarge`] or [`UpstreamError::TooSlow`].
pub(super) async fn read(mut response: Response, limits: Limits) -> Result<Vec<u8>, UpstreamError> {
    let deadline = Instant::now() + limits.whole;
    let expected = response.content_length().and_then(|length| usize::try_from(length).ok());
    if expected.is_some_and(|length| length > limits.bytes) {
        return Err(UpstreamError::TooLarge("тело ответа"));
    }
    // Room that is not used is not touched; a body that outgrows its room is copied whole.
    let mut body = Vec::with_capacity(expected.unwrap_or(limits.bytes / 4));
    loop {
        let chunk = timeout_at(deadline, timeout(limits.silence, response.chunk())).await;
        let chunk = chunk.map_err(|_| UpstreamError::TooSlow)?;
        let chunk = chunk.map_err(|_| UpstreamError::network(NetworkFault::TimedOut))?;
        match chunk.map_err(fault::network)? {
            None => return Ok(body),
            Some(chunk) if body.len() + chunk.len() > limits.bytes => {
                return Err(UpstreamError::TooLarge("тело ответа"));
            }
            Some(chunk) => body.extend_from_slice(&chunk),
        }
    }
}
