//! The interface's texts: one file of the locale, built in.
//!
//! A text is asked for by `t!("key")`, or with values: `t!("key", count = 3)`. A key that is not there shows
//! itself; a test finds it before anybody sees it.

use std::borrow::Cow;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::types::FluentNumber;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

const RUSSIAN: &str = include_str!("../../../assets/locales/ru.ftl");

static TEXTS: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| {
    let locale: LanguageIdentifier = "ru".parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![locale]);
    bundle.set_use_isolating(false);
    // Numbers stand as they are: «12000», as the registers write them.
    bundle.set_formatter(Some(plain_number));
    let resource = FluentResource::try_new(RUSSIAN.to_owned()).unwrap_or_else(|(readable, _)| readable);
    bundle.add_resource_overriding(resource);
    bundle
});

fn plain_number<M>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    match value {
        FluentValue::Number(FluentNumber { value, .. }) => Some(format!("{value}")),
        FluentValue::String(_) | FluentValue::Custom(_) | FluentValue::None | FluentValue::Error => None,
    }
}

/// A text without values.
#[must_use]
pub(crate) fn plain(key: &'static str) -> Cow<'static, str> {
    TEXTS
        .get_message(key)
        .and_then(|message| message.value())
        .map_or(Cow::Borrowed(key), |pattern| TEXTS.format_pattern(pattern, None, &mut Vec::new()))
}

/// A text with values.
#[must_use]
pub(crate) fn filled(key: &'static str, args: &FluentArgs<'_>) -> Cow<'static, str> {
    let Some(pattern) = TEXTS.get_message(key).and_then(|message| message.value()) else { return Cow::Borrowed(key) };
    Cow::Owned(TEXTS.format_pattern(pattern, Some(args), &mut Vec::new()).into_owned())
}

/// A text of the interface, for the client.
#[must_use]
pub fn text(key: &'static str) -> String {
    plain(key).into_owned()
}

/// A text of the interface with one value, for the client.
#[must_use]
pub fn text_with(key: &'static str, name: &'static str, value: &str) -> String {
    let mut args = FluentArgs::new();
    args.set(name, value.to_owned());
    filled(key, &args).into_owned()
}

/// A text of the interface: `t!("key")` or `t!("key", name = value, …)`.
macro_rules! t {
    ($key:literal) => { $crate::texts::plain($key) };
    ($key:literal, $($name:ident = $value:expr),+ $(,)?) => {{
        let mut args = fluent_bundle::FluentArgs::new();
        $(args.set(stringify!($name), $value);)+
        $crate::texts::filled($key, &args)
    }};
}
pub(crate) use t;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// Keys that sources ask for: `t!("…"`, `text("…"` and `text_with("…"`.
    fn asked(folder: &Path, keys: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                asked(&path, keys);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("texts.rs") {
                let source = std::fs::read_to_string(&path).unwrap();
                for call in ["t!(", "prikrep_ui::text(", "prikrep_ui::text_with("] {
                    for part in source.split(call).skip(1) {
                        let part = part.trim_start();
                        keys.extend(part.strip_prefix('"').and_then(|rest| rest.split('"').next()).map(str::to_owned));
                    }
                }
            }
        }
    }

    #[test]
    fn every_text_that_is_asked_for_is_there_and_every_text_is_asked_for() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut keys = BTreeSet::new();
        asked(&crates.join("ui/src"), &mut keys);
        asked(&crates.join("client/src"), &mut keys);
        let known: BTreeSet<String> = RUSSIAN
            .lines()
            .filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()))
            .filter_map(|line| line.split_once(" =").map(|(key, _)| key.to_owned()))
            .collect();
        assert_eq!(keys.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new(), "keys without a text");
        assert_eq!(known.difference(&keys).collect::<Vec<_>>(), Vec::<&String>::new(), "texts that nobody shows");
    }

    #[test]
    fn the_file_is_read_to_its_end() {
        assert!(FluentResource::try_new(RUSSIAN.to_owned()).is_ok(), "the locale has a mistake");
    }

    #[test]
    fn numbers_choose_their_russian_forms() {
        let words = [0, 1, 2, 5, 11, 21, 1_002, 12_000].map(|count| t!("span-days", count = count).into_owned());
        assert_eq!(words, ["0 дней", "1 день", "2 дня", "5 дней", "11 дней", "21 день", "1002 дня", "12000 дней"]);
    }
}
