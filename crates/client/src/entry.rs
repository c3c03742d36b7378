//! Entering: the password is proved to the server, or without a connection to the local profile; then the
//! local store is opened.
//!
//! Invariant: a server that refuses a password is believed: the local profile does not open with it then.

use std::sync::Arc;

use chrono::Utc;
use chrono_tz::Tz;
use prikrep_daemon::{
    HttpOptions, HttpOptionsError, HttpUpstream, PasswordSource, Secret, Timeouts, Upstream, UpstreamError,
};
use prikrep_domain::{Action, PasswordChange, Session};
use prikrep_store::{Options, SledStore, StoreError};
use prikrep_ui::{Credentials, NewPassword, Passphrase, SignInField, SignInTrouble};
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

use crate::durable;
use crate::folders::Folders;
use crate::vault::{KeeperError, KeptBy, Opened, SecretKeeper, Vault, VaultError};

/// The name of the store's folder within its profile's.
const STORE: &str = "store";
/// Of the region's certificates.
const MOST_CA_BYTES: u64 = 1 << 20;

/// An open door: what a workplace is started with.
pub(crate) struct Entered {
    pub(crate) store: Arc<SledStore>,
    pub(crate) upstream: HttpUpstream,
    pub(crate) session: Session,
    pub(crate) vault: Vault,
    pub(crate) credentials: Credentials,
    /// By the local profile alone: the register does not know of it.
    pub(crate) is_offline: bool,
}

/// What somebody enters.
pub(crate) enum Entry {
    Work(Box<Entered>),
    /// An auditor keeps nothing here: there is nothing local to open.
    Audit(Box<(HttpUpstream, Session)>),
}

fn reads_nothing() -> NotEntered {
    NotEntered::of(Some(SignInField::Login), prikrep_ui::t!("entry-reads-nothing").into_owned())
}

/// Why the door stays shut.
#[derive(Clone, Debug)]
pub(crate) struct NotEntered {
    pub(crate) trouble: SignInTrouble,
    /// Whether a passphrase is needed, where that is known now.
    pub(crate) passphrase: Option<Passphrase>,
    /// The local data may be set aside.
    pub(crate) offers_afresh: bool,
    /// Whether another password must take the place of the one that was given, or has.
    pub(crate) new_password: NewPassword,
}

impl NotEntered {
    fn of(field: Option<SignInField>, words: impl Into<String>) -> Self {
        let trouble = SignInTrouble { field, words: words.into() };
        Self { trouble, passphrase: None, offers_afresh: false, new_password: NewPassword::NotNeeded }
    }

    fn before_the_change(field: Option<SignInField>, words: impl Into<String>) -> Self {
        Self { new_password: NewPassword::Asked, ..Self::of(field, words) }
    }
}

/// Where profiles lie, and who keeps their keys.
#[derive(Clone)]
pub(crate) struct Profiles {
    pub(crate) folders: Folders,
    pub(crate) keeper: Arc<dyn SecretKeeper>,
    /// The file of the region's certificates; empty when there is none.
    pub(crate) ca_file: String,
}

impl Profiles {
    /// The profile of a server and a login.
    pub(crate) fn vault_of(&self, server: &str, login: &str) -> Vault {
        Vault::with_keeper(&self.folders.profile(server, login), server, login, Arc::clone(&self.keeper))
    }
}

/// Whether a profile's local data needs a passphrase. Reads the disk.
pub(crate) fn passphrase_of(vault: &Vault) -> Passphrase {
    match vault.keeper() {
        Ok(Some(KeptBy::Passphrase)) => Passphrase::Enter,
        Ok(Some(KeptBy::Keyring) | None) | Err(_) => Passphrase::NotNeeded,
    }
}

/// Enters.
///
/// # Errors
/// [`NotEntered`] in words for the person.
pub(crate) async fn enter(mut credentials: Credentials, profiles: &Profiles, zone: Tz) -> Result<Entry, NotEntered> {
    let trusted = trusted(&profiles.ca_file).await?;
    let upstream = client(&credentials, trusted.clone())?;
    let vault = profiles.vault_of(&credentials.server, &credentials.login);
    let proof = prove(&upstream, &vault).await?;
    if !matches!(&proof, Proof::Online(session) if session.password_change_required) {
        return open(credentials, upstream, vault, proof, profiles, zone).await;
    }
    credentials.password = change_password(&upstream, &mut credentials).await?;
    let entering = async {
        let upstream = client(&credentials, trusted)?;
        let proof = prove(&upstream, &vault).await?;
        open(credentials, upstream, vault, proof, profiles, zone).await
    };
    entering.await.map_err(|why| NotEntered { new_password: NewPassword::Taken, ..why })
}

