//! Identifiers: GUIDs of RFC 9562 and the OIDs of organizations.
//!
//! Invariant: a value of these types has been parsed; there is no other way to make one from text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A text that is not a GUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("GUID записывается 32 шестнадцатеричными цифрами: 8-4-4-4-12")]
pub struct BadGuid;

macro_rules! guid {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Parses the RFC 9562 text form; upper case, braces and surrounding spaces are accepted.
            ///
            /// # Errors
            /// [`BadGuid`] when the text is anything else.
            pub fn parse(text: &str) -> Result<Self, BadGuid> {
                parse_guid(text).map(Self)
            }

            /// The identifier as a UUID.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl FromStr for $name {
            type Err = BadGuid;
            fn from_str(text: &str) -> Result<Self, BadGuid> {
                Self::parse(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }
    };
}

guid! {
    /// The identifier of an application (заявление), given by the federal service.
    ApplicationId
}
guid! {
    /// The identifier of an answer, chosen by its author (UUIDv7) and kept at every hop.
    AnswerId
}
guid! {
    /// The GUID of a patient or an applicant in the regional register of patients.
    PersonId
}

impl AnswerId {
    /// A new identifier (UUIDv7), ordered by the time of its making.
    #[must_use]
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }
}

fn parse_guid(text: &str) -> Result<Uuid, BadGuid> {
    let text = text.trim();
    let inner = match text.strip_prefix('{') {
        Some(rest) => rest.strip_suffix('}').ok_or(BadGuid)?,
        None => text,
    };
    // `Uuid` also reads the simple and the URN form; a person is shown only this one.
    if inner.len() != 36 {
        return Err(BadGuid);
    }
    Uuid::try_parse(inner).map_err(|_| BadGuid)
}

/// A text that is not an object identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("OID записывается числами через точку, например 1.2.643.5.1.13.13.12.2.22.2001")]
pub struct BadOid;

/// The object identifier of a medical organization: at least two numbers joined by dots, 128 characters at most.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, pattern = "^[0-9]+(\\.[0-9]+)+$", max_length = 128))]
#[serde(try_from = "String", into = "String")]
pub struct Oid(String);

impl Oid {
    /// Parses an OID; surrounding spaces are accepted.
    ///
    /// # Errors
    /// [`BadOid`] when the text is anything else.
    pub fn parse(text: &str) -> Result<Self, BadOid> {
        let text = text.trim();
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let well_formed = text.len() <= 128 && text.contains('.') && text.split('.').all(is_number);
        if well_formed { Ok(Self(text.to_owned())) } else { Err(BadOid) }
    }

    /// The OID as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Oid {
    type Error = BadOid;
    fn try_from(text: String) -> Result<Self, BadOid> {
        Self::parse(&text)
    }
}

impl From<Oid> for String {
    fn from(oid: Oid) -> Self {
        oid.0
    }
}

impl FromStr for Oid {
    type Err = BadOid;
    fn from_str(text: &str) -> Result<Self, BadOid> {
        Self::parse(text)
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_is_read_in_the_forms_people_paste() {
        let plain = ApplicationId::parse("0198f3a2-1c5e-7d40-8a11-5b2f6f0c9d21").unwrap();
        for text in [
            "0198F3A2-1C5E-7D40-8A11-5B2F6F0C9D21",
            "{0198f3a2-1c5e-7d40-8a11-5b2f6f0c9d21}",
            "  {0198F3A2-1C5E-7D40-8A11-5B2F6F0C9D21}\t",
        ] {
            assert_eq!(ApplicationId::parse(text), Ok(plain), "{text:?}");
        }
        assert_eq!(plain.to_string(), "0198f3a2-1c5e-7d40-8a11-5b2f6f0c9d21");
        for text in [
            "",
            "{",
            "{}",
            "0198f3a2",
            "0198f3a21c5e7d408a115b2f6f0c9d21",
            "{0198f3a2-1c5e-7d40-8a11-5b2f6f0c9d21",
            "0198f3a2-1c5e-7d40-8a11-5b2f6f0c9d2g",
        ] {
            assert_eq!(ApplicationId::parse(text), Err(BadGuid), "{text:?}");
        }
    }

    #[test]
    fn an_oid_is_numbers_and_dots() {
        assert_eq!(Oid::parse(" 1.2.643.5 ").unwrap().as_str(), "1.2.643.5");
        let long = format!("1.{}", "2".repeat(127));
        for text in ["", "1", "1.", ".1", "1..2", "1.a", "1.-2", "1.٣", long.as_str()] {
            assert_eq!(Oid::parse(text), Err(BadOid), "{text:?}");
        }
        assert!(serde_json::from_str::<Oid>("\"1.2.x\"").is_err());
    }
}
