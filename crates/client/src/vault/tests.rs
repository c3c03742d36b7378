//! A vault over a keyring in memory and over a passphrase: made, opened, refused, damaged, wiped.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use prikrep_domain::{Oid, Organization, Role, Session};
use prikrep_store::{Options, SledStore, StoreError};
use tempfile::TempDir;

use super::*;

const SERVER: &str = "https://register.example";
const LOGIN: &str = "olga";
const PASSWORD: &str = "пароль Ольги 1";
const PASSPHRASE: &str = "восемь знаков и больше";

struct Place {
    folder: TempDir,
    keyring: Arc<MemoryKeyring>,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), keyring: Arc::default() }
    }

    fn profile(&self) -> PathBuf {
        self.folder.path().join("profiles").join(profile_name(SERVER, LOGIN))
    }

    fn file(&self) -> PathBuf {
        self.profile().join("profile.json")
    }

    fn vault(&self) -> Vault {
        Vault::with_keeper(&self.profile(), SERVER, LOGIN, Arc::clone(&self.keyring) as Arc<dyn SecretKeeper>)
    }

    /// Changes the text of the profile's file.
    fn change(&self, change: impl FnOnce(String) -> String) {
        let text = fs::read_to_string(self.file()).unwrap();
        fs::write(self.file(), change(text)).unwrap();
    }
}

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
}

fn session(employee: &str) -> Session {
    Session {
        token: Some("token-of-the-session".into()),
        expires_at: at("2026-03-20T12:00:00Z"),
        employee: employee.into(),
        role: Role::Registrar,
        organization: Some(Organization {
            oid: Oid::parse("1.2.643.5.1").unwrap(), name: "Больница № 1".into()
        }),
        password_change_required: false,
    }
}

fn olga() -> Session {
    session("Сидорова Ольга Ивановна")
}

/// Whether both open the same store.
fn same(a: &Key, b: &Key) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let open = |key: &Key| SledStore::open(folder.path(), options(key)).map(drop);
    open(a).unwrap();
    match open(b) {
        Ok(()) => true,
        Err(StoreError::Key(_)) => false,
        Err(other) => panic!("{other}"),
    }
}

fn options(key: &Key) -> Options {
    Options { key: key.clone(), zone: chrono_tz::Asia::Barnaul, now: at("2026-03-20T05:00:00Z"), scrub: false }
}

/// What a person reads: it must be in Russian.
fn words(error: &VaultError) -> String {
    let words = error.to_string();
    assert!(words.starts_with(|first: char| ('А'..='Я').contains(&first)), "{words}");
    words
}

#[test]
fn a_profile_in_the_keyring_opens_with_the_password_alone() {
    let place = Place::new();
    let vault = place.vault();
    assert!(!vault.exists());
    assert_eq!(vault.keeper().unwrap(), None);
    assert!(matches!(vault.unlock_offline(PASSWORD, None), Err(VaultError::NoProfile)));
    let made = vault.create(PASSWORD, None, &olga()).unwrap();
    assert_eq!(made.session, olga());
    assert!(vault.exists());
    assert_eq!((vault.keeper().unwrap(), place.keyring.count()), (Some(KeptBy::Keyring), 1));

    let unlocked = place.vault().unlock_offline(PASSWORD, None).unwrap();
    assert_eq!(unlocked.session, Session { token: None, ..olga() });
    assert!(same(&made.key, &unlocked.key));
    vault.check_password(PASSWORD).unwrap();
    for wrong in ["", "пароль Ольги 2"] {
        assert!(matches!(vault.check_password(wrong), Err(VaultError::WrongPassword)));
        let error = vault.unlock_offline(wrong, None).unwrap_err();
        assert!(words(&error).contains("Неверный пароль"));
    }
    assert!(matches!(vault.create(PASSWORD, None, &olga()), Err(VaultError::Exists)));
}