/// Opens the door to whoever has proved the password.
async fn open(
    credentials: Credentials,
    upstream: HttpUpstream,
    vault: Vault,
    proof: Proof,
    profiles: &Profiles,
    zone: Tz,
) -> Result<Entry, NotEntered> {
    if let Proof::Online(session) = &proof
        && !session.role.reads_applications()
    {
        let session = session.clone();
        return if session.role.may(Action::ReadJournal) {
            Ok(Entry::Audit(Box::new((upstream, session))))
        } else {
            Err(reads_nothing())
        };
    }
    let is_offline = matches!(proof, Proof::Offline);
    let folder = profiles.folders.profile(&credentials.server, &credentials.login);
    let opening = {
        let (vault, credentials) = (vault.clone(), credentials.clone());
        spawn_blocking(move || {
            let opened = open_profile(&vault, &credentials, proof)?;
            let options = Options { key: opened.key, zone, now: Utc::now(), scrub: true };
            let store = SledStore::open(&folder.join(STORE), options).map_err(|error| store_trouble(&error))?;
            Ok((Arc::new(store), opened.session))
        })
    };
    let (store, session) =
        opening.await.map_err(|_| NotEntered::of(None, prikrep_ui::t!("entry-internal").into_owned()))??;
    if !session.role.reads_applications() {
        return Err(reads_nothing());
    }
    Ok(Entry::Work(Box::new(Entered { store, upstream, session, vault, is_offline, credentials })))
}

/// The region's certificates, as they are now.
async fn trusted(file: &str) -> Result<Option<Vec<u8>>, NotEntered> {
    if file.is_empty() {
        return Ok(None);
    }
    let path = std::path::PathBuf::from(file);
    let read = spawn_blocking(move || durable::read(&path, MOST_CA_BYTES)).await;
    let read = read.unwrap_or_else(|_| Err(std::io::Error::other("сбой при чтении")));
    match read.and_then(|found| found.ok_or_else(|| std::io::ErrorKind::NotFound.into())) {
        Ok(pem) => Ok(Some(pem)),
        Err(error) => {
            let words = prikrep_ui::t!("entry-ca-file", path = file, why = error.to_string());
            Err(NotEntered::of(Some(SignInField::Server), words))
        }
    }
}

fn client(credentials: &Credentials, trusted_pem: Option<Vec<u8>>) -> Result<HttpUpstream, NotEntered> {
    let password = Secret::new(credentials.password.to_string());
    let options = HttpOptions {
        url: credentials.server.clone(),
        login: credentials.login.clone(),
        password: PasswordSource::fixed(password),
        trusted_pem,
        identity_pem: None,
        timeouts: Timeouts::default(),
    };
    HttpUpstream::new(options).map_err(|error| {
        let field = matches!(error, HttpOptionsError::Url { .. }).then_some(SignInField::Server);
        NotEntered::of(field, error.to_string())
    })
}

/// How the password was proved.
enum Proof {
    /// The server has accepted it.
    Online(Session),
    /// The server cannot be reached: the profile is to prove it.
    Offline,
}

async fn prove(upstream: &HttpUpstream, vault: &Vault) -> Result<Proof, NotEntered> {
    match upstream.sign_in().await {
        Ok(session) => Ok(Proof::Online(session)),
        Err(error) => {
            let is_away = error.is_network() || is_server_down(&error);
            if is_away && exists(vault).await { Ok(Proof::Offline) } else { Err(refused(&error)) }
        }
    }
}

/// Has the new password take the place of the one that was just proved, and returns it. The session ends: the next
/// one is of the new password.
async fn change_password(
    upstream: &HttpUpstream,
    credentials: &mut Credentials,
) -> Result<Zeroizing<String>, NotEntered> {
    let Some(new) = credentials.new_password.take() else {
        return Err(NotEntered::before_the_change(None, prikrep_ui::t!("entry-change-password")));
    };
    let change = PasswordChange { current: credentials.password.to_string(), new: new.to_string() };
    let changed = upstream.change_password(&change).await;
    // Nobody needs it any more; when it cannot be ended it ends by itself.
    let _ = upstream.sign_out().await;
    changed.map_err(|error| not_changed(&error))?;
    Ok(new)
}

