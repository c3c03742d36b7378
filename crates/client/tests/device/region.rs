//! A gateway and a register that can be stopped and started again at the same address.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::Utc;
use prikrep_domain::{AnswerDraft, AnswerId, Application, ApplicationId, Oid, Organization, Role, Standing};
use prikrep_server::{
    ClientCertificates, Config, DirectoryConfig, JournalSearch, Login, NewAccount, NewOrganization, Order, Outcome,
    PullAt, Secret, Server, TlsConfig, UpstreamConfig,
};
use prikrep_simulator::{AppliedAnswer, DEFAULT_LOGIN, DEFAULT_PASSWORD, Options, Scale, Simulator};
use prikrep_testkit::{Authority, PASSWORD, ZONE};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpSocket;
use tokio::runtime::Runtime;

const APPLICATIONS: u64 = 300;
const SEED: u64 = 11;

/// A region with one registrar's account for each name.
pub struct Region {
    runtime: Runtime,
    gateway: Option<prikrep_simulator::Running>,
    register: Option<prikrep_server::Running>,
    config: Config,
    organization: Organization,
    folder: TempDir,
    /// Holds the port while the register is stopped: nobody listens there, and nobody else gets it.
    _port: TcpSocket,
}

impl Region {
    /// Starts a region whose register has pulled everything, with registrars of one organization.
    pub fn start(logins: &[&str]) -> Self {
        Self::start_with(logins, |_| {})
    }

    /// The same with another configuration of the register.
    pub fn start_with(logins: &[&str], change: impl FnOnce(&mut Config)) -> Self {
        let folder = TempDir::with_prefix("prikrep-test-").unwrap();
        Self::on(folder, (Ipv4Addr::LOCALHOST, 0).into(), APPLICATIONS, change).opened_for(logins)
    }

    /// A region whose register does not run yet: on the data in a folder, at an address.
    pub fn on(folder: TempDir, address: SocketAddr, applications: u64, change: impl FnOnce(&mut Config)) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (gateway, port) = runtime.block_on(async {
            let scale = Scale { applications, organizations: 3, seed: SEED, start: prikrep_testkit::start() };
            (Simulator::start(Options::of(scale)).await.unwrap(), held_port(address))
        });
        let mut config = configured(folder.path(), &gateway, port.local_addr().unwrap());
        change(&mut config);
        let organization = gateway.read(|gateway| gateway.organizations().next().cloned().unwrap());
        Self { runtime, gateway: Some(gateway), register: None, config, organization, folder, _port: port }
    }

    /// Starts the register for the first time, lets it pull everything and makes the accounts.
    pub fn opened_for(mut self, logins: &[&str]) -> Self {
        self.start_register();
        self.runtime.block_on(self.register().pull_now()).unwrap();
        for login in logins {
            self.add_registrar(login);
        }
        self
    }

    /// The folder of everything that the register has.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The register's address.
    pub fn url(&self) -> String {
        let scheme = if self.config.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.config.listen)
    }

    /// The socket behind it.
    pub fn address(&self) -> SocketAddr {
        self.config.listen
    }

    /// Where things of the test beside the devices run.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Starts the register that was stopped, with the data that it had.
    pub fn start_register(&mut self) {
        assert!(self.register.is_none(), "it runs already");
        self.register = Some(self.runtime.block_on(Server::start(self.config.clone())).unwrap());
    }

    /// Stops the register: its address refuses connections from now on.
    pub fn stop_register(&mut self) {
        self.runtime.block_on(self.register.take().unwrap().stop());
    }

    /// Stops the gateway for good.
    pub fn stop_gateway(&mut self) {
        self.runtime.block_on(self.gateway.take().unwrap().stop());
    }

    /// Gives an account another password.
    pub fn set_password(&self, login: &str, password: &str) {
        self.give_password(login, password, false);
    }

    /// The same, and whether the person must change it first of all.
    pub fn give_password(&self, login: &str, password: &str, change: bool) {
        let change = Some(change);
        let (login, password) = (Login::parse(login).unwrap(), Secret::new(password.to_owned()));
        let order = Order::SetPassword { login, password, change };
        self.register().register().carry_out(order, "root", None, Utc::now()).unwrap();
    }

    /// The register's journal, the newest first, read as on a later page: looking does not add to it.
    pub fn journal(&self) -> Vec<prikrep_domain::Numbered> {
        let (before, limit) = (Some("1000000".to_owned()), Some("500".to_owned()));
        let order = Order::ReadJournal(JournalSearch { before, limit, ..JournalSearch::default() });
        match self.register().register().carry_out(order, "root", None, Utc::now()).unwrap() {
            Outcome::Journal(page) => page.items,
            _ => panic!("another outcome"),
        }
    }

    /// Lets new applications arrive at the gateway; returns those of the registrars' organization.
    pub fn arrive(&self, count: u64) -> Vec<Standing> {
        let gateway = self.gateway.as_ref().unwrap();
        let arrived = gateway.arrive(count);
        let standings = arrived.into_iter().map(|id| gateway.read(|gateway| gateway.standing(id).unwrap()));
        standings.filter(|standing| self.is_ours(&standing.application)).collect()
    }

    /// The answers that have taken effect at the gateway.
    pub fn applied_answers(&self) -> Vec<AppliedAnswer> {
        self.gateway.as_ref().unwrap().read(|gateway| gateway.applied_answers().to_vec())
    }

    /// From now on the gateway takes no answer.
    pub fn hold_answers(&self) {
        let rules = json!({"rules": [{"fault": "status", "status": 500, "on": "answers"}]});
        self.gateway.as_ref().unwrap().set_faults(serde_json::from_value(rules).unwrap()).unwrap();
    }

    /// Answers an application at the gateway, past the register.
    pub fn answer_elsewhere(&self, id: ApplicationId, draft: &AnswerDraft) {
        let gateway = self.gateway.as_ref().unwrap();
        gateway.change(|gateway| gateway.answer(id, AnswerId::generate(), draft, Utc::now()).unwrap());
    }

    fn is_ours(&self, application: &Application) -> bool {
        application.organization.oid == self.organization.oid
    }

    pub fn register(&self) -> &prikrep_server::Running {
        self.register.as_ref().expect("the register runs")
    }

    /// Makes an account of an auditor of the whole region.
    pub fn add_auditor(&self, login: &str) {
        let account = NewAccount {
            login: Login::parse(login).unwrap(),
            password: Secret::new(PASSWORD.to_owned()),
            employee: employee(login),
            role: Role::Auditor,
            organization: None,
            change_password: Some(false),
        };
        let register = Arc::clone(self.register().register());
        register.add_user(account, Utc::now()).unwrap();
    }

    fn add_registrar(&self, login: &str) {
        let organization = &self.organization;
        let account = NewAccount {
            login: Login::parse(login).unwrap(),
            password: Secret::new(PASSWORD.to_owned()),
            employee: employee(login),
            role: Role::Registrar,
            organization: Some(NewOrganization {
                oid: organization.oid.clone(),
                name: Some(organization.name.clone()),
            }),
            change_password: Some(false),
        };
        Arc::clone(self.register().register()).add_user(account, Utc::now()).unwrap();
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        let (register, gateway) = (self.register.take(), self.gateway.take());
        self.runtime.block_on(async {
            if let Some(register) = register {
                register.stop().await;
            }
            if let Some(gateway) = gateway {
                gateway.stop().await;
            }
        });
    }
}

