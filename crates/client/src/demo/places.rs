//! The three places of the demo: the gateway, the register, the workstation.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use chrono::Utc;
use chrono_tz::Tz;
use prikrep_daemon::{
    Config as DaemonConfig, Daemon, HttpOptions, HttpUpstream, PasswordSource, Pulls, Secret as Password, SystemClock,
    Timeouts,
};
use prikrep_domain::{Organization, Role};
use prikrep_server::{
    Config, DirectoryConfig, Login, NewAccount, NewOrganization, PullAt, Secret, Server, UpstreamConfig,
};
use prikrep_simulator::{DEFAULT_LOGIN, DEFAULT_PASSWORD, Options as GatewayOptions, Scale, Simulator};
use prikrep_store::{Key, Options, SledStore, Store};
use tempfile::TempDir;

use super::show::line;

pub(crate) const ZONE: Tz = chrono_tz::Asia::Barnaul;
/// The registrar of the demo: on loopback, for as long as the demo runs.
pub(crate) const LOGIN: &str = "registrar";
pub(crate) const PASSWORD: &str = "prikrep-demo-2026";
pub(crate) const EMPLOYEE: &str = "Иванова Анна Андреевна";
const LONG_POLL_SECS: u32 = 30;

/// Everything that runs.
pub(crate) struct Places {
    pub(crate) gateway: prikrep_simulator::Running,
    pub(crate) register: prikrep_server::Running,
    pub(crate) store: Arc<SledStore>,
    pub(crate) daemon: Daemon,
    pub(crate) organization: Organization,
    pub(crate) folder: TempDir,
}

impl Places {
    pub(crate) async fn start(applications: u64, seed: u64) -> Result<Self> {
        let folder = TempDir::with_prefix("prikrep-demo-").context("нет временной папки")?;
        let scale = Scale { applications, organizations: 3, seed, start: Utc::now() };
        let gateway = Simulator::start(GatewayOptions::of(scale)).await.context("шлюз не запустился")?;
        line(&format!("Шлюз Госуслуг (имитация)  {}", gateway.url()))?;
        let config = register_config(folder.path(), &gateway)?;
        let register = Server::start(config).await.context("регистр не запустился")?;
        line(&format!("Региональный регистр      {}", register.url()))?;
        let organization =
            gateway.read(|gateway| gateway.organizations().next().cloned()).context("у шлюза нет ни одной МО")?;
        add_registrar(&register, &organization).await?;
        let (store, daemon) = workstation(&folder.path().join("workstation"), &register.url())?;
        line(&format!("Рабочее место             {} — {EMPLOYEE}", organization.name))?;
        Ok(Self { gateway, register, store, daemon, organization, folder })
    }

    pub(crate) async fn stop(self) -> Result<()> {
        let in_time = self.daemon.stop().await;
        self.register.stop().await;
        self.gateway.stop().await;
        drop(self.store);
        self.folder.close().context("временная папка не удалилась")?;
        ensure!(in_time, "рабочее место не остановилось за 5 секунд");
        Ok(())
    }
}

fn register_config(folder: &Path, gateway: &prikrep_simulator::Running) -> Result<Config> {
    let password_file = folder.join("upstream.password");
    write_private(&password_file, DEFAULT_PASSWORD)?;
    let directory_file = folder.join("directory.json");
    let directory: serde_json::Map<_, _> = gateway.read(|gateway| {
        let directories = gateway.organizations().map(|one| (one.oid.to_string(), gateway.directory_of(&one.oid)));
        directories.map(|(oid, directory)| Ok((oid, serde_json::to_value(directory)?))).collect::<Result<_>>()
    })?;
    write_private(&directory_file, &serde_json::to_string_pretty(&directory)?)?;
    Ok(Config {
        data_dir: folder.join("register"),
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        timezone: ZONE,
        upstream: Some(UpstreamConfig {
            url: gateway.url(),
            login: DEFAULT_LOGIN.to_owned(),
            password_file,
            ca_file: None,
            pull_at: PullAt::Live,
        }),
        directory: DirectoryConfig { file: Some(directory_file) },
        ..Config::default()
    })
}

fn write_private(path: &Path, text: &str) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    std::io::Write::write_all(&mut file, text.as_bytes())?;
    Ok(())
}

async fn add_registrar(register: &prikrep_server::Running, organization: &Organization) -> Result<()> {
    let account = NewAccount {
        login: Login::parse(LOGIN)?,
        password: Secret::new(PASSWORD.to_owned()),
        employee: EMPLOYEE.to_owned(),
        role: Role::Registrar,
        organization: Some(NewOrganization { oid: organization.oid.clone(), name: Some(organization.name.clone()) }),
    };
    let register = Arc::clone(register.register());
    tokio::task::spawn_blocking(move || register.add_user(account, Utc::now())).await??;
    Ok(())
}

fn workstation(folder: &Path, register: &str) -> Result<(Arc<SledStore>, Daemon)> {
    let key = Key::generate()?;
    let store = SledStore::open(folder, Options { key, zone: ZONE, now: Utc::now(), scrub: false })?;
    let store = Arc::new(store);
    let upstream = HttpUpstream::new(HttpOptions {
        url: register.to_owned(),
        login: LOGIN.to_owned(),
        password: PasswordSource::fixed(Password::new(PASSWORD.to_owned())),
        trusted_pem: None,
        timeouts: Timeouts::default(),
    })?;
    let config = DaemonConfig::new(Pulls::Live { wait_secs: LONG_POLL_SECS });
    let daemon = Daemon::start(Arc::clone(&store) as Arc<dyn Store>, upstream, config, Arc::new(SystemClock));
    Ok((store, daemon))
}
