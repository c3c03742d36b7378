//! TLS: what is served, what is refused, what happens when the files change.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use chrono::{TimeZone, Utc};
use prikrep_domain::Role;
use prikrep_server::{
    Caller, ClientCertificates, Config, Order, Outcome, Patience, Running, Server, StartError, TlsConfig, check_tls,
};
use reqwest::{Certificate, Client, Identity, StatusCode, tls};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::authority::{Authority, Issued};
use crate::common::{OURS, PASSWORD, add, at, config, noon};

const PATIENCE: Duration = Duration::from_secs(20);
const HERE: &str = "127.0.0.1";

/// A register with a certificate, and the authority of it.
struct Site {
    folder: TempDir,
    authority: Authority,
    config: Config,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(&folder);
        let file = |name: &str| folder.path().join(name);
        config.tls = Some(TlsConfig {
            certificate_file: file("certificate.pem"),
            key_file: file("key.pem"),
            client_ca_file: None,
            client_certificates: ClientCertificates::All,
        });
        // Every handshake looks at the files.
        config.patience = Patience { look: Duration::ZERO, ..config.patience };
        let site = Self { folder, authority: Authority::new("Регион"), config };
        site.install(&site.authority.issue(HERE, 2020..2100));
        site
    }

    fn tls(&self) -> &TlsConfig {
        self.config.tls.as_ref().unwrap()
    }

    fn install(&self, issued: &Issued) {
        write(&self.tls().certificate_file, &issued.certificate);
        write(&self.tls().key_file, &issued.key);
    }

    fn asks_for_certificates(&mut self, of: &Authority, who: ClientCertificates) {
        let file = self.folder.path().join("clients.pem");
        write(&file, of.pem());
        let tls = self.config.tls.as_mut().unwrap();
        (tls.client_ca_file, tls.client_certificates) = (Some(file), who);
    }

    async fn start(&self) -> Running {
        let running = Server::start_with(self.config.clone(), noon()).await.unwrap();
        add(running.register(), "ivanova", Role::Registrar, Some(OURS));
        add(running.register(), "exchange", Role::Daemon, None);
        running
    }

    fn client(&self) -> Client {
        client(&self.authority, None)
    }
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// A client without kept connections that trusts one authority.
fn client(authority: &Authority, own: Option<&Issued>) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let root = Certificate::from_pem(authority.pem().as_bytes()).unwrap();
    let builder = Client::builder().no_proxy().pool_max_idle_per_host(0).tls_certs_only([root]);
    let own = own.map(|own| Identity::from_pem(own.together().as_bytes()).unwrap());
    match own {
        Some(own) => builder.identity(own),
        None => builder,
    }
    .build()
    .unwrap()
}

async fn health(client: &Client, running: &Running) -> Result<StatusCode, reqwest::Error> {
    Ok(client.get(format!("{}/healthz", running.url())).send().await?.status())
}

async fn sign_in(client: &Client, running: &Running, login: &str) -> reqwest::Response {
    let body = json!({"login": login, "password": PASSWORD});
    client.post(format!("{}/v1/sessions", running.url())).json(&body).send().await.unwrap()
}

