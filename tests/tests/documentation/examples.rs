//! The examples of the pages, run word by word before a real register with a gateway behind it.
//!
//! They need bash, curl and openssl, which not every machine has: `tests/run.sh` installs them and runs these tests.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use prikrep_testkit::programs::{prikrepd, run};
use prikrep_testkit::{Authority, Gateway, PASSWORD, Site};

use crate::pages::Page;
use crate::stated::unmet;

/// What ends the output of a block; the exit status follows.
const MARK: &str = "@@@ exit status ";

/// A block to run, the line where it begins, and the JSON that is stated behind it.
struct Example {
    line: usize,
    text: String,
    json: Option<String>,
}

fn examples(page: &Page) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut follows = false;
    for block in page.blocks() {
        match block.language.as_str() {
            "sh" => examples.push(Example { line: block.line, text: block.text, json: None }),
            "json" if follows => examples.last_mut().unwrap().json = Some(block.text),
            _ => {
                follows = false;
                continue;
            }
        }
        follows = true;
    }
    examples
}

/// Runs all examples of a page in one shell, and tells what is not as the page says.
fn differences(page: &Page, before: &str, mut shell: Command) -> Vec<String> {
    let examples = examples(page);
    assert!(examples.len() > 3, "{} has examples", page.name());
    let mut script = tempfile::NamedTempFile::new().unwrap();
    writeln!(script, "exec 2>&1 </dev/null\nset -u -o pipefail\n{before}").unwrap();
    for example in &examples {
        writeln!(script, "{}\nprintf '\\n{MARK}%s\\n' \"$?\"", example.text).unwrap();
    }
    shell.arg(script.path());
    let finished = run(shell, "");
    let mut outputs = finished.stdout.split(MARK);
    let mut output = outputs.next().unwrap_or_default();
    let mut differences = Vec::new();
    for example in &examples {
        let Some(after) = outputs.next() else {
            differences.push(format!("line {}: the shell ended in it: {output}{}", example.line, finished.stderr));
            break;
        };
        let (status, next) = after.split_once('\n').unwrap_or((after, ""));
        let mut unmet = unmet(&example.text, example.json.as_deref(), output);
        if status != "0" {
            unmet.push(format!("its last command ended with {status}"));
        }
        differences.extend(unmet.into_iter().map(|what| format!("line {}: {what}\n{output}", example.line)));
        output = next;
    }
    differences
}

fn bash(folder: &Path) -> Command {
    let mut shell = Command::new("bash");
    shell.current_dir(folder);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PRIKREP_")) {
        shell.env_remove(name);
    }
    shell
}

/// An account whose password comes from standard input.
fn add(site: &Site, login: &str, more: &[&str]) {
    let arguments = [&["user", "add", login, "--must-change-password", "no"], more].concat();
    let added = run(site.command(&arguments), &format!("{PASSWORD}\n"));
    assert_eq!(added.code(), Some(0), "{}", added.words());
}

#[test]
#[ignore = "runs with curl only"]
fn every_example_of_the_integrators_page_gives_what_it_says() {
    let gateway = Gateway::start(&["--applications", "1500", "--organizations", "1", "--seed", "7"]);
    let site = Site::new(gateway.url(), "");
    let (authority, folder) = (Authority::new("Регион"), site.folder());
    let issued = authority.issue("localhost", 2020..2100);
    for (name, text) in [
        ("certificate.pem", &issued.certificate),
        ("key.pem", &issued.key),
        ("region.pem", &authority.pem().to_owned()),
        ("client.pem", &authority.issue_client("mis").together()),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    site.edit("pull_at = \"02:30\"", "pull_at = \"live\"\n[tls]\ncertificate_file = \"certificate.pem\"\nkey_file = \"key.pem\"\nclient_ca_file = \"region.pem\"\nclient_certificates = \"daemons\"");
    site.json(&["pull"]);
    let found = site.json(&["list", "--from", "2000-01-01", "--to", "2099-12-31", "--limit", "1"]);
    let oid = found["items"][0]["organization"]["oid"].as_str().unwrap();
    add(&site, "mis", &["--name", "МИС", "--role", "registrar", "--organization", oid]);
    add(&site, "mis-region", &["--name", "МИС региона", "--role", "daemon"]);
    let (_register, url) = site.serve();
    let mut shell = bash(folder);
    shell.env("REGISTER", url.replace("127.0.0.1", "localhost")).env("CURL_CA_BUNDLE", folder.join("region.pem"));
    shell.env("LOGIN", "mis").env("SYSTEM_LOGIN", "mis-region").env("PASSWORD", PASSWORD);
    shell.env("CERTIFICATE", folder.join("client.pem"));
    let page = Page::read(Path::new("packaging/docs/integrator.md"));
    let differences = differences(&page, "", shell);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// What stands in for a server's own: a user of its own for the service, and systemd. Passwords are typed.
const SERVER: &str = r#"
sudo() { shift 2; "$@"; }
prikrepd() { command prikrepd "$@" <<<"$PASSWORD"; }
systemctl() {
    case $1 in
        start)
            command prikrepd serve >serve.out 2>serve.err & service=$!
            until REGISTER=$(sed -n 's/^listening on //p' serve.out | grep .); do sleep 0.1; done ;;
        stop) kill "$service"; wait "$service" || true ;;
    esac
}
trap 'kill "${service:-}" 2>/dev/null || true' EXIT
systemctl start
"#;

#[test]
#[ignore = "runs with openssl only"]
fn every_example_of_the_administrators_page_gives_what_it_says() {
    let gateway = Gateway::start(&["--applications", "900", "--organizations", "3", "--seed", "5"]);
    let site = Site::new(gateway.url(), "");
    let programs = Path::new(prikrepd().get_program()).parent().unwrap().to_owned();
    let path = std::env::join_paths(
        std::iter::once(programs).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    );
    let mut shell = bash(site.folder());
    shell.env("PATH", path.unwrap()).env("PRIKREP_CONFIG", site.config()).env("PASSWORD", PASSWORD);
    shell.env("BACKUPS", site.folder());
    let page = Page::read(Path::new("packaging/docs/administrator.md"));
    let differences = differences(&page, SERVER, shell);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn a_page_that_is_wrong_is_told() {
    let text = "```sh\nX=1; echo \"{\\\"a\\\": $X}\"; echo 201  # → 200\n```\n\n```json\n{\"a\": 2}\n```\n\n\
                ```sh\necho \"so $X\"  # → so 1\nfalse\n```\n\n```console\nexit 9\n```\n\n```sh\ntrue\n```\n\n```sh\nexit 3\n```\n";
    let page = Page { file: "page.md".into(), text: text.to_owned() };
    let found = differences(&page, "", bash(Path::new(".")));
    let said: Vec<&str> = found.iter().filter_map(|what| what.lines().next()).collect();
    let wanted = [
        "line 1: not printed, or not in this order: 200",
        "line 1: not in the JSON that was printed: {\"a\":2}",
        "line 9: its last command ended with 1",
        "line 22: the shell ended in it: ",
    ];
    assert_eq!(said, wanted);
}
