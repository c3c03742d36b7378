//! What a person wants done. Views return actions; the client carries them out, none of them on the thread
//! that draws.

use std::ops::Range;

use prikrep_domain::{AnswerDraft, AnswerId, ApplicationId, Period, PersonId, Query};
use zeroize::Zeroizing;

use crate::Settings;

/// What a person wants done.
#[derive(Clone, Debug)]
pub enum Action {
    /// Sign in, or unlock without a connection.
    SignIn(Credentials),
    /// Look whether the local data of this server and login needs a passphrase.
    Identify {
        /// The register's address.
        server: String,
        /// The login.
        login: String,
    },
    /// Try everything on generated data.
    Demo,
    /// Hide everything until the password is given.
    Lock,
    /// The password is given.
    Unlock(Zeroizing<String>),
    /// Leave; with `wipe`, the local data is removed.
    SignOut {
        /// For good.
        wipe: bool,
    },
    /// Run a query and begin at its top.
    Search(Query),
    /// Run it in another order; a selected row is to be found again.
    Reorder(Query),
    /// These rows are seen.
    ShowRows(Range<usize>),
    /// Open a card.
    Open(ApplicationId),
    /// Close it.
    CloseCard,
    /// Keep what is being typed.
    SaveDraft(ApplicationId, AnswerDraft),
    /// Forget it.
    DropDraft(ApplicationId),
    /// Accept an answer and send it on.
    Send {
        /// Told again in [`crate::Sent`].
        attempt: u64,
        /// The application.
        application: ApplicationId,
        /// What was typed.
        draft: AnswerDraft,
    },
    /// Try a queued answer now.
    Retry(AnswerId),
    /// Take a rejected answer back to the form.
    Rework(AnswerId),
    /// Pull now.
    Refresh,
    /// Write what the query finds into a file.
    Export(ExportFormat, Query),
    /// Where there is no dialog: this path.
    ExportTo(String),
    /// Stop an export, or put its outcome away.
    EndExport,
    /// Compute the statistics of a period.
    Count(Period),
    /// Keep these settings.
    Set(Settings),
    /// Read the register's journal.
    SeekJournal(JournalQuery),
}

/// What an auditor seeks in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalQuery {
    /// The period, by dates.
    pub period: Period,
    /// Whose acts; empty for everybody's.
    pub login: String,
    /// One act, by its name in the protocol.
    pub act: Option<&'static str>,
    /// What concerns a patient.
    pub patient: Option<PersonId>,
    /// What concerns an application.
    pub application: Option<ApplicationId>,
    /// Go on below this number; what was found before stays.
    pub before: Option<u64>,
}

/// What signs a person in.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The register's address.
    pub server: String,
    /// The login.
    pub login: String,
    /// The password.
    pub password: Zeroizing<String>,
    /// The password that takes its place, where it must be changed.
    pub new_password: Option<Zeroizing<String>>,
    /// The passphrase of the local data, where one is needed.
    pub passphrase: Option<Zeroizing<String>>,
    /// Set local data aside that cannot be opened any more, and begin anew.
    pub afresh: bool,
}

/// Kinds of files that a list is exported to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// Excel's.
    Xlsx,
    /// Comma-separated values.
    Csv,
}
