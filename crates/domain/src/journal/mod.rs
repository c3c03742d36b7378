//! The journal of who did what: one entry an act, from the workstation or the register to the auditor's screen.
//!
//! Invariant: an entry that is kept at a register names a patient by a keyed mark only, never by a name or a
//! number; who may see the journal learns who looked at a card, not whose it is.

mod act;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Oid, Role};
pub use act::{Act, Terms};

/// The most entries that a workstation reports at once.
pub const MAX_REPORTED_ACTS: usize = 500;

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Actor {
    /// The account's login, also of one that does not exist; of an administrator at the console the system's
    /// user name.
    pub login: String,
    /// The employee's full name; empty where nobody has signed in.
    #[serde(default)]
    pub employee: String,
    /// The role, where somebody has signed in.
    #[serde(default)]
    pub role: Option<Role>,
    /// The organization; `None` for accounts of the whole region.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub organization: Option<Oid>,
}

/// Where it was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Place {
    /// At the register, over the network.
    Register {
        /// The client's address.
        address: String,
    },
    /// At a workstation, which has reported it.
    Workstation {
        /// The workstation's own identifier, drawn once for its local data.
        device: Uuid,
        /// The act's number at that workstation, from 1 without a gap.
        sequence: u64,
        /// When the register received it; the entry's time is the workstation's.
        received_at: DateTime<Utc>,
    },
    /// By a command on the server itself.
    Console,
}

impl Place {
    /// The place in words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Register { address } => address.clone(),
            Self::Workstation { device, .. } => {
                format!("рабочее место {}", device.simple().to_string().split_at(8).0)
            }
            Self::Console => "сервер".to_owned(),
        }
    }
}

/// An entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JournalEntry {
    /// When, by the clock of the place.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: Actor,
    /// Where.
    pub place: Place,
    /// What.
    #[serde(flatten)]
    pub act: Act,
}

/// An act at a workstation on its way to the register, which knows by the session whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportedAct {
    /// Its number at the workstation.
    pub sequence: u64,
    /// When, by the workstation's clock.
    pub at: DateTime<Utc>,
    /// What.
    #[serde(flatten)]
    pub act: Act,
}

/// An entry with its number in a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Numbered {
    /// The number, from 1 without a gap.
    pub number: u64,
    /// The entry.
    #[serde(flatten)]
    pub entry: JournalEntry,
}

/// A part of a journal, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JournalPage {
    /// What was found.
    pub items: Vec<Numbered>,
    /// Where to go on; absent at the end. A page may hold nothing and still have more behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_reads_as_it_was_written() {
        let entry = JournalEntry {
            at: DateTime::UNIX_EPOCH,
            actor: Actor {
                login: "ivanova".into(),
                employee: "Иванова".into(),
                role: Some(Role::Registrar),
                organization: None,
            },
            place: Place::Workstation { device: Uuid::from_u128(1), sequence: 4, received_at: DateTime::UNIX_EPOCH },
            act: Act::FeedRead { records: 12 },
        };
        let text = serde_json::to_string(&entry).unwrap();
        assert!(text.contains("\"act\":\"feed_read\""), "{text}");
        assert_eq!(serde_json::from_str::<JournalEntry>(&text).unwrap(), entry);
    }
}
