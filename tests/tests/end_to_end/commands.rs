//! What an administrator does with `prikrepd`, by real processes.

use chrono::Utc;
use prikrep_domain::{AnswerId, Application, DecisionKind, transition};
use prikrep_testkit::programs::run;
use prikrep_testkit::{Api, Gateway, PASSWORD, Site, draft_of};
use reqwest::Method;
use serde_json::{Value, json, to_value};

const PERIOD: &str = "from=2000-01-01&to=2099-12-31";
const EVER: [&str; 4] = ["--from", "2000-01-01", "--to", "2099-12-31"];

fn ever<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["list"], &EVER[..], more].concat()
}

/// The organization that has most applications.
fn busiest(site: &Site) -> String {
    let found = site.json(&ever(&["--limit", "5000"]));
    let mut oids: Vec<&str> =
        found["items"].as_array().unwrap().iter().filter_map(|one| one["organization"]["oid"].as_str()).collect();
    oids.sort_unstable();
    oids.chunk_by(|a, b| a == b).max_by_key(|chunk| chunk.len()).unwrap()[0].to_owned()
}

/// Answers something that waits for a decision; returns the application and the answer's identifier.
async fn answer(api: &Api, decision: DecisionKind) -> (Application, AnswerId) {
    let found = api.get(&format!("/v1/applications?{PERIOD}&status=pending&limit=5000")).await.json();
    let waiting: Vec<Application> = serde_json::from_value(found["items"].clone()).unwrap();
    let one = waiting.into_iter().find(|one| transition(one.application_type, one.status, decision).is_some()).unwrap();
    let id = AnswerId::generate();
    let body = to_value(draft_of(decision, Utc::now())).unwrap();
    let path = format!("/v1/applications/{}/answers/{id}", one.id);
    let reply = api.send(Method::PUT, &path, Some(&body)).await.unwrap();
    assert_eq!(reply.status, 201, "{}", reply.json());
    (serde_json::from_value(reply.json()).unwrap(), id)
}

