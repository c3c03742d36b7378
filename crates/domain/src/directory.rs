//! What the answer forms offer for an organization.

use serde::{Deserialize, Serialize};

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
