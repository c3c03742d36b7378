//! What an administrator's monitoring asks for is what a register tells.

use std::collections::BTreeSet;

use prikrep_server::TlsConfig;
use prikrep_testkit::{Authority, Region};
use reqwest::{Certificate, Client};

const ALERTS: &str = include_str!("../../../packaging/monitoring/alerts.yaml");
const DASHBOARD: &str = include_str!("../../../packaging/monitoring/grafana.json");

/// The series that an expression names: `prikrep_ready`.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_');
    words.filter(|word| word.starts_with("prikrep_")).map(str::to_owned).collect()
}

/// The expressions of the rules, each with its words for a person.
fn rules() -> Vec<(String, bool)> {
    let alerts: serde_json::Value = serde_norway::from_str(ALERTS).unwrap();
    let rules = alerts["groups"].as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap());
    rules.map(|rule| (rule["expr"].as_str().unwrap().to_owned(), rule["annotations"]["summary"].is_string())).collect()
}

fn panels() -> Vec<String> {
    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect()
}

/// What a register under TLS tells, an attempt to answer among what it has seen.
async fn told() -> String {
    let authority = Authority::new("Регион");
    let issued = authority.issue("127.0.0.1", 2020..2100);
    let folder = tempfile::tempdir().unwrap();
    let (certificate_file, key_file) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate_file, &issued.certificate).unwrap();
    std::fs::write(&key_file, &issued.key).unwrap();
    let region = Region::start_with(20, 1, |config| {
        config.tls = Some(TlsConfig {
            certificate_file,
            key_file,
            client_ca_file: None,
            client_certificates: prikrep_server::ClientCertificates::default(),
        });
    })
    .await;
    let root = Certificate::from_pem(authority.pem().as_bytes()).unwrap();
    let client = Client::builder().no_proxy().tls_certs_only([root]).build().unwrap();
    let url = region.register.url();
    let id = "0198f3a2-1c5e-7d40-8a11-5b2f6f0c9d21";
    let refused = client.put(format!("{url}/v1/applications/{id}/answers/{id}")).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    let metrics = client.get(format!("{url}/metrics")).send().await.unwrap().text().await.unwrap();
    region.stop().await;
    metrics
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_series_of_the_alerts_and_of_the_dashboard_is_told() {
    let metrics = told().await;
    let known: BTreeSet<&str> = metrics.lines().filter_map(|line| line.split(['{', ' ']).next()).collect();
    let (rules, panels) = (rules(), panels());
    assert!(rules.len() > 8 && panels.len() > 8, "the files are read");
    assert!(rules.iter().all(|(_, has_words)| *has_words));
    for expression in rules.iter().map(|(expression, _)| expression).chain(&panels) {
        for series in named(expression) {
            assert!(known.contains(series.as_str()), "{series} of «{expression}» is not in\n{metrics}");
        }
        for label in ["state", "route"] {
            for value in expression.split(&format!("{label}=\"")).skip(1).filter_map(|rest| rest.split('"').next()) {
                let told = format!("{label}=\"{value}\"");
                assert!(metrics.contains(&told), "{told} of «{expression}» is not in\n{metrics}");
            }
        }
    }
}
