//! The window's views. A view reads a snapshot and returns actions; nothing here is async, takes a lock or
//! does I/O.
//!
//! [`Window`] draws everything from a [`Snapshot`] and returns [`Action`]s, which the client carries out.

mod action;
mod card;
mod export_view;
mod figures;
mod format;
mod journal;
mod list;
mod lock;
mod outbox;
mod settings;
mod settings_view;
mod shell;
mod sign_in;
mod snapshot;
mod stats;
pub mod texts;
pub mod theme;
pub mod widgets;
mod window;

pub use action::{Action, Credentials, ExportFormat, JournalQuery};
pub use figures::{Counting, Figures};
pub use settings::{Settings, ThemeChoice};
pub use shell::Section;
pub use snapshot::{
    Auditing, BLOCK_ROWS, Card, CardState, Counts, DiskTrouble, Export, FiguresState, Hop, Link, Linked, List, Locked,
    NewPassword, NotSent, OutboxRow, Passphrase, Pulling, Sent, SignIn, SignInField, SignInTrouble, Snapshot, Stage,
    Work,
};
pub use window::Window;
