//! The dialog of a system that always has one.

use super::{Kind, Outcome, TITLE};

pub(super) fn choose_file(suggested_name: &str, kinds: &[Kind]) -> Outcome {
    let mut dialog = rfd::FileDialog::new().set_title(TITLE).set_file_name(suggested_name);
    for kind in kinds {
        dialog = dialog.add_filter(kind.name, &[kind.extension]);
    }
    dialog.save_file().map_or(Outcome::Cancelled, Outcome::Chosen)
}