#[test]
fn a_profile_under_a_passphrase_needs_both_words() {
    let place = Place::new();
    place.keyring.set(Condition::Absent);
    let vault = place.vault();
    let no_keyring = vault.create(PASSWORD, None, &olga()).unwrap_err();
    assert!(matches!(no_keyring, VaultError::Keyring(KeeperError::Absent(_))));
    assert!(words(&no_keyring).contains("парольную фразу"));
    assert!(!vault.exists());
    let short = vault.create(PASSWORD, Some("семь зн"), &olga()).unwrap_err();
    assert_eq!(words(&short), "В парольной фразе должно быть не меньше 8 знаков, а здесь 7");

    let made = vault.create(PASSWORD, Some(PASSPHRASE), &olga()).unwrap();
    assert_eq!(vault.keeper().unwrap(), Some(KeptBy::Passphrase));
    let unlocked = vault.unlock_offline(PASSWORD, Some(PASSPHRASE)).unwrap();
    assert!(same(&made.key, &unlocked.key));
    assert_eq!(unlocked.session.employee, olga().employee);
    let refused = |password, passphrase| vault.unlock_offline(password, passphrase).unwrap_err();
    assert!(matches!(refused(PASSWORD, None), VaultError::PassphraseNeeded));
    assert!(matches!(refused(PASSWORD, Some("другая парольная фраза")), VaultError::WrongPassphrase));
    assert!(matches!(refused("другой", Some(PASSPHRASE)), VaultError::WrongPassword));
    assert!(matches!(vault.unlock_online(PASSWORD, None, &olga()), Err(VaultError::PassphraseNeeded)));
    vault.unlock_online(PASSWORD, Some(PASSPHRASE), &olga()).unwrap();
    vault.check_password(PASSWORD).unwrap();
}

#[test]
fn what_the_server_said_last_is_what_opens_offline() {
    let place = Place::new();
    let vault = place.vault();
    let made = vault.create(PASSWORD, None, &olga()).unwrap();
    let written = fs::read(place.file()).unwrap();
    vault.unlock_online(PASSWORD, None, &Session { token: Some("another".into()), ..olga() }).unwrap();
    assert_eq!(fs::read(place.file()).unwrap(), written, "nothing but the token has changed");

    let other = session("Сидорова-Иванова Ольга Ивановна");
    let online = vault.unlock_online("новый пароль 2", None, &other).unwrap();
    assert_eq!(online.session, other);
    assert!(same(&made.key, &online.key));
    assert!(matches!(vault.unlock_offline(PASSWORD, None), Err(VaultError::WrongPassword)));
    let offline = vault.unlock_offline("новый пароль 2", None).unwrap();
    assert_eq!(offline.session, Session { token: None, ..other });
    assert!(same(&made.key, &offline.key));
}

#[test]
fn nothing_of_the_person_can_be_read_in_the_file_or_in_a_name() {
    let place = Place::new();
    let vault = place.vault();
    let made = vault.create(PASSWORD, Some(PASSPHRASE), &olga()).unwrap();
    let text = fs::read_to_string(place.file()).unwrap();
    for secret in ["Сидорова", "Больница", "registrar", "token-of-the-session", PASSWORD, PASSPHRASE, LOGIN, "register"]
    {
        assert!(!text.contains(secret), "{secret}: {text}");
        assert!(!place.profile().to_str().unwrap().contains(secret), "{secret}");
        assert!(!format!("{made:?} {vault:?}").contains("Сидорова"));
    }
    let twice = Place::new();
    twice.vault().create(PASSWORD, Some(PASSPHRASE), &olga()).unwrap();
    assert_ne!(fs::read_to_string(twice.file()).unwrap(), text, "salts and nonces are fresh");
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_profile() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.vault().create(PASSWORD, None, &olga()).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&place.file()), mode(&place.profile())), (0o600, 0o700));
}

#[test]
fn a_keyring_that_is_locked_or_gone_is_told_apart() {
    let place = Place::new();
    let vault = place.vault();
    vault.create(PASSWORD, None, &olga()).unwrap();
    place.keyring.set(Condition::Denied);
    let denied = vault.unlock_offline(PASSWORD, None).unwrap_err();
    assert!(matches!(denied, VaultError::Keyring(KeeperError::Denied(_))));
    assert!(words(&denied).contains("разблокируйте"));
    place.keyring.set(Condition::Absent);
    let absent = vault.unlock_online(PASSWORD, None, &olga()).unwrap_err();
    assert!(matches!(absent, VaultError::Keyring(KeeperError::Absent(_))));
    vault.check_password(PASSWORD).unwrap();
    place.keyring.set(Condition::Open);
    vault.unlock_offline(PASSWORD, None).unwrap();
}

