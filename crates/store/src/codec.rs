//! Stored values: a version byte and a MessagePack body.
//!
//! Bodies are arrays of fields in declared order: a new field goes to the end with a default, and older
//! bodies still read. Rows are packed besides, see [`crate::packing`]. Golden bytes of every version are kept by
//! a test.

use std::io;

use prikrep_domain::Application;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;
use crate::packing::{pack, unpack};

/// The version byte of a small record.
const VERSION: u8 = 1;
/// The version bytes of rows: with a plain body, as releases before 0.2 wrote them, and with a packed one.
const PLAIN_ROW: u8 = 1;
const PACKED_ROW: u8 = 2;

/// Encodes a small record; `what` names it in errors.
pub(crate) fn encode<T: Serialize>(value: &T, what: &str) -> Result<Vec<u8>, StoreError> {
    let mut body = vec![VERSION];
    rmp_serde::encode::write_named(&mut body, value).map_err(|_| StoreError::Encode { what: what.into() })?;
    Ok(body)
}

/// Decodes a small record.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T, StoreError> {
    let damaged = || StoreError::Damaged { what: what.into() };
    match bytes.split_first() {
        Some((&VERSION, body)) => rmp_serde::from_slice(body).map_err(|_| damaged()),
        _ => Err(damaged()),
    }
}

/// A row of the cache: what the upstream last said of an application, and when it arrived here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// This hop's change number of the arrival.
    pub(crate) sequence: u64,
    /// The base: never edited here.
    pub(crate) base: Application,
}

/// The part of a row before its body, so that versions are compared without decoding the whole.
const ROW_HEAD: usize = 1 + 8 + 8;

impl Row {
    pub(crate) fn encode(sequence: u64, base: &Application) -> Result<Vec<u8>, StoreError> {
        let refused = || StoreError::Encode { what: format!("заявление {}", base.id) };
        let mut bytes = Vec::with_capacity(2_048);
        bytes.push(PACKED_ROW);
        bytes.extend_from_slice(&sequence.to_be_bytes());
        bytes.extend_from_slice(&base.version.to_be_bytes());
        pack(&mut bytes, |body| rmp_serde::encode::write(body, base).map_err(io::Error::other))
            .map_err(|_| refused())?;
        Ok(bytes)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (sequence, _) = row_head(bytes)?;
        let body = bytes.get(ROW_HEAD..)?;
        let base = match bytes.first()? {
            &PLAIN_ROW => rmp_serde::from_slice(body).ok()?,
            _ => unpack(body, |body| rmp_serde::from_slice(body).ok())?,
        };
        Some(Self { sequence, base })
    }
}

