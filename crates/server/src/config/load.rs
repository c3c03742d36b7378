//! Reading the configuration, and words for everything that may be wrong with it.

use std::fmt;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::error::{Actual, Kind};
use figment::providers::{Env, Format, Toml};

use super::Config;

/// Where the configuration is looked for when no file is named.
#[must_use]
pub fn default_path() -> PathBuf {
    let folder = if cfg!(windows) { program_data() } else { PathBuf::from("/etc/prikrep") };
    folder.join("prikrepd.toml")
}

/// Where the store is when no folder is named.
pub(super) fn default_data_dir() -> PathBuf {
    if cfg!(windows) { program_data().join("data") } else { PathBuf::from("/var/lib/prikrep") }
}

/// On Windows everything that is no program lies in one folder.
fn program_data() -> PathBuf {
    std::env::var_os("ProgramData").map_or_else(|| PathBuf::from(r"C:\ProgramData"), PathBuf::from).join("prikrep")
}

const ENVIRONMENT: &str = "PRIKREP_";
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Everything that is wrong with a configuration, in words.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong and what to do, one by one.
    pub problems: Vec<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "конфигурация {}:", self.path.display())?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
    }
}

impl std::error::Error for ConfigError {}

/// A configuration that may be used, with what an administrator should still know about it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What deserves attention.
    pub warnings: Vec<String>,
}

impl Config {
    /// Reads a file and the environment (`PRIKREP_UPSTREAM__URL` overrides `url` of `[upstream]`) and checks
    /// everything that can be checked without touching the store.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem found.
    pub fn load(path: &Path) -> Result<Loaded, ConfigError> {
        let failed = |problems| ConfigError { path: path.to_owned(), problems };
        let text = read(path).map_err(|problem| failed(vec![problem]))?;
        let base = path.parent().map(Path::to_owned).unwrap_or_default();
        Self::read(&text, &std::path::absolute(&base).unwrap_or(base)).map_err(failed)
    }

    /// Reads the text of a file whose paths are relative to a folder.
    pub(crate) fn read(text: &str, base: &Path) -> Result<Loaded, Vec<String>> {
        let environment = Env::prefixed(ENVIRONMENT).filter(|key| is_ours(key.as_str())).split("__");
        let mut config: Config = Figment::from(Toml::string(text))
            .merge(environment)
            .extract()
            .map_err(|errors| errors.into_iter().map(words).collect::<Vec<_>>())?;
        config.resolve(base);
        let mut problems = config.out_of_range();
        problems.extend(config.refused_plain_http());
        problems.extend(config.upstream.as_ref().and_then(|upstream| upstream.problem()));
        problems.extend(config.directory.file.as_deref().and_then(missing_file("directory.file")));
        problems.extend(config.passwords.common_file.as_deref().and_then(missing_file("passwords.common_file")));
        if problems.is_empty() { Ok(Loaded { warnings: config.warnings(), config }) } else { Err(problems) }
    }

    fn resolve(&mut self, base: &Path) {
        let upstream = self.upstream.iter_mut().flat_map(|upstream| {
            let certificates = upstream.ca_file.iter_mut().chain(upstream.client_certificate_file.iter_mut());
            std::iter::once(&mut upstream.password_file).chain(certificates)
        });
        let tls = self.tls.iter_mut().flat_map(|tls| {
            [&mut tls.certificate_file, &mut tls.key_file].into_iter().chain(tls.client_ca_file.as_mut())
        });
        let files = [&mut self.key_file, &mut self.directory.file, &mut self.passwords.common_file, &mut self.log.dir];
        let optional = files.into_iter().flatten();
        for path in std::iter::once(&mut self.data_dir).chain(upstream).chain(tls).chain(optional) {
            *path = base.join(&*path);
        }
    }

