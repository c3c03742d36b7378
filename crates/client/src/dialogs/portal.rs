//! The save dialog of the desktop's portal (org.freedesktop.portal.FileChooser).
//!
//! Invariant: the wait for the person has no limit, every other wait has one, and a portal that goes away
//! ends it.

use std::collections::HashMap;
use std::ffi::OsString;
use std::future::Future;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::StreamExt;
use zbus::proxy::{CacheProperties, Proxy};
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, Message};

use super::{Kind, Outcome, TITLE};

/// The bus may have to start the portal first.
const PATIENCE: Duration = Duration::from_secs(10);
const PORTAL: &str = "org.freedesktop.portal.Desktop";
const PORTAL_PATH: &str = "/org/freedesktop/portal/desktop";
const FILE_CHOOSER: &str = "org.freedesktop.portal.FileChooser";
const REQUEST: &str = "org.freedesktop.portal.Request";
const GLOB: u32 = 0;

/// Why the portal showed no dialog.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoPortal {
    #[error("no runtime")]
    Runtime(#[source] std::io::Error),
    #[error("the bus or the portal refused: {0}")]
    Bus(#[from] zbus::Error),
    #[error("the portal does not answer")]
    Silent,
    #[error("the portal went away")]
    Gone,
    #[error("the portal ended the dialog with {0}")]
    Ended(u32),
    #[error("the portal's answer names no local file")]
    Answer,
}

/// Shows the dialog and waits for the person.
pub(super) fn save(suggested_name: &str, kinds: &[Kind]) -> Result<Outcome, NoPortal> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(NoPortal::Runtime)?;
    runtime.block_on(ask(suggested_name, kinds))
}

async fn ask(suggested_name: &str, kinds: &[Kind]) -> Result<Outcome, NoPortal> {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let token = format!("prikrep{}_{}", std::process::id(), ASKED.fetch_add(1, Ordering::Relaxed));
    let connection = soon(Connection::session()).await?;
    let unique = connection.unique_name().map(|name| name.trim_start_matches(':').replace('.', "_"));
    let expected = format!("{PORTAL_PATH}/request/{}/{token}", unique.unwrap_or_default());
    // Listening comes before asking: the answer may be quicker than the reply.
    let request = soon(proxy(&connection, &expected, REQUEST)).await?;
    let mut answers = soon(request.receive_signal("Response")).await?;
    let mut owners = soon(request.receive_owner_changed()).await?;
    let chooser = soon(proxy(&connection, PORTAL_PATH, FILE_CHOOSER)).await?;
    let asked = ("", TITLE, options(&token, suggested_name, kinds));
    let handle: OwnedObjectPath = soon(chooser.call("SaveFile", &asked)).await?;
    if handle.as_str() != expected {
        // Portals before 0.9 choose the path themselves.
        answers = soon(soon(proxy(&connection, handle.as_str(), REQUEST)).await?.receive_signal("Response")).await?;
    }
    loop {
        tokio::select! {
            answer = answers.next() => return outcome(&answer.ok_or(NoPortal::Gone)?),
            owner = owners.next() => if matches!(owner, None | Some(None)) {
                return Err(NoPortal::Gone);
            },
        }
    }
}

async fn soon<T>(step: impl Future<Output = zbus::Result<T>>) -> Result<T, NoPortal> {
    Ok(tokio::time::timeout(PATIENCE, step).await.map_err(|_elapsed| NoPortal::Silent)??)
}

async fn proxy(connection: &Connection, path: &str, interface: &'static str) -> zbus::Result<Proxy<'static>> {
    zbus::proxy::Builder::new(connection)
        .destination(PORTAL)?
        .path(path.to_owned())?
        .interface(interface)?
        .cache_properties(CacheProperties::No)
        .build()
        .await
}

fn options<'a>(token: &'a str, suggested_name: &'a str, kinds: &[Kind]) -> HashMap<&'static str, Value<'a>> {
    let filters: Vec<(&str, Vec<(u32, String)>)> =
        kinds.iter().map(|kind| (kind.name, vec![(GLOB, format!("*.{}", kind.extension))])).collect();
    HashMap::from([
        ("handle_token", Value::from(token)),
        ("current_name", Value::from(suggested_name)),
        ("filters", Value::from(filters)),
    ])
}

fn outcome(answer: &Message) -> Result<Outcome, NoPortal> {
    let (code, mut results): (u32, HashMap<String, OwnedValue>) = answer.body().deserialize()?;
    match code {
        0 => {
            let uris = results.remove("uris").and_then(|uris| Vec::<String>::try_from(uris).ok());
            let path = uris.as_deref().and_then(|uris| uris.first()).and_then(|uri| path_of(uri));
            path.map(Outcome::Chosen).ok_or(NoPortal::Answer)
        }
        1 => Ok(Outcome::Cancelled),
        other => Err(NoPortal::Ended(other)),
    }
}

/// The path that a `file:` URI names; `None` when it names no local file.
fn path_of(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file://")?;
    let encoded = rest.strip_prefix("localhost").unwrap_or(rest);
    let (mut path, mut bytes) = (Vec::with_capacity(encoded.len()), encoded.bytes());
    while let Some(byte) = bytes.next() {
        path.push(if byte == b'%' { hex_digit(bytes.next()?)? * 16 + hex_digit(bytes.next()?)? } else { byte });
    }
    path.starts_with(b"/").then(|| PathBuf::from(OsString::from_vec(path)))
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_uri_is_a_path_and_another_is_none() {
        for (uri, path) in [
            ("file:///home/olga/list.xlsx", Some("/home/olga/list.xlsx")),
            ("file:///%D0%9C%D0%9E%201%25.xlsx", Some("/МО 1%.xlsx")),
            ("file://localhost/a", Some("/a")),
            ("file://server/a", None),
            ("file:///a%4", None),
            ("file:///a%zz", None),
            ("smb://server/a", None),
            ("", None),
        ] {
            assert_eq!(path_of(uri), path.map(PathBuf::from), "{uri}");
        }
    }
}
