//! A region in miniature: a gateway with generated applications and a register over it, in this process,
//! over real HTTP on free ports of the loopback.

use std::path::Path;

use chrono::{DateTime, Utc};
use prikrep_domain::{Oid, Organization, Role};
use prikrep_server::{
    Config, DirectoryConfig, Login, NewAccount, NewOrganization, PullAt, Secret, Server, UpstreamConfig,
};
use prikrep_simulator::{DEFAULT_LOGIN, DEFAULT_PASSWORD, Options, Scale, Simulator};
use tempfile::TempDir;

use crate::{Api, ZONE};

/// The password of every account that a test makes.
pub const PASSWORD: &str = "одна длинная фраза";

/// The moment up to which the gateway's applications were filed.
#[must_use]
pub fn start() -> DateTime<Utc> {
    "2026-03-20T05:00:00Z".parse().unwrap()
}

/// A gateway and a register. Both stop when this is dropped with its runtime; [`Self::stop`] waits for it.
pub struct Region {
    /// The gateway.
    pub gateway: prikrep_simulator::Running,
    /// The register.
    pub register: prikrep_server::Running,
    folder: TempDir,
    config: Config,
}

impl Region {
    /// Starts a region of three organizations. The register has pulled everything when this returns.
    ///
    /// # Panics
    /// When something does not start.
    pub async fn start(applications: u64, seed: u64) -> Self {
        Self::start_with(applications, seed, |_| {}).await
    }

    /// The same with another configuration of the register.
    ///
    /// # Panics
    /// When something does not start.
    pub async fn start_with(applications: u64, seed: u64, change: impl FnOnce(&mut Config)) -> Self {
        let folder = TempDir::with_prefix("prikrep-test-").unwrap();
        let scale = Scale { applications, organizations: 3, seed, start: start() };
        let gateway = Simulator::start(Options::of(scale)).await.unwrap();
        let mut config = configured(folder.path(), &gateway);
        change(&mut config);
        let register = Server::start(config.clone()).await.unwrap();
        register.pull_now().await.unwrap();
        Self { gateway, register, folder, config }
    }

    /// The folder in which everything of the region lies: the data, the password and the directory.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The register's configuration.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The organizations of the region.
    #[must_use]
    pub fn organizations(&self) -> Vec<Organization> {
        self.gateway.read(|gateway| gateway.organizations().cloned().collect())
    }

    /// A new account's client, signed in. `None` is an account of the whole region.
    ///
    /// # Panics
    /// When the register does not take the account.
    pub async fn sign_in(&self, login: &str, role: Role, organization: Option<&Organization>) -> Api {
        let account = account(login, role, organization);
        let register = std::sync::Arc::clone(self.register.register());
        tokio::task::spawn_blocking(move || register.add_user(account, Utc::now()).unwrap()).await.unwrap();
        Api::signed_in(&self.register.url(), login, PASSWORD).await
    }

    /// Stops the register, then the gateway.
    pub async fn stop(self) {
        self.register.stop().await;
        self.gateway.stop().await;
    }
}

/// A new account that may work at once.
pub(crate) fn account(login: &str, role: Role, organization: Option<&Organization>) -> NewAccount {
    NewAccount {
        login: Login::parse(login).unwrap(),
        password: Secret::new(PASSWORD.to_owned()),
        employee: format!("Сотрудник {login}"),
        role,
        organization: organization.map(|one| NewOrganization { oid: one.oid.clone(), name: Some(one.name.clone()) }),
        change_password: Some(false),
    }
}

/// A register's configuration over a gateway, with everything that it names written into a folder.
fn configured(folder: &Path, gateway: &prikrep_simulator::Running) -> Config {
    let password_file = folder.join("upstream.password");
    write_private(&password_file, DEFAULT_PASSWORD);
    let directory_file = folder.join("directory.json");
    let directory = gateway.read(|gateway| {
        let of = |oid: &Oid| serde_json::to_value(gateway.directory_of(oid).unwrap()).unwrap();
        gateway.organizations().map(|one| (one.oid.to_string(), of(&one.oid))).collect::<serde_json::Map<_, _>>()
    });
    write_private(&directory_file, &serde_json::Value::Object(directory).to_string());
    Config {
        data_dir: folder.join("data"),
        listen: ([127, 0, 0, 1], 0).into(),
        timezone: ZONE,
        upstream: Some(UpstreamConfig {
            url: gateway.url(),
            login: DEFAULT_LOGIN.to_owned(),
            password_file,
            pull_at: PullAt::default(),
            ca_file: None,
            client_certificate_file: None,
        }),
        directory: DirectoryConfig { file: Some(directory_file) },
        ..Config::default()
    }
}

/// Writes a file that only its owner reads.
pub(crate) fn write_private(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}
