//! Problem documents (RFC 9457): how every hop says what went wrong.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Application, FieldError, Refusal};

const URN: &str = "urn:prikrep:problem:";

macro_rules! problem_kinds {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $status:literal, $title:literal;)*) => {
        /// What kind of problem it is.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum ProblemKind {
            $($(#[$doc])* $variant,)*
            /// A type that this version does not know, as received.
            Other(String),
        }

        impl ProblemKind {
            /// The URN on the wire.
            #[must_use]
            pub fn urn(&self) -> String {
                match self {
                    $(Self::$variant => format!("{URN}{}", $code),)*
                    Self::Other(urn) => urn.clone(),
                }
            }

            fn from_urn(urn: &str) -> Self {
                match urn.strip_prefix(URN) {
                    $(Some($code) => Self::$variant,)*
                    _ => Self::Other(urn.to_owned()),
                }
            }

            /// The HTTP status that it is served with; 500 for an unknown one.
            #[must_use]
            pub const fn status(&self) -> u16 {
                match self {
                    $(Self::$variant => $status,)*
                    Self::Other(_) => 500,
                }
            }

            /// A short title in Russian.
            #[must_use]
            pub const fn title(&self) -> &'static str {
                match self {
                    $(Self::$variant => $title,)*
                    Self::Other(_) => "Ошибка",
                }
            }
        }
    };
}

problem_kinds! {
    /// Wrong login or password.
    BadCredentials = "bad-credentials", 401, "Неверный логин или пароль";
    /// Too many attempts to sign in.
    TooManyAttempts = "too-many-attempts", 429, "Слишком много попыток входа";
    /// The session is over or unknown.
    SessionExpired = "session-expired", 401, "Сеанс завершён: войдите снова";
    /// The account's role does not allow it.
    NotAllowed = "not-allowed", 403, "Недостаточно прав";
    /// There is nothing here for this account.
    NotFound = "not-found", 404, "Не найдено";
    /// The request cannot be understood.
    BadRequest = "bad-request", 400, "Запрос составлен неверно";
    /// The cursor is of another epoch: read from the beginning.
    CursorExpired = "cursor-expired", 410, "Список перестроен: чтение начинается сначала";
    /// Somebody has answered before.
    AlreadyAnswered = "already-answered", 409, "На заявление уже ответили";
    /// The status does not allow this decision.
    WrongStatus = "wrong-status", 409, "Статус заявления не допускает такого ответа";
    /// A cancellation stands over this choice.
    Superseded = "superseded", 409, "По заявлению подана отмена";
    /// The same answer id with other content.
    AnswerIdReused = "answer-id-reused", 409, "Этот номер ответа уже использован";
    /// Fields of the answer are wrong.
    InvalidAnswer = "invalid-answer", 422, "Ответ заполнен неверно";
    /// The body is too large.
    TooLarge = "too-large", 413, "Слишком большой запрос";
    /// Too many requests.
    Overloaded = "overloaded", 429, "Слишком много запросов";
    /// It cannot be served now.
    Unavailable = "unavailable", 503, "Сервис временно недоступен";
    /// A fault of the server.
    Internal = "internal", 500, "Внутренняя ошибка";
}

impl Serialize for ProblemKind {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.urn())
    }
}

impl<'de> Deserialize<'de> for ProblemKind {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(|urn| Self::from_urn(&urn))
    }
}

/// A problem document.
///
/// Absent fields are written as such in JSON only: stored values are arrays of fields in this order.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `urn:prikrep:problem:` and the kind's code.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub kind: ProblemKind,
    /// A short title.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// In Russian, fit to be shown to a registrar.
    #[serde(default)]
    pub detail: Option<String>,
    /// Mistakes by field.
    #[serde(default)]
    pub errors: Vec<FieldError>,
    /// The application as it now stands, with a 409.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub application: Option<Box<Application>>,
}

#[derive(Serialize)]
struct ProblemJson<'a> {
    #[serde(rename = "type")]
    kind: &'a ProblemKind,
    title: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(skip_serializing_if = "Option::is_none")]
    application: Option<&'a Application>,
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            ProblemJson {
                kind: &self.kind,
                title: &self.title,
                status: self.status,
                detail: self.detail.as_deref(),
                errors: &self.errors,
                application: self.application.as_deref(),
            }
            .serialize(to)
        } else {
            (&self.kind, &self.title, self.status, &self.detail, &self.errors, &self.application).serialize(to)
        }
    }
}

impl Problem {
    /// A problem of a kind, with its title and status.
    #[must_use]
    pub fn new(kind: ProblemKind) -> Self {
        let (title, status) = (kind.title().to_owned(), kind.status());
        Self { kind, title, status, detail: None, errors: Vec::new(), application: None }
    }

    /// The same problem with words for a person.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The same problem with the application as it now stands.
    #[must_use]
    pub fn with_application(mut self, application: Application) -> Self {
        self.application = Some(Box::new(application));
        self
    }

    /// What to show a person: the detail, or else the title.
    #[must_use]
    pub fn words(&self) -> &str {
        self.detail.as_deref().unwrap_or(&self.title)
    }
}

impl From<&Refusal> for Problem {
    fn from(refusal: &Refusal) -> Self {
        let (kind, errors) = match refusal {
            Refusal::AlreadyAnswered { .. } => (ProblemKind::AlreadyAnswered, Vec::new()),
            Refusal::WrongStatus { .. } => (ProblemKind::WrongStatus, Vec::new()),
            Refusal::Superseded { .. } => (ProblemKind::Superseded, Vec::new()),
            Refusal::Invalid(errors) => (ProblemKind::InvalidAnswer, errors.clone()),
        };
        Self { errors, ..Self::new(kind).with_detail(refusal.to_string()) }
    }
}
