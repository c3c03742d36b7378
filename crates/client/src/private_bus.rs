//! Tests that need a session bus of their own: the test runs itself again under one.
//!
//! A process cannot change its own environment safely, so the inner half of such a test is another test,
//! ignored unless it is called from here.

use std::fmt::Write;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

const CONFIG: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy></busconfig>
"#;

/// Runs an ignored test of this program on a bus where nothing serves yet.
pub(crate) fn on_a_bus(test: &str) {
    let mut config = tempfile::NamedTempFile::new().unwrap();
    config.write_all(CONFIG.as_bytes()).unwrap();
    let mut command = Command::new("dbus-run-session");
    command.arg("--config-file").arg(config.path()).args(["--", "env", "PATH=/nonexistent"]);
    command.arg(std::env::current_exe().unwrap());
    match inner(&mut command, test).output() {
        Ok(output) => passed(test, &output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("not run: there is no dbus-run-session on this system");
        }
        Err(error) => panic!("{error}"),
    }
}

/// Runs an ignored test of this program where there is no bus and no helper program.
pub(crate) fn without_a_bus(test: &str) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus").env("PATH", "/nonexistent");
    passed(test, &inner(&mut command, test).output().unwrap());
}

fn inner<'a>(command: &'a mut Command, test: &str) -> &'a mut Command {
    command.args([test, "--exact", "--ignored", "--nocapture", "--test-threads=1"]).stdin(Stdio::null())
}

fn passed(test: &str, output: &Output) {
    let mut said = String::new();
    for part in [&output.stdout, &output.stderr] {
        writeln!(said, "{}", String::from_utf8_lossy(part)).unwrap();
    }
    assert!(output.status.success() && said.contains("1 passed"), "{test}: {said}");
}
