//! The journal of who did what: one entry an act, from the workstation or the register to the auditor's screen.
//!
//! Invariant: an entry that is kept at a register names a patient by a keyed mark only, never by a name or a
//! number; who may see the journal learns who looked at a card, not whose it is.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    AnswerId, ApplicationId, ApplicationType, AttachmentKind, DecisionKind, NameSearch, Oid, Query, Role, Status,
    StatusFilter,
};

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

/// What was searched for. Identifiers and names are marks at a register, and as typed on their way to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Terms {
    /// The period, as dates.
    pub from: Option<chrono::NaiveDate>,
    /// The period's end, inclusive.
    pub to: Option<chrono::NaiveDate>,
    /// The patient's GUID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<String>,
    /// The SNILS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snils: Option<String>,
    /// A part of a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_type: Option<ApplicationType>,
    /// The attachment kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<AttachmentKind>,
    /// The status; `pending` is told by `pending_only`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Only what waits for an answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pending_only: bool,
}

impl From<&Query> for Terms {
    fn from(query: &Query) -> Self {
        let (from, to) = query.period.dates();
        let (status, pending_only) = match query.status {
            None => (None, false),
            Some(StatusFilter::Pending) => (None, true),
            Some(StatusFilter::Is(status)) => (Some(status), false),
        };
        Self {
            from: Some(from),
            to: Some(to),
            patient: query.patient.map(|patient| patient.to_string()),
            snils: query.snils.as_ref().map(ToString::to_string),
            name: query.name.as_ref().map(folded),
            application_type: query.application_type,
            kind: query.kind,
            status,
            pending_only,
        }
    }
}

/// The words of a name search in a form that equal searches share; they are folded already.
fn folded(name: &NameSearch) -> String {
    let hex = |word: &Vec<u8>| word.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    name.words().iter().map(hex).collect::<Vec<_>>().join(" ")
}

impl Terms {
    /// The terms in words; marks stand for what they hide.
    #[must_use]
    pub fn words(&self) -> String {
        let date =
            |date: Option<chrono::NaiveDate>| date.map(|date| date.format("%d.%m.%Y").to_string()).unwrap_or_default();
        let mut words = vec![format!("{}–{}", date(self.from), date(self.to))];
        let marked = |name: &str, mark: &Option<String>| mark.as_ref().map(|mark| format!("{name} {mark}"));
        words.extend(marked("пациент", &self.patient));
        words.extend(marked("СНИЛС", &self.snils));
        words.extend(marked("имя", &self.name));
        words.extend(self.application_type.map(|one| one.words().to_owned()));
        words.extend(self.kind.map(|one| one.table_words().to_owned()));
        words.extend(self.status.map(|one| one.table_words().to_owned()));
        words.extend(self.pending_only.then(|| "ждут ответа".to_owned()));
        words.join("; ")
    }

    /// The same with everything that points to a person replaced by its mark.
    #[must_use]
    pub fn marked(self, mark: impl Fn(&str) -> String) -> Self {
        let marked = |term: Option<String>| term.map(|term| mark(&term));
        Self { patient: marked(self.patient), snils: marked(self.snils), name: marked(self.name), ..self }
    }
}

fn about(application: ApplicationId, patient: Option<&str>) -> String {
    patient.map_or_else(|| application.to_string(), |mark| format!("{application}, пациент {mark}"))
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// Signed in, or at a workstation without a connection opened its local data.
    SignedIn {
        /// Without a connection.
        #[serde(default)]
        offline: bool,
    },
    /// A sign-in was refused.
    SignInRefused {
        /// Why, in a word of the protocol.
        why: String,
    },
    /// Signed out; everywhere, when all sessions ended with it.
    SignedOut {
        /// All sessions of the account.
        #[serde(default)]
        everywhere: bool,
    },
    /// Changed the own password.
    PasswordChanged,
    /// The window was locked, by hand or by time.
    Locked,
    /// The window was unlocked.
    Unlocked,
    /// Searched the list.
    Searched {
        /// For what.
        terms: Terms,
    },
    /// Applications were sent to somebody who follows the feed.
    FeedRead {
        /// How many.
        records: u64,
    },
    /// A card was opened.
    CardOpened {
        /// Whose.
        application: ApplicationId,
        /// The patient's mark; the register fills it in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        patient: Option<String>,
    },
    /// A list was exported to a file.
    Exported {
        /// `xlsx` or `csv`.
        format: String,
        /// How many rows.
        records: u64,
        /// Of which list.
        terms: Terms,
    },
    /// An answer was given.
    Answered {
        /// To which application.
        application: ApplicationId,
        /// The answer.
        answer: AnswerId,
        /// The decision.
        decision: DecisionKind,
        /// The patient's mark; the register fills it in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        patient: Option<String>,
    },
    /// Settings of a workstation were changed.
    SettingsChanged {
        /// The names of those that differ now.
        names: Vec<String>,
    },
    /// An account was made or changed by an administrator.
    AccountChanged {
        /// Whose.
        login: String,
        /// What was done, a word of the command.
        change: String,
    },
    /// An administrator's command.
    Command {
        /// Its name, without values that point to a person.
        name: String,
    },
    /// The journal was read.
    JournalRead,
    /// The oldest entries were removed after their time.
    Trimmed {
        /// The last number that is gone.
        through: u64,
    },
}

