//! Reading what a server says when it does not do what it was asked: the problem document and `Retry-After`.
//!
//! Everything may be missing or wrong here; what can be understood is kept.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use prikrep_domain::{FieldError, Problem, ProblemKind, read_application};
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use serde_json::Value;

const MAX_TITLE_CHARS: usize = 256;
const MAX_DETAIL_CHARS: usize = 4_000;
const MAX_FIELD_ERRORS: usize = 100;

/// Reads a problem document; `None` when the body is none. The status is the response's own.
pub(crate) fn read_problem(status: u16, body: &[u8]) -> Option<Problem> {
    let document: Value = serde_json::from_slice(body).ok()?;
    let text = |name: &str, most: usize| document.get(name)?.as_str().map(|text| cut(text, most));
    let urn = text("type", MAX_TITLE_CHARS);
    let (title, detail) = (text("title", MAX_TITLE_CHARS), text("detail", MAX_DETAIL_CHARS));
    if urn.is_none() && title.is_none() && detail.is_none() {
        return None;
    }
    let kind: ProblemKind = serde_json::from_value(Value::String(urn.unwrap_or("about:blank".to_owned()))).ok()?;
    let errors = document.get("errors").and_then(Value::as_array).map(|errors| field_errors(errors));
    let application = document.get("application").filter(|application| application.is_object());
    Some(Problem {
        title: title.unwrap_or_else(|| kind.title().to_owned()),
        kind,
        status,
        detail,
        errors: errors.unwrap_or_default(),
        application: application.and_then(|value| read_application(&value.to_string()).ok()).map(Box::new),
    })
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

fn field_errors(errors: &[Value]) -> Vec<FieldError> {
    let read = |error: &Value| {
        let field = cut(error.get("field")?.as_str()?, MAX_TITLE_CHARS);
        let message = cut(error.get("message")?.as_str()?, MAX_DETAIL_CHARS);
        Some(FieldError { field, message })
    };
    errors.iter().take(MAX_FIELD_ERRORS).filter_map(read).collect()
}

/// How long the server asks to wait: seconds, or until a date, which is told by the server's own clock.
pub(crate) fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    let asked = text(RETRY_AFTER)?;
    if !asked.is_empty() && asked.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(asked.parse().unwrap_or(u64::MAX)));
    }
    let until = http_date(asked)?;
    let server_now = text(DATE).and_then(http_date).unwrap_or(now);
    Some((until - server_now).to_std().unwrap_or(Duration::ZERO))
}

/// The three forms of RFC 9110.
fn http_date(text: &str) -> Option<DateTime<Utc>> {
    ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
        .into_iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .map(|date| date.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn retry_after_in_every_form() {
        let now = DateTime::parse_from_rfc3339("1994-11-06T08:49:00Z").unwrap().with_timezone(&Utc);
        let rows = [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(37)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(37)),
            ("Sun Nov  6 08:49:37 1994", Some(37)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("soon", None),
            ("-5", None),
            ("1.5", None),
            ("", None),
        ];
        for (text, expected) in rows {
            let found = retry_after(&headers(&[(RETRY_AFTER, text)]), now);
            assert_eq!(found, expected.map(Duration::from_secs), "{text:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn a_date_is_told_by_the_servers_clock_not_by_ours() {
        let ours = DateTime::parse_from_rfc3339("2031-01-01T00:00:00Z").unwrap().with_timezone(&Utc);
        let both = headers(&[(RETRY_AFTER, "Sun, 06 Nov 1994 08:50:37 GMT"), (DATE, "Sun, 06 Nov 1994 08:49:37 GMT")]);
        assert_eq!(retry_after(&both, ours), Some(Duration::from_secs(60)));
    }

    #[test]
    fn what_can_be_understood_of_a_problem_is_kept() {
        let full = br#"{"type":"urn:prikrep:problem:invalid-answer","title":"t","status":200,"detail":"d",
            "errors":[{"field":"comment","message":"m"},{"field":1},7],"application":{"id":"x"},"more":[1]}"#;
        let problem = read_problem(422, full).unwrap();
        assert_eq!((problem.kind, problem.status), (ProblemKind::InvalidAnswer, 422));
        assert_eq!((problem.title.as_str(), problem.detail.as_deref()), ("t", Some("d")));
        assert_eq!(problem.errors, [FieldError { field: "comment".to_owned(), message: "m".to_owned() }]);
        assert_eq!(problem.application, None);

        let bare = read_problem(409, br#"{"detail":"only words","status":"?","errors":{},"application":3}"#).unwrap();
        assert_eq!(bare.kind, ProblemKind::Other("about:blank".to_owned()));
        assert_eq!((bare.status, bare.words()), (409, "only words"));

        for none in ["", "<html>no</html>", "[]", "{}", "\"text\"", r#"{"error":"x"}"#, "{\"type\":", "null"] {
            assert_eq!(read_problem(500, none.as_bytes()), None, "{none}");
        }
        let long = format!(r#"{{"title":"{0}","detail":"{0}"}}"#, "ы".repeat(10_000));
        let problem = read_problem(500, long.as_bytes()).unwrap();
        assert_eq!(problem.title.chars().count(), MAX_TITLE_CHARS);
        assert_eq!(problem.words().chars().count(), MAX_DETAIL_CHARS);
    }
}