    fn out_of_range(&self) -> Vec<String> {
        let (sessions, limits) = (&self.sessions, &self.limits);
        let whole = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
        let ranges = [
            ("sessions.lifetime_hours", u64::from(sessions.lifetime_hours), 1, 24 * 31),
            // A long poll waits for a minute: a session is not to end under it.
            ("sessions.idle_minutes", u64::from(sessions.idle_minutes), 5, 60 * 24 * 31),
            ("sessions.most", whole(sessions.most), 1, 10_000),
            ("sessions.attempts", u64::from(sessions.attempts), 3, 1_000),
            ("sessions.address_attempts", u64::from(sessions.address_attempts), 3, 100_000),
            ("sessions.lockout_secs", u64::from(sessions.lockout_secs), 1, 86_400),
            ("passwords.min_chars", whole(self.passwords.min_chars), 8, 128),
            ("passwords.max_age_days", u64::from(self.passwords.max_age_days), 0, 3_650),
            ("passwords.history", whole(self.passwords.history), 0, 24),
            ("log.keep_files", whole(self.log.keep_files), 1, 3_650),
            ("limits.body_bytes", whole(limits.body_bytes), 32 << 10, 1 << 20),
            ("limits.reply_bytes", whole(limits.reply_bytes), 32 << 20, 64 << 30),
            ("limits.connections", whole(limits.connections), 8, 100_000),
            ("limits.at_once", whole(limits.at_once), 1, 512),
            ("limits.request_secs", u64::from(limits.request_secs), 1, 600),
            ("limits.long_polls", whole(limits.long_polls), 1, 10_000),
            ("limits.requests_per_sec", u64::from(limits.requests_per_sec), 1, 1_000_000),
            ("limits.burst", u64::from(limits.burst), 1, 1_000_000),
            ("limits.sign_ins_per_min", u64::from(limits.sign_ins_per_min), 1, 1_000_000),
            ("limits.sign_in_burst", u64::from(limits.sign_in_burst), 1, 1_000_000),
        ];
        ranges
            .into_iter()
            .filter(|(_, value, least, most)| !(least..=most).contains(&value))
            .map(|(key, value, least, most)| format!("{key} = {value}: допустимо от {least} до {most}"))
            .collect()
    }

    /// Why it must not be served, when nothing in it says that the network may read along.
    pub(crate) fn refused_plain_http(&self) -> Option<String> {
        (!self.allow_plain_http_beyond_loopback && self.is_open()).then(|| {
            format!(
                "listen = {}: без TLS регистр слушает только 127.0.0.1 или [::1], иначе данные пациентов и пароли пойдут \
                 по сети открытым текстом; задайте раздел [tls], или слушайте 127.0.0.1 за прокси с TLS, или \
                 разрешите это ключом allow_plain_http_beyond_loopback = true",
                self.listen
            )
        })
    }

    /// What is said at every start, and all the time, when it is allowed.
    pub(crate) fn plain_http_beyond_loopback(&self) -> Option<String> {
        self.is_open().then(|| {
            format!(
                "listen = {}: HTTP без TLS виден сети, данные пациентов и пароли идут открытым текстом \
                 (allow_plain_http_beyond_loopback)",
                self.listen
            )
        })
    }

    fn is_open(&self) -> bool {
        self.tls.is_none() && !self.listen.ip().is_loopback()
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings: Vec<String> = strange_variables()
            .map(|name| format!("переменная среды {name} не относится ни к одному ключу: нет ли в ней опечатки"))
            .collect();
        warnings.extend(self.plain_http_beyond_loopback());
        if self.allow_plain_http_beyond_loopback && self.tls.is_some() {
            warnings.push("allow_plain_http_beyond_loopback при разделе [tls] не нужен: уберите его".to_owned());
        }
        let Some(upstream) = &self.upstream else {
            warnings.push("раздела [upstream] нет: заявления загружаться не будут".to_owned());
            return warnings;
        };
        if upstream.is_open() {
            warnings.push("upstream.url: http без шифрования; пароль и данные пойдут открытым текстом".to_owned());
        }
        let secrets = [
            ("upstream.password_file", Some(&upstream.password_file)),
            ("upstream.client_certificate_file", upstream.client_certificate_file.as_ref()),
        ];
        for (key, path) in secrets.into_iter().filter_map(|(key, path)| Some((key, path?))) {
            if others_read(path) {
                let path = path.display();
                warnings.push(format!("{key}: {path} доступен не только владельцу; chmod 600 {path}"));
            }
        }
        warnings
    }
}

impl super::UpstreamConfig {
    fn problem(&self) -> Option<String> {
        let url = match reqwest::Url::parse(&self.url) {
            Ok(url) => url,
            Err(error) => return Some(format!("upstream.url: не адрес ({error})")),
        };
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Some("upstream.url: ожидается http://… или https://…".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Some("upstream.url: логин и пароль задаются ключами login и password_file".to_owned());
        }
        if self.login.is_empty() {
            return Some("upstream.login: пусто".to_owned());
        }
        let own = self.client_certificate_file.as_deref();
        let certificates = self
            .ca_file
            .as_deref()
            .and_then(missing_file("upstream.ca_file"))
            .or_else(|| own.and_then(missing_file("upstream.client_certificate_file")));
        certificates.or_else(|| missing_file("upstream.password_file")(&self.password_file))
    }

    /// Whether the password would travel in the clear, beyond this machine.
    fn is_open(&self) -> bool {
        reqwest::Url::parse(&self.url).is_ok_and(|url| {
            let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
            let near = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
            url.scheme() == "http" && !near
        })
    }
}

/// Other programs of this product have variables with the same prefix.
fn is_ours(variable: &str) -> bool {
    let first = variable.split("__").next().unwrap_or_default();
    Config::KEYS.iter().any(|key| key.eq_ignore_ascii_case(first))
}