async fn readyz(client: &Client, running: &Running) -> Value {
    client.get(format!("{}/readyz", running.url())).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn both_versions_are_served_with_the_certificate_and_its_expiry_is_told() {
    let site = Site::new();
    let running = site.start().await;
    assert!(running.url().starts_with("https://127.0.0.1:"));
    let client = site.client();
    for version in [tls::Version::TLS_1_2, tls::Version::TLS_1_3] {
        let root = Certificate::from_pem(site.authority.pem().as_bytes()).unwrap();
        let builder = Client::builder().no_proxy().tls_certs_only([root]);
        let client = builder.tls_version_min(version).tls_version_max(version).build().unwrap();
        let answer = client.get(format!("{}/healthz", running.url())).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000");
    }
    assert_eq!(sign_in(&client, &running, "ivanova").await.status(), 201);
    let ready = readyz(&client, &running).await;
    assert_eq!(ready["tls"]["certificate_expires_at"], "2100-01-01T00:00:00Z");
    assert_eq!((&ready["tls"]["problem"], &ready["attention"]), (&Value::Null, &json!([])));
    let metrics = client.get(format!("{}/metrics", running.url())).send().await.unwrap().text().await.unwrap();
    let expires = Utc.with_ymd_and_hms(2100, 1, 1, 0, 0, 0).unwrap().timestamp();
    let line = format!("prikrep_tls_certificate_expires_timestamp_seconds {expires}\n");
    assert!(metrics.contains(&line), "{metrics}");
    assert!(health(&crate::tls::client(&Authority::new("Чужой"), None), &running).await.is_err());
    running.stop().await;
}

#[tokio::test]
async fn an_administrator_s_commands_reach_a_register_with_tls() {
    let site = Site::new();
    site.install(&site.authority.issue(HERE, 2020..2026));
    let running = site.start().await;
    let caller = Caller::find(&site.config.data_dir).await.unwrap().unwrap();
    let Outcome::Status(condition) = caller.carry_out(&Order::Status).await.unwrap() else { panic!() };
    assert_eq!(condition.tls.unwrap().certificate_expires_at, Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap());
    assert!(condition.attention.iter().any(|words| words.contains("истёк 01.01.2026")), "{:?}", condition.attention);
    running.stop().await;
}

#[tokio::test]
async fn a_changed_certificate_is_served_while_open_connections_go_on_and_a_broken_one_is_not() {
    let site = Site::new();
    let running = site.start().await;
    let client = site.client();
    let token = sign_in(&client, &running, "ivanova").await.json::<Value>().await.unwrap()["token"].clone();
    let feed = format!("{}/v1/feed", running.url());
    let page: Value =
        client.get(&feed).bearer_auth(token.as_str().unwrap()).send().await.unwrap().json().await.unwrap();
    let polled = format!("{feed}?wait=60&after={}", page["cursor"].as_str().unwrap());
    let poll = client.get(polled).bearer_auth(token.as_str().unwrap()).send();
    let poll = tokio::spawn(poll);
    until_polled(&client, &running).await;

    // Another authority, so that only a client that trusts the new one gets in.
    let other = Authority::new("Регион");
    site.install(&other.issue(HERE, 2020..2090));
    let renewed = crate::tls::client(&other, None);
    assert_eq!(health(&renewed, &running).await.unwrap(), StatusCode::OK);
    assert!(health(&client, &running).await.is_err(), "the old one is not served any more");
    assert_eq!(readyz(&renewed, &running).await["tls"]["certificate_expires_at"], "2090-01-01T00:00:00Z");

    for (certificate, key, words) in [
        (Some("-----BEGIN CERTIFICATE-----\nбред"), None, "tls.certificate_file: в "),
        (None, Some(other.issue(HERE, 2020..2090).key), "не от сертификата"),
        (None, Some("нет ключа".to_owned()), "нет закрытого ключа"),
    ] {
        let good = other.issue(HERE, 2020..2090);
        write(&site.tls().certificate_file, certificate.unwrap_or(&good.certificate));
        write(&site.tls().key_file, key.as_ref().unwrap_or(&good.key));
        let ready = readyz(&renewed, &running).await;
        assert!(ready["tls"]["problem"].as_str().unwrap().contains(words), "{words}: {ready}");
        assert!(ready["attention"][0].as_str().unwrap().contains("действует прежний сертификат"), "{ready}");
        assert_eq!(ready["ready"], true);
    }
    std::fs::remove_file(&site.tls().key_file).unwrap();
    assert!(readyz(&renewed, &running).await["tls"]["problem"].as_str().unwrap().contains("не удалось прочитать"));
    site.install(&other.issue(HERE, 2020..2080));
    let ready = readyz(&renewed, &running).await;
    assert_eq!(
        ready["tls"],
        json!({
            "certificate_valid_from": "2020-01-01T00:00:00Z", "certificate_expires_at": "2080-01-01T00:00:00Z", "problem": null
        })
    );

    // The poll has been open all the while, on its old connection.
    assert!(!poll.is_finished());
    let page = crate::common::page(vec![crate::common::application(21, OURS)], "21");
    running.register().store().apply(&page, at(0)).unwrap();
    let news: Value = poll.await.unwrap().unwrap().json().await.unwrap();
    assert_eq!(news["changes"].as_array().unwrap().len(), 1);
    running.stop().await;
}

async fn until_polled(client: &Client, running: &Running) {
    let metrics = format!("{}/metrics", running.url());
    while !client.get(&metrics).send().await.unwrap().text().await.unwrap().contains("prikrep_long_polls 1\n") {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn where_all_clients_show_certificates_none_comes_in_without() {
    let (mut site, clients) = (Site::new(), Authority::new("Клиенты"));
    site.asks_for_certificates(&clients, ClientCertificates::All);
    let running = site.start().await;
    let known = client(&site.authority, Some(&clients.issue_client("workstation")));
    assert_eq!(sign_in(&known, &running, "ivanova").await.status(), 201);
    assert_eq!(sign_in(&known, &running, "exchange").await.status(), 201);
    assert!(health(&site.client(), &running).await.is_err());
    let strange = client(&site.authority, Some(&Authority::new("Клиенты").issue_client("workstation")));
    assert!(health(&strange, &running).await.is_err());
    let of_a_server = client(&site.authority, Some(&clients.issue("workstation", 2020..2100)));
    assert!(health(&of_a_server, &running).await.is_err(), "a certificate of a server is none of a client");

    // Another authority of clients: the file is read again as the others are.
    let others = Authority::new("Новые клиенты");
    write(site.tls().client_ca_file.as_deref().unwrap(), others.pem());
    let new = client(&site.authority, Some(&others.issue_client("workstation")));
    assert_eq!(health(&new, &running).await.unwrap(), StatusCode::OK);
    assert!(health(&known, &running).await.is_err());
    running.stop().await;
}

#[tokio::test]
async fn where_daemons_show_certificates_only_their_accounts_need_one() {
    let (mut site, clients) = (Site::new(), Authority::new("Клиенты"));
    site.asks_for_certificates(&clients, ClientCertificates::Daemons);
    let running = site.start().await;
    let plain = site.client();
    assert_eq!(sign_in(&plain, &running, "ivanova").await.status(), 201);
    let refused = sign_in(&plain, &running, "exchange").await;
    assert_eq!(refused.status(), 403);
    assert!(refused.text().await.unwrap().contains("нужен сертификат клиента"));
    assert_eq!(readyz(&plain, &running).await["sessions"], 1, "nothing is left of it");
    let known = client(&site.authority, Some(&clients.issue_client("gateway")));
    let token = sign_in(&known, &running, "exchange").await.json::<Value>().await.unwrap()["token"].clone();
    let current = format!("{}/v1/sessions/current", running.url());
    let asked = |client: &Client| client.get(&current).bearer_auth(token.as_str().unwrap()).send();
    assert_eq!(asked(&known).await.unwrap().status(), 200);
    assert_eq!(asked(&plain).await.unwrap().status(), 403, "a stolen token is no use without the certificate");
    running.stop().await;
}

#[tokio::test]
async fn what_speaks_no_tls_or_never_ends_its_handshake_stops_nobody() {
    let mut site = Site::new();
    site.config.limits.connections = 8;
    site.config.patience.handshake = Duration::from_secs(1);
    let running = site.start().await;
    let address = running.url().trim_start_matches("https://").to_owned();
    let mut half_open = Vec::new();
    for start in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET"].repeat(4) {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(start).await.unwrap();
        half_open.push(stream);
    }
    assert_eq!(timeout(PATIENCE, health(&site.client(), &running)).await.unwrap().unwrap(), StatusCode::OK);
    for mut stream in half_open {
        let ended = timeout(PATIENCE, stream.read_to_end(&mut Vec::new())).await;
        assert!(ended.is_ok(), "a handshake may take as long as it likes");
    }
    let plain = client(&site.authority, None).get(format!("http://{address}/healthz")).send().await.unwrap();
    assert_eq!(plain.status(), StatusCode::UPGRADE_REQUIRED);
    assert!(plain.text().await.unwrap().contains("должен начинаться с https://"));
    let mut garbage = TcpStream::connect(&address).await.unwrap();
    garbage.write_all(b"\x16\x03\x01\x00\x05hello").await.unwrap();
    let ended = timeout(PATIENCE, garbage.read_to_end(&mut Vec::new())).await;
    assert!(ended.is_ok(), "a broken handshake ends");
    assert_eq!(health(&site.client(), &running).await.unwrap(), StatusCode::OK);
    running.stop().await;
}

#[tokio::test]
async fn a_stop_does_not_wait_for_handshakes() {
    let site = Site::new();
    let running = site.start().await;
    let mut half_open = TcpStream::connect(running.url().trim_start_matches("https://")).await.unwrap();
    half_open.write_all(b"\x16\x03\x01").await.unwrap();
    // It has been accepted when the one after it is served.
    assert_eq!(health(&site.client(), &running).await.unwrap(), StatusCode::OK);
    timeout(Duration::from_secs(3), running.stop()).await.unwrap();
}

#[tokio::test]
async fn a_register_that_others_could_read_along_does_not_start_unless_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(&folder);
    config.listen = ([0, 0, 0, 0], 0).into();
    let refused = Server::start_with(config.clone(), noon()).await.map(drop).unwrap_err();
    assert!(matches!(refused, StartError::PlainHttp(_)));
    let words = refused.to_string();
    assert!(words.contains("[tls]") && words.contains("allow_plain_http_beyond_loopback = true"), "{words}");
    assert!(!config.data_dir.exists(), "nothing is made");
    config.allow_plain_http_beyond_loopback = true;
    let running = Server::start_with(config, noon()).await.unwrap();
    let attention = running.condition(at(0)).attention;
    assert!(attention.iter().any(|words| words.contains("открытым текстом")), "{attention:?}");
    running.stop().await;
    let mut site = Site::new();
    site.config.listen = ([0, 0, 0, 0], 0).into();
    let running = site.start().await;
    assert_eq!(running.condition(at(0)).attention, Vec::<String>::new());
    running.stop().await;
}

#[test]
fn the_check_says_what_is_wrong_with_a_certificate() {
    let mut site = Site::new();
    let now = Utc.with_ymd_and_hms(2026, 3, 2, 0, 0, 0).unwrap();
    assert_eq!(check_tls(site.tls(), now), Ok(vec![]));
    for (years, words) in [(2020..2026, "истёк 01.01.2026"), (2027..2030, "ещё не действует (с 01.01.2027")]
    {
        site.install(&site.authority.issue(HERE, years));
        let warnings = check_tls(site.tls(), now).unwrap();
        assert!(warnings.len() == 1 && warnings[0].contains(words), "{warnings:?}");
    }
    write(&site.tls().key_file, &site.authority.issue(HERE, 2020..2100).key);
    assert!(check_tls(site.tls(), now).unwrap_err().contains("не от сертификата"));
    write(&site.tls().key_file, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
    assert!(check_tls(site.tls(), now).unwrap_err().contains("PEM без пароля"));
    write(&site.tls().certificate_file, "");
    assert!(check_tls(site.tls(), now).unwrap_err().contains("tls.certificate_file: в "));
    std::fs::remove_file(&site.tls().certificate_file).unwrap();
    assert!(check_tls(site.tls(), now).unwrap_err().contains("tls.certificate_file: не удалось прочитать"));
    site.install(&site.authority.issue(HERE, 2020..2100));
    site.asks_for_certificates(&Authority::new("Клиенты"), ClientCertificates::All);
    write(site.tls().client_ca_file.as_deref().unwrap(), "нет");
    assert!(check_tls(site.tls(), now).unwrap_err().contains("tls.client_ca_file: в "));
}

#[test]
fn the_program_checks_starts_and_says_where_it_listens() {
    let site = Site::new();
    let path = site.folder.path().join("prikrepd.toml");
    let tls = "[tls]\ncertificate_file = \"certificate.pem\"\nkey_file = \"key.pem\"\n";
    std::fs::write(&path, format!("data_dir = \"data\"\nlisten = \"127.0.0.1:0\"\n{tls}")).unwrap();
    let run = |arguments: &[&str]| crate::program::prikrepd(&path).args(arguments).output().unwrap();
    assert_eq!(run(&["config", "check"]).status.code(), Some(0));
    let mut child =
        crate::program::prikrepd(&path).arg("serve").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut first = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut first).unwrap();
    // The files are broken meanwhile: what runs goes on, and says so.
    write(&site.tls().key_file, &site.authority.issue(HERE, 2020..2100).key);
    let status = String::from_utf8(run(&["status"]).stdout).unwrap();
    let json: Value = serde_json::from_slice(&run(&["status", "--json"]).stdout).unwrap_or_default();
    child.kill().unwrap();
    child.wait().unwrap();
    stdout.read_to_string(&mut first).unwrap();
    assert!(first.starts_with("listening on https://127.0.0.1:"), "{first}");
    assert!(status.contains("Сертификат TLS: действует до 01.01.2100"), "{status}");
    assert!(json["tls"]["certificate_expires_at"] == "2100-01-01T00:00:00Z", "{json}");
    let checked = run(&["config", "check"]);
    assert_eq!(checked.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&checked.stderr).contains("не от сертификата"));
    assert_eq!(run(&["serve"]).status.code(), Some(1));
    site.install(&site.authority.issue(HERE, 2020..2021));
    let checked = run(&["config", "check"]);
    assert_eq!(checked.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&checked.stdout).contains("истёк 01.01.2021"));
    std::fs::write(&path, "data_dir = \"data\"\nlisten = \"0.0.0.0:0\"\n").unwrap();
    let refused = run(&["serve"]);
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(1), 0));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("без TLS регистр слушает только 127.0.0.1"));
}
