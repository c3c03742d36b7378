//! The application: one struct on the wire, in the store, in memory and on the screen.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{ApplicationId, Doctor, Oid, PersonId, RecordedAnswer};

/// What the citizen asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// Заявление о выборе МО.
    Choice,
    /// Отмена заявления о выборе МО.
    Cancellation,
    /// Заявление об откреплении от МО.
    Detachment,
}

/// The kind of attachment that the application concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AttachmentKind {
    /// Терапевтическое.
    Therapeutic,
    /// Педиатрическое.
    Pediatric,
    /// Гинекологическое.
    Gynecological,
    /// Стоматологическое.
    Dental,
}

/// How far the application has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Отправлено: a choice or a detachment was accepted by the register.
    Sent,
    /// Услуга оказана.
    Done,
    /// Отказано.
    Refused,
    /// Принято: a cancellation was accepted by the register.
    Accepted,
    /// Отменяется: only the federal service sets it.
    Cancelling,
    /// Отменено.
    Cancelled,
    /// Ошибка отмены: one more answer is needed.
    CancelFailed,
}

/// A person's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PersonName {
    /// Фамилия, at most 128 characters.
    #[cfg_attr(feature = "openapi", schema(max_length = 128))]
    pub family: String,
    /// Имя, at most 128 characters.
    #[cfg_attr(feature = "openapi", schema(max_length = 128))]
    pub given: String,
    /// Отчество, at most 128 characters.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 128))]
    pub patronymic: Option<String>,
}

impl PersonName {
    /// «Фамилия Имя Отчество».
    #[must_use]
    pub fn full(&self) -> String {
        let patronymic = self.patronymic.as_deref().unwrap_or_default();
        let mut full = String::with_capacity(self.family.len() + self.given.len() + patronymic.len() + 2);
        for part in [self.family.as_str(), self.given.as_str(), patronymic] {
            if !full.is_empty() && !part.is_empty() {
                full.push(' ');
            }
            full.push_str(part);
        }
        full
    }
}

/// The person whom the application concerns. Identifiers are kept as received, even when their check fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Patient {
    /// GUID пациента из РРП.
    pub guid: PersonId,
    /// ФИО.
    pub name: PersonName,
    /// Дата рождения.
    pub birth_date: NaiveDate,
    /// СНИЛС as received; 11 digits when it is well formed.
    #[serde(default)]
    pub snils: Option<String>,
    /// Полис ОМС as received.
    #[serde(default)]
    pub oms_policy: Option<String>,
    /// Телефон.
    #[serde(default)]
    pub phone: Option<String>,
    /// Адрес регистрации.
    #[serde(default)]
    pub registration_address: Option<String>,
    /// Место жительства.
    #[serde(default)]
    pub residence_address: Option<String>,
}

/// What the applicant is to the patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Мать.
    Mother,
    /// Отец.
    Father,
    /// Опекун.
    Guardian,
}

/// Who filed the application, when it was not the patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Applicant {
    /// GUID заявителя.
    pub guid: PersonId,
    /// ФИО заявителя.
    pub name: PersonName,
    /// Отношение к пациенту.
    #[serde(default)]
    pub relation: Option<Relation>,
}

/// A medical organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Organization {
    /// Its OID.
    pub oid: Oid,
    /// Its name.
    pub name: String,
}

/// One message from Госуслуги, in its current state.
///
/// New fields go to the end with `#[serde(default)]`: stored values are arrays of fields in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Application {
    /// Идентификатор заявления.
    pub id: ApplicationId,
    /// The serving hop's change number: at least 1, only grows within an epoch.
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub version: u64,
    /// Тип заявления.
    #[serde(rename = "type")]
    pub application_type: ApplicationType,
    /// Тип прикрепления.
    pub kind: AttachmentKind,
    /// Статус.
    pub status: Status,
    /// Дата заявления.
    #[serde(with = "crate::timestamp")]
    pub created_at: DateTime<Utc>,
    /// Дата последнего изменения.
    #[serde(with = "crate::timestamp")]
    pub changed_at: DateTime<Utc>,
    /// The choice that this cancellation cancels.
    #[serde(default)]
    pub cancels: Option<ApplicationId>,
    /// Причина отмены.
    #[serde(default)]
    pub cancel_reason: Option<String>,
    /// The patient.
    pub patient: Patient,
    /// Who filed it; absent when the patient did.
    #[serde(default)]
    pub applicant: Option<Applicant>,
    /// The organization that it concerns.
    pub organization: Organization,
    /// Подразделение МО.
    #[serde(default)]
    pub department: Option<String>,
    /// Номер участка.
    #[serde(default)]
    pub district: Option<String>,
    /// The doctor responsible.
    #[serde(default)]
    pub doctor: Option<Doctor>,
    /// The answers, oldest first.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<crate::RecordedAnswerSchema>))]
    pub answers: Vec<RecordedAnswer>,
}

impl Application {
    /// What the list sorts and filters by: the eleven digits of the SNILS, whether or not their check holds.
    #[must_use]
    pub fn snils_digits(&self) -> Option<u64> {
        self.patient.snils.as_deref().and_then(crate::Snils::digits_of)
    }
}
