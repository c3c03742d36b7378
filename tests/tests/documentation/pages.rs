//! The pages, and what a test looks at in them.

use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// A page of documentation.
pub(crate) struct Page {
    /// Its file below the root.
    pub(crate) file: PathBuf,
    pub(crate) text: String,
}

/// A block of code.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) language: String,
    pub(crate) text: String,
    /// The line of the page where it begins.
    pub(crate) line: usize,
}

/// What a page says beside blocks of code.
#[derive(Default)]
pub(crate) struct Said {
    /// Where links and pictures lead.
    pub(crate) targets: Vec<String>,
    /// Code within sentences.
    pub(crate) spans: Vec<String>,
    /// Headings as their anchors.
    pub(crate) anchors: Vec<String>,
    /// Everything else, a paragraph or a cell of a table a line.
    pub(crate) prose: String,
}

impl Page {
    /// A page by its file below the root.
    pub(crate) fn read(file: &Path) -> Self {
        let text = fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Self { file: file.to_owned(), text }
    }

    pub(crate) fn name(&self) -> String {
        self.file.display().to_string()
    }

    pub(crate) fn blocks(&self) -> Vec<Block> {
        blocks(&self.text)
    }

    pub(crate) fn said(&self) -> Said {
        said(&self.text)
    }
}

/// Every page.
pub(crate) fn pages() -> Vec<Page> {
    let mut files = vec![PathBuf::from("README.md"), PathBuf::from("packaging/debian/prikrepd/README.md")];
    let folder = fs::read_dir(root().join("packaging/docs")).unwrap();
    let names = folder.map(|entry| PathBuf::from(entry.unwrap().file_name()));
    let pages = names.filter(|name| name.extension().is_some_and(|extension| extension == "md"));
    files.extend(pages.map(|name| Path::new("packaging/docs").join(name)));
    files.sort();
    files.iter().map(|file| Page::read(file)).collect()
}

fn parser(text: &str) -> pulldown_cmark::OffsetIter<'_> {
    Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter()
}

#[allow(clippy::wildcard_enum_match_arm, reason = "an enumeration of the reader's, of which few are looked at")]
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut inside = false;
    for (event, range) in parser(text) {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                let language = match kind {
                    CodeBlockKind::Fenced(language) => language.to_string(),
                    CodeBlockKind::Indented => String::new(),
                };
                let line = text[..range.start].lines().count() + 1;
                blocks.push(Block { language, text: String::new(), line });
                inside = true;
            }
            Event::End(TagEnd::CodeBlock) => inside = false,
            Event::Text(more) if inside => blocks.last_mut().unwrap().text.push_str(&more),
            _ => {}
        }
    }
    blocks
}

#[allow(clippy::wildcard_enum_match_arm, reason = "an enumeration of the reader's, of which few are looked at")]
pub(crate) fn said(text: &str) -> Said {
    let mut said = Said::default();
    let (mut in_block, mut heading) = (false, None::<String>);
    for (event, _) in parser(text) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_block = true,
            Event::End(TagEnd::CodeBlock) => in_block = false,
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                said.targets.push(dest_url.to_string());
            }
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => said.anchors.extend(heading.take().map(|words| anchor(&words))),
            Event::End(TagEnd::Paragraph | TagEnd::TableCell | TagEnd::Item) => said.prose.push('\n'),
            Event::Code(code) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&code);
                }
                said.spans.push(code.to_string());
            }
            Event::Text(words) if !in_block => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&words);
                }
                said.prose.push_str(&words);
            }
            Event::SoftBreak | Event::HardBreak => said.prose.push(' '),
            _ => {}
        }
    }
    said
}

/// The anchor that a heading gets where pages are shown.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

#[test]
fn a_page_is_read_as_it_is_written() {
    let text = "# Первый `curl`: вход\n\nСмотрите [там](a.md#б) и `x --y`.\n\n![](p.png)\n\n```sh\necho 1\n```\n";
    let Said { targets, spans, anchors, prose } = said(text);
    assert_eq!(targets, ["a.md#б", "p.png"]);
    assert_eq!(spans, ["curl", "x --y"]);
    assert_eq!(anchors, ["первый-curl-вход"]);
    assert!(prose.contains("Смотрите там") && !prose.contains("echo"));
    assert_eq!(blocks(text), [Block { language: "sh".to_owned(), text: "echo 1\n".to_owned(), line: 7 }]);
    assert!(pages().len() >= 6, "all pages are found");
}
