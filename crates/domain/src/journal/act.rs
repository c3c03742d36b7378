//! Acts: what can be done, and what the journal says of it.

use serde::{Deserialize, Serialize};

use crate::{
    AnswerId, ApplicationId, ApplicationType, AttachmentKind, DecisionKind, NameSearch, Query, Status, StatusFilter,
};

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
        if let Self::CardOpened { application, .. } | Self::Answered { application, .. } = self {
            Some(*application)
        } else {
            None
        }
    }

    /// The patient's mark, of a card that was opened or answered, or of a search for that patient.
    #[must_use]
    pub fn patient(&self) -> Option<&str> {
        if let Self::CardOpened { patient, .. }
        | Self::Answered { patient, .. }
        | Self::Searched { terms: Terms { patient, .. } }
        | Self::Exported { terms: Terms { patient, .. }, .. } = self
        {
            patient.as_deref()
        } else {
            None
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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn every_act_can_be_sought_by_its_name_and_words() {
        let (application, answer) = (Uuid::from_u128(7).into(), Uuid::from_u128(8).into());
        let acts = [
            Act::CardOpened { application, patient: None },
            Act::Answered { application, answer, decision: DecisionKind::Refuse, patient: None },
            Act::Searched { terms: Terms::default() },
            Act::Exported { format: "csv".into(), records: 1, terms: Terms::default() },
            Act::FeedRead { records: 1 },
            Act::SignedIn { offline: false },
            Act::SignInRefused { why: String::new() },
            Act::SignedOut { everywhere: false },
            Act::Locked,
            Act::Unlocked,
            Act::PasswordChanged,
            Act::SettingsChanged { names: Vec::new() },
            Act::AccountChanged { login: String::new(), change: String::new() },
            Act::Command { name: String::new() },
            Act::JournalRead,
            Act::Trimmed { through: 1 },
        ];
        assert_eq!(acts.map(|act| (act.name(), act.words())), Act::SOUGHT);
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
}
