//! The places of the demo: the gateway, the register, and what a workstation is made of.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use chrono::Utc;
use chrono_tz::Tz;
use prikrep_daemon::{HttpOptions, HttpUpstream, PasswordSource, Secret as Password, Timeouts};
use prikrep_domain::{Organization, Role, Session};
use prikrep_server::{
    Config, DirectoryConfig, Login, NewAccount, NewOrganization, PullAt, Secret, Server, UpstreamConfig,
};
use prikrep_simulator::{DEFAULT_LOGIN, DEFAULT_PASSWORD, Options as GatewayOptions, Scale, Simulator};
use prikrep_store::{Key, Options, SledStore};
use tempfile::TempDir;

pub(crate) const ZONE: Tz = chrono_tz::Asia::Barnaul;
/// The registrar of the demo: on loopback, for as long as the demo runs.
pub(crate) const LOGIN: &str = "registrar";
pub(crate) const PASSWORD: &str = "prikrep-demo-2026";
pub(crate) const EMPLOYEE: &str = "Иванова Анна Андреевна";

/// How much there is to be seen.
#[derive(Clone, Copy, Debug)]
pub struct Amount {
    /// Applications at the gateway from the beginning.
    pub applications: u64,
    /// What they are generated from.
    pub seed: u64,
    /// How many arrive in a second while one looks.
    pub rate: f64,
}

/// What a workstation of the demo is made of, when it is not running yet.
pub(crate) struct Workstation {
    pub(crate) store: Arc<SledStore>,
    pub(crate) upstream: HttpUpstream,
    pub(crate) session: Session,
}

/// Everything that runs beside the workstation.
pub struct Places {
    pub(crate) gateway: prikrep_simulator::Running,
    pub(crate) register: prikrep_server::Running,
    pub(crate) organization: Organization,
    pub(crate) folder: TempDir,
}

impl Places {
    /// Starts gateway and register.
    ///
    /// # Errors
    /// Words for the person who has asked for the demo.
    pub async fn start(amount: Amount) -> Result<Self> {
        let Amount { applications, seed, rate } = amount;
        let folder = TempDir::with_prefix("prikrep-demo-").context("нет временной папки")?;
        let scale = Scale { applications, organizations: 3, seed, start: Utc::now() };
        let options = GatewayOptions { rate, ..GatewayOptions::of(scale) };
        let gateway = Simulator::start(options).await.context("шлюз не запустился")?;
        let config = register_config(folder.path(), &gateway)?;
        let register = Server::start(config).await.context("регистр не запустился")?;
        let organization =
            gateway.read(|gateway| gateway.organizations().next().cloned()).context("у шлюза нет ни одной МО")?;
        add_registrar(&register, &organization).await?;
        Ok(Self { gateway, register, organization, folder })
    }

    /// Makes a workstation with a new local store.
    pub(crate) fn workstation(&self) -> Result<Workstation> {
        let key = Key::generate()?;
        let options = Options { key, zone: ZONE, now: Utc::now(), scrub: false };
        let store = SledStore::open(&self.folder.path().join("workstation"), options)?;
        let upstream = HttpUpstream::new(HttpOptions {
            url: self.register.url(),
            login: LOGIN.to_owned(),
            password: PasswordSource::fixed(Password::new(PASSWORD.to_owned())),
            trusted_pem: None,
            identity_pem: None,
            timeouts: Timeouts::default(),
        })?;
        let session = Session {
            token: None,
            expires_at: Utc::now(),
            employee: EMPLOYEE.to_owned(),
            role: Role::Registrar,
            organization: Some(self.organization.clone()),
            password_change_required: false,
        };
        Ok(Workstation { store: Arc::new(store), upstream, session })
    }

    /// A folder for the settings of the demo's window: it goes with the demo.
    #[must_use]
    pub fn settings_folder(&self) -> PathBuf {
        self.folder.path().join("settings")
    }

    /// Stops everything and removes the folder. The workstation must have been stopped before.
    ///
    /// # Errors
    /// When the folder cannot be removed.
    pub async fn stop(self) -> Result<()> {
        self.register.stop().await;
        self.gateway.stop().await;
        self.folder.close().context("временная папка не удалилась")
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
            client_certificate_file: None,
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
        change_password: Some(false),
    };
    let register = Arc::clone(register.register());
    tokio::task::spawn_blocking(move || register.add_user(account, Utc::now())).await??;
    Ok(())
}
