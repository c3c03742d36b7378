//! Whom the client trusts, what it shows of itself, and what it says when a server is not to be believed.

use std::io::{Read, Write};
use std::sync::Arc;

use prikrep_daemon::{CertificateFault, HttpOptions, HttpUpstream, NetworkFault, Secret, Upstream, UpstreamError};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion, version};

use crate::authority::{Authority, Issued};
use crate::server::{SESSION, options};

const YEARS: std::ops::Range<i32> = 2020..2100;

/// Serves one request by connection over TLS, for as long as the test runs. Returns the port.
fn served(issued: &Issued, clients: Option<&Authority>, version: &'static SupportedProtocolVersion) -> u16 {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(&[version]).unwrap();
    let authenticated = match clients {
        None => versions.with_no_client_auth(),
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_slice(clients.pem().as_bytes()).unwrap()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            versions.with_client_cert_verifier(verifier)
        }
    };
    let chain = vec![CertificateDer::from_pem_slice(issued.certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap();
    let config = Arc::new(authenticated.with_single_cert(chain, key).unwrap());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream.unwrap());
            if stream.read(&mut [0; 4_096]).is_ok() {
                let head =
                    format!("HTTP/1.1 201 Created\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", SESSION.len());
                let _ = stream.write_all(format!("{head}{SESSION}").as_bytes()).and_then(|()| stream.flush());
            } else {
                // Closed with something unread, the connection would be reset, and the alert with it.
                let _ = stream.sock.shutdown(std::net::Shutdown::Write);
                let _ = stream.sock.read_to_end(&mut Vec::new());
            }
        }
    });
    port
}

fn trusting(url: String, authority: &Authority) -> HttpOptions {
    HttpOptions { trusted_pem: Some(authority.pem().as_bytes().to_vec()), ..options(&url) }
}

async fn fault(options: HttpOptions) -> Option<NetworkFault> {
    match HttpUpstream::new(options).unwrap().sign_in().await {
        Ok(_) => None,
        Err(UpstreamError::Network { fault, detail }) => {
            assert!(!detail.contains("127.0.0.1") && !detail.contains("localhost"), "addresses are cut: {detail}");
            Some(fault)
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_told_apart_and_in_words() {
    let region = Authority::new("Регион");
    let expected = |fault| Some(NetworkFault::Certificate(fault));
    for (issued, trusted, found, words) in [
        (region.issue("localhost", YEARS), &region, None, ""),
        (
            region.issue("localhost", 2000..2020),
            &region,
            expected(CertificateFault::Expired),
            "срок сертификата сервера истёк: проверьте дату",
        ),
        (
            region.issue("localhost", 2099..2100),
            &region,
            expected(CertificateFault::NotYetValid),
            "ещё не действует: проверьте дату и время на этом компьютере",
        ),
        (
            region.issue("other.example", YEARS),
            &region,
            expected(CertificateFault::OtherName),
            "выдан на другое имя: проверьте адрес",
        ),
        (
            Authority::new("Чужой").issue("localhost", YEARS),
            &region,
            expected(CertificateFault::UnknownIssuer),
            "попросите у администратора файл сертификатов региона",
        ),
        (
            region.issue_client("localhost"),
            &region,
            expected(CertificateFault::Unfit),
            "сертификату сервера нельзя доверять",
        ),
    ] {
        for version in [&version::TLS12, &version::TLS13] {
            let url = format!("https://localhost:{}", served(&issued, None, version));
            let fault = fault(trusting(url, trusted)).await;
            assert_eq!(fault, found, "{words}");
            assert!(fault.is_none_or(|fault| fault.is_of_trust() && !fault.reached()));
            assert!(fault.is_none_or(|fault| UpstreamError::network(fault).words().contains(words)), "{fault:?}");
        }
    }
}

#[tokio::test]
async fn a_server_that_asks_for_a_certificate_gets_the_one_that_is_given() {
    let (region, clients) = (Authority::new("Регион"), Authority::new("Клиенты"));
    let issued = region.issue("localhost", YEARS);
    for version in [&version::TLS12, &version::TLS13] {
        let port = served(&issued, Some(&clients), version);
        let with = |own: Option<Issued>| HttpOptions {
            identity_pem: own.map(|own| Secret::new(own.together())),
            ..trusting(format!("https://localhost:{port}"), &region)
        };
        assert_eq!(fault(with(Some(clients.issue_client("exchange")))).await, None);
        for own in [None, Some(Authority::new("Чужой").issue_client("exchange"))] {
            assert_eq!(fault(with(own)).await, Some(NetworkFault::ClientCertificate), "{version:?}");
        }
    }
}

#[tokio::test]
async fn a_server_without_tls_is_told_from_one_that_is_away() {
    let region = Authority::new("Регион");
    let web = crate::server::Server::start(|_| async { crate::server::json(200, "{}") }).await;
    let secure = |url: &str| trusting(url.replace("http://", "https://"), &region);
    assert_eq!(fault(secure(&web.url)).await, Some(NetworkFault::NoTls));
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(fault(secure(&format!("http://{nobody}"))).await, Some(NetworkFault::NoConnection));
}

#[test]
fn a_certificate_of_the_client_that_cannot_be_used_is_told_in_words() {
    let region = Authority::new("Регион");
    let (one, other) = (region.issue_client("one"), region.issue_client("other"));
    let mixed = Issued { key: other.key, ..one.clone() };
    for pem in [String::new(), "нет".to_owned(), one.certificate, one.key, mixed.together()] {
        let identity_pem = Some(Secret::new(pem));
        let options = HttpOptions { identity_pem, ..trusting("https://localhost".to_owned(), &region) };
        let words = HttpUpstream::new(options).unwrap_err().to_string();
        assert!(words.contains("сертификат клиента не подходит"), "{words}");
    }
}
