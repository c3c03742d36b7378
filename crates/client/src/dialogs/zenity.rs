//! The save dialog of zenity, a program that many desktops without a portal have.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::process::{Command, Stdio};

use super::{Kind, Outcome, TITLE};

/// Runs zenity and waits for the person; an error when it is not there or cannot show anything.
pub(super) fn save(program: &OsStr, suggested_name: &str, kinds: &[Kind]) -> io::Result<Outcome> {
    let filters = kinds.iter().map(|kind| format!("--file-filter={} | *.{}", kind.name, kind.extension));
    let output = Command::new(program)
        .args(["--file-selection", "--save", "--confirm-overwrite"])
        .arg(format!("--title={TITLE}"))
        .arg(format!("--filename={suggested_name}"))
        .args(filters)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()?;
    match output.status.code() {
        Some(0) => {
            let path = output.stdout.strip_suffix(b"\n").unwrap_or(&output.stdout);
            if path.is_empty() {
                return Err(io::Error::other("zenity named no file"));
            }
            Ok(Outcome::Chosen(OsString::from_vec(path.to_vec()).into()))
        }
        Some(1) => Ok(Outcome::Cancelled),
        Some(_) | None => Err(io::Error::other(format!("zenity ended with {}", output.status))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    const KINDS: &[Kind] = &[Kind { name: "Книга Excel", extension: "xlsx" }];

    fn with_a_zenity(script: &str) -> io::Result<Outcome> {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("zenity");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        save(program.as_os_str(), "Заявления.xlsx", KINDS)
    }

    #[test]
    fn what_zenity_says_is_told() {
        let chosen = |path: &str| Outcome::Chosen(PathBuf::from(path));
        assert_eq!(with_a_zenity("echo '/home/МО 1.xlsx'").unwrap(), chosen("/home/МО 1.xlsx"));
        assert_eq!(with_a_zenity("exit 1").unwrap(), Outcome::Cancelled);
        assert!(with_a_zenity("exit 255").is_err());
        assert!(with_a_zenity("exit 0").is_err());
        assert!(save("/nonexistent/zenity".as_ref(), "a.xlsx", KINDS).is_err());
        let asked = with_a_zenity("echo \"$*\"").unwrap();
        let expected = "--file-selection --save --confirm-overwrite --title=Сохранить как \
                        --filename=Заявления.xlsx --file-filter=Книга Excel | *.xlsx";
        assert_eq!(asked, chosen(expected));
    }
}
