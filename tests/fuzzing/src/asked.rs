//! What is asked for in an address, and identifiers as people and programs write them.

use std::str::FromStr;

use http::Uri;
use prikrep_domain::collate::fold;
use prikrep_domain::{ApplicationId, Cursor, NameSearch, Oid, OmsPolicy, PersonId, Snils, Sort};
use prikrep_server::{Login, fuzzing as server};
use prikrep_store::fuzzing as store;

use crate::pieces::kind;

/// Parameters: what is taken is the same after it is written again, and what is refused is told in short words.
pub fn parameters(data: &[u8]) {
    let Some((kind, query)) = kind(data) else { return };
    let Some(uri) = str::from_utf8(query).ok().and_then(uri) else { return };
    let refused = match kind % 3 {
        0 => match server::search(&uri) {
            Ok(search) => {
                assert!(server::search(&written(&search)).is_ok_and(|again| again == search));
                search.check().err()
            }
            Err(problem) => Some(problem.words().to_owned()),
        },
        1 => match server::feed(&uri) {
            Ok((after, limit, wait)) => {
                assert!((1..=5_000).contains(&limit) && wait <= 60);
                assert!(after.as_ref().is_none_or(|after| (1..=128).contains(&after.chars().count())));
                let pairs = [("after", after.clone().unwrap_or_default()), ("limit", limit.to_string())];
                assert_eq!(server::feed(&written(&pairs)).unwrap(), (after, limit, 0));
                None
            }
            Err(problem) => Some(problem.words().to_owned()),
        },
        _ => match server::journal_search(&uri) {
            Ok(search) => {
                assert_eq!(server::journal_search(&written(&search)).unwrap(), search);
                None
            }
            Err(problem) => Some(problem.words().to_owned()),
        },
    };
    assert!(refused.is_none_or(|words| words.chars().count() <= 2_000));
}

fn uri(query: &str) -> Option<Uri> {
    format!("/?{query}").parse().ok()
}

fn written(parameters: &impl serde::Serialize) -> Uri {
    uri(&serde_urlencoded::to_string(parameters).unwrap()).unwrap()
}

/// Identifiers: what is read is shown in one form, which is read as the same.
pub fn identifiers(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    shown_again(text, ApplicationId::parse);
    shown_again(text, PersonId::parse);
    if let Some(oid) = shown_again(text, Oid::parse) {
        assert!(oid.as_str().len() <= 128 && oid.as_str().bytes().all(|byte| byte == b'.' || byte.is_ascii_digit()));
    }
    if let Some(snils) = shown_again(text, Snils::parse) {
        assert_eq!(Snils::digits_of(text), Some(snils.number()));
        assert_eq!(snils.to_string().len(), 14);
    }
    assert!(Snils::digits_of(text).is_none_or(|digits| digits <= 99_999_999_999));
    if let Some(OmsPolicy::Single(digits)) = shown_again(text, OmsPolicy::parse) {
        assert!(digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_digit()));
    }
    shown_again(text, Sort::from_str);
    if let Ok(login) = Login::parse(text) {
        assert!((1..=128).contains(&login.as_str().len()));
        assert_eq!(Login::parse(login.as_str()), Ok(login));
    }
    if let Some((epoch, sequence)) = store::cursor(text) {
        assert_eq!(store::cursor(&format!("{}.{sequence}", epoch.simple())), Some((epoch, sequence)));
    }
    assert_eq!(Cursor::new(text.to_owned()).is_ok(), text.chars().count() <= 128);
    name(text);
}

fn shown_again<T: ToString + PartialEq + std::fmt::Debug, E: std::fmt::Display + std::fmt::Debug>(
    text: &str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Option<T> {
    match parse(text) {
        Ok(value) => {
            assert_eq!(parse(&value.to_string()).ok().as_ref(), Some(&value));
            Some(value)
        }
        Err(words) => {
            assert!(!words.to_string().is_empty());
            None
        }
    }
}

/// Whatever was typed finds the name that it is.
fn name(text: &str) {
    let typed: String = text.chars().take(NameSearch::MAX_CHARS).collect();
    let folded = fold(&typed);
    match NameSearch::new(text) {
        Some(search) => {
            assert!(search.words().iter().all(|word| !word.is_empty()));
            assert!(search.matches(&folded) && !search.matches(b""));
        }
        None => assert!(folded.is_empty()),
    }
}
