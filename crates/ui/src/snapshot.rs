//! What the views read: the state of the workstation as of one frame.
//!
//! Invariant: it is cheap to clone (whatever is long lies behind an `Arc`), and no view changes it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use prikrep_domain::{
    AnswerDraft, AnswerId, ApplicationId, ApplicationType, Directory, FieldError, Moment, Numbered, Organization,
    Query, RecordedAnswer, Role, Standing,
};

use crate::{Figures, Settings, t};

/// The state of the workstation.
#[derive(Clone)]
pub struct Snapshot {
    /// The present, in the organization's time zone.
    pub moment: Moment,
    /// What the person has set.
    pub settings: Arc<Settings>,
    /// How far the person has come.
    pub stage: Stage,
    /// Where the local data lies, for the settings.
    pub data_folder: Arc<str>,
    /// Why the last notification could not be shown.
    pub notice_trouble: Option<String>,
    /// The program's version.
    pub version: &'static str,
}

/// How far the person has come.
#[derive(Clone)]
pub enum Stage {
    /// Nobody has signed in.
    SignIn(SignIn),
    /// Somebody has, and went away: everything is hidden.
    Locked(Locked),
    /// Somebody works.
    Work(Arc<Work>),
    /// An auditor reads the journal.
    Audit(Arc<Auditing>),
}

/// What an auditor sees.
#[derive(Clone, Debug, Default)]
pub struct Auditing {
    /// The employee's full name.
    pub employee: String,
    /// Whose journal it is; `None` for the whole region.
    pub organization: Option<Organization>,
    /// What was found, the newest first.
    pub items: Vec<Numbered>,
    /// Where to go on, when there is more.
    pub before: Option<u64>,
    /// The register is being asked.
    pub busy: bool,
    /// Why the last question was not answered, in words.
    pub trouble: Option<String>,
}

/// What the sign-in shows beside its fields.
#[derive(Clone, Debug, Default)]
pub struct SignIn {
    /// What is being done right now, in words; the fields wait meanwhile.
    pub busy: Option<String>,
    /// Why the last try failed.
    pub trouble: Option<SignInTrouble>,
    /// Whether the local data needs a passphrase.
    pub passphrase: Passphrase,
    /// The local data cannot be opened any more: it can be set aside, to begin anew.
    pub offers_afresh: bool,
    /// Whether another password must take the place of the one that was given.
    pub new_password: NewPassword,
}

/// Whether another password must take the place of the one that was given: before that nothing is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NewPassword {
    /// It need not.
    #[default]
    NotNeeded,
    /// It must: the one that was given is right.
    Asked,
    /// It has, although the sign-in came to nothing afterwards: the new one is the password now.
    Taken,
}

/// Whether the local data needs a passphrase: where the system has no keyring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Passphrase {
    /// It does not.
    #[default]
    NotNeeded,
    /// One is to be chosen.
    Choose,
    /// The one that was chosen is to be entered.
    Enter,
}

/// Why a sign-in failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInTrouble {
    /// The field that is to be corrected, if it is one.
    pub field: Option<SignInField>,
    /// What happened and what to do.
    pub words: String,
}

/// A field of the sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInField {
    /// The register's address.
    Server,
    /// The login.
    Login,
    /// The password.
    Password,
    /// The password that takes its place.
    NewPassword,
    /// The same once more.
    NewPasswordAgain,
    /// The passphrase of the local data.
    Passphrase,
}

/// The lock screen.
#[derive(Clone, Debug, Default)]
pub struct Locked {
    /// Whose work is locked.
    pub login: String,
    /// A password is being checked.
    pub busy: bool,
    /// Why the last try failed.
    pub trouble: Option<String>,
    /// Words beside the field, such as the password of the demo.
    pub hint: Option<String>,
}

/// Why this computer's disk takes nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskTrouble {
    /// There is no room.
    Full,
    /// It may only be read, or fails otherwise.
    Refusing,
}

