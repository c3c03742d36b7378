//! The program: its first line, its exit status, its words.

use std::net::TcpListener;
use std::process::{Command, Output};

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_prikrep-simulator"))
}

fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

#[cfg(unix)]
#[test]
fn its_first_line_says_where_it_listens_and_a_signal_stops_it() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    let mut child = program()
        .args(["--listen", "127.0.0.1:0", "--applications", "1000000", "--organizations", "50", "--seed", "7"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port: u16 = line.trim().strip_prefix("listening on http://127.0.0.1:").unwrap().parse().unwrap();
    assert!(port > 0);
    let stopped = Command::new("sh").args(["-c", &format!("kill {}", child.id())]).status();
    if stopped.is_ok_and(|status| status.success()) {
        assert!(child.wait().unwrap().success());
    } else {
        child.kill().unwrap();
        child.wait().unwrap();
        panic!("the signal could not be sent");
    }
}

#[test]
fn a_busy_port_is_exit_status_1_in_words() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let output = run(&["--listen", &listener.local_addr().unwrap().to_string()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("уже занят другой программой"), "{words}");
}

#[test]
fn bad_arguments_are_exit_status_2() {
    for arguments in [
        &["--listen", "nowhere"][..],
        &["--applications", "-1"],
        &["--applications", "50000001"],
        &["--organizations", "0"],
        &["--rate", "-1"],
        &["--rate", "NaN"],
        &["--now", "yesterday"],
        &["--session-secs", "0"],
        &["--nonsense"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty() && output.stdout.is_empty());
    }
}

#[test]
fn the_help_describes_the_control() {
    let output = run(&["--help"]);
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    for word in ["--listen", "--applications", "--seed", "--rate", "/control/faults", "drop_after", "stale_version"] {
        assert!(help.contains(word), "{word}");
    }
}
