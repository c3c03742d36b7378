//! Whether a Linux desktop has a save dialog at all: rfd returns the same for «cancelled» and for «there is
//! none».

use zbus::blocking::fdo::DBusProxy;
use zbus::names::BusName;

const PORTAL: &str = "org.freedesktop.portal.Desktop";
const ZENITY: &str = "zenity";

/// Whether the desktop's portal or zenity can show one.
pub(super) fn has_dialog() -> bool {
    has_portal().unwrap_or_else(|error| {
        tracing::debug!(%error, "no session bus for a file dialog");
        false
    }) || has_program(ZENITY)
}

/// Whether the portal runs, or would be started when it is called.
fn has_portal() -> zbus::Result<bool> {
    let connection = zbus::blocking::Connection::session()?;
    let bus = DBusProxy::new(&connection)?;
    let runs = bus.name_has_owner(BusName::try_from(PORTAL)?)?;
    Ok(runs || bus.list_activatable_names()?.iter().any(|name| name.as_str() == PORTAL))
}

fn has_program(name: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(name).is_file())
}
