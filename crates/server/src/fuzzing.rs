//! What the register reads from outside, for the fuzz targets alone: a program is built without this.

use std::collections::HashMap;
use std::path::Path;

use axum::http::Uri;
use prikrep_domain::{AnswerDraft, Credentials, Oid, PasswordChange, Problem};

use crate::config::Loaded;
use crate::directory::{self, DirectoryDocument};
use crate::http::fuzzing as http;
use crate::journal::{JournalSearch, Report};
use crate::search::Search;
use crate::serving::fuzzing as serving;
pub use crate::serving::fuzzing::Served;

/// Reads a configuration whose paths are relative to a folder.
///
/// # Errors
/// Everything that is wrong with it, in words.
pub fn configuration(text: &str, base: &Path) -> Result<Loaded, Vec<String>> {
    crate::Config::read(text, base)
}

/// Reads the file of the directory.
///
/// # Errors
/// What is wrong with it, in words.
pub fn directories(json: &[u8]) -> Result<HashMap<Oid, DirectoryDocument>, String> {
    directory::parse(json)
}

/// Reads the parameters of a search, unchecked: [`Search::check`].
///
/// # Errors
/// What the client is told.
pub fn search(uri: &Uri) -> Result<Search, Problem> {
    http::parameters::<Search>(uri)
}

/// Reads the parameters of a reading of the journal.
///
/// # Errors
/// What the client is told.
pub fn journal_search(uri: &Uri) -> Result<JournalSearch, Problem> {
    let search = http::parameters::<JournalSearch>(uri)?;
    search.check()?;
    Ok(search)
}

/// Reads the parameters of the feed: the cursor, the limit and the seconds to wait.
///
/// # Errors
/// What the client is told.
pub fn feed(uri: &Uri) -> Result<(Option<String>, usize, u64), Problem> {
    http::feed(uri)
}

/// Reads the body of an answer.
///
/// # Errors
/// The words that the client is told.
pub fn answer(body: &[u8]) -> Result<AnswerDraft, String> {
    http::body(body)
}

/// Reads the body of a sign-in.
///
/// # Errors
/// The words that the client is told.
pub fn credentials(body: &[u8]) -> Result<Credentials, String> {
    http::body(body)
}

/// Reads the body of a change of the password.
///
/// # Errors
/// The words that the client is told.
pub fn password_change(body: &[u8]) -> Result<PasswordChange, String> {
    http::body(body)
}

/// Reads the body of a workstation's report.
///
/// # Errors
/// The words that the client is told.
pub fn report(body: &[u8]) -> Result<Report, String> {
    http::body(body)
}

/// Where each whole request of a connection ends.
///
/// # Errors
/// The place of the byte with which the connection is refused.
pub fn requests(bytes: &[u8]) -> Result<Vec<usize>, usize> {
    serving::ends(bytes)
}

/// What the parser behind the strict reader serves of the same bytes.
pub async fn served(bytes: &[u8]) -> Vec<Served> {
    serving::served(bytes).await
}