/// Follows the feed until an answer has been delivered.
async fn until_delivered(api: &Api, application: &Application, id: AnswerId) {
    let mut cursor = String::new();
    for _ in 0..200 {
        let card: Application =
            serde_json::from_value(api.get(&format!("/v1/applications/{}", application.id)).await.json()).unwrap();
        let record = card.answers.iter().find(|record| record.id == id).unwrap();
        if matches!(record.delivery, prikrep_domain::Delivery::Delivered { .. }) {
            return;
        }
        let page = api.get(&format!("/v1/feed?wait=5&limit=5000&after={cursor}")).await.json();
        cursor = page["cursor"].as_str().unwrap().to_owned();
    }
    panic!("the answer was not delivered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_register_is_set_up_runs_and_stops() {
    let gateway = Gateway::start(&["--applications", "900", "--organizations", "3", "--seed", "5"]);
    let site = Site::new(gateway.url(), "");
    let checked = site.run(&["config", "check"]);
    assert_eq!((checked.code(), checked.stderr.as_str()), (Some(0), ""), "{}", checked.words());

    // Nothing runs yet: a pull and the first account go straight to the store.
    let pulled = site.json(&["pull"]);
    assert_eq!((&pulled["records"], &pulled["quarantined"]), (&json!(900), &json!(0)), "{pulled}");
    assert_eq!(site.json(&["status"])["running"], json!(false));
    let oid = busiest(&site);
    site.add_registrar("ivanova", &oid);

    let (register, url) = site.serve();
    let status = site.json(&["status"]);
    assert_eq!((&status["running"], &status["ready"]), (&json!(true), &json!(true)), "{status}");
    assert_eq!(status["store"]["applications"], json!(900));
    site.add_registrar("petrova", &oid);
    let users = site.json(&["user", "list"]);
    let logins: Vec<&str> = users.as_array().unwrap().iter().filter_map(|user| user["login"].as_str()).collect();
    assert_eq!(logins, ["ivanova", "petrova"]);
    let table = site.run(&["user", "list"]).stdout;
    assert!(table.contains("ivanova") && table.contains("registrar") && table.contains(&oid), "{table}");

    gateway.control("/control/arrive", &json!({"count": 7})).await;
    let pulled = site.json(&["pull"]);
    assert_eq!((&pulled["added"], &pulled["begun_again"]), (&json!(7), &json!(false)), "{pulled}");

    let pending = site.json(&ever(&["--status", "pending", "--organization", &oid, "--sort", "name", "--limit", "3"]));
    assert_eq!(pending["items"].as_array().unwrap().len(), 3);
    let table = site.run(&ever(&["--status", "pending", "--organization", &oid, "--sort", "name", "--limit", "3"]));
    for part in ["ФИО пациента", "Тип заявления", pending["items"][0]["id"].as_str().unwrap()] {
        assert!(table.stdout.contains(part), "{part} is not in\n{}", table.stdout);
    }

    let api = Api::signed_in(&url, "ivanova", PASSWORD).await;
    let (application, id) = answer(&api, DecisionKind::Provide).await;
    until_delivered(&api, &application, id).await;
    let changed = run(site.command(&["user", "password", "ivanova"]), "совсем другая фраза\n");
    assert_eq!(changed.code(), Some(0), "{}", changed.words());
    assert_eq!(api.get("/v1/feed").await.status, 401, "its sessions have ended");
    Api::signed_in(&url, "ivanova", "совсем другая фраза").await;
    let petrova = Api::signed_in(&url, "petrova", PASSWORD).await;
    assert_eq!(site.run(&["user", "disable", "petrova"]).code(), Some(0));
    assert_eq!(petrova.get("/v1/feed").await.status, 401);
    assert_eq!(site.json(&["verify"])["problems"], json!([]));

    #[cfg(unix)]
    {
        register.terminate();
        let stopped = register.wait();
        assert_eq!(stopped.code(), Some(0), "{}", stopped.stderr);
        assert_eq!(stopped.stdout.lines().count(), 1, "only where it listens: {}", stopped.stdout);
    }
    #[cfg(not(unix))]
    drop(register);
    assert_eq!(site.json(&["status"])["running"], json!(false));
    assert_eq!(site.json(&["verify"])["applications"], json!(907));
    let applied = gateway.answers().await;
    assert_eq!(applied.len(), 1);
    assert_eq!((&applied[0]["answer"], &applied[0]["effects"]), (&json!(id), &json!(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_understood_waits_in_quarantine() {
    let gateway = Gateway::start(&["--applications", "40", "--organizations", "2"]);
    gateway
        .set_faults(json!([
            {"fault": "malformed", "malformation": "unknown_status", "on": "feed", "count": 1},
            {"fault": "malformed", "malformation": "missing_field", "on": "feed", "count": 1},
        ]))
        .await;
    let site = Site::new(gateway.url(), "");
    let (_register, _) = site.serve();
    site.json(&["pull"]);
    assert_eq!(site.json(&["status"])["store"]["applications"], json!(40), "one bad record stops no other");
    gateway.set_faults(json!([])).await;

    let kept = site.json(&["quarantine", "list"]);
    let records = kept.as_array().unwrap();
    assert!(!records.is_empty(), "{kept}");
    assert_eq!(site.json(&["status"])["quarantine"], json!(records.len()));
    let table = site.run(&["quarantine", "list"]).stdout;
    for record in records {
        let key = record["key"].as_str().unwrap();
        assert!(table.contains(key), "{table}");
        let shown = site.json(&["quarantine", "show", key]);
        assert_eq!(shown["reason"], record["reason"]);
        let raw = shown["raw"].as_str().unwrap();
        assert_eq!(json!(raw.len()), record["bytes"]);
        assert!(serde_json::from_str::<Application>(raw).is_err());
    }
    let retried = site.json(&["quarantine", "retry"]);
    assert_eq!(retried, json!({"understood": 0, "left": records.len()}));
    let missing = site.run(&["quarantine", "show", "no-such-key"]);
    assert_eq!(missing.code(), Some(1));
    assert!(missing.stderr.contains("в карантине нет записи"), "{}", missing.stderr);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_brings_back_what_exists_nowhere_else() {
    let gateway = Gateway::start(&["--applications", "600", "--organizations", "2", "--seed", "6"]);
    let site = Site::new(gateway.url(), "");
    site.json(&["pull"]);
    site.add_registrar("ivanova", &busiest(&site));
    gateway.set_faults(json!([{"fault": "status", "status": 503, "on": "answers"}])).await;
    let (mut register, url) = site.serve();
    let api = Api::signed_in(&url, "ivanova", PASSWORD).await;
    let (application, id) = answer(&api, DecisionKind::Provide).await;

    let file = site.folder().join("copy.backup");
    let path = file.to_str().unwrap();
    assert!(site.json(&["backup", path])["bytes"].as_u64().unwrap() > 0, "while the register runs");
    let refused = site.run(&["restore", path]);
    assert_eq!(refused.code(), Some(1));
    assert!(refused.stderr.contains("регистр работает"), "{}", refused.stderr);
    register.kill();
    std::fs::remove_dir_all(site.data()).unwrap();
    assert_eq!(gateway.answers().await, Vec::<Value>::new());

    assert!(site.json(&["restore", path])["records"].as_u64().unwrap() >= 2);
    gateway.set_faults(json!([])).await;
    let (_register, url) = site.serve();
    site.json(&["pull"]);
    let api = Api::signed_in(&url, "ivanova", PASSWORD).await;
    until_delivered(&api, &application, id).await;
    let applied = gateway.answers().await;
    assert_eq!(
        applied.iter().map(|one| (&one["answer"], &one["effects"])).collect::<Vec<_>>(),
        [(&json!(id), &json!(1))]
    );
}

#[test]
fn every_command_explains_itself() {
    let site = Site::new("http://127.0.0.1:1", "");
    for command in [
        &[][..],
        &["serve"],
        &["pull"],
        &["status"],
        &["user"],
        &["user", "add"],
        &["user", "list"],
        &["user", "disable"],
        &["user", "password"],
        &["list"],
        &["quarantine"],
        &["quarantine", "list"],
        &["quarantine", "show"],
        &["quarantine", "retry"],
        &["backup"],
        &["restore"],
        &["verify"],
        &["config"],
        &["config", "check"],
    ] {
        let help = site.run(&[command, &["--help"]].concat());
        assert_eq!(help.code(), Some(0), "{command:?}: {}", help.stderr);
        assert!(help.stdout.contains("--config"), "{command:?}: {}", help.stdout);
    }
}

/// What a command is told, its exit status, and a part of its words.
struct Refusal<'a>(&'a [&'a str], &'a str, i32, &'a str);

#[test]
fn what_is_wrong_is_told_in_words_and_by_the_exit_status() {
    let site = Site::new("http://127.0.0.1:1", "");
    site.add_registrar("ivanova", "1.2.643");
    let garbage = site.folder().join("garbage");
    std::fs::write(&garbage, "not a backup").unwrap();
    let garbage = garbage.to_str().unwrap();
    let nowhere = site.folder().join("no/such/folder/copy");
    let nowhere = nowhere.to_str().unwrap();
    let add = ["user", "add", "ivanova", "--name", "Иванова", "--role", "registrar", "--organization", "1.2.643"];
    let add_short = ["user", "add", "petrova", "--name", "Петрова", "--role", "registrar", "--organization", "1.2.643"];
    let homeless = ["user", "add", "petrova", "--name", "Петрова", "--role", "registrar"];
    let list = |from: &'static str, to: &'static str| ["list", "--from", from, "--to", to];
    for Refusal(arguments, input, code, words) in [
        Refusal(&["launch"], "", 2, "launch"),
        Refusal(&["pull", "--quickly"], "", 2, "--quickly"),
        Refusal(&homeless, PASSWORD, 2, "--organization"),
        Refusal(&list("вчера", "2026-01-01"), "", 2, "from"),
        Refusal(&list("2026-02-01", "2026-01-01"), "", 2, "Период"),
        Refusal(
            &[&list("2026-01-01", "2026-02-01")[..], &["--snils", "112-233-445 96"]].concat(),
            "",
            2,
            "Контрольное число",
        ),
        Refusal(&[&list("2026-01-01", "2026-02-01")[..], &["--limit", "0"]].concat(), "", 2, "limit"),
        Refusal(&[&list("2026-01-01", "2026-02-01")[..], &["--status", "lost"]].concat(), "", 2, "lost"),
        Refusal(&add, PASSWORD, 1, "ivanova"),
        Refusal(&add_short, "коротко", 1, "Пароль короче 12 знаков"),
        Refusal(&add_short, "пароль123456", 1, "легко подобрать"),
        Refusal(&add_short, "", 1, "пароль пуст"),
        Refusal(&["user", "disable", "nobody"], "", 1, "nobody"),
        Refusal(&["user", "password", "nobody"], PASSWORD, 1, "nobody"),
        Refusal(&["restore", garbage], "", 1, ""),
        Refusal(&["restore", nowhere], "", 1, "не удалось открыть"),
        Refusal(&["backup", nowhere], "", 1, "не удалось записать"),
        Refusal(&["pull"], "", 1, "нет связи"),
    ] {
        let finished = run(site.command(arguments), input);
        assert_eq!(finished.code(), Some(code), "{arguments:?}: {}", finished.words());
        assert!(finished.stderr.contains(words), "{arguments:?}: «{words}» is not in\n{}", finished.stderr);
        assert!(finished.stdout.is_empty() && !finished.stderr.contains("panicked"), "{}", finished.words());
        assert!(!finished.stderr.contains(PASSWORD), "a password is never repeated");
    }
    assert_eq!(site.json(&["user", "list"]).as_array().unwrap().len(), 1, "and nothing was lost by it");
}

#[test]
fn a_wrong_configuration_is_told_key_by_key() {
    let wrong = |from: &str, to: &str, words: &str| {
        let site = Site::new("http://127.0.0.1:1", "");
        site.edit(from, to);
        for arguments in [&["config", "check"][..], &["serve"], &["status"]] {
            let finished = site.run(arguments);
            assert_eq!(finished.code(), Some(1), "{to}: {}", finished.words());
            assert!(finished.stderr.contains(words), "{to}: «{words}» is not in\n{}", finished.stderr);
        }
        assert!(!site.data().exists(), "nothing is made by a configuration that cannot be used");
    };
    wrong("listen =", "listne =", "ключ listne неизвестен");
    wrong("127.0.0.1:0", "anywhere", "ключ listen: ожидается адрес с портом");
    wrong("02:30", "half past two", "pull_at");
    wrong("http://127.0.0.1:1", "мимо", "upstream.url");
    wrong("login = ", "password = \"секрет\"\nlogin = ", "password_file");
    wrong("\"upstream.password\"", "\"nowhere\"", "upstream.password_file");
    wrong("[upstream]", "[upstream", "TOML");
    wrong("listen =", "timezone = \"Moon/Tranquility\"\nlisten =", "часовой пояс");

    let site = Site::new("http://127.0.0.1:1", "");
    let mut command = site.command(&["config", "check"]);
    command.env("PRIKREP_UPSTREAM__PULL_AT", "вечером");
    let finished = run(command, "");
    assert_eq!(finished.code(), Some(1));
    assert!(finished.stderr.contains("PRIKREP_UPSTREAM__PULL_AT"), "{}", finished.stderr);
    std::fs::remove_file(site.config()).unwrap();
    let finished = site.run(&["config", "check"]);
    assert_eq!(finished.code(), Some(1));
    assert!(finished.stderr.contains("файла нет"), "{}", finished.stderr);
}

#[test]
fn a_port_or_a_folder_that_cannot_be_had_is_told_in_words() {
    let refused = |site: &Site, words: &str| {
        let finished = site.run(&["serve"]);
        assert_eq!(finished.code(), Some(1), "{}", finished.words());
        assert!(finished.stderr.contains(words), "«{words}» is not in\n{}", finished.stderr);
        assert!(!finished.stderr.contains("panicked"), "{}", finished.stderr);
    };
    let busy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let site = Site::new("http://127.0.0.1:1", "");
    site.edit("127.0.0.1:0", &busy.local_addr().unwrap().to_string());
    refused(&site, "порт занят");

    let site = Site::new("http://127.0.0.1:1", "");
    let (register, _) = site.serve();
    refused(&site, "регистр уже работает");
    drop(register);

    let site = Site::new("http://127.0.0.1:1", "");
    // A file stands where the folder should be: it keeps out even root.
    std::fs::write(site.data(), "").unwrap();
    refused(&site, "папк");

    let site = Site::new("http://127.0.0.1:1", "");
    let empty = site.run(&["status"]);
    assert_eq!(empty.code(), Some(1));
    assert!(empty.stderr.contains("хранилища ещё нет"), "{}", empty.stderr);
    site.add_registrar("ivanova", "1.2.643");
    std::fs::write(site.folder().join("store.key"), "short").unwrap();
    refused(&site, "ключ");
}
