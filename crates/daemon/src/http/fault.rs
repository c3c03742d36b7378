//! Telling apart how the network failed, from the causes under a client's error.

use std::error::Error;

use crate::{NetworkFault, UpstreamError};

/// Turns a client's error into ours. Addresses are cut from its words.
pub(super) fn network(error: reqwest::Error) -> UpstreamError {
    let error = error.without_url();
    let fault = if error.is_dns() {
        NetworkFault::NameNotFound
    } else if causes(&error).any(is_certificate) {
        NetworkFault::UntrustedCertificate
    } else if error.is_connect() {
        NetworkFault::NoConnection
    } else if error.is_timeout() {
        NetworkFault::TimedOut
    } else {
        NetworkFault::Broken
    };
    let detail = causes(&error).map(ToString::to_string).collect::<Vec<_>>().join(": ");
    UpstreamError::Network { fault, detail }
}

/// The error and everything under it. An `io::Error` hides its inner error from `source`.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| next_cause(*error))
}

fn next_cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    error.source().or_else(|| {
        let inner = error.downcast_ref::<std::io::Error>()?.get_ref()?;
        Some(inner as &(dyn Error + 'static))
    })
}

fn is_certificate(error: &(dyn Error + 'static)) -> bool {
    let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    let tls = error.downcast_ref::<rustls::Error>().or_else(|| inner?.downcast_ref::<rustls::Error>());
    matches!(tls, Some(rustls::Error::InvalidCertificate(_)))
}
