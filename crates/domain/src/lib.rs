//! The domain of «Прикрепление онлайн»: what an application is, what an answer may do to it,
//! what a person may type, and what a list shows.
//!
//! Invariant: nothing here reads a clock, a file or the network. [`transition`] alone decides what an
//! answer may do; every other crate asks it.

mod answer;
mod application;
pub mod collate;
mod directory;
mod feed;
mod id;
mod journal;
mod moment;
mod oms;
#[cfg(feature = "openapi")]
mod openapi;
mod problem;
mod query;
mod received;
mod role;
mod session;
mod snils;
mod standing;
mod timestamp;
mod transition;
mod words;

pub use answer::{
    Answer, AnswerDraft, Decision, DecisionKind, Delivery, Doctor, DoctorDraft, FieldError, Incomplete,
    MAX_COMMENT_CHARS, RecordedAnswer,
};
pub use application::{
    Applicant, Application, ApplicationType, AttachmentKind, Organization, Patient, PersonName, Relation, Status,
};
pub use directory::{Directory, District};
pub use feed::{Cursor, FeedPage, Found, MAX_PAGE_BYTES, MAX_PAGE_RECORDS, MAX_RECORD_BYTES, RawFeedPage};
pub use id::{AnswerId, ApplicationId, BadGuid, BadOid, Oid, PersonId};
pub use journal::{Act, Actor, JournalEntry, JournalPage, MAX_REPORTED_ACTS, Numbered, Place, ReportedAct, Terms};
pub use moment::Moment;
pub use oms::{BadPolicy, OmsPolicy};
#[cfg(feature = "openapi")]
pub use openapi::{AnswerSchema, RecordedAnswerSchema};
pub use problem::{Problem, ProblemKind};
pub use query::{NameSearch, Period, Query, Sort, SortColumn, StatusFilter};
pub use received::{Unreadable, read_application};
pub use role::{Action, Role};
pub use session::{Credentials, PasswordChange, Session};
pub use snils::{BadSnils, Snils};
pub use standing::{OnTheWay, Standing, stand, stand_owned, supersedes};
pub use transition::{ALL_DECISIONS, Refusal, allowed, is_pending, transition};
