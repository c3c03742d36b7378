//! Where a request comes from: the client's address.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use prikrep_domain::{Problem, ProblemKind};

use super::{Failure, Shared};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address at the other end of the connection; an extension of every request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// The connection is over TLS; an extension of every request on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Secured {
    /// Whether the client has shown a certificate that is trusted.
    pub(crate) client_certificate: bool,
}

/// The client's address: the peer's, or what a trusted proxy says it is.
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl FromRequestParts<Shared> for ClientAddress {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Shared) -> Result<Self, Failure> {
        let peer = parts.extensions.get::<Peer>().copied();
        let Peer(peer) = peer.ok_or_else(|| Failure::from(Problem::new(ProblemKind::Internal)))?;
        Ok(Self(client_address(peer.to_canonical(), &parts.headers, &api.trusted_proxies)))
    }
}

/// The last address that no trusted proxy has written down: those before it may be made up.
pub(super) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let named = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let listed: Vec<&str> = named.flat_map(|value| value.split(',')).collect();
    let mut address = peer;
    for text in listed.into_iter().rev() {
        if !trusted.contains(&address) {
            break;
        }
        match text.trim().parse::<IpAddr>() {
            Ok(named) => address = named.to_canonical(),
            Err(_) => break,
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_its_own_words() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let headers = |value: &str| HeaderMap::from_iter([(FORWARDED_FOR, value.parse().unwrap())]);
        let proxy = [ip("127.0.0.1"), ip("10.0.0.1")];
        for (peer, header, trusted, client) in [
            ("127.0.0.1", "192.0.2.7", &proxy[..0], "127.0.0.1"),
            ("127.0.0.1", "192.0.2.7", &proxy[..], "192.0.2.7"),
            ("127.0.0.1", "203.0.113.1, 192.0.2.7", &proxy[..], "192.0.2.7"),
            ("127.0.0.1", "192.0.2.7, 10.0.0.1", &proxy[..], "192.0.2.7"),
            ("127.0.0.1", "nonsense", &proxy[..], "127.0.0.1"),
            ("192.0.2.9", "192.0.2.7", &proxy[..], "192.0.2.9"),
        ] {
            assert_eq!(client_address(ip(peer), &headers(header), trusted), ip(client), "{peer} {header}");
        }
    }
}
