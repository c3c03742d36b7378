//! Files that an administrator or a person keeps: the configuration, the directory, settings, a profile.

use std::path::Path;
use std::sync::LazyLock;

use jsonschema::Validator;
use prikrep_client::vault::VaultError;
use prikrep_domain::Directory;
use prikrep_server::fuzzing as server;
use prikrep_tests::Protocol;

/// A secret that stands where none should.
const SECRET: &str = "s3cr3t-0f-4ll";

/// The configuration: what is taken is within its ranges, and no word of a refusal repeats a secret.
pub fn configuration(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    // The files that it names are looked for: below here there are none.
    let base = Path::new("/nonexistent");
    match server::configuration(text, base) {
        Ok(loaded) => {
            let config = loaded.config;
            assert!(config.key_path().is_absolute());
            assert!((32 << 10..=1 << 20).contains(&config.limits.body_bytes) && config.sessions.most <= 10_000);
            assert!((8..=128).contains(&config.passwords.min_chars));
            assert!(
                config.allow_plain_http_beyond_loopback || config.tls.is_some() || config.listen.ip().is_loopback()
            );
            assert!(config.upstream.is_none(), "its password file is not there");
        }
        Err(problems) => assert!(!problems.is_empty() && problems.iter().all(|words| !words.is_empty())),
    }
    let Ok(mut table) = text.parse::<toml::Table>() else { return };
    if !text.contains(SECRET) && hide_secret(&mut table) {
        let told = server::configuration(&toml::to_string(&table).unwrap(), base).err().unwrap_or_default();
        assert!(told.iter().all(|words| !words.contains(SECRET)), "{told:?}");
    }
}

/// Puts the secret in the place of every text whose key speaks of a password and of no file.
fn hide_secret(table: &mut toml::Table) -> bool {
    let mut hidden = false;
    for (key, value) in table.iter_mut() {
        if let toml::Value::Table(inner) = value {
            hidden |= hide_secret(inner);
        } else if key.contains("password") && !key.ends_with("_file") && value.is_str() {
            *value = SECRET.into();
            hidden = true;
        }
    }
    hidden
}

static DIRECTORY: LazyLock<Validator> = LazyLock::new(|| Protocol::of_the_project().judge("Directory"));

/// The directory: what is served of it fits the protocol.
pub fn directory(data: &[u8]) {
    let Ok(directories) = server::directories(data) else { return };
    for document in directories.values() {
        let json = serde_json::from_slice(&document.json).unwrap();
        let mistakes: Vec<String> = DIRECTORY.iter_errors(&json).map(|error| error.to_string()).collect();
        assert_eq!(mistakes, Vec::<String>::new());
        let directory: Directory = serde_json::from_value(json).unwrap();
        assert_eq!(serde_json::to_vec(&directory).unwrap(), document.json);
        assert!(document.etag.len() == 36 && document.etag.is_ascii());
    }
}

/// Settings: whatever the file holds, what comes of it is within its ranges and is the same when it is kept.
pub fn settings(data: &[u8]) {
    let settings = prikrep_client::settings::parse(data).settings;
    assert!((100..=200).contains(&settings.zoom_percent) && settings.lock_after_mins <= 24 * 60);
    for widths in [&settings.column_widths, &settings.narrow_column_widths] {
        assert!(widths.is_empty() || widths.len() == 6 && widths.iter().all(|width| (16.0..=4096.0).contains(width)));
    }
    let again = prikrep_client::settings::parse(&serde_json::to_vec(&settings).unwrap());
    assert_eq!((again.settings, again.word), (settings, None));
}

/// A profile: what is taken is the same when it is kept; a newer one is told apart from a damaged one.
pub fn profile(data: &[u8]) {
    match prikrep_client::fuzzing::profile(data) {
        Ok(kept) => assert_eq!(prikrep_client::fuzzing::profile(&kept).unwrap(), kept),
        Err(VaultError::TooNew { found, known }) => assert!(found > known),
        Err(error) => assert!(matches!(error, VaultError::Damaged { .. }), "{error}"),
    }
}
