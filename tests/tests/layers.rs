//! The layers of the workspace: which crate may depend on which, as the architecture says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// What each crate may depend on, of ours. `testkit`, `fuzzing` and `tests` are for development only and may use any.
const ALLOWED: [(&str, &[&str]); 11] = [
    ("domain", &[]),
    ("worklist", &["domain"]),
    ("store", &["domain", "worklist"]),
    ("daemon", &["domain", "worklist", "store"]),
    ("ui", &["domain", "worklist"]),
    ("client", &["domain", "worklist", "store", "daemon", "ui", "server", "simulator"]),
    ("server", &["domain", "worklist", "store", "daemon"]),
    ("simulator", &["domain"]),
    ("testkit", &["domain", "worklist", "store", "daemon", "ui", "client", "server", "simulator"]),
    ("fuzzing", &["domain", "worklist", "store", "daemon", "client", "server", "testkit", "tests"]),
    ("tests", &["domain", "worklist", "store", "daemon", "ui", "client", "server", "simulator", "testkit"]),
];

const PREFIX: &str = "prikrep-";

fn workspace() -> Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .no_deps()
        .exec()
        .unwrap()
}

/// Our crates by their short names. The client's package is the program itself.
fn short(name: &str) -> Option<&str> {
    if name == "prikrep" { Some("client") } else { name.strip_prefix(PREFIX) }
}

/// The edges between our crates that a user's build has: development dependencies are free.
fn edges(workspace: &Metadata) -> Vec<(String, String)> {
    let mut edges = Vec::new();
    for package in &workspace.packages {
        let from = short(package.name.as_str()).unwrap_or_else(|| panic!("{} is not named {PREFIX}…", package.name));
        for dependency in &package.dependencies {
            if dependency.kind != DependencyKind::Development && dependency.path.is_some() {
                let to = short(&dependency.name).unwrap_or_else(|| panic!("{} is not ours", dependency.name));
                edges.push((from.to_owned(), to.to_owned()));
            }
        }
    }
    edges
}

fn forbidden(edges: &[(String, String)]) -> Vec<String> {
    let allowed = |from: &str, to: &str| {
        ALLOWED.iter().find(|(name, _)| *name == from).is_some_and(|(_, allowed)| allowed.contains(&to))
    };
    edges.iter().filter(|(from, to)| !allowed(from, to)).map(|(from, to)| format!("{from} → {to}")).collect()
}

#[test]
fn a_crate_depends_only_on_the_layers_below_it() {
    let edges = edges(&workspace());
    assert!(edges.len() > 10, "the workspace has been read: {edges:?}");
    assert_eq!(forbidden(&edges), Vec::<String>::new(), "edges that the architecture does not have");
}

#[test]
fn a_forbidden_edge_is_found() {
    let edge = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    let edges = [edge("store", "domain"), edge("domain", "store"), edge("ui", "store"), edge("new", "domain")];
    assert_eq!(forbidden(&edges), ["domain → store", "ui → store", "new → domain"]);
}

#[test]
fn every_crate_has_its_place_in_the_table() {
    for package in &workspace().packages {
        let name = short(package.name.as_str()).unwrap_or_default();
        assert!(ALLOWED.iter().any(|(known, _)| *known == name), "{} has no place in the layers", package.name);
    }
}

#[test]
fn only_the_store_knows_sled() {
    let workspace = workspace();
    let with_sled: Vec<&str> = workspace
        .packages
        .iter()
        .filter(|package| package.dependencies.iter().any(|dependency| dependency.name == "sled"))
        .map(|package| package.name.as_str())
        .collect();
    assert_eq!(with_sled, ["prikrep-store"]);
}

#[test]
fn nothing_of_ours_is_unsafe() {
    // With the test below: no crate can allow it, for `forbid` cannot be taken back.
    for (manifest, lints) in [("../Cargo.toml", &["workspace", "lints"][..]), ("fuzz/Cargo.toml", &["lints"])] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(manifest);
        let table: toml::Value = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let lints = lints.iter().fold(&table, |table, name| &table[*name]);
        assert_eq!(lints["rust"]["unsafe_code"].as_str(), Some("forbid"), "{manifest}");
    }
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    for package in &workspace().packages {
        let manifest: toml::Table = std::fs::read_to_string(&package.manifest_path).unwrap().parse().unwrap();
        let inherited = manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool);
        assert_eq!(inherited, Some(true), "{}: [lints] workspace = true", package.manifest_path);
    }
}
