//! The window's texts: `assets/locales/ru.ftl`, embedded, and [`t!`](crate::t) to read it.
//!
//! Invariant: no text that a person reads is written in the code; a unit test finds every key that is used
//! and not there, and every key that is there and not used.

use std::borrow::Cow;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};

/// What fills a text: a number, which also chooses the plural form, or words.
pub use fluent_bundle::FluentValue as Value;

/// A text by its key: `t!("date-hint")`, and with what fills it `t!("date-month", month = 11, year = 2026)`.
/// A `Cow<'static, str>`.
#[macro_export]
macro_rules! t {
    ($key:literal) => { $crate::texts::text($key, []) };
    ($key:literal, $($name:ident = $value:expr),+ $(,)?) => {
        $crate::texts::text($key, [$((stringify!($name), $crate::texts::Value::from($value))),+])
    };
}

const RUSSIAN: &str = include_str!("../../../assets/locales/ru.ftl");

type Bundle = FluentBundle<FluentResource>;

static BUNDLE: LazyLock<Bundle> = LazyLock::new(|| bundle(RUSSIAN));

/// What can be read of a file; a unit test sees to it that this is the whole.
fn bundle(source: &str) -> Bundle {
    let mut bundle = FluentBundle::new_concurrent(vec!["ru".parse().unwrap_or_default()]);
    bundle.set_use_isolating(false);
    let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(readable, _)| readable);
    bundle.add_resource_overriding(resource);
    bundle
}

/// The text of a key; the key itself when there is none.
#[must_use]
pub fn text<const N: usize>(key: &'static str, args: [(&'static str, Value<'_>); N]) -> Cow<'static, str> {
    text_of(&BUNDLE, key, args)
}

fn text_of<'b, const N: usize>(bundle: &'b Bundle, key: &'b str, args: [(&'static str, Value<'_>); N]) -> Cow<'b, str> {
    let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
        return Cow::Borrowed(key);
    };
    let args: FluentArgs<'_> = args.into_iter().collect();
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, (N > 0).then_some(&args), &mut errors);
    debug_assert!(errors.is_empty(), "{key}: {errors:?}");
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    const SOURCES: [&str; 2] =
        [concat!(env!("CARGO_MANIFEST_DIR"), "/src"), concat!(env!("CARGO_MANIFEST_DIR"), "/../client/src")];

    /// What every `.rs` file below a folder says, without comments.
    fn code_below(folder: &Path, code: &mut String) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                code_below(&path, code);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
                    code.push_str(line);
                    code.push('\n');
                }
            }
        }
    }

    fn keys_in(code: &str) -> BTreeSet<&str> {
        let opening = concat!("t", "!(");
        let calls = code.match_indices(opening).filter(|(at, _)| {
            let before = code[..*at].chars().next_back();
            !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
        });
        let arguments = calls.map(|(at, _)| code[at + opening.len()..].trim_start());
        arguments.filter_map(|argument| argument.strip_prefix('"')?.split('"').next()).collect()
    }

    fn keys_there() -> BTreeSet<&'static str> {
        let key = |line: &'static str| line.split_once(" =").map(|(key, _)| key);
        RUSSIAN
            .lines()
            .filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()))
            .filter_map(key)
            .collect()
    }

    #[test]
    fn every_text_is_there_and_every_text_is_used() {
        let mut code = String::new();
        for folder in SOURCES {
            code_below(Path::new(folder), &mut code);
        }
        let (used, there) = (keys_in(&code), keys_there());
        assert!(!used.is_empty());
        assert_eq!(used.difference(&there).collect::<Vec<_>>(), [&""; 0], "used, and not in ru.ftl");
        assert_eq!(there.difference(&used).collect::<Vec<_>>(), [&""; 0], "in ru.ftl, and not used");
    }

    #[test]
    fn the_file_is_read_without_a_mistake() {
        let resource = FluentResource::try_new(RUSSIAN.to_owned()).map_err(|(_, errors)| errors).unwrap();
        let mut bundle = FluentBundle::new_concurrent(Vec::new());
        bundle.add_resource(resource).expect("every key stands once");
        for key in keys_there() {
            assert!(bundle.get_message(key).is_some_and(|message| message.value().is_some()), "{key}");
        }
    }

    #[test]
    fn the_scan_sees_calls_and_nothing_else() {
        let code = concat!("t", "!(\"a-b\"), format!(\"c-d\"), crate::t", "!(\n    \"e-f\", n = 1)");
        assert_eq!(keys_in(code).into_iter().collect::<Vec<_>>(), ["a-b", "e-f"]);
    }

    #[test]
    fn russian_has_three_plural_forms() {
        let source = "
found =
    { $count ->
        [one] { $count } заявление
        [few] { $count } заявления
       *[many] { $count } заявлений
    }";
        let bundle = bundle(source);
        let shown = |count: usize| text_of(&bundle, "found", [("count", count.into())]).into_owned();
        for (word, counts) in
            [("заявление", [1, 21, 101, 1001]), ("заявления", [2, 4, 22, 1004]), ("заявлений", [0, 5, 11, 1_000_000])]
        {
            for count in counts {
                assert_eq!(shown(count), format!("{count} {word}"));
            }
        }
    }

    #[test]
    fn numbers_are_plain_and_a_missing_text_shows_its_key() {
        assert_eq!(text("date-month", [("month", 11.into()), ("year", 20_260.into())]), "Ноябрь 20260");
        assert_eq!(text("no-such-text", []), "no-such-text");
    }
}
