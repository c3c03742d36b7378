//! The files of a certificate, and what they make together.

use std::fmt::Display;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig, version};
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::Decode;
use zeroize::Zeroizing;

use super::Served;
use crate::config::{ClientCertificates, TlsConfig};
use crate::secret::sha256_hex;

const MAX_FILE_BYTES: u64 = 1 << 20;

/// The files of `[tls]` as they are.
pub(super) struct Files {
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
    client_ca: Option<Vec<u8>>,
}

/// When a certificate is to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) from: DateTime<Utc>,
    pub(super) until: DateTime<Utc>,
}

impl Files {
    pub(super) fn read(config: &TlsConfig) -> Result<Self, String> {
        Ok(Self {
            certificate: read("tls.certificate_file", &config.certificate_file)?,
            key: Zeroizing::new(read("tls.key_file", &config.key_file)?),
            client_ca: config.client_ca_file.as_deref().map(|path| read("tls.client_ca_file", path)).transpose()?,
        })
    }

    pub(super) fn digest(&self) -> String {
        let parts = [Some(&self.certificate), Some(&*self.key), self.client_ca.as_ref()];
        sha256_hex(parts.map(|part| part.map(|part| sha256_hex(part)).unwrap_or_default()).concat().as_bytes())
    }

    pub(super) fn served(&self, config: &TlsConfig) -> Result<Served, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let chain = certificates("tls.certificate_file", &config.certificate_file, &self.certificate)?;
        let validity = chain.first().and_then(validity).ok_or_else(|| {
            format!("tls.certificate_file: сертификат в {} не разобран", config.certificate_file.display())
        })?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| {
            // The reader's own words may quote the file.
            let path = config.key_file.display();
            format!("tls.key_file: в {path} нет закрытого ключа (нужен PEM без пароля)")
        })?;
        let verifier = self.verifier(config, &provider)?;
        let versions = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])
            .map_err(unfit)?;
        let authenticated = match verifier {
            Some(verifier) => versions.with_client_cert_verifier(verifier),
            None => versions.with_no_client_auth(),
        };
        let mut served = authenticated.with_single_cert(chain, key).map_err(|error| {
            let (key, certificate) = (config.key_file.display(), config.certificate_file.display());
            let differ = matches!(error, rustls::Error::InconsistentKeys(_));
            if differ {
                format!("tls: ключ {key} не от сертификата {certificate}")
            } else {
                unfit(error)
            }
        })?;
        served.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Served { config: Arc::new(served), validity })
    }

    fn verifier(
        &self,
        config: &TlsConfig,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Option<Arc<dyn ClientCertVerifier>>, String> {
        let (Some(path), Some(pem)) = (&config.client_ca_file, &self.client_ca) else { return Ok(None) };
        let unfit = |error: &dyn Display| format!("tls.client_ca_file: {} не подходит: {error}", path.display());
        let mut roots = RootCertStore::empty();
        for certificate in certificates("tls.client_ca_file", path, pem)? {
            roots.add(certificate).map_err(|error| unfit(&error))?;
        }
        let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
        let builder = match config.client_certificates {
            ClientCertificates::All => builder,
            ClientCertificates::Daemons => builder.allow_unauthenticated(),
        };
        builder.build().map(Some).map_err(|error| unfit(&error))
    }
}

fn unfit(error: rustls::Error) -> String {
    format!("tls: сертификат и ключ не подходят: {error}")
}

fn read(key: &str, path: &Path) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| format!("{key}: не удалось прочитать {}: {error}", path.display());
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_FILE_BYTES) {
        return Err(format!("{key}: {} больше {} КиБ", path.display(), MAX_FILE_BYTES >> 10));
    }
    Ok(bytes)
}

fn certificates(key: &str, path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) | Err(_) => Err(format!("{key}: в {} нет сертификата (нужен PEM)", path.display())),
    }
}

fn validity(certificate: &CertificateDer<'_>) -> Option<Validity> {
    let parsed = CertificateInner::<Raw>::from_der(certificate).ok()?;
    let validity = parsed.tbs_certificate().validity();
    let moment = |time: x509_cert::time::Time| {
        DateTime::from_timestamp(i64::try_from(time.to_unix_duration().as_secs()).ok()?, 0)
    };
    Some(Validity { from: moment(validity.not_before)?, until: moment(validity.not_after)? })
}