/// The full name that the register knows of a login.
pub fn employee(login: &str) -> String {
    format!("Сотрудник {login}")
}

/// A free port that is held: whoever knows it may listen on it, and nobody else gets it meanwhile.
pub fn free_port() -> TcpSocket {
    held_port((Ipv4Addr::LOCALHOST, 0).into())
}

fn held_port(address: SocketAddr) -> TcpSocket {
    let port = TcpSocket::new_v4().unwrap();
    port.set_reuseaddr(true).unwrap();
    port.bind(address).unwrap();
    port
}

/// A certificate for a register, in the folder of its data. Returns the file of those who are to trust it.
pub fn secure(config: &mut Config, authority: &Authority) -> PathBuf {
    let folder = config.data_dir.parent().unwrap().to_owned();
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        write_private(&path, text);
        path
    };
    let issued = authority.issue("127.0.0.1", 2020..2100);
    config.tls = Some(TlsConfig {
        certificate_file: file("certificate.pem", &issued.certificate),
        key_file: file("key.pem", &issued.key),
        client_ca_file: None,
        client_certificates: ClientCertificates::All,
    });
    file("region.pem", authority.pem())
}

fn configured(folder: &Path, gateway: &prikrep_simulator::Running, listen: SocketAddr) -> Config {
    let password_file = folder.join("upstream.password");
    write_private(&password_file, DEFAULT_PASSWORD);
    let directory_file = folder.join("directory.json");
    let directory = gateway.read(|gateway| {
        let of = |oid: &Oid| serde_json::to_value(gateway.directory_of(oid).unwrap()).unwrap();
        gateway.organizations().map(|one| (one.oid.to_string(), of(&one.oid))).collect::<serde_json::Map<_, _>>()
    });
    write_private(&directory_file, &serde_json::Value::Object(directory).to_string());
    Config {
        data_dir: folder.join("register"),
        listen,
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
    }
}

fn write_private(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}