/// Variables with our prefix that name no key: mostly they are misspelt.
fn strange_variables() -> impl Iterator<Item = String> {
    let others = ["PRIKREP_CONFIG", "PRIKREP_SIMULATOR_PASSWORD"];
    std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(move |name| !others.contains(&name.as_str()))
        .filter(|name| name.strip_prefix(ENVIRONMENT).is_some_and(|rest| !is_ours(rest)))
}

fn read(path: &Path) -> Result<String, String> {
    let size = match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => metadata.len(),
        Ok(_) => return Err("это не файл".to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err("файла нет: создайте его или назовите другой ключом --config".to_owned());
        }
        Err(error) => return Err(format!("не удалось прочитать: {error}")),
    };
    if size > MAX_FILE_BYTES {
        return Err(format!("файл больше {} КиБ", MAX_FILE_BYTES >> 10));
    }
    std::fs::read_to_string(path).map_err(|error| format!("не удалось прочитать: {error}"))
}

fn missing_file(key: &'static str) -> impl Fn(&Path) -> Option<String> {
    move |path| {
        let error = std::fs::File::open(path).err()?;
        Some(format!("{key}: не удалось открыть {}: {error}", path.display()))
    }
}

#[cfg(unix)]
pub(crate) fn others_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
pub(crate) fn others_read(_: &Path) -> bool {
    false
}

/// One error of the reader in words. Values are not repeated: a secret may have been written by mistake.
fn words(error: figment::Error) -> String {
    let from_environment = error.metadata.as_ref().is_some_and(|metadata| metadata.name.contains("environment"));
    let key = |last: Option<&str>| {
        let path = error.path.iter().map(String::as_str).chain(last).collect::<Vec<_>>();
        if from_environment {
            format!("переменная среды {ENVIRONMENT}{}", path.join("__").to_uppercase())
        } else {
            format!("ключ {}", path.join("."))
        }
    };
    match &error.kind {
        Kind::UnknownField(field, known) => {
            let hint = if field == "min_password_chars" {
                "; теперь это ключ min_chars в разделе [passwords]"
            } else if field.contains("password") {
                "; пароль задаётся файлом: password_file"
            } else {
                ""
            };
            // The path of an unknown key already ends with it.
            let last = if error.path.last() == Some(field) { None } else { Some(field.as_str()) };
            let gender = if from_environment { "неизвестна" } else { "неизвестен" };
            format!("{} {gender}; здесь бывают: {}{hint}", key(last), known.join(", "))
        }
        // Whatever named the section, the key may be given in the file as well.
        Kind::MissingField(field) => {
            let path = error.path.iter().map(String::as_str).chain([field.as_ref()]).collect::<Vec<_>>();
            format!("ключ {} не задан", path.join("."))
        }
        Kind::InvalidType(actual, expected) => {
            format!("{}: ожидается {}, а записано {}", key(None), kind_of(expected), kind_of_actual(actual))
        }
        Kind::InvalidValue(_, expected) => format!("{}: ожидается {}", key(None), kind_of(expected)),
        Kind::ISizeOutOfRange(_) | Kind::USizeOutOfRange(_) => format!("{}: число вне пределов", key(None)),
        // The lines between quote the file.
        Kind::Message(message) if error.path.is_empty() => {
            let mut lines = message.trim().lines();
            let (first, last) = (lines.next().unwrap_or_default(), lines.next_back().unwrap_or_default());
            format!("не удалось разобрать TOML: {first}: {last}")
        }
        Kind::Message(message) => format!("{}: {message}", key(None)),
        Kind::InvalidLength(..)
        | Kind::UnknownVariant(..)
        | Kind::DuplicateField(_)
        | Kind::Unsupported(_)
        | Kind::UnsupportedKey(..) => format!("{}: значение не подходит", key(None)),
    }
}

fn kind_of(expected: &str) -> &str {
    match expected {
        "a string" | "path string" => "текст в кавычках",
        "a sequence" => "список",
        "a map" => "раздел",
        _ if expected.starts_with("struct") => "раздел",
        "u32" | "usize" => "целое число не меньше нуля",
        other => other,
    }
}

const fn kind_of_actual(actual: &Actual) -> &'static str {
    match actual {
        Actual::Bool(_) => "да/нет",
        Actual::Unsigned(_) | Actual::Signed(_) | Actual::Float(_) => "число",
        Actual::Char(_) | Actual::Str(_) | Actual::Bytes(_) => "текст",
        Actual::Seq => "список",
        Actual::Map => "раздел",
        Actual::Unit
        | Actual::Option
        | Actual::NewtypeStruct
        | Actual::Enum
        | Actual::UnitVariant
        | Actual::NewtypeVariant
        | Actual::TupleVariant
        | Actual::StructVariant
        | Actual::Other(_) => "другое",
    }
}