fn not_changed(error: &UpstreamError) -> NotEntered {
    let problem = error.response().and_then(|response| response.problem.as_ref());
    match problem.and_then(|problem| problem.errors.first()) {
        Some(named) => {
            let field = if named.field == "new" { SignInField::NewPassword } else { SignInField::Password };
            NotEntered::before_the_change(Some(field), named.message.as_str())
        }
        None => NotEntered::before_the_change(None, error.words()),
    }
}

async fn exists(vault: &Vault) -> bool {
    let vault = vault.clone();
    spawn_blocking(move || vault.exists()).await.unwrap_or(false)
}

fn is_server_down(error: &UpstreamError) -> bool {
    error.response().is_some_and(|response| response.status >= 500)
}

fn refused(error: &UpstreamError) -> NotEntered {
    let field = match error {
        UpstreamError::Response(response) if matches!(response.status, 401 | 403) => Some(SignInField::Password),
        UpstreamError::Network { .. } => Some(SignInField::Server),
        UpstreamError::Response(_)
        | UpstreamError::SignedOut
        | UpstreamError::SignIn(_)
        | UpstreamError::NoPassword(_)
        | UpstreamError::TooLarge(_)
        | UpstreamError::TooSlow
        | UpstreamError::Unintelligible(_) => None,
    };
    let words = error.words();
    let is_away = matches!(error, UpstreamError::Network { fault, .. } if !fault.is_of_trust());
    NotEntered::of(field, if is_away { prikrep_ui::t!("entry-no-link", why = words).into_owned() } else { words })
}

fn open_profile(vault: &Vault, credentials: &Credentials, proof: Proof) -> Result<Opened, NotEntered> {
    let passphrase = credentials.passphrase.as_ref().map(|passphrase| passphrase.as_str());
    let opened = match proof {
        Proof::Offline => vault.unlock_offline(&credentials.password, passphrase),
        Proof::Online(session) => {
            if credentials.afresh && vault.exists() {
                vault.set_aside(Utc::now()).map_err(|error| vault_trouble(vault, &error))?;
            }
            if vault.exists() {
                vault.unlock_online(&credentials.password, passphrase, &session)
            } else {
                vault.create(&credentials.password, passphrase, &session)
            }
        }
    };
    opened.map_err(|error| vault_trouble(vault, &error))
}

fn vault_trouble(vault: &Vault, error: &VaultError) -> NotEntered {
    let is_new = !vault.exists();
    let (field, passphrase) = match error {
        VaultError::WrongPassword => (Some(SignInField::Password), None),
        VaultError::PassphraseNeeded | VaultError::WrongPassphrase => {
            (Some(SignInField::Passphrase), Some(Passphrase::Enter))
        }
        VaultError::ShortPassphrase { .. } => (Some(SignInField::Passphrase), Some(Passphrase::Choose)),
        VaultError::Keyring(_) if is_new => (Some(SignInField::Passphrase), Some(Passphrase::Choose)),
        VaultError::Keyring(_)
        | VaultError::NoProfile
        | VaultError::Exists
        | VaultError::KeyGone
        | VaultError::Damaged { .. }
        | VaultError::TooNew { .. }
        | VaultError::File { .. }
        | VaultError::Cipher(_) => (None, None),
    };
    let offers_afresh = matches!(error, VaultError::KeyGone | VaultError::Damaged { .. });
    // Nothing is wrong on a system without a keyring: the next step is said, not a fault.
    let is_absent = is_new && matches!(error, VaultError::Keyring(KeeperError::Absent(_)));
    let words = if is_absent { prikrep_ui::t!("entry-choose-passphrase").into_owned() } else { error.to_string() };
    NotEntered { passphrase, offers_afresh, ..NotEntered::of(field, words) }
}

fn store_trouble(error: &StoreError) -> NotEntered {
    let is_open_elsewhere = matches!(error, StoreError::Locked { .. });
    let words = if is_open_elsewhere { prikrep_ui::t!("entry-open-elsewhere").into_owned() } else { error.to_string() };
    NotEntered::of(None, words)
}