impl DiskTrouble {
    /// What it means and what to do.
    #[must_use]
    pub fn words(self) -> Cow<'static, str> {
        match self {
            Self::Full => t!("disk-full"),
            Self::Refusing => t!("disk-refusing"),
        }
    }
}

/// Everything that a signed-in person sees.
#[derive(Clone, PartialEq)]
pub struct Work {
    /// The employee's full name.
    pub employee: String,
    /// The account's role.
    pub role: Role,
    /// The organization; `None` for accounts of the whole region.
    pub organization: Option<Organization>,
    /// How the register stands.
    pub link: Link,
    /// When the list was last known to be the register's.
    pub updated_at: Option<DateTime<Utc>>,
    /// The pull that is running.
    pub pulling: Option<Pulling>,
    /// The store in numbers.
    pub counts: Counts,
    /// Whether the register's list was read to its end at least once.
    pub complete: bool,
    /// What needs attention, in words: damage that was found.
    pub attention: Arc<[String]>,
    /// How many minutes this computer's clock is ahead of the register's, behind when negative; `None` while they agree.
    pub clock_ahead_minutes: Option<i64>,
    /// Why nothing can be kept on this computer at present.
    pub disk: Option<DiskTrouble>,
    /// The megabytes that are left on this computer's disk, when they are few.
    pub low_space: Option<u64>,
    /// Why the last thing that was typed could not be kept.
    pub desk_trouble: Option<String>,
    /// The list.
    pub list: List,
    /// The card beside it.
    pub card: CardState,
    /// The outcome of the last answer that was sent from here.
    pub sent: Option<Arc<Sent>>,
    /// Answers on their way.
    pub outbox: Arc<[OutboxRow]>,
    /// What the answer forms offer.
    pub directory: Arc<Directory>,
    /// The statistics of a period.
    pub figures: FiguresState,
    /// An export.
    pub export: Export,
}

/// How the register stands, by the last that was heard of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// Nothing was tried yet.
    Starting,
    /// It answers.
    Online,
    /// It cannot be reached.
    Offline {
        /// Why.
        words: String,
    },
    /// It does not let this account in.
    Refused {
        /// Why.
        words: String,
    },
    /// It answers, but something is wrong.
    Faulty {
        /// What.
        words: String,
    },
}

/// How far a running pull has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pulling {
    /// Records kept.
    pub records: u64,
    /// Records a second.
    pub records_per_sec: f64,
}

/// The store in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Applications.
    pub applications: usize,
    /// Of them, those that wait for an answer.
    pub pending: usize,
    /// Answers that are not yet delivered to the register.
    pub queued: usize,
    /// Answers that the register has and the federal service has not yet.
    pub registered: usize,
    /// Answers that were refused.
    pub rejected: usize,
    /// Records that could not be understood.
    pub quarantined: usize,
}

/// Rows are loaded in blocks of this many.
pub const BLOCK_ROWS: usize = 128;

/// The list: what was asked for, how many were found, and the rows that are loaded.
#[derive(Clone, Default, PartialEq)]
pub struct List {
    /// Grows with every search that a person makes: the view then begins at the top.
    pub search: u64,
    /// What was asked for; `None` before the first search.
    pub query: Option<Arc<Query>>,
    /// How many were found; `None` while that is not known yet.
    pub total: Option<usize>,
    /// Loaded blocks of [`BLOCK_ROWS`] rows, by their number.
    pub blocks: BTreeMap<usize, Arc<[Standing]>>,
    /// Why the list cannot be read.
    pub trouble: Option<String>,
}

impl List {
    /// A row, when it is loaded.
    #[must_use]
    pub fn row(&self, index: usize) -> Option<&Standing> {
        self.blocks.get(&(index / BLOCK_ROWS))?.get(index % BLOCK_ROWS)
    }

    /// Where an application stands among the loaded rows; the nearest to `near` when the blocks differ in age.
    #[must_use]
    pub fn index_of(&self, id: ApplicationId, near: usize) -> Option<usize> {
        let rows = self.blocks.iter().flat_map(|(block, rows)| (block * BLOCK_ROWS..).zip(rows.iter()));
        rows.filter(|(_, row)| row.application.id == id).map(|(index, _)| index).min_by_key(|at| at.abs_diff(near))
    }
}

