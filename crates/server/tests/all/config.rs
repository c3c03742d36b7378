//! The configuration: everything wrong is named with its key.

use prikrep_server::{Config, PullAt};

/// The problems of a configuration, in a folder where `password` and `directory.json` are.
fn problems(text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prikrepd.toml");
    std::fs::write(folder.path().join("password"), "x").unwrap();
    std::fs::write(&path, text).unwrap();
    Config::load(&path).map(|_| Vec::new()).unwrap_or_else(|error| error.problems)
}

const UPSTREAM: &str =
    "[upstream]\nurl = \"http://127.0.0.1:9000\"\nlogin = \"region-22\"\npassword_file = \"password\"\n";

#[test]
fn what_is_wrong_is_named() {
    let rows = [
        ("lisen = \"127.0.0.1:1\"", "ключ lisen неизвестен"),
        ("[limits]\nbody_byte = 1", "ключ limits.body_byte неизвестен"),
        ("[upstream]\nurl = \"http://a\"", "ключ upstream.login не задан"),
        ("[upstream]\npassword = \"secret\"", "password_file"),
        ("listen = \"127.0.0.1\"", "ключ listen: ожидается адрес с портом"),
        ("listen = 8090", "ключ listen: ожидается текст в кавычках, а записано число"),
        ("timezone = \"Barnaul\"", "ключ timezone: ожидается часовой пояс"),
        ("trusted_proxies = [\"localhost\"]", "ключ trusted_proxies: ожидаются IP-адреса"),
        ("[log]\nlevel = \"loud\"", "ключ log.level: ожидается \"error\""),
        ("[log]\nformat = \"xml\"", "ключ log.format: ожидается \"json\""),
        ("[sessions]\nattempts = -1", "sessions.attempts"),
        ("[sessions]\nlifetime_hours = 0", "sessions.lifetime_hours = 0: допустимо от 1"),
        ("[sessions]\nidle_minutes = 1", "sessions.idle_minutes = 1: допустимо от 5"),
        ("[sessions]\nmin_password_chars = 12", "min_chars в разделе [passwords]"),
        ("[passwords]\nmin_chars = 4", "passwords.min_chars = 4: допустимо от 8"),
        ("[passwords]\nhistory = 25", "passwords.history = 25: допустимо от 0 до 24"),
        ("[passwords]\nmax_age_days = 9999", "passwords.max_age_days"),
        ("[passwords]\ncommon_file = \"no\"", "passwords.common_file: не удалось открыть"),
        ("[sessions]\nmost = 10001", "sessions.most = 10001: допустимо от 1 до 10000"),
        ("[limits]\nbody_bytes = 100", "limits.body_bytes = 100: допустимо от 32768"),
        ("[directory]\nfile = \"nothing.json\"", "directory.file: не удалось открыть"),
        ("listen = ", "не удалось разобрать TOML"),
        ("listen = \"0.0.0.0:80\"", "listen = 0.0.0.0:80: без TLS регистр слушает только 127.0.0.1"),
        ("listen = \"[::]:80\"\nallow_plain_http_beyond_loopback = false", "allow_plain_http_beyond_loopback = true"),
        ("[tls]\ncertificate_file = \"a\"", "ключ tls.key_file не задан"),
        ("[tls]\nclient_certificates = \"none\"", "ключ tls.client_certificates: ожидается \"all\""),
    ];
    for (text, words) in rows {
        let problems = problems(text);
        assert!(problems.iter().any(|problem| problem.contains(words)), "{text}: {problems:?}");
    }
}

#[test]
fn the_upstream_is_checked() {
    let rows = [
        ("http://127.0.0.1:9000", "ftp://region", "upstream.url: ожидается http"),
        ("http://127.0.0.1:9000", "region", "upstream.url: не адрес"),
        ("http://127.0.0.1:9000", "https://user:word@region", "login и password_file"),
        ("\"password\"", "\"nothing\"", "upstream.password_file: не удалось открыть"),
        ("\"region-22\"", "\"\"", "upstream.login: пусто"),
    ];
    for (from, to, words) in rows {
        let problems = problems(&UPSTREAM.replace(from, to));
        assert!(problems.len() == 1 && problems[0].contains(words), "{to}: {problems:?}");
    }
    let problems = problems(&format!("{UPSTREAM}pull_at = \"25:00\""));
    assert!(problems[0].contains("ключ upstream.pull_at: ожидается время"), "{problems:?}");
}

