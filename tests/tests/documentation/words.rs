//! What a page quotes in «…» is what our programs say: a text of the window, or words of the code.

use std::collections::BTreeSet;
use std::path::Path;

use crate::pages::{Page, root};

/// The pages that quote the programs only.
const QUOTING: [&str; 2] = ["packaging/docs/registrar.md", "packaging/docs/administrator.md"];

/// What the programs can say: every text of the window, and every string of the code, with `…` where something is put.
fn sayings() -> BTreeSet<String> {
    let mut sayings = BTreeSet::new();
    let texts = std::fs::read_to_string(root().join("assets/locales/ru.ftl")).unwrap();
    let texts = texts.lines().filter(|line| !line.starts_with('#'));
    sayings.extend(texts.map(|line| open(line.split_once([']', '=']).map_or(line, |(_, text)| text).trim())));
    let mut folders = vec![root().join("crates"), root().join("packaging")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "yaml") {
                let code = std::fs::read_to_string(&path).unwrap().replace("\\\n", "\u{1}");
                let strings = code.split('"').map(|string| string.split('\u{1}').map(str::trim_start));
                sayings.extend(strings.map(|lines| open(&lines.collect::<String>())));
            }
        }
    }
    sayings
}

/// A text with `…` for what is put into it.
fn open(text: &str) -> String {
    let mut open = String::new();
    let mut depth = 0;
    for letter in text.chars() {
        match letter {
            '{' => {
                depth += 1;
                if depth == 1 {
                    open.push('…');
                }
            }
            '}' => depth -= 1,
            letter if depth == 0 => open.push(letter),
            _ => {}
        }
    }
    open
}

/// What a page quotes. A quotation within another is a part of it.
fn quoted(prose: &str) -> Vec<String> {
    let mut quoted = Vec::new();
    for line in prose.lines() {
        let (mut depth, mut begin) = (0, 0);
        for (at, letter) in line.char_indices() {
            match letter {
                '«' => {
                    if depth == 0 {
                        begin = at + letter.len_utf8();
                    }
                    depth += 1;
                }
                '»' => {
                    depth -= 1;
                    if depth == 0 {
                        quoted.push(line[begin..at].to_owned());
                    }
                }
                _ => {}
            }
        }
        assert_eq!(depth, 0, "quotation marks in pairs: {line}");
    }
    quoted
}

/// Whether a program says this: all its parts, in their order, within one text.
fn is_said(sayings: &BTreeSet<String>, quotation: &str) -> bool {
    let parts: Vec<&str> =
        quotation.split('…').map(|part| part.trim_matches([' ', '.', ','])).filter(|part| !part.is_empty()).collect();
    let found = |saying: &str, at: usize, part: &str| Some(at + saying[at..].find(part)? + part.len());
    let fits = |saying: &str| parts.iter().try_fold(0, |at, part| found(saying, at, part)).is_some();
    sayings.iter().any(|saying| fits(saying))
}

#[test]
fn what_a_page_quotes_is_what_the_programs_say() {
    let sayings = sayings();
    for file in QUOTING {
        let quoted = quoted(&Page::read(Path::new(file)).said().prose);
        assert!(quoted.len() > 20, "{file} quotes");
        let strange: Vec<&String> = quoted.iter().filter(|quotation| !is_said(&sayings, quotation)).collect();
        assert_eq!(strange, [&""; 0], "nobody says this, but {file}");
    }
}

#[test]
fn words_that_nobody_says_are_found() {
    let sayings = sayings();
    let quoted = quoted(
        "Нажмите «Поиск» или «Поискать», видно «найдено … заявлений», а не «найдено … жалоб».\n«Ничего не найдено. Измените условия поиска или нажмите «Сбросить»»",
    );
    let strange: Vec<&str> = quoted.iter().map(String::as_str).filter(|words| !is_said(&sayings, words)).collect();
    assert_eq!(quoted.len(), 5);
    assert_eq!(strange, ["Поискать", "найдено … жалоб"]);
}
