//! The system's save dialog.
//!
//! Invariant: a dialog that cannot be shown is told apart from one that the person cancelled, so that the
//! window can offer a typed path.

#[cfg(target_os = "linux")]
mod desktop;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;

use std::io;
use std::path::PathBuf;
use std::thread;

const TITLE: &str = "Сохранить как";
#[cfg(target_os = "linux")]
const NO_DIALOG: &str =
    "На этом рабочем столе нет окна выбора файла (портала XDG или программы zenity): введите путь вручную";

/// A kind of file that may be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its name in the dialog, for example «Книга Excel».
    pub name: &'static str,
    /// Its extension, without the dot.
    pub extension: &'static str,
}

/// How a dialog ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The person chose a file, which may be there already: the dialog has asked whether to replace it.
    Chosen(PathBuf),
    /// The person cancelled.
    Cancelled,
    /// No dialog can be shown here, in words: offer a typed path.
    NoDialog(String),
}

/// Shows the save dialog and waits for the person, however long: never on the thread that draws.
///
/// The path is as the person left it: an extension added behind the dialog's back could name another file
/// that is there already, which nobody was asked about.
#[must_use]
pub fn choose_file(suggested_name: &str, kinds: &[Kind]) -> Outcome {
    #[cfg(target_os = "linux")]
    if !desktop::has_dialog() {
        return Outcome::NoDialog(NO_DIALOG.to_owned());
    }
    let mut dialog = rfd::FileDialog::new().set_title(TITLE).set_file_name(suggested_name);
    for kind in kinds {
        dialog = dialog.add_filter(kind.name, &[kind.extension]);
    }
    dialog.save_file().map_or(Outcome::Cancelled, Outcome::Chosen)
}

/// The same on a thread of its own, which hands the outcome over.
///
/// # Errors
/// When the thread cannot be started.
pub fn choose_file_then(
    suggested_name: String,
    kinds: &'static [Kind],
    then: impl FnOnce(Outcome) + Send + 'static,
) -> io::Result<()> {
    let run = move || then(choose_file(&suggested_name, kinds));
    thread::Builder::new().name("save dialog".into()).spawn(run).map(drop)
}
