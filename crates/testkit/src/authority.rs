//! An authority of certificates that a test makes for itself, and what it issues.
//!
//! Also compiled into the tests of the crates that this one depends on.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};

/// An authority with a key of its own.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate with its key, both in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The certificate.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

impl Authority {
    /// A new one; those of the same name are still different ones.
    ///
    /// # Panics
    /// When there is no randomness.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// Its own certificate in PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate of a server, for a name or an address, from the beginning of a year to that of another.
    ///
    /// # Panics
    /// When the name is none.
    #[must_use]
    pub fn issue(&self, name: &str, years: std::ops::Range<i32>) -> Issued {
        self.issue_for(name, years, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// A certificate of a client.
    ///
    /// # Panics
    /// When the name is none.
    #[must_use]
    pub fn issue_client(&self, name: &str) -> Issued {
        self.issue_for(name, 2020..2100, ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn issue_for(&self, name: &str, years: std::ops::Range<i32>, usage: ExtendedKeyUsagePurpose) -> Issued {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(years.start, 1, 1);
        params.not_after = date_time_ymd(years.end, 1, 1);
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Issued { certificate, key: key.serialize_pem() }
    }
}

impl Issued {
    /// Certificate and key in one file's text.
    #[must_use]
    pub fn together(&self) -> String {
        format!("{}{}", self.certificate, self.key)
    }
}
