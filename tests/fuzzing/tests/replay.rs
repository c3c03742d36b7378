//! Every input of the corpus, through its target: what was found once stays found.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use prikrep_fuzzing::TARGETS;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn names(files: &[PathBuf]) -> BTreeSet<String> {
    files.iter().map(|file| file.file_stem().unwrap().to_string_lossy().into_owned()).collect()
}

#[test]
fn the_whole_corpus_passes() {
    for (name, target) in TARGETS {
        let inputs = files(&fuzz().join("corpus").join(name));
        assert!(inputs.len() >= 3, "the corpus of {name} has only {} inputs", inputs.len());
        for input in inputs {
            let bytes = std::fs::read(&input).unwrap();
            let held = std::panic::catch_unwind(|| target(&bytes));
            assert!(held.is_ok(), "{name} does not hold for {}", input.display());
        }
    }
}

#[test]
fn every_target_has_a_program_and_a_corpus() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(&files(&fuzz().join("fuzz_targets"))), targets);
    assert_eq!(names(&files(&fuzz().join("corpus"))), targets);
    let manifest: toml::Table = std::fs::read_to_string(fuzz().join("Cargo.toml")).unwrap().parse().unwrap();
    let programs = manifest["bin"].as_array().unwrap().iter().map(|bin| bin["name"].as_str().unwrap().to_owned());
    assert_eq!(programs.collect::<BTreeSet<_>>(), targets);
}