/// The card beside the list.
#[derive(Clone, Default, PartialEq)]
pub enum CardState {
    /// None is open.
    #[default]
    Closed,
    /// It is being read.
    Loading(ApplicationId),
    /// It is open.
    Open(Arc<Card>),
    /// There is no such application here.
    Gone(ApplicationId),
    /// It cannot be read.
    Trouble(ApplicationId, String),
}

impl CardState {
    /// Whose card it is.
    #[must_use]
    pub fn id(&self) -> Option<ApplicationId> {
        match self {
            Self::Closed => None,
            Self::Loading(id) | Self::Gone(id) | Self::Trouble(id, _) => Some(*id),
            Self::Open(card) => Some(card.standing.application.id),
        }
    }
}

/// An application's card.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// The application as it stands.
    pub standing: Standing,
    /// The cancellation of this choice, or the choice of this cancellation.
    pub linked: Option<Linked>,
    /// What was typed for it and is not sent, as it was when the card was opened.
    pub draft: Option<AnswerDraft>,
    /// Its answers, oldest first, with how far each has travelled.
    pub answers: Vec<(RecordedAnswer, Hop)>,
}

/// The application on the other side of a cancellation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linked {
    /// Which.
    pub id: ApplicationId,
    /// Its type.
    pub application_type: ApplicationType,
    /// Whether it is here: a cancellation may come before its choice, or without it.
    pub is_here: bool,
}

/// How far an answer has travelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hop {
    /// It is durable here and waits to be pushed.
    Queued {
        /// How often it was tried.
        tries: u32,
        /// Why the last try failed, in the server's own words.
        trouble: Option<String>,
    },
    /// The register has it.
    Registered,
    /// The federal service has it.
    Delivered {
        /// Since when.
        at: Option<DateTime<Utc>>,
    },
    /// It was refused.
    Rejected {
        /// Since when.
        at: Option<DateTime<Utc>>,
        /// Why.
        words: String,
    },
}

/// What came of an answer that was sent from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The number that the form gave it.
    pub attempt: u64,
    /// The application.
    pub application: ApplicationId,
    /// Durable, or why not.
    pub outcome: Result<AnswerId, NotSent>,
}

/// Why an answer was not accepted here; nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotSent {
    /// What happened and what to do.
    pub words: String,
    /// Mistakes by field.
    pub errors: Vec<FieldError>,
}

/// An answer on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// The answer.
    pub record: RecordedAnswer,
    /// The application.
    pub application: ApplicationId,
    /// Its type; `None` when the application is not here.
    pub application_type: Option<ApplicationType>,
    /// The patient's full name; empty when the application is not here.
    pub patient: String,
    /// How far it has travelled.
    pub hop: Hop,
    /// When it was last tried.
    pub last_try: Option<DateTime<Utc>>,
    /// When it is tried again.
    pub next_try: Option<DateTime<Utc>>,
}

/// The statistics.
#[derive(Clone, Default, PartialEq)]
pub enum FiguresState {
    /// Nobody has asked.
    #[default]
    None,
    /// They are being computed; so many applications were read.
    Counting(usize),
    /// As asked for.
    Ready(Arc<Figures>),
    /// They cannot be computed.
    Trouble(String),
}

/// An export.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Export {
    /// None.
    #[default]
    None,
    /// The person chooses a file.
    Choosing,
    /// The system has no dialog for that: a path is to be typed. The proposed one.
    AskPath {
        /// The proposed path.
        proposed: String,
        /// Why the last one could not be used.
        trouble: Option<String>,
    },
    /// Rows are being written.
    Writing {
        /// So many are.
        done: usize,
        /// Of so many.
        total: usize,
    },
    /// It is done.
    Done {
        /// The file.
        path: String,
        /// Its rows.
        rows: usize,
    },
    /// It failed.
    Failed {
        /// What happened and what to do.
        words: String,
    },
}