#[test]
fn a_lost_key_is_told_and_the_old_folder_is_set_aside() {
    let place = Place::new();
    let vault = place.vault();
    let old = vault.create(PASSWORD, None, &olga()).unwrap();
    SledStore::open(&place.profile().join("store"), options(&old.key)).unwrap();
    place.keyring.remove(&profile_name(SERVER, LOGIN)).unwrap();
    for gone in [vault.unlock_offline(PASSWORD, None), vault.unlock_online(PASSWORD, None, &olga())] {
        let gone = gone.unwrap_err();
        assert!(matches!(gone, VaultError::KeyGone));
        assert!(words(&gone).contains("отложена, не удалена"));
    }
    // Something that is no key is no key either.
    place.keyring.write(&profile_name(SERVER, LOGIN), b"short").unwrap();
    assert!(matches!(vault.unlock_offline(PASSWORD, None), Err(VaultError::KeyGone)));

    let aside = vault.set_aside(at("2026-03-20T05:00:00Z")).unwrap();
    assert!(aside.join("store").exists() && aside.join("profile.json").exists());
    assert!(!vault.exists());
    let new = vault.create(PASSWORD, None, &olga()).unwrap();
    assert!(!same(&old.key, &new.key));
    SledStore::open(&place.profile().join("store"), options(&new.key)).unwrap();
}

#[test]
fn a_store_that_lost_its_profile_keeps_its_key() {
    let place = Place::new();
    let vault = place.vault();
    let old = vault.create(PASSWORD, None, &olga()).unwrap();
    fs::create_dir(place.profile().join("store")).unwrap();
    fs::remove_file(place.file()).unwrap();
    let again = vault.create(PASSWORD, None, &olga()).unwrap();
    assert!(same(&old.key, &again.key));

    fs::remove_file(place.file()).unwrap();
    place.keyring.remove(&profile_name(SERVER, LOGIN)).unwrap();
    assert!(matches!(vault.create(PASSWORD, None, &olga()), Err(VaultError::KeyGone)));
    assert!(matches!(vault.create(PASSWORD, Some(PASSPHRASE), &olga()), Err(VaultError::KeyGone)));
    assert_eq!(place.keyring.count(), 0, "no other key takes its place");
}

#[test]
fn a_damaged_profile_is_told_and_written_anew_when_the_keyring_has_the_key() {
    let place = Place::new();
    let vault = place.vault();
    let made = vault.create(PASSWORD, None, &olga()).unwrap();
    let whole = fs::read(place.file()).unwrap();
    for damage in [&whole[..whole.len() / 2], b"", b"[]", b"{\"version\": 1}", &vec![b' '; 100_000]] {
        fs::write(place.file(), damage).unwrap();
        let error = vault.unlock_offline(PASSWORD, None).unwrap_err();
        assert!(matches!(error, VaultError::Damaged { .. }), "{error}");
        assert!(words(&error).contains("повреждён"));
        assert!(vault.keeper().is_err() && vault.check_password(PASSWORD).is_err() && vault.exists());
        let repaired = vault.unlock_online(PASSWORD, None, &olga()).unwrap();
        assert!(same(&made.key, &repaired.key));
        vault.unlock_offline(PASSWORD, None).unwrap();
    }
    assert!(place.profile().join("profile.json.damaged-5").exists());
}

#[test]
fn a_damaged_profile_under_a_passphrase_stays_where_it_is() {
    let place = Place::new();
    let vault = place.vault();
    vault.create(PASSWORD, Some(PASSPHRASE), &olga()).unwrap();
    place.change(|text| text.replace("wrapped", "warped"));
    let damaged = fs::read(place.file()).unwrap();
    let error = vault.unlock_online(PASSWORD, Some(PASSPHRASE), &olga()).unwrap_err();
    assert!(matches!(error, VaultError::Damaged { .. }), "{error}");
    assert_eq!(fs::read(place.file()).unwrap(), damaged);
}

