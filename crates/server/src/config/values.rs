//! Values of the configuration that have a form of their own, with words for the wrong ones.

use std::net::{IpAddr, SocketAddr};

use chrono::NaiveTime;
use chrono_tz::Tz;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// When the register pulls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullAt {
    /// Once a day, at this local time.
    Daily(NaiveTime),
    /// A long poll is kept open.
    Live,
}

impl Default for PullAt {
    fn default() -> Self {
        Self::Daily(NaiveTime::from_hms_opt(2, 30, 0).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for PullAt {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        if text == "live" {
            return Ok(Self::Live);
        }
        NaiveTime::parse_from_str(&text, "%H:%M")
            .map(Self::Daily)
            .map_err(|_| D::Error::custom("ожидается время «ЧЧ:ММ», например \"02:30\", или \"live\""))
    }
}

/// Which clients have to show a certificate of `client_ca_file`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientCertificates {
    /// All of them: without one there is no connection.
    #[default]
    All,
    /// Those that sign in with an account of the role `daemon`. Others may.
    Daemons,
}

impl<'de> Deserialize<'de> for ClientCertificates {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match String::deserialize(from)?.as_str() {
            "all" => Ok(Self::All),
            "daemons" => Ok(Self::Daemons),
            _ => Err(D::Error::custom("ожидается \"all\" или \"daemons\"")),
        }
    }
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// For a person's eyes.
    Text,
}

impl<'de> Deserialize<'de> for LogFormat {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match String::deserialize(from)?.as_str() {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err(D::Error::custom("ожидается \"json\" или \"text\"")),
        }
    }
}

/// What is worth a line of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// Failures.
    Error,
    /// And what needs attention.
    Warn,
    /// And every request.
    #[default]
    Info,
    /// And details.
    Debug,
}

impl LogLevel {
    /// The level's name in a filter of the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

impl<'de> Deserialize<'de> for LogLevel {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        [Self::Error, Self::Warn, Self::Info, Self::Debug]
            .into_iter()
            .find(|level| level.name() == text)
            .ok_or_else(|| D::Error::custom("ожидается \"error\", \"warn\", \"info\" или \"debug\""))
    }
}

pub(super) fn address<'de, D: Deserializer<'de>>(from: D) -> Result<SocketAddr, D::Error> {
    String::deserialize(from)?
        .parse()
        .map_err(|_| D::Error::custom("ожидается адрес с портом, например \"127.0.0.1:8090\""))
}

pub(super) fn zone<'de, D: Deserializer<'de>>(from: D) -> Result<Tz, D::Error> {
    String::deserialize(from)?
        .parse()
        .map_err(|_| D::Error::custom("ожидается часовой пояс, например \"Asia/Barnaul\""))
}

pub(super) fn proxies<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IpAddr>, D::Error> {
    let parse = |text: String| text.parse().map_err(|_| D::Error::custom("ожидаются IP-адреса без портов"));
    Vec::<String>::deserialize(from)?.into_iter().map(parse).collect()
}
