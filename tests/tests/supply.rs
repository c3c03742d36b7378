//! What our dependencies are: their licences, where they come from, and what is known to be wrong with them.
//!
//! The rules are in `.deny.toml`, which cargo-deny reads too. The advisories are those of the RustSec database as of the
//! day that `advisories.jsonl` names: nothing newer is known here. `tests/advisories.py` renews them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::semver::{Version, VersionReq};
use cargo_metadata::{Metadata, MetadataCommand, Package};
use serde::Deserialize;
use spdx::{Expression, ParseMode};

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read<T: serde::de::DeserializeOwned>(file: &str) -> T {
    toml::from_str(&std::fs::read_to_string(root().join(file)).unwrap()).unwrap()
}

#[derive(Deserialize)]
struct Rules {
    advisories: Advisories,
    licenses: Licences,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
struct Advisories {
    ignore: Vec<Ignored>,
}

#[derive(Deserialize)]
struct Ignored {
    id: String,
    reason: String,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    allow: Vec<String>,
    #[serde(rename = "crate")]
    name: String,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    allow_registry: Vec<String>,
}

fn rules() -> Rules {
    read(".deny.toml")
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: Version,
    source: Option<String>,
    checksum: Option<String>,
}

/// Everything that is locked, for the programs and for the fuzz targets.
fn locked() -> Vec<Locked> {
    ["Cargo.lock", "tests/fuzz/Cargo.lock"].into_iter().flat_map(|file| read::<Lock>(file).package).collect()
}

fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(root().join("Cargo.toml")).exec().unwrap()
}

/// Whether the licences of a package are among those that may be; those that were chosen of them are noted.
fn is_allowed(package: &Package, rules: &Licences, used: &mut BTreeSet<String>) -> bool {
    let Some(text) = &package.license else { return false };
    let expression = Expression::parse_mode(text, ParseMode::LAX).unwrap_or_else(|error| panic!("{text}: {error}"));
    let own = rules.exceptions.iter().filter(|exception| exception.name == package.name.as_str());
    let allowed: Vec<&String> = rules.allow.iter().chain(own.flat_map(|exception| &exception.allow)).collect();
    expression.evaluate(|asked| {
        let asked = asked.to_string();
        let found = allowed.iter().any(|allowed| **allowed == asked);
        if found {
            used.insert(asked);
        }
        found
    })
}

#[test]
fn every_licence_is_one_of_those_that_may_be_and_none_stands_there_for_nothing() {
    let (rules, metadata, mut used) = (rules().licenses, metadata(), BTreeSet::new());
    let foreign: Vec<&Package> = metadata.packages.iter().filter(|package| package.source.is_some()).collect();
    assert!(foreign.len() > 300, "the dependencies have been read");
    let refused: Vec<String> = foreign
        .iter()
        .filter(|package| !is_allowed(package, &rules, &mut used))
        .map(|package| format!("{} {}: {:?}", package.name, package.version, package.license))
        .collect();
    assert_eq!(refused, Vec::<String>::new(), "licences that .deny.toml does not allow");
    let named: BTreeSet<String> =
        rules.allow.into_iter().chain(rules.exceptions.into_iter().flat_map(|exception| exception.allow)).collect();
    assert_eq!(named, used, "licences in .deny.toml, and those that something has");
}

#[test]
fn everything_comes_from_the_registry_with_its_checksum_and_nothing_banned_is_there() {
    let rules = rules();
    assert_eq!(rules.sources.allow_registry, [CRATES_IO.trim_start_matches("registry+")]);
    for Locked { name, version, source, checksum } in locked() {
        let is_ours = name.starts_with("prikrep-");
        assert_eq!(source.as_deref(), (!is_ours).then_some(CRATES_IO), "{name} {version}");
        assert_eq!(checksum.is_some_and(|checksum| checksum.len() == 64), !is_ours, "{name} {version}");
        assert!(!rules.bans.deny.contains(&name), "{name} is banned");
    }
}

#[derive(Deserialize)]
struct Source {
    day: String,
    advisories: usize,
}

#[derive(Deserialize)]
struct Advisory {
    id: String,
    #[serde(rename = "crate")]
    name: String,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    patched: Vec<VersionReq>,
    #[serde(default)]
    unaffected: Vec<VersionReq>,
}

impl Advisory {
    fn concerns(&self, version: &Version) -> bool {
        !self.patched.iter().chain(&self.unaffected).any(|fine| fine.matches(version))
    }
}

fn advisories() -> (Source, Vec<Advisory>) {
    let text = std::fs::read_to_string(root().join("tests/advisories.jsonl")).unwrap();
    let mut lines = text.lines();
    let source: Source = serde_json::from_str(lines.next().unwrap()).unwrap();
    (source, lines.map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect())
}

/// The advisories that concern what is locked, by identifier.
fn concerning(locked: &[Locked], advisories: &[Advisory]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for advisory in advisories {
        for package in locked.iter().filter(|package| package.name == advisory.name) {
            if advisory.concerns(&package.version) {
                let kind = advisory.kind.as_deref().unwrap_or("vulnerability");
                found.insert(advisory.id.clone(), format!("{} {}: {kind}", package.name, package.version));
            }
        }
    }
    found
}

#[test]
fn no_advisory_concerns_us_but_those_that_are_borne_for_a_reason() {
    let (source, advisories) = advisories();
    assert_eq!((advisories.len(), source.day.len()), (source.advisories, 10), "all of the data is there");
    let found = concerning(&locked(), &advisories);
    let borne: BTreeMap<String, String> =
        rules().advisories.ignore.into_iter().map(|ignored| (ignored.id, ignored.reason)).collect();
    assert!(borne.values().all(|reason| reason.len() > 20), "a reason says something: {borne:?}");
    let ids = |map: &BTreeMap<String, String>| map.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(ids(&found), ids(&borne), "as of {}: {found:#?}", source.day);
}

#[test]
fn a_known_advisory_is_found() {
    let (_, advisories) = advisories();
    let old = |name: &str, version: &str| Locked {
        name: name.to_owned(),
        version: version.parse().unwrap(),
        source: None,
        checksum: None,
    };
    let found = concerning(&[old("chrono", "0.4.19"), old("hyper", "0.14.9"), old("rustls", "0.23.46")], &advisories);
    assert!(found.contains_key("RUSTSEC-2020-0159") && found.contains_key("RUSTSEC-2021-0079"), "{found:?}");
    assert!(found.values().all(|words| !words.starts_with("rustls")), "{found:?}");
}
