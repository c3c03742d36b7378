//! Records that cannot be understood: told apart from odd ones, and told in words that repeat nothing of them.

use prikrep_domain::{Application, DecisionKind, Delivery, MAX_RECORD_BYTES, Unreadable, read_application};
use serde_json::{Value, json};

use crate::given::{full_application, record};

/// Stands for personal data in the wrong place.
const SECRET: &str = "Тайный`, expected одного-Секретов";

fn wire() -> Value {
    let mut full = full_application();
    full.answers = vec![
        record(1, DecisionKind::Provide, Delivery::Queued),
        record(2, DecisionKind::Detach, Delivery::Delivered { at: Some(full.created_at) }),
        record(3, DecisionKind::Refuse, Delivery::Queued),
    ];
    serde_json::to_value(full).unwrap()
}

fn with(pointer: &str, value: Value) -> String {
    let mut wire = wire();
    *wire.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
    wire.to_string()
}

fn without(parent: &str, field: &str) -> String {
    let mut wire = wire();
    wire.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(field).unwrap();
    wire.to_string()
}

fn unreadable(text: &str) -> Unreadable {
    read_application(text).map(|_: Application| ()).unwrap_err()
}

#[test]
fn the_reason_says_where_and_never_what() {
    let long = || json!(format!("{SECRET}{}", "ж".repeat(4_000)));
    let cases = [
        ("an unknown type", with("/type", json!(SECRET))),
        ("an unknown status", with("/status", json!(SECRET))),
        ("an unknown kind of attachment", with("/kind", json!(SECRET))),
        ("an unknown relation", with("/applicant/relation", json!(SECRET))),
        ("an unknown decision", with("/answers/0/decision", json!(SECRET))),
        ("an unknown state of delivery", with("/answers/0/delivery/state", json!(SECRET))),
        ("a number for a name", with("/patient/name/family", json!(79_000_000_000u64))),
        ("a text for the version", with("/version", json!(SECRET))),
        ("a text for the patient", with("/patient", json!(SECRET))),
        ("an object for a phone", with("/patient/phone", json!({"mobile": SECRET}))),
        ("not a GUID", with("/patient/guid", json!(SECRET))),
        ("not an OID", with("/organization/oid", json!(SECRET))),
        ("not a date", with("/patient/birth_date", json!(SECRET))),
        ("not a time", with("/created_at", json!(SECRET))),
        ("no status", without("", "status")),
        ("no family name", without("/patient/name", "family")),
        ("an answer without a decision", without("/answers/0", "decision")),
        ("the same field twice", format!("{{\"version\": 1, {}", &wire().to_string()[1..])),
        ("version 0", with("/version", json!(0))),
        ("a negative version", with("/version", json!(-79_000_000_000i64))),
        ("filed in 1999", with("/created_at", json!("1999-12-31T23:59:59Z"))),
        ("filed in 2100", with("/created_at", json!("2100-01-01T00:00:00Z"))),
        ("changed in 12026", with("/changed_at", json!("+12026-01-01T00:00:00Z"))),
        ("born in 1849", with("/patient/birth_date", json!("1849-12-31"))),
        ("answered in 12026", with("/answers/0/answered_at", json!("+12026-01-01T00:00:00Z"))),
        ("an answer date in 12026", with("/answers/1/answer_date", json!("+12026-01-01"))),
        ("delivered in 12026", with("/answers/1/delivery/at", json!("+12026-01-01T00:00:00Z"))),
        ("a family name over the limit", with("/patient/name/family", long())),
        ("a given name over the limit", with("/patient/name/given", long())),
        ("a patronymic over the limit", with("/patient/name/patronymic", long())),
        ("an applicant's name over the limit", with("/applicant/name/given", long())),
        ("a doctor over the limit", with("/doctor/position", long())),
        ("a comment over the limit", with("/answers/0/comment", long())),
        ("an author over the limit", with("/answers/0/answered_by", long())),
        ("a district over the limit", with("/answers/0/district", long())),
        ("a refusal reason over the limit", with("/answers/2/refusal_reason", long())),
        ("an answer's doctor over the limit", with("/answers/0/doctor/full_name", long())),
        ("cut short", wire().to_string()[..200].to_owned()),
        ("not an object", format!("\"{SECRET}\"")),
        ("nothing", String::new()),
        ("not JSON", format!("<{SECRET}>")),
        ("two megabytes", with("/patient/registration_address", json!(SECRET.repeat(2 << 20 >> 4)))),
    ];
    let mut lines = Vec::new();
    for (case, text) in cases {
        let Unreadable { id, reason } = unreadable(&text);
        for part in [SECRET, "79000000000", "12026", "1849", "1999", "2100"] {
            assert!(!reason.contains(part), "{case}: {reason}");
        }
        lines.push(format!("{case}{}\n  {reason}", if id.is_some() { "" } else { " (its identifier is not known)" }));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn what_is_only_odd_is_kept() {
    for (pointer, value) in [
        ("/patient/snils", json!("112-233-445 96")),
        ("/patient/snils", json!("нет")),
        ("/patient/oms_policy", json!("0000000000000000")),
        ("/patient/birth_date", json!("2099-01-01")),
        ("/patient/name/given", json!("")),
        ("/patient/name/family", json!("ж".repeat(128))),
        ("/doctor/position", json!("ж".repeat(256))),
        ("/answers/0/comment", json!("ж".repeat(4_000))),
        ("/answers/0/comment", json!("")),
        ("/type", json!("detachment")),
    ] {
        let text = with(pointer, value.clone());
        let read = read_application(&text).unwrap_or_else(|bad| panic!("{pointer} {value}: {bad}"));
        assert_eq!(serde_json::to_value(read).unwrap().pointer(pointer), Some(&value));
    }
}

#[test]
fn the_limit_of_a_record_is_exact() {
    let size = wire().to_string().len();
    let padded = |bytes: usize| format!("{}{}", wire(), " ".repeat(bytes - size));
    assert!(read_application(&padded(MAX_RECORD_BYTES)).is_ok());
    assert_eq!(unreadable(&padded(MAX_RECORD_BYTES + 1)).reason, "запись больше 1024 КиБ");
}