#[test]
fn another_hash_in_the_file_opens_nothing() {
    let place = Place::new();
    let vault = place.vault();
    vault.create(PASSWORD, None, &olga()).unwrap();
    let field = |text: &str| text.split('"').find(|part| part.starts_with("$argon2id")).unwrap().to_owned();
    let stranger = Place::new();
    stranger.vault().create("чужой пароль", None, &olga()).unwrap();
    let strange = field(&fs::read_to_string(stranger.file()).unwrap());
    place.change(|text| text.replace(&field(&text), &strange));
    let error = vault.unlock_offline("чужой пароль", None).unwrap_err();
    assert!(matches!(error, VaultError::Damaged { .. }), "{error}");

    let greedy = strange.replace("m=19456", "m=4000000");
    place.change(|text| text.replace(&strange, &greedy));
    assert!(matches!(vault.check_password("чужой пароль"), Err(VaultError::Damaged { .. })));
    vault.unlock_online(PASSWORD, None, &olga()).unwrap();
    vault.unlock_offline(PASSWORD, None).unwrap();
}

#[test]
fn a_newer_profile_is_refused_and_left_alone() {
    let place = Place::new();
    let vault = place.vault();
    vault.create(PASSWORD, None, &olga()).unwrap();
    fs::write(place.file(), "{\"version\": 2, \"other\": []}").unwrap();
    for error in [vault.unlock_offline(PASSWORD, None), vault.unlock_online(PASSWORD, None, &olga())] {
        let error = error.unwrap_err();
        assert!(matches!(error, VaultError::TooNew { found: 2, known: 1 }), "{error}");
        assert!(words(&error).contains("установите новую версию"));
    }
}

#[test]
fn a_wipe_leaves_neither_key_nor_folder() {
    let place = Place::new();
    let vault = place.vault();
    vault.wipe().unwrap();
    vault.create(PASSWORD, None, &olga()).unwrap();
    fs::create_dir(place.profile().join("store")).unwrap();
    vault.wipe().unwrap();
    assert!(!place.profile().exists() && !vault.exists());
    assert_eq!(place.keyring.count(), 0);

    vault.create(PASSWORD, Some(PASSPHRASE), &olga()).unwrap();
    place.keyring.set(Condition::Absent);
    vault.wipe().unwrap();
    assert!(!place.profile().exists());

    place.keyring.set(Condition::Open);
    vault.create(PASSWORD, None, &olga()).unwrap();
    place.keyring.set(Condition::Denied);
    assert!(matches!(vault.wipe(), Err(VaultError::Keyring(KeeperError::Denied(_)))));
    assert!(!place.profile().exists());
}

#[test]
fn two_people_at_one_workstation_do_not_meet() {
    let place = Place::new();
    let keyring = Arc::clone(&place.keyring) as Arc<dyn SecretKeeper>;
    let other = Vault::with_keeper(&place.folder.path().join("other"), SERVER, "anna", keyring);
    let olgas = place.vault().create(PASSWORD, None, &olga()).unwrap();
    let annas = other.create("пароль Анны 1", None, &session("Иванова Анна")).unwrap();
    assert!(!same(&olgas.key, &annas.key));
    assert!(matches!(other.check_password(PASSWORD), Err(VaultError::WrongPassword)));
    other.wipe().unwrap();
    place.vault().unlock_offline(PASSWORD, None).unwrap();
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let place = Place::new();
    fs::write(place.folder.path().join("profiles"), "a file in the way").unwrap();
    let error = place.vault().create(PASSWORD, None, &olga()).unwrap_err();
    assert!(matches!(error, VaultError::File { .. }), "{error}");
    assert!(words(&error).contains("проверьте права"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_system_without_a_keyring_is_known_as_such() {
    crate::private_bus::without_a_bus("vault::tests::inner_without_a_keyring");
    crate::private_bus::on_a_bus("vault::tests::inner_without_a_keyring");
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "runs without a keyring only"]
fn inner_without_a_keyring() {
    let place = Place::new();
    let vault = Vault::open(&place.profile(), SERVER, LOGIN);
    for _ in 0..2 {
        let error = vault.create(PASSWORD, None, &olga()).unwrap_err();
        assert!(matches!(error, VaultError::Keyring(KeeperError::Absent(Some(_)))), "{error:?}");
    }
    vault.create(PASSWORD, Some(PASSPHRASE), &olga()).unwrap();
    vault.unlock_offline(PASSWORD, Some(PASSPHRASE)).unwrap();
    vault.wipe().unwrap();
}
