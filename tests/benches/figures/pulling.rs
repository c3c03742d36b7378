//! A pull over HTTP on loopback: gateway to register, then register to workstation, all in this process.

use std::sync::Arc;
use std::time::Duration;

use prikrep_daemon::{Config, Daemon, HttpOptions, HttpUpstream, PasswordSource, Pulls, Secret, SystemClock, Timeouts};
use prikrep_domain::Role;
use prikrep_server::{Login, NewAccount, Server, UpstreamConfig};
use prikrep_simulator::{DEFAULT_LOGIN, DEFAULT_PASSWORD, Options, Scale, Simulator};
use prikrep_store::{SledStore, Store};

use crate::data::{ZONE, now};
use crate::ingest;
use crate::table::Table;
use crate::time;

pub fn run(size: u64, table: &mut Table) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (to_register, to_workstation) = runtime.block_on(pull(size));
    let rate = |time: Duration| format!("{:.0} records/s", size as f64 / time.as_secs_f64());
    table.words("pull over HTTP, gateway to register", rate(to_register), String::new());
    table.words("pull over HTTP, register to workstation", rate(to_workstation), String::new());
    let json = runtime.block_on(async { json_alone(size.min(100_000)) });
    table.words("the limit: JSON written and read, one thread", format!("{json:.0} records/s"), String::new());
}

async fn pull(size: u64) -> (Duration, Duration) {
    let folder = tempfile::Builder::new().prefix("prikrep-figures").tempdir().unwrap();
    let scale = Scale { applications: size, organizations: 100, seed: 22, start: now() };
    let gateway = Simulator::start(Options::of(scale)).await.unwrap();
    let password_file = folder.path().join("password");
    std::fs::write(&password_file, DEFAULT_PASSWORD).unwrap();
    let config = prikrep_server::Config {
        data_dir: folder.path().join("register"),
        listen: ([127, 0, 0, 1], 0).into(),
        timezone: ZONE,
        upstream: Some(UpstreamConfig {
            url: gateway.url(),
            login: DEFAULT_LOGIN.to_owned(),
            password_file,
            ca_file: None,
            client_certificate_file: None,
            pull_at: prikrep_server::PullAt::default(),
        }),
        ..prikrep_server::Config::default()
    };
    let begun = std::time::Instant::now();
    // A register that was never filled pulls at once when it starts.
    let register = Server::start(config).await.unwrap();
    register.pull_now().await.unwrap();
    let to_register = begun.elapsed();
    assert_eq!(register.register().store().census().applications as u64, size);

    let account = NewAccount {
        login: Login::parse("daemon").unwrap(),
        password: prikrep_server::Secret::new("prikrep-figures".to_owned()),
        employee: "Система".to_owned(),
        role: Role::Daemon,
        organization: None,
        change_password: None,
    };
    let service = Arc::clone(register.register());
    tokio::task::spawn_blocking(move || service.add_user(account, now()).unwrap()).await.unwrap();
    let store = Arc::new(SledStore::open(&folder.path().join("workstation"), ingest::options()).unwrap());
    let upstream = HttpUpstream::new(HttpOptions {
        url: register.url(),
        login: "daemon".to_owned(),
        password: PasswordSource::fixed(Secret::new("prikrep-figures".to_owned())),
        trusted_pem: None,
        identity_pem: None,
        timeouts: Timeouts::default(),
    })
    .unwrap();
    let begun = std::time::Instant::now();
    let config = Config::new(Pulls::Live { wait_secs: 30 });
    let daemon = Daemon::start(Arc::clone(&store) as Arc<dyn Store>, upstream, config, Arc::new(SystemClock));
    daemon.pull_now().await.unwrap();
    let to_workstation = begun.elapsed();
    assert_eq!(store.census().applications as u64, size);
    daemon.stop().await;
    register.stop().await;
    gateway.stop().await;
    (to_register, to_workstation)
}

fn json_alone(size: u64) -> f64 {
    let world = crate::data::World::new(size);
    let pages: Vec<_> = world.pages().map(|page| page.applications).collect();
    let took = time(|| {
        for page in &pages {
            let json = serde_json::to_string(page).unwrap();
            let back: Vec<prikrep_domain::Application> = serde_json::from_str(&json).unwrap();
            assert_eq!(back.len(), page.len());
        }
    });
    size as f64 / took.as_secs_f64()
}
