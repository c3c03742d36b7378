//! Instants as they travel and are stored: the texts of RFC 3339, just as chrono writes and reads them.
//!
//! chrono hands such a text to a serializer sign by sign, and reads it leniently at the first go: a record has
//! about five of them at every hop. Here a text is handed over whole, and read strictly before it is read leniently.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant on its way.
#[derive(Clone, Copy)]
pub(crate) struct Timestamp(pub(crate) DateTime<Utc>);

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(TimestampVisitor)
    }
}

struct TimestampVisitor;

impl Visitor<'_> for TimestampVisitor {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an RFC 3339 formatted date and time string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
        let at = DateTime::parse_from_rfc3339(text).or_else(|_| text.parse()).map_err(E::custom)?;
        Ok(Timestamp(at.with_timezone(&Utc)))
    }
}

pub(crate) fn serialize<S: Serializer>(at: &DateTime<Utc>, to: S) -> Result<S::Ok, S::Error> {
    Timestamp(*at).serialize(to)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<DateTime<Utc>, D::Error> {
    Timestamp::deserialize(from).map(|Timestamp(at)| at)
}

/// The same of an instant that may be absent.
pub(crate) mod option {
    use super::{DateTime, Deserialize, Deserializer, Serialize, Serializer, Timestamp, Utc};

    #[expect(clippy::ref_option, reason = "serde hands the field itself")]
    pub(crate) fn serialize<S: Serializer>(at: &Option<DateTime<Utc>>, to: S) -> Result<S::Ok, S::Error> {
        at.map(Timestamp).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<DateTime<Utc>>, D::Error> {
        Ok(Option::<Timestamp>::deserialize(from)?.map(|Timestamp(at)| at))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Ours(#[serde(with = "crate::timestamp")] DateTime<Utc>);

    proptest! {
        #[test]
        fn an_instant_is_written_as_chrono_writes_it(secs in -30_000_000_000_i64..130_000_000_000, nanos in 0_u32..2_000_000_000, digits in 0_u32..10) {
            let nanos = nanos - nanos % 10_u32.pow(digits);
            let Some(at) = Utc.timestamp_opt(secs, nanos).single() else { return Ok(()) };
            let json = serde_json::to_string(&at).unwrap();
            prop_assert_eq!(serde_json::to_string(&Ours(at)).unwrap(), json.clone());
            prop_assert_eq!(serde_json::from_str::<Ours>(&json).unwrap(), Ours(at));
        }

        #[test]
        fn a_text_is_read_as_chrono_reads_it(
            text in "[+]?[0-9]{4}-[0-9]{1,2}-[0-3]?[0-9][Tt ][0-2][0-9]:[0-5][0-9]:?[0-6]?[0-9]?([.][0-9]{1,11})?([Zz]| ?[+-][0-2][0-9]:?[0-5][0-9]|)",
        ) {
            let chronos = serde_json::from_value::<DateTime<Utc>>(text.clone().into());
            let ours = serde_json::from_value::<Ours>(text.into());
            prop_assert_eq!(ours.map(|Ours(at)| at).map_err(|error| error.to_string()), chronos.map_err(|error| error.to_string()));
        }
    }
}