/// The sequence and the upstream's version of an encoded row.
pub(crate) fn row_head(bytes: &[u8]) -> Option<(u64, u64)> {
    let (version, rest) = bytes.split_first()?;
    let (sequence, rest) = rest.split_first_chunk()?;
    let (base_version, _) = rest.split_first_chunk()?;
    matches!(*version, PLAIN_ROW | PACKED_ROW)
        .then_some((u64::from_be_bytes(*sequence), u64::from_be_bytes(*base_version)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OutboxState;
    use crate::cache::Position;
    use crate::outbox::StoredAnswer;
    use prikrep_domain::{Cursor, RecordedAnswer};
    use std::fmt::Write;

    /// An application with every field, and answers of every kind and delivery.
    const APPLICATION: &str = r#"{
        "id":"0198f3a2-1c5e-7d40-8a11-5b2f6f0c9d21","version":77,"type":"cancellation","kind":"pediatric","status":"refused",
        "created_at":"2026-03-01T10:00:00.125Z","changed_at":"2026-03-02T11:00:00+07:00",
        "cancels":"0198f3a2-1c5e-7d40-8a11-5b2f6f0c9d22","cancel_reason":"Передумал",
        "patient":{"guid":"0198f3a2-1c5e-7d40-8a11-5b2f6f0c9d23","name":{"family":"Ёлкин","given":"Пётр","patronymic":null},
            "birth_date":"2015-02-28","snils":"112-233-445 95","oms_policy":"1234567890123452","phone":"+7 913 000-00-00",
            "registration_address":"г. Барнаул","residence_address":null},
        "applicant":{"guid":"0198f3a2-1c5e-7d40-8a11-5b2f6f0c9d24","name":{"family":"Ёлкина","given":"Анна","patronymic":"Львовна"},"relation":"mother"},
        "organization":{"oid":"1.2.643.5.1.13.13.12.2.22.2001","name":"Поликлиника № 1"},
        "department":"Детское","district":"12","doctor":{"full_name":"Петров П. П.","position":"врач-педиатр"},
        "answers":[
            {"id":"0198f3a2-1c5e-7d40-8a11-5b2f6f0c9d31","decision":"fail_cancel","comment":"Поздно","answered_at":"2026-03-02T04:00:00Z","answered_by":"Иванова А. А.","delivery":{"state":"delivered","at":"2026-03-02T05:00:00Z"}},
            {"id":"0198f3a2-1c5e-7d40-8a11-5b2f6f0c9d32","decision":"provide","comment":"Да","answered_at":"2026-03-02T04:00:00Z","answered_by":"","district":"12","doctor":{"full_name":"Петров П. П.","position":"врач-педиатр"},"delivery":{"state":"rejected","at":null,"problem":{"type":"urn:prikrep:problem:wrong-status","title":"Нет","status":409,"detail":"Поздно","errors":[{"field":"comment","message":"пусто"}]}}},
            {"id":"0198f3a2-1c5e-7d40-8a11-5b2f6f0c9d33","decision":"refuse","comment":"Нет","answered_at":"2026-03-02T04:00:00Z","answered_by":"Иванова А. А.","refusal_reason":"Нет мест","delivery":{"state":"queued"}},
            {"id":"0198f3a2-1c5e-7d40-8a11-5b2f6f0c9d34","decision":"detach","comment":"Нет","answered_at":"2026-03-02T04:00:00Z","answered_by":"Иванова А. А.","answer_date":"2026-03-02","delivery":{"state":"queued"}},
            {"id":"0198f3a2-1c5e-7d40-8a11-5b2f6f0c9d35","decision":"approve_cancel","comment":"Да","answered_at":"2026-03-02T04:00:00Z","answered_by":"Иванова А. А.","delivery":{"state":"delivered","at":null}}
        ]}"#;

    fn hex(bytes: &[u8]) -> String {
        bytes.chunks(40).fold(String::new(), |mut text, line| {
            line.iter().for_each(|byte| write!(text, "{byte:02x}").unwrap());
            text + "\n"
        })
    }

    fn unhex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    fn application() -> Application {
        serde_json::from_str(APPLICATION).unwrap()
    }

    fn stored_answers() -> Vec<StoredAnswer> {
        let at = application().created_at;
        let problem = prikrep_domain::Problem::new(prikrep_domain::ProblemKind::Superseded).with_detail("Отмена");
        let states = [
            OutboxState::Queued,
            OutboxState::Delivered { at, version: Some(78) },
            OutboxState::Rejected { at, problem },
            OutboxState::Delivered { at, version: None },
            OutboxState::Queued,
        ];
        let store = |(record, state): (RecordedAnswer, _)| StoredAnswer {
            application: application().id,
            id: record.id,
            answer: record.answer,
            state,
        };
        application().answers.into_iter().zip(states).map(store).collect()
    }

    fn position() -> Position {
        let epoch = application().id.uuid();
        Position {
            epoch,
            cursor: Some(Cursor::new("e.77".into()).unwrap()),
            rereading: true,
            desk_stamp: 12,
            trimmed: 5,
            complete: true,
        }
    }

    #[test]
    fn golden_rows_of_every_version() {
        for golden in [include_str!("../golden/row-1.hex"), include_str!("../golden/row-2.hex")] {
            assert_eq!(Row::decode(&unhex(golden)).unwrap(), Row { sequence: 9, base: application() });
            assert_eq!(row_head(&unhex(golden)), Some((9, 77)));
        }
        // How it is packed is the library's choice and may become better; what it stands for may not change.
        let bytes = Row::encode(9, &application()).unwrap();
        assert_eq!(Row::decode(&bytes).unwrap(), Row { sequence: 9, base: application() });
        assert_eq!(bytes[..ROW_HEAD], unhex(include_str!("../golden/row-2.hex"))[..ROW_HEAD]);
    }

    #[test]
    fn golden_desk_records_of_version_1() {
        let golden = include_str!("../golden/answers-1.hex");
        assert_eq!(hex(&encode(&stored_answers(), "").unwrap()), golden);
        assert_eq!(decode::<Vec<StoredAnswer>>(&unhex(golden), "").unwrap(), stored_answers());
        let golden = include_str!("../golden/position-1.hex");
        assert_eq!(hex(&encode(&position(), "").unwrap()), golden);
        assert_eq!(decode::<Position>(&unhex(golden), "").unwrap(), position());
    }

    #[test]
    fn another_version_and_cut_bytes_are_damage() {
        let mut bytes = Row::encode(9, &application()).unwrap();
        assert!(Row::decode(&bytes[..bytes.len() - 1]).is_none());
        bytes[0] = 3;
        assert!(Row::decode(&bytes).is_none());
        assert!(decode::<Position>(&[], "").is_err());
    }
}
