//! Links, pictures, files and tests that pages name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::pages::{Page, pages, root, said};

/// What a name of a file within the repository begins with.
const FOLDERS: [&str; 4] = ["crates/", "tests/", "packaging/", "assets/"];

/// Names of all files of the sources, without folders.
fn names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut folders: Vec<PathBuf> = FOLDERS.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                names.insert(entry.file_name().to_string_lossy().into_owned());
            }
        }
    }
    names
}

/// What a page leads to that is not there.
fn broken(page: &Page, names: &BTreeSet<String>) -> Vec<String> {
    let said = page.said();
    let mut broken: Vec<String> = said
        .targets
        .iter()
        .filter(|target| !leads_somewhere(page, target))
        .map(|target| format!("→ {target}"))
        .collect();
    let is_plain = |name: &str| name.chars().all(|letter| letter.is_ascii_alphanumeric() || "/._-".contains(letter));
    for span in said.spans.iter().filter(|span| is_plain(span)) {
        let is_there = if FOLDERS.iter().any(|folder| span.starts_with(folder)) {
            root().join(span).exists()
        } else {
            Path::new(span).extension().is_none_or(|extension| extension != "rs")
                || names.contains(span.rsplit('/').next().unwrap_or(span))
        };
        if !is_there {
            broken.push(format!("`{span}`"));
        }
    }
    let blocks = page.blocks();
    let code = said.spans.iter().map(String::as_str).chain(blocks.iter().map(|block| block.text.as_str()));
    for line in code.flat_map(str::lines) {
        let words: Vec<&str> = line.split_whitespace().collect();
        for pair in words.windows(2) {
            let is_test = pair[0] == "--test" && !test_exists(pair[1]);
            let is_script = pair[0] == "bash" && pair[1].ends_with(".sh") && !root().join(pair[1]).exists();
            if is_test || is_script {
                broken.push(format!("{} {}", pair[0], pair[1]));
            }
        }
    }
    broken
}

fn test_exists(name: &str) -> bool {
    let tests = root().join("tests/tests");
    tests.join(name).join("main.rs").exists() || tests.join(name).with_extension("rs").exists()
}

fn leads_somewhere(page: &Page, target: &str) -> bool {
    if target.starts_with("https://") {
        return true;
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = root().join(page.file.parent().unwrap()).join(file);
    let text = if file.is_empty() { Some(page.text.clone()) } else { std::fs::read_to_string(&path).ok() };
    let is_there = file.is_empty() || path.exists();
    is_there && (anchor.is_empty() || text.is_some_and(|text| said(&text).anchors.iter().any(|one| one == anchor)))
}

#[test]
fn everything_that_a_page_leads_to_is_there() {
    let names = names();
    for page in pages() {
        assert_eq!(broken(&page, &names), Vec::<String>::new(), "in {}", page.name());
    }
}

#[test]
fn a_broken_link_is_found() {
    let text = "# Есть\n\n[a](no.md) [b](#нет) [c](#есть) ![d](assets/no.png) `tests/no.rs` `lost.rs` `layers.rs`\n\n\
                ```sh\ncargo test --test nowhere\nbash packaging/no.sh\ncargo test --test layers\n```\n";
    let page = Page { file: "README.md".into(), text: text.to_owned() };
    let found = broken(&page, &names());
    let wanted = [
        "→ no.md",
        "→ #нет",
        "→ assets/no.png",
        "`tests/no.rs`",
        "`lost.rs`",
        "--test nowhere",
        "bash packaging/no.sh",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn every_picture_is_shown_somewhere_and_all_are_small() {
    let shown: BTreeSet<String> = pages().iter().flat_map(|page| page.said().targets).collect();
    let mut bytes = 0;
    for entry in std::fs::read_dir(root().join("assets/pictures")).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(shown.iter().any(|target| target.ends_with(&format!("pictures/{name}"))), "{name} is on no page");
        bytes += entry.metadata().unwrap().len();
    }
    assert!(bytes < 1_500_000, "{bytes} bytes of pictures");
}
