//! The program itself: the environment, the first line, logs without personal data.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::common::{OURS, PASSWORD};

pub(crate) fn prikrepd(config: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_prikrepd"));
    command.arg("--config").arg(config);
    command
}

fn run(command: &mut Command, input: &str) -> Output {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

/// A running program, killed when the test fails.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_environment_overrides_and_its_mistakes_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("prikrepd.toml");
    std::fs::write(&config, "").unwrap();
    let check = |name: &str, value: &str| run(prikrepd(&config).args(["config", "check"]).env(name, value), "");
    assert_eq!(check("PRIKREP_LISTEN", "127.0.0.1:1").status.code(), Some(0));
    let wrong = check("PRIKREP_LIMITS__BODY_BYTES", "5");
    assert_eq!(wrong.status.code(), Some(1));
    assert!(words(&wrong).contains("limits.body_bytes = 5"));
    let unknown = check("PRIKREP_LIMITS__BODY_BYTE", "5");
    assert_eq!(unknown.status.code(), Some(1));
    assert!(words(&unknown).contains("PRIKREP_LIMITS__BODY_BYTE неизвестна"), "{}", words(&unknown));
    let strange = check("PRIKREP_LISTN", "127.0.0.1:1");
    assert_eq!(strange.status.code(), Some(0));
    assert!(words(&strange).contains("PRIKREP_LISTN"));
    let partial = check("PRIKREP_UPSTREAM__URL", "http://127.0.0.1:1");
    assert!(words(&partial).contains("upstream") && words(&partial).contains("не задан"), "{}", words(&partial));
}

#[test]
fn wrong_calls_end_with_2_and_failures_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("prikrepd.toml");
    std::fs::write(&config, "data_dir = \"data\"\n").unwrap();
    let status = |arguments: &[&str]| run(prikrepd(&config).args(arguments), "").status.code();
    assert_eq!(status(&["frob"]), Some(2));
    assert_eq!(status(&["list", "--from", "2026-01-01"]), Some(2));
    assert_eq!(status(&["list", "--from", "2026-01-32", "--to", "2026-02-01"]), Some(2));
    assert_eq!(status(&["user", "add", "a", "--name", "А", "--role", "viewer"]), Some(2));
    // There is no store yet, and reading makes none.
    for command in [&["status"][..], &["verify"], &["quarantine", "list"], &["user", "list"], &["backup", "copy"]] {
        assert_eq!(status(command), Some(1), "{command:?}");
    }
    assert!(!folder.path().join("data").exists());
    assert_eq!(status(&["pull"]), Some(1));
    assert_eq!(status(&["restore", "copy"]), Some(1));
    #[cfg(not(windows))]
    {
        let service = run(prikrepd(&config).args(["service", "start"]), "");
        assert_eq!(service.status.code(), Some(2));
        assert!(words(&service).contains("systemctl"), "{}", words(&service));
    }
}

#[test]
fn a_log_in_a_folder_is_a_file_of_the_day() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("prikrepd.toml");
    let served = |dir: &str| {
        let text = format!("data_dir = \"data\"\nlisten = \"127.0.0.1:0\"\n[log]\ndir = \"{dir}\"\n");
        std::fs::write(&config, text).unwrap();
        Served(prikrepd(&config).arg("serve").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    };
    let mut running = served("logs");
    BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
    terminate(&running.0);
    assert_eq!(running.0.wait().unwrap().code(), Some(0));
    let files: Vec<_> =
        std::fs::read_dir(folder.path().join("logs")).unwrap().map(|file| file.unwrap().path()).collect();
    let [file] = files.as_slice() else { panic!("{files:?}") };
    assert!(file.to_str().is_some_and(|name| name.contains("/prikrepd.20") && name.ends_with(".log")), "{file:?}");
    let log = std::fs::read_to_string(file).unwrap();
    assert!(log.contains("the register serves") && log.contains("the register has stopped"), "{log}");
    let mut refused = served("prikrepd.toml");
    assert_eq!(refused.0.wait().unwrap().code(), Some(1));
    let mut told = String::new();
    refused.0.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    assert!(told.contains("журнал в папке") && told.contains("log.dir"), "{told}");
}

#[test]
fn the_journal_is_listed_checked_and_exported_by_command() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("prikrepd.toml");
    std::fs::write(&config, "data_dir = \"data\"\n").unwrap();
    let mut add = prikrepd(&config);
    add.args(["user", "add", "audit", "--name", "Аудитор", "--role", "auditor"]).env("SUDO_USER", "petrov");
    assert_eq!(run(&mut add, PASSWORD).status.code(), Some(0));
    let list = run(prikrepd(&config).args(["journal", "list", "--json"]), "");
    let entries: Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!((&entries[1]["act"], &entries[1]["actor"]["login"]), (&"account_changed".into(), &"petrov".into()));
    let table = words(&run(prikrepd(&config).args(["journal", "list"]), ""));
    assert!(table.contains("Учётная запись") && table.contains("audit: add"), "{table}");
    let file = folder.path().join("journal.jsonl");
    let export = run(prikrepd(&config).args(["journal", "export", "--act", "account_changed"]).arg(&file), "");
    assert_eq!(export.status.code(), Some(0), "{}", words(&export));
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 1);
    assert_eq!(run(prikrepd(&config).args(["journal", "export"]).arg(&file), "").status.code(), Some(1), "not twice");
    let verify = || run(prikrepd(&config).args(["journal", "verify"]), "");
    assert_eq!(verify().status.code(), Some(0));
    let part = std::fs::read_dir(folder.path().join("data/journal")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&part).unwrap();
    bytes[60] ^= 1;
    std::fs::write(&part, bytes).unwrap();
    let found = verify();
    assert_eq!(found.status.code(), Some(1));
    assert!(words(&found).contains("Нарушения"), "{}", words(&found));
}

