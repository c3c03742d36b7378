//! Who may do what: one table of roles and actions.
//!
//! Invariant: nothing else decides by the role. Whose applications an account may see is its organization's
//! matter, not its role's.

use serde::{Deserialize, Serialize};

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads and answers the applications of an organization.
    Registrar,
    /// Reads the applications of an organization.
    Viewer,
    /// Reads the journal, no cards.
    Auditor,
    /// Manages accounts and settings, no cards.
    Admin,
    /// A daemon of a trusted system: reads and answers, in its authors' own names.
    Daemon,
}

/// What an account may ask of a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Ask for its own session, end its sessions, change its own password.
    OwnSession,
    /// Read the feed of changes.
    ReadFeed,
    /// Search applications.
    Search,
    /// Open an application's card.
    OpenCard,
    /// Answer an application.
    Answer,
    /// Read what the answer forms offer.
    ReadDirectory,
    /// Report what was done at the own workstation.
    Report,
    /// Read the journal of who did what.
    ReadJournal,
    /// Make, change and end accounts.
    ManageAccounts,
    /// Change settings.
    ManageSettings,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 10] = [
        Self::OwnSession,
        Self::Report,
        Self::ReadFeed,
        Self::Search,
        Self::OpenCard,
        Self::Answer,
        Self::ReadDirectory,
        Self::ReadJournal,
        Self::ManageAccounts,
        Self::ManageSettings,
    ];

    /// Its name, as the description of a register's paths has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OwnSession => "own_session",
            Self::ReadFeed => "read_feed",
            Self::Search => "search",
            Self::OpenCard => "open_card",
            Self::Answer => "answer",
            Self::ReadDirectory => "read_directory",
            Self::Report => "report",
            Self::ReadJournal => "read_journal",
            Self::ManageAccounts => "manage_accounts",
            Self::ManageSettings => "manage_settings",
        }
    }
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [Self::Registrar, Self::Viewer, Self::Auditor, Self::Admin, Self::Daemon];

    /// The table.
    #[must_use]
    pub const fn may(self, action: Action) -> bool {
        match action {
            Action::OwnSession | Action::Report => true,
            Action::ReadFeed | Action::Search | Action::OpenCard | Action::ReadDirectory => match self {
                Self::Registrar | Self::Viewer | Self::Daemon => true,
                Self::Auditor | Self::Admin => false,
            },
            Action::Answer => match self {
                Self::Registrar | Self::Daemon => true,
                Self::Viewer | Self::Auditor | Self::Admin => false,
            },
            Action::ReadJournal => match self {
                Self::Auditor => true,
                Self::Registrar | Self::Viewer | Self::Admin | Self::Daemon => false,
            },
            Action::ManageAccounts | Action::ManageSettings => match self {
                Self::Admin => true,
                Self::Registrar | Self::Viewer | Self::Auditor | Self::Daemon => false,
            },
        }
    }

    /// The role in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Registrar => "регистратор",
            Self::Viewer => "просмотр",
            Self::Auditor => "аудитор",
            Self::Admin => "администратор",
            Self::Daemon => "система",
        }
    }

    /// Whether it may read applications.
    #[must_use]
    pub const fn reads_applications(self) -> bool {
        self.may(Action::ReadFeed)
    }

    /// Whether it may answer applications.
    #[must_use]
    pub const fn answers_applications(self) -> bool {
        self.may(Action::Answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(head: &str, cells: impl Iterator<Item = String>) -> String {
        format!("{head:16}{}", cells.map(|cell| format!("{cell:>10}")).collect::<String>())
    }

    #[test]
    fn the_table_read_aloud() {
        let word = |allowed: bool| if allowed { "allowed" } else { "refused" }.to_owned();
        let heads = Role::ALL.iter().map(|role| serde_json::to_value(role).unwrap().as_str().unwrap().to_owned());
        let mut lines = vec![row("", heads)];
        for action in Action::ALL {
            assert_eq!(serde_json::to_value(action).unwrap(), action.name());
            lines.push(row(action.name(), Role::ALL.iter().map(|role| word(role.may(action)))));
        }
        insta::assert_snapshot!(lines.join("\n"));
    }
}
