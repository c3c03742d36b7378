//! What the answer forms offer for an organization.

use serde::{Deserialize, Serialize};

use crate::answer::{MAX_DISTRICT_CHARS, MAX_NAME_CHARS};
use crate::{AttachmentKind, Doctor};

/// A numbered area that a doctor serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct District {
    /// Номер участка.
    pub number: String,
    /// Which kind of attachment it serves.
    pub kind: AttachmentKind,
    /// Подразделение МО.
    #[serde(default)]
    pub department: Option<String>,
    /// The doctor who serves it.
    #[serde(default)]
    pub doctor: Option<Doctor>,
}

/// The directory of one organization.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Directory {
    /// Подразделения.
    pub departments: Vec<String>,
    /// Участки.
    pub districts: Vec<District>,
    /// Врачи.
    pub doctors: Vec<Doctor>,
    /// Причины отказа.
    pub refusal_reasons: Vec<String>,
}

impl Directory {
    /// Whether an answer can say everything that it offers.
    ///
    /// # Errors
    /// The first thing that is too long, in words.
    pub fn check(&self) -> Result<(), String> {
        let is_long = |text: &str, most: usize| text.chars().count() > most;
        let of_districts = self.districts.iter().filter_map(|district| district.doctor.as_ref());
        let long_doctor =
            |doctor: &&Doctor| is_long(&doctor.full_name, MAX_NAME_CHARS) || is_long(&doctor.position, MAX_NAME_CHARS);
        if let Some(district) = self.districts.iter().find(|district| is_long(&district.number, MAX_DISTRICT_CHARS)) {
            return Err(format!("номер участка «{}» длиннее {MAX_DISTRICT_CHARS} знаков", district.number));
        }
        match self.doctors.iter().chain(of_districts).find(long_doctor) {
            Some(doctor) => {
                Err(format!("ФИО или должность врача «{}» длиннее {MAX_NAME_CHARS} знаков", doctor.full_name))
            }
            None => Ok(()),
        }
    }
}
