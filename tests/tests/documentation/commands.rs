//! Every subcommand and flag of our programs that a page names is one that they have.

use std::collections::BTreeMap;
use std::process::Command;

use prikrep_testkit::programs::{prikrep, prikrepd, run, simulator};

use crate::pages::{Page, pages};

/// Subcommands and flags that only the programs for Windows have.
const OF_WINDOWS: [&str; 2] = ["prikrepd service", "prikrep --hidden"];

/// What a program says of itself and of its commands.
#[derive(Default)]
struct Helps(BTreeMap<String, Option<String>>);

impl Helps {
    /// The help of a command, as of `prikrepd user add`; none when there is no such command.
    fn of(&mut self, command: &str) -> Option<&str> {
        let help = self.0.entry(command.to_owned()).or_insert_with(|| {
            let mut words = command.split(' ');
            let mut program: Command = match words.next()? {
                "prikrepd" => prikrepd(),
                "prikrep" => prikrep(),
                _ => simulator(),
            };
            program.args(words).arg("--help");
            let finished = run(program, "");
            (finished.code() == Some(0)).then_some(finished.stdout)
        });
        help.as_deref()
    }

    /// What is wrong with words that follow a program's name.
    fn wrong(&mut self, program: &str, words: &[&str]) -> Option<String> {
        let mut command = program.to_owned();
        for word in words {
            let help = self.of(&command)?.to_owned();
            let is_name = word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-');
            if let Some(flag) = word.strip_prefix("--") {
                let flag = flag.split('=').next().unwrap_or(flag);
                let whole = format!("{command} --{flag}");
                if !help.contains(&format!("--{flag}")) && !OF_WINDOWS.contains(&whole.as_str()) {
                    return Some(whole);
                }
            } else if is_name && help.contains("Commands:") {
                command = format!("{command} {word}");
                if OF_WINDOWS.contains(&command.as_str()) {
                    return None;
                }
                if self.of(&command).is_none() {
                    return Some(command);
                }
            }
        }
        None
    }
}

/// The commands of our programs in a text: the program, and the words up to the end of the command.
fn commands(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut found = Vec::new();
    let mut open: Option<(&str, Vec<&str>)> = None;
    for line in text.lines() {
        let mut before = "";
        for word in line.split_whitespace() {
            // The name of a user, a group, a unit, and not of a program.
            let is_value = matches!(std::mem::replace(&mut before, word), "-u" | "-o" | "-g");
            let name = word.trim_start_matches(['(', '"', '$']).rsplit('/').next().unwrap_or(word);
            let ends = matches!(word, "|" | "||" | "&&" | "&" | "#" | ">" | "<") || word.starts_with('#');
            if ends {
                found.extend(open.take());
                if word.starts_with('#') {
                    break;
                }
            } else if matches!(name, "prikrepd" | "prikrep" | "prikrep-simulator") && open.is_none() && !is_value {
                open = Some((name, Vec::new()));
            } else if let Some((_, arguments)) = &mut open {
                let last = word.ends_with([';', ')', ',']);
                arguments.push(word.trim_end_matches([';', ')', ',', '»']));
                if last {
                    found.extend(open.take());
                }
            }
        }
        if !line.trim_end().ends_with('\\') {
            found.extend(open.take());
        }
    }
    found
}

fn wrong_in(page: &Page, helps: &mut Helps) -> Vec<String> {
    let blocks = page.blocks();
    let is_command = |language: &str| matches!(language, "sh" | "console" | "powershell");
    let in_blocks = blocks.iter().filter(|block| is_command(&block.language)).map(|block| block.text.as_str());
    let said = page.said();
    // A program's name within a sentence is no command.
    let spans = said.spans.iter().map(String::as_str).filter(|span| span.contains(' '));
    let code: Vec<&str> = in_blocks.chain(spans).collect();
    code.into_iter().flat_map(commands).filter_map(|(program, words)| helps.wrong(program, &words)).collect()
}

#[test]
fn every_command_that_a_page_names_exists() {
    let mut helps = Helps::default();
    for page in pages() {
        assert_eq!(wrong_in(&page, &mut helps), Vec::<String>::new(), "in {}", page.name());
    }
    assert!(helps.0.len() > 15, "commands were read");
}

#[test]
fn a_command_that_does_not_exist_is_found() {
    let text = "`prikrepd status --loudly` `prikrepd launch` `prikrepd status --json`\n\n\
                ```sh\nsudo -u prikrepd prikrepd user add anna \\\n    --nick x | prikrep --server URL demo --quick\n```\n";
    let page = Page { file: "README.md".into(), text: text.to_owned() };
    let found = wrong_in(&page, &mut Helps::default());
    assert_eq!(
        found,
        ["prikrepd user add --nick", "prikrep demo --quick", "prikrepd status --loudly", "prikrepd launch"]
    );
}