#[test]
fn a_secret_written_by_mistake_is_not_repeated() {
    for text in
        ["password = \"тайна\"", "[upstream]\npassword = \"тайна\"", "[log]\nlevel = \"тайна\"", "password = тайна"]
    {
        let problems = problems(text).join("\n");
        assert!(!problems.is_empty() && !problems.contains("тайна"), "{problems}");
    }
}

#[test]
fn the_sample_of_the_documentation_is_read_and_paths_are_the_file_s() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prikrepd.toml");
    std::fs::write(folder.path().join("password"), "x").unwrap();
    std::fs::write(folder.path().join("directory.json"), "{}").unwrap();
    let text = format!(
        "data_dir = \"data\"\nlisten = \"[::1]:0\"\n{UPSTREAM}pull_at = \"live\"\n[directory]\nfile = \"directory.json\"\n"
    );
    std::fs::write(&path, text).unwrap();
    let loaded = Config::load(&path).unwrap();
    assert_eq!(loaded.config.data_dir, folder.path().join("data"));
    assert_eq!(loaded.config.key_path(), folder.path().join("data/store.key"));
    let upstream = loaded.config.upstream.unwrap();
    assert_eq!(upstream.pull_at, PullAt::Live);
    assert_eq!(upstream.password_file, folder.path().join("password"));
    assert_eq!(loaded.config.directory.file, Some(folder.path().join("directory.json")));
}

#[test]
fn defaults_are_enough_and_what_is_doubtful_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prikrepd.toml");
    std::fs::write(&path, "").unwrap();
    let loaded = Config::load(&path).unwrap();
    assert_eq!(loaded.config.listen.to_string(), "127.0.0.1:8090");
    assert_eq!(loaded.config.timezone, chrono_tz::Asia::Barnaul);
    assert!(loaded.warnings.iter().any(|words| words.contains("[upstream]")));
    std::fs::write(
        &path,
        format!(
            "listen = \"0.0.0.0:80\"\nallow_plain_http_beyond_loopback = true\n{}",
            UPSTREAM.replace("127.0.0.1", "gateway.example")
        ),
    )
    .unwrap();
    std::fs::write(folder.path().join("password"), "x").unwrap();
    let warnings = Config::load(&path).unwrap().warnings.join("\n");
    assert!(warnings.contains("listen") && warnings.contains("upstream.url"), "{warnings}");
    assert!(Config::load(&folder.path().join("other.toml")).unwrap_err().to_string().contains("файла нет"));
}

#[test]
fn the_sample_is_read_as_it_is_and_with_every_key_it_names() {
    let sample = include_str!("../../../../packaging/prikrepd.example.toml");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prikrepd.toml");
    let here = sample.replace("/etc/prikrep/", "");
    std::fs::write(&path, &here).unwrap();
    // The package installs the sample as the configuration: it is taken before any of the files is there.
    let as_it_is = Config::load(&path).unwrap().config;
    for file in ["upstream.password", "directory.json", "ca.pem", "upstream.pem", "common-passwords.txt"] {
        std::fs::write(folder.path().join(file), "x").unwrap();
    }
    assert_eq!(as_it_is.data_dir.to_str(), Some("/var/lib/prikrep"));
    // A commented key begins right after its sign, words after a space.
    let uncomment =
        |line: &str| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line).to_owned();
    let whole: Vec<String> = here.lines().map(uncomment).collect();
    std::fs::write(&path, whole.join("\n")).unwrap();
    let with_all = Config::load(&path).unwrap().config;
    let defaults = |config: &Config| {
        let log = &config.log;
        format!("{:?} {:?} {:?}", config.sessions, config.limits, (log.format, log.level, log.keep_files))
    };
    assert_eq!(with_all.log.dir.as_deref().and_then(std::path::Path::to_str), Some("/var/log/prikrep"));
    assert_eq!(as_it_is.log.dir, None);
    assert_eq!(defaults(&with_all), defaults(&as_it_is), "the commented values are the defaults");
    assert_eq!(with_all.key_path(), as_it_is.key_path());
    assert!(with_all.upstream.is_some() && with_all.directory.file.is_some());
}
