//! Pages of the feed with a record that is wrong on purpose.

use prikrep_domain::{Application, FeedPage, MAX_RECORD_BYTES};
use serde_json::{Value, json};

use crate::dice::Dice;
use crate::faults::Malformation;
use crate::world::fresh_id;

/// The page as JSON with a malformed record: in the place of one of its own, or beside them, made from a
/// copy. `specimen` is copied when the page is empty.
pub(crate) fn page(
    page: &FeedPage,
    specimen: &Application,
    malformation: Malformation,
    replace: bool,
    dice: &mut Dice,
) -> serde_json::Result<Value> {
    let mut changes: Vec<Value> = page.changes.iter().map(serde_json::to_value).collect::<Result<_, _>>()?;
    let place = dice.place(changes.len());
    let original = match changes.get(place) {
        Some(original) => original.clone(),
        None => serde_json::to_value(specimen)?,
    };
    let mut record = original;
    let keeps_id = replace || matches!(malformation, Malformation::Duplicate | Malformation::StaleVersion);
    if !keeps_id {
        set(&mut record, "id", json!(fresh_id(dice)));
    }
    let record = spoil(record, malformation);
    match changes.get_mut(place) {
        Some(real) if replace => *real = record,
        _ => changes.push(record),
    }
    Ok(json!({ "changes": changes, "cursor": page.cursor, "has_more": page.has_more }))
}

fn spoil(mut record: Value, malformation: Malformation) -> Value {
    match malformation {
        Malformation::UnknownStatus => set(&mut record, "status", json!("on_the_moon")),
        Malformation::UnknownType => set(&mut record, "type", json!("transfer")),
        Malformation::WrongType => set(&mut record, "patient", json!(42)),
        Malformation::MissingField => {
            if let Some(fields) = record.as_object_mut() {
                fields.remove("patient");
            }
        }
        Malformation::DateOutOfRange => set(&mut record, "created_at", json!("9020-01-01T00:00:00Z")),
        Malformation::Oversized => set(&mut record, "department", json!("А".repeat(MAX_RECORD_BYTES / "А".len() + 1))),
        Malformation::NotAnObject => return json!([1, 2, 3]),
        Malformation::Duplicate => {}
        Malformation::StaleVersion => set(&mut record, "version", json!(1)),
    }
    record
}

fn set(record: &mut Value, field: &str, value: Value) {
    if let Some(fields) = record.as_object_mut() {
        fields.insert(field.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Stream;
    use crate::{Gateway, Scale};
    use prikrep_domain::read_application;

    const UNREADABLE: [Malformation; 7] = [
        Malformation::UnknownStatus,
        Malformation::UnknownType,
        Malformation::WrongType,
        Malformation::MissingField,
        Malformation::DateOutOfRange,
        Malformation::Oversized,
        Malformation::NotAnObject,
    ];

    fn spoiled(malformation: Malformation, replace: bool, of: usize) -> Vec<Value> {
        let start = "2026-06-01T04:00:00Z".parse().unwrap();
        let gateway = Gateway::new(Scale { applications: 10, organizations: 2, seed: 1, start }).unwrap();
        let mut original = gateway.feed(None, 10).unwrap();
        original.changes.truncate(of);
        let mut dice = Dice::new(1, Stream::Faults, 0);
        let spoiled = page(&original, &gateway.specimen(), malformation, replace, &mut dice).unwrap();
        assert_eq!(spoiled["cursor"], json!(original.cursor));
        spoiled["changes"].as_array().unwrap().clone()
    }

    fn unreadable(records: &[Value]) -> usize {
        records.iter().filter(|record| read_application(&record.to_string()).is_err()).count()
    }

    #[test]
    fn every_malformation_makes_one_record_unreadable_and_no_other() {
        for malformation in UNREADABLE {
            let beside = spoiled(malformation, false, 10);
            assert_eq!((beside.len(), unreadable(&beside)), (11, 1), "{malformation:?}");
            let instead = spoiled(malformation, true, 10);
            assert_eq!((instead.len(), unreadable(&instead)), (10, 1), "{malformation:?}");
            let alone = spoiled(malformation, true, 0);
            assert_eq!((alone.len(), unreadable(&alone)), (1, 1), "{malformation:?}");
        }
    }

    #[test]
    fn a_duplicate_has_the_identifier_of_another_record() {
        for malformation in [Malformation::Duplicate, Malformation::StaleVersion] {
            let records = spoiled(malformation, false, 10);
            assert_eq!((records.len(), unreadable(&records)), (11, 0));
            let ids: std::collections::HashSet<String> = records.iter().map(|r| r["id"].to_string()).collect();
            assert_eq!(ids.len(), 10);
        }
        assert_eq!(spoiled(Malformation::StaleVersion, false, 10)[10]["version"], json!(1));
    }
}
