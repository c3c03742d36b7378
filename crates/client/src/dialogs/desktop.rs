//! The dialog of a Linux desktop: by its portal, or by zenity where there is none.
//!
//! Not by rfd: it returns the same for «cancelled» and for «there is no dialog», wants libdbus installed, and
//! waits for ever for a portal that went away or was quicker than its own reply.

use super::{Kind, Outcome, portal, zenity};

pub(super) fn choose_file(suggested_name: &str, kinds: &[Kind]) -> Outcome {
    match portal::save(suggested_name, kinds) {
        Ok(outcome) => return outcome,
        Err(error) => tracing::debug!(%error, "no file dialog by the portal"),
    }
    match zenity::save("zenity".as_ref(), suggested_name, kinds) {
        Ok(outcome) => outcome,
        Err(error) => {
            tracing::debug!(%error, "no file dialog by zenity");
            Outcome::NoDialog(
                "На этом рабочем столе нет окна выбора файла (портала XDG или программы zenity): введите путь вручную"
                    .into(),
            )
        }
    }
}