#[tokio::test]
async fn nothing_personal_is_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("prikrepd.toml");
    std::fs::write(&config, "data_dir = \"data\"\nlisten = \"127.0.0.1:0\"\n[log]\nlevel = \"debug\"\n").unwrap();
    let add = [
        "user",
        "add",
        "ivanova",
        "--name",
        "Иванова Инна",
        "--role",
        "registrar",
        "--organization",
        OURS,
        "--must-change-password",
        "no",
    ];
    let added = run(prikrepd(&config).args(add), &format!("{PASSWORD}\n"));
    assert_eq!(added.status.code(), Some(0), "{}", words(&added));
    let mut child = prikrepd(&config).arg("serve").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let url = first.strip_prefix("listening on ").unwrap().trim().to_owned();
    let mut served = Served(child);

    let client = crate::api::client();
    let credentials = serde_json::json!({"login": "ivanova", "password": PASSWORD});
    let session = client.post(format!("{url}/v1/sessions")).json(&credentials).send().await.unwrap();
    let session: Value = session.json().await.unwrap();
    let token = session["token"].as_str().unwrap().to_owned();
    let guid = "0198f3a2-1c5e-7d40-8a11-5b2f6f0c9d21";
    let query = "from=2026-01-01&to=2026-12-31&snils=11223344595&name=Kovaleva";
    let wrong = serde_json::json!({"login": "sidorova", "password": "неверный"});
    for request in [
        client.get(format!("{url}/v1/applications?{query}&patient={guid}")).bearer_auth(&token),
        client.get(format!("{url}/v1/applications?{query}&surname=Kovaleva")).bearer_auth(&token),
        client.get(format!("{url}/v1/applications/{guid}")).bearer_auth(&token),
        client.get(format!("{url}/Kovaleva")).bearer_auth(&token),
        client.post(format!("{url}/v1/sessions")).json(&wrong),
    ] {
        assert!(request.send().await.unwrap().status().as_u16() < 500);
    }
    let disabled = run(prikrepd(&config).args(["user", "disable", "ivanova", "--json"]), "");
    assert_eq!(disabled.status.code(), Some(0), "through the running register: {}", words(&disabled));
    let dead = client.get(format!("{url}/v1/feed")).bearer_auth(&token).send().await.unwrap();
    assert_eq!(dead.status(), 401);
    terminate(&served.0);
    assert_eq!(served.0.wait().unwrap().code(), Some(0));
    let mut log = String::new();
    served.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(log.contains("\"route\":\"/v1/applications/{id}\"") && log.contains("\"status\":404"), "{log}");
    for line in log.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
    }
    for secret in ["11223344595", "Kovaleva", guid, "ivanova", "sidorova", "Иванова", PASSWORD, "неверный", &token]
    {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

/// What the service manager is told until it is told this.
#[cfg(target_os = "linux")]
fn told_until(manager: &std::os::unix::net::UnixDatagram, sign: &str) -> Vec<String> {
    let mut told = Vec::new();
    let mut buffer = [0; 4 << 10];
    loop {
        let length = manager.recv(&mut buffer).unwrap_or_else(|error| panic!("{error}: no {sign} in {told:?}"));
        told.push(String::from_utf8(buffer[..length].to_vec()).unwrap());
        if told.last().is_some_and(|last| last.lines().any(|line| line == sign)) {
            return told;
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_service_manager_is_told_of_readiness_life_and_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("prikrepd.toml");
    std::fs::write(&config, "data_dir = \"data\"\nlisten = \"127.0.0.1:0\"\n").unwrap();
    let socket = folder.path().join("notify");
    let manager = std::os::unix::net::UnixDatagram::bind(&socket).unwrap();
    manager.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
    let start = |config: &Path| {
        let mut command = prikrepd(config);
        command.arg("serve").env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", "300000").env_remove("WATCHDOG_PID");
        Served(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    };

    let mut served = start(&config);
    let mut first = String::new();
    BufReader::new(served.0.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let url = first.strip_prefix("listening on ").unwrap().trim().to_owned();
    let told = told_until(&manager, "READY=1");
    assert_eq!(told[0], "STATUS=открывается хранилище\n");
    assert_eq!(told.len(), 2, "not ready before it listens: {told:?}");
    let words = format!("STATUS={url}: заявлений 0, ждут ответа 0, ответов в очереди 0");
    assert_eq!(told[1], format!("READY=1\n{words}\n"));
    for _ in 0..3 {
        assert_eq!(told_until(&manager, "WATCHDOG=1"), [format!("WATCHDOG=1\n{words}\n")]);
    }
    terminate(&served.0);
    assert!(told_until(&manager, "STOPPING=1").last().unwrap().contains("STATUS=останавливается"));
    assert_eq!(served.0.wait().unwrap().code(), Some(0));

    std::fs::write(folder.path().join("data/store.key"), "not a key").unwrap();
    let mut refused = start(&config);
    assert_eq!(refused.0.wait().unwrap().code(), Some(1));
    manager.set_nonblocking(true).unwrap();
    let mut rest = Vec::new();
    let mut buffer = [0; 4 << 10];
    while let Ok(length) = manager.recv(&mut buffer) {
        rest.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
    }
    assert_eq!(rest, ["STATUS=открывается хранилище\n"], "a register that does not start is never ready");
}

fn terminate(child: &Child) {
    // The shell's own: a small system has no program of that name.
    let status = Command::new("sh").arg("-c").arg(format!("kill -TERM {}", child.id())).status().unwrap();
    assert!(status.success());
}
