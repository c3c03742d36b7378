//! What a person sets for this workstation; no personal data but the login.

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// Light, dark, or as the system has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThemeChoice {
    /// As the system has it.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// The settings of a workstation. Unknown keys and absent ones are no mistake: other versions write them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The register's address, for example `https://register.example`.
    pub server: String,
    /// The file of the region's certificates, trusted beside those of the system; empty when there is none.
    pub ca_file: String,
    /// Who signed in last.
    pub login: String,
    /// The time zone of the medical organization.
    pub zone: Tz,
    /// Whether new pending applications are told by a desktop notification.
    pub notifications: bool,
    /// The size of text, in percent: 100 to 200.
    pub zoom_percent: u16,
    /// Light or dark.
    pub theme: ThemeChoice,
    /// Whether what is typed into an answer form is kept until it is sent.
    pub keep_drafts: bool,
    /// Minutes without input until the window locks; 0 is never.
    pub lock_after_mins: u16,
    /// Widths of the list's six columns, in points; empty until one was changed.
    pub column_widths: Vec<f32>,
    /// The same while a card is open beside the list.
    pub narrow_column_widths: Vec<f32>,
}

impl Settings {
    /// The names of what differs, widths of columns left out: they are dragged many times a day.
    #[must_use]
    pub fn changed_since(&self, before: &Self) -> Vec<String> {
        let Self {
            server,
            ca_file,
            login,
            zone,
            notifications,
            zoom_percent,
            theme,
            keep_drafts,
            lock_after_mins,
            column_widths: _,
            narrow_column_widths: _,
        } = self;
        let differs = [
            ("server", *server != before.server),
            ("ca_file", *ca_file != before.ca_file),
            ("login", *login != before.login),
            ("zone", *zone != before.zone),
            ("notifications", *notifications != before.notifications),
            ("zoom_percent", *zoom_percent != before.zoom_percent),
            ("theme", *theme != before.theme),
            ("keep_drafts", *keep_drafts != before.keep_drafts),
            ("lock_after_mins", *lock_after_mins != before.lock_after_mins),
        ];
        differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name.to_owned()).collect()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            server: String::new(),
            ca_file: String::new(),
            login: String::new(),
            zone: chrono_tz::Asia::Barnaul,
            notifications: true,
            zoom_percent: 100,
            theme: ThemeChoice::System,
            keep_drafts: true,
            lock_after_mins: 10,
            column_widths: Vec::new(),
            narrow_column_widths: Vec::new(),
        }
    }
}
