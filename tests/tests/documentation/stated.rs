//! What a page states of a block's outcome, beside what came out.

use serde_json::Value;

/// What behind a command says what it prints.
const STATES: &str = "# → ";

/// Whether a text is as stated: `…` stands for anything.
pub(crate) fn is_like(stated: &str, text: &str) -> bool {
    let mut pieces = stated.split('…');
    let Some(mut rest) = text.strip_prefix(pieces.next().unwrap_or_default()) else { return false };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, middle)) = pieces.split_last() else { return rest.is_empty() };
    for piece in middle {
        let Some((_, after)) = rest.split_once(piece) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// Whether what was found has everything that was stated.
fn has(stated: &Value, found: &Value) -> bool {
    match (stated, found) {
        (Value::String(text), _) if text == "…" => true,
        (Value::String(text), Value::String(found)) => is_like(text, found),
        (Value::Object(stated), Value::Object(found)) => {
            stated.iter().all(|(name, value)| found.get(name).is_some_and(|found| has(value, found)))
        }
        (Value::Array(stated), Value::Array(found)) => {
            stated.len() == found.len() && stated.iter().zip(found).all(|(stated, found)| has(stated, found))
        }
        _ => stated == found,
    }
}

fn is_status(line: &str) -> bool {
    line.len() == 3 && line.bytes().all(|byte| byte.is_ascii_digit())
}

/// What is not so of what a page states: of the lines of a block, and of the JSON that follows it.
pub(crate) fn unmet(block: &str, json: Option<&str>, output: &str) -> Vec<String> {
    let stated: Vec<&str> = block.lines().filter_map(|line| line.split_once(STATES)).map(|(_, what)| what).collect();
    let mut unmet = Vec::new();
    let lines: Vec<&str> = output.lines().map(str::trim_end).collect();
    let mut left = lines.iter();
    for what in &stated {
        if !left.any(|line| is_like(what, line)) {
            unmet.push(format!("not printed, or not in this order: {what}"));
            break;
        }
    }
    let statuses = lines.iter().filter(|line| is_status(line)).count();
    let of_stated = stated.iter().filter(|what| is_status(what)).count();
    if statuses != of_stated {
        unmet.push(format!("{statuses} statuses were printed, {of_stated} are stated"));
    }
    if let Some(json) = json {
        let stated: Value = serde_json::from_str(json).unwrap_or_else(|error| panic!("{error} in {json}"));
        let printed = lines.iter().rev().filter(|line| line.starts_with(['{', '[']));
        let found = printed.filter_map(|line| serde_json::from_str::<Value>(line).ok()).next();
        if !found.as_ref().is_some_and(|found| has(&stated, found)) {
            unmet.push(format!("not in the JSON that was printed: {stated}"));
        }
    }
    unmet
}

#[test]
fn what_is_so_is_taken() {
    let output = "{\"a\":1}\n201\nhttp/1.1 304 Not Modified\r\n{\"id\":\"x-1\",\"list\":[{\"b\":null,\"c\":2}]}\n304\n";
    let block = "one  # → 201\ntwo  # → http/… 304…\nthree  # → 304\n";
    assert_eq!(unmet(block, Some(r#"{"id": "x-…", "list": [{"b": "…"}]}"#), output), Vec::<String>::new());
}

#[test]
fn what_is_not_so_is_told() {
    let wrong = |block: &str, json: Option<&str>| unmet(block, json, "{\"a\":{\"b\":[1]}}\n409\n200\n").len();
    assert_eq!(wrong("a # → 409\nb # → 200", None), 0);
    assert_eq!(wrong("a # → 201\nb # → 200", None), 1, "another status");
    assert_eq!(wrong("a # → 200\nb # → 409", None), 1, "another order");
    assert_eq!(wrong("a # → 409", None), 1, "a status of which the page says nothing");
    for json in [r#"{"a": {"b": [2]}}"#, r#"{"a": {"b": []}}"#, r#"{"c": "…"}"#, r#"{"a": "x…"}"#] {
        assert_eq!(wrong("a # → 409\nb # → 200", Some(json)), 1, "{json}");
    }
}

#[test]
fn anything_stands_between() {
    for (stated, text, is) in [
        ("a", "a", true),
        ("a", "ab", false),
        ("a…", "ab", true),
        ("…b", "ab", true),
        ("a…b…", "a 1 b 2", true),
        ("a…b", "a b c", false),
        ("a…b…c", "a c b", false),
    ] {
        assert_eq!(is_like(stated, text), is, "{stated} {text}");
    }
}
