//! Telling apart how the network failed, from the causes under a client's error.

use std::error::Error;

use rustls::{AlertDescription, CertificateError};

use crate::{CertificateFault, NetworkFault, UpstreamError};

/// Turns a client's error into ours. Addresses are cut from its words.
pub(super) fn network(error: reqwest::Error) -> UpstreamError {
    let error = error.without_url();
    let fault = if error.is_dns() {
        NetworkFault::NameNotFound
    } else if let Some(fault) = causes(&error).find_map(of_tls) {
        fault
    } else if error.is_connect() {
        NetworkFault::NoConnection
    } else if error.is_timeout() {
        NetworkFault::TimedOut
    } else {
        NetworkFault::Broken
    };
    // Of a certificate the words say enough, and the cause would name the server.
    let detail = match fault {
        NetworkFault::Certificate(CertificateFault::OtherName) => String::new(),
        NetworkFault::Certificate(_)
        | NetworkFault::NameNotFound
        | NetworkFault::NoConnection
        | NetworkFault::NoTls
        | NetworkFault::ClientCertificate
        | NetworkFault::TimedOut
        | NetworkFault::Broken => causes(&error).map(ToString::to_string).collect::<Vec<_>>().join(": "),
    };
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

/// Whether it was the two keys of one certificate that differ.
pub(super) fn is_wrong_key(error: &reqwest::Error) -> bool {
    causes(error).filter_map(tls).any(|error| matches!(error, rustls::Error::InconsistentKeys(_)))
}

fn tls<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error.downcast_ref::<rustls::Error>().or_else(|| inner?.downcast_ref::<rustls::Error>())
}

fn of_tls(error: &(dyn Error + 'static)) -> Option<NetworkFault> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "not ours, and open")]
    match tls(error)? {
        rustls::Error::InvalidCertificate(error) => Some(NetworkFault::Certificate(of_certificate(error))),
        rustls::Error::InvalidMessage(_) => Some(NetworkFault::NoTls),
        rustls::Error::AlertReceived(alert) if is_about_our_certificate(*alert) => {
            Some(NetworkFault::ClientCertificate)
        }
        _ => None,
    }
}

fn of_certificate(error: &CertificateError) -> CertificateFault {
    use CertificateError as Found;
    #[expect(clippy::wildcard_enum_match_arm, reason = "not ours, and open")]
    match error {
        Found::Expired | Found::ExpiredContext { .. } => CertificateFault::Expired,
        Found::NotValidYet | Found::NotValidYetContext { .. } => CertificateFault::NotYetValid,
        Found::NotValidForName | Found::NotValidForNameContext { .. } => CertificateFault::OtherName,
        Found::UnknownIssuer => CertificateFault::UnknownIssuer,
        Found::Revoked => CertificateFault::Revoked,
        _ => CertificateFault::Unfit,
    }
}

/// A server says nothing of its own certificate: what it complains of is the client's.
fn is_about_our_certificate(alert: AlertDescription) -> bool {
    use AlertDescription as Alert;
    [
        Alert::CertificateRequired,
        Alert::NoCertificate,
        Alert::BadCertificate,
        Alert::UnsupportedCertificate,
        Alert::CertificateRevoked,
        Alert::CertificateExpired,
        Alert::CertificateUnknown,
        Alert::UnknownCA,
        Alert::AccessDenied,
    ]
    .contains(&alert)
}