impl Act {
    /// The act's name in the protocol.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::SignedIn { .. } => "signed_in",
            Self::SignInRefused { .. } => "sign_in_refused",
            Self::SignedOut { .. } => "signed_out",
            Self::PasswordChanged => "password_changed",
            Self::Locked => "locked",
            Self::Unlocked => "unlocked",
            Self::Searched { .. } => "searched",
            Self::FeedRead { .. } => "feed_read",
            Self::CardOpened { .. } => "card_opened",
            Self::Exported { .. } => "exported",
            Self::Answered { .. } => "answered",
            Self::SettingsChanged { .. } => "settings_changed",
            Self::AccountChanged { .. } => "account_changed",
            Self::Command { .. } => "command",
            Self::JournalRead => "journal_read",
            Self::Trimmed { .. } => "trimmed",
        }
    }

    /// The act in words.
    #[must_use]
    pub const fn words(&self) -> &'static str {
        match self {
            Self::SignedIn { offline: false } => "Вход",
            Self::SignedIn { offline: true } => "Вход без связи",
            Self::SignInRefused { .. } => "Отказ во входе",
            Self::SignedOut { everywhere: false } => "Выход",
            Self::SignedOut { everywhere: true } => "Выход на всех рабочих местах",
            Self::PasswordChanged => "Смена пароля",
            Self::Locked => "Блокировка окна",
            Self::Unlocked => "Разблокировка окна",
            Self::Searched { .. } => "Поиск",
            Self::FeedRead { .. } => "Получение заявлений",
            Self::CardOpened { .. } => "Просмотр карточки",
            Self::Exported { .. } => "Выгрузка",
            Self::Answered { .. } => "Ответ на заявление",
            Self::SettingsChanged { .. } => "Настройки рабочего места",
            Self::AccountChanged { .. } => "Учётная запись",
            Self::Command { .. } => "Команда администратора",
            Self::JournalRead => "Чтение журнала",
            Self::Trimmed { .. } => "Удаление записей по сроку",
        }
    }

    /// The acts that can be sought: their names in the protocol and in words.
    pub const SOUGHT: [(&str, &str); 16] = [
        ("card_opened", "Просмотр карточки"),
        ("answered", "Ответ на заявление"),
        ("searched", "Поиск"),
        ("exported", "Выгрузка"),
        ("feed_read", "Получение заявлений"),
        ("signed_in", "Вход"),
        ("sign_in_refused", "Отказ во входе"),
        ("signed_out", "Выход"),
        ("locked", "Блокировка окна"),
        ("unlocked", "Разблокировка окна"),
        ("password_changed", "Смена пароля"),
        ("settings_changed", "Настройки рабочего места"),
        ("account_changed", "Учётная запись"),
        ("command", "Команда администратора"),
        ("journal_read", "Чтение журнала"),
        ("trimmed", "Удаление записей по сроку"),
    ];

    /// What an entry says beyond its act.
    #[must_use]
    pub fn details(&self) -> String {
        match self {
            Self::SignInRefused { why } => why.clone(),
            Self::Searched { terms } => terms.words(),
            Self::FeedRead { records } => format!("записей {records}"),
            Self::CardOpened { application, patient } => about(*application, patient.as_deref()),
            Self::Answered { application, decision, patient, .. } => {
                format!("{}; {}", decision.words(), about(*application, patient.as_deref()))
            }
            Self::Exported { format, records, terms } => format!("{format}, строк {records}; {}", terms.words()),
            Self::SettingsChanged { names } => names.join(", "),
            Self::AccountChanged { login, change } => format!("{login}: {change}"),
            Self::Command { name } => name.clone(),
            Self::Trimmed { through } => format!("по {through}"),
            Self::SignedIn { .. }
            | Self::SignedOut { .. }
            | Self::PasswordChanged
            | Self::Locked
            | Self::Unlocked
            | Self::JournalRead => String::new(),
        }
    }

    /// The application that it concerns.
    #[must_use]
    pub const fn application(&self) -> Option<ApplicationId> {
        match self {
            Self::CardOpened { application, .. } | Self::Answered { application, .. } => Some(*application),
            Self::SignedIn { .. }
            | Self::SignInRefused { .. }
            | Self::SignedOut { .. }
            | Self::PasswordChanged
            | Self::Locked
            | Self::Unlocked
            | Self::Searched { .. }
            | Self::FeedRead { .. }
            | Self::Exported { .. }
            | Self::SettingsChanged { .. }
            | Self::AccountChanged { .. }
            | Self::Command { .. }
            | Self::JournalRead
            | Self::Trimmed { .. } => None,
        }
    }

    /// The patient's mark, of a card that was opened or answered, or of a search for that patient.
    #[must_use]
    pub fn patient(&self) -> Option<&str> {
        match self {
            Self::CardOpened { patient, .. } | Self::Answered { patient, .. } => patient.as_deref(),
            Self::Searched { terms } | Self::Exported { terms, .. } => terms.patient.as_deref(),
            Self::SignedIn { .. }
            | Self::SignInRefused { .. }
            | Self::SignedOut { .. }
            | Self::PasswordChanged
            | Self::Locked
            | Self::Unlocked
            | Self::FeedRead { .. }
            | Self::SettingsChanged { .. }
            | Self::AccountChanged { .. }
            | Self::Command { .. }
            | Self::JournalRead
            | Self::Trimmed { .. } => None,
        }
    }

    /// As a register keeps it: whatever points to a person is a mark. `patient_of` finds the patient of an
    /// application.
    #[must_use]
    pub fn marked(self, mark: impl Fn(&str) -> String, patient_of: impl Fn(ApplicationId) -> Option<String>) -> Self {
        let found = |application| patient_of(application).map(|patient| mark(&patient));
        match self {
            Self::CardOpened { application, .. } => Self::CardOpened { application, patient: found(application) },
            Self::Answered { application, answer, decision, .. } => {
                Self::Answered { application, answer, decision, patient: found(application) }
            }
            Self::Searched { terms } => Self::Searched { terms: terms.marked(mark) },
            Self::Exported { format, records, terms } => Self::Exported { format, records, terms: terms.marked(mark) },
            rest @ (Self::SignedIn { .. }
            | Self::SignInRefused { .. }
            | Self::SignedOut { .. }
            | Self::PasswordChanged
            | Self::Locked
            | Self::Unlocked
            | Self::FeedRead { .. }
            | Self::SettingsChanged { .. }
            | Self::AccountChanged { .. }
            | Self::Command { .. }
            | Self::JournalRead
            | Self::Trimmed { .. }) => rest,
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
    fn acts_that_can_be_sought_have_their_own_names_and_words() {
        for act in [Act::Locked, Act::JournalRead, Act::FeedRead { records: 1 }, Act::SignedIn { offline: false }] {
            assert!(Act::SOUGHT.contains(&(act.name(), act.words())), "{}", act.name());
        }
    }

    #[test]
    fn nothing_that_points_to_a_person_is_left_in_a_marked_act() {
        let terms = Terms {
            patient: Some("guid".into()),
            snils: Some("112-233-445 95".into()),
            name: Some("Ёлкин".into()),
            ..Terms::default()
        };
        let mark = |text: &str| format!("m{}", text.len());
        let application: ApplicationId = Uuid::from_u128(7).into();
        let acts = [
            Act::Searched { terms: terms.clone() },
            Act::Exported { format: "csv".into(), records: 3, terms },
            Act::CardOpened { application, patient: Some("чужая отметка".into()) },
        ];
        let kept = acts.map(|act| serde_json::to_string(&act.marked(mark, |_| Some("guid".into()))).unwrap());
        for text in &kept {
            assert!(!["guid", "112", "Ёлкин", "чужая"].iter().any(|word| text.contains(word)), "{text}");
            assert!(text.contains("\"patient\":\"m4\""), "{text}");
        }
    }

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
