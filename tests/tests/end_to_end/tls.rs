//! TLS as an administrator sets it up: a register with a certificate of its region, and one that pulls from it.

use prikrep_testkit::programs::run;
use prikrep_testkit::{Authority, Gateway, Issued, PASSWORD, Site};
use serde_json::json;

const APPLICATIONS: u64 = 300;

fn write(site: &Site, name: &str, text: &str) {
    let path = site.folder().join(name);
    std::fs::write(&path, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}

fn install(site: &Site, issued: &Issued) {
    write(site, "certificate.pem", &issued.certificate);
    write(site, "key.pem", &issued.key);
}

/// A register that serves over TLS and wants certificates of its daemons, with an account for one.
fn secured(gateway: &Gateway, authority: &Authority, clients: &Authority) -> Site {
    let site = Site::new(gateway.url(), "");
    install(&site, &authority.issue("127.0.0.1", 2020..2100));
    write(&site, "clients.pem", clients.pem());
    let tls = "[tls]\ncertificate_file = \"certificate.pem\"\nkey_file = \"key.pem\"\n\
               client_ca_file = \"clients.pem\"\nclient_certificates = \"daemons\"\n";
    site.edit("[upstream]", &format!("{tls}[upstream]"));
    let arguments = ["user", "add", "exchange", "--name", "Второй регистр", "--role", "daemon"];
    let added = run(site.command(&arguments), &format!("{PASSWORD}\n"));
    assert_eq!(added.code(), Some(0), "{}", added.words());
    site
}

/// A register over another one, which trusts nobody yet.
fn over(url: &str) -> Site {
    let site = Site::new(url, "");
    site.edit("login = \"region-22\"", "login = \"exchange\"");
    write(&site, "upstream.password", PASSWORD);
    site
}

/// A pull that fails; returns its words.
fn failure(site: &Site) -> String {
    let finished = site.run(&["pull"]);
    assert_eq!(finished.code(), Some(1), "{}", finished.words());
    finished.stderr
}

#[test]
fn a_register_with_tls_is_pulled_from_with_the_file_of_its_authority() {
    let (authority, clients) = (Authority::new("Регион"), Authority::new("Клиенты"));
    let gateway = Gateway::start(&["--applications", &APPLICATIONS.to_string(), "--organizations", "2", "--seed", "8"]);
    let lower = secured(&gateway, &authority, &clients);
    let checked = lower.run(&["config", "check"]);
    assert_eq!((checked.code(), checked.stderr.as_str()), (Some(0), ""), "{}", checked.words());
    let (register, url) = lower.serve();
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    // The administrator's own commands go past TLS.
    lower.json(&["pull"]);
    let status = lower.json(&["status"]);
    assert_eq!(
        (&status["running"], &status["store"]["applications"]),
        (&json!(true), &json!(APPLICATIONS)),
        "{status}"
    );
    assert_eq!(status["tls"]["certificate_expires_at"], "2100-01-01T00:00:00Z");

    let upper = over(&url);
    write(&upper, "strangers.pem", Authority::new("Чужой").pem());
    upper.edit("pull_at", "ca_file = \"strangers.pem\"\npull_at");
    let words = failure(&upper);
    assert!(words.contains("попросите у администратора файл сертификатов региона"), "{words}");
    write(&upper, "region.pem", authority.pem());
    upper.edit("strangers.pem", "region.pem");
    let words = failure(&upper);
    assert!(words.contains("нужен сертификат клиента"), "{words}");
    write(&upper, "own.pem", &clients.issue_client("upper").together());
    upper.edit("pull_at", "client_certificate_file = \"own.pem\"\npull_at");
    assert_eq!(upper.json(&["pull"])["added"], json!(APPLICATIONS));

    upper.edit("https://", "http://");
    let words = failure(&upper);
    assert!(words.contains("должен начинаться с https://"), "{words}");
    upper.edit("http://", "https://");
    // The certificate is renewed under the running register, by one of the past.
    install(&lower, &authority.issue("127.0.0.1", 2020..2021));
    let words = until_told(&upper, "срок сертификата сервера истёк");
    assert!(words.contains("проверьте дату на этом компьютере"), "{words}");
    let status = lower.run(&["status"]).stdout;
    assert!(status.contains("срок сертификата TLS истёк 01.01.2021"), "{status}");
    assert!(!register.stderr().contains("PRIVATE KEY"), "{}", register.stderr());
}

/// Pulls until that fails for a reason: the files are looked at once a second.
fn until_told(site: &Site, reason: &str) -> String {
    for _ in 0..200 {
        let finished = site.run(&["pull"]);
        if finished.stderr.contains(reason) {
            return finished.stderr;
        }
    }
    panic!("«{reason}» was not told");
}
