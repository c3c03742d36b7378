//! A search as it is asked for on the wire and on the command line: texts, checked field by field.

use std::str::FromStr;

use chrono::NaiveDate;
use prikrep_domain::{
    ApplicationType, AttachmentKind, FieldError, MAX_PAGE_RECORDS, NameSearch, Oid, Period, PersonId, Query, Snils,
    Sort, Status, StatusFilter,
};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

const DEFAULT_LIMIT: usize = 100;

/// What is searched for. The organization is never asked for: it is the account's.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct Search {
    /// The first date of the period, by the date of the application in the register's time zone.
    #[param(required = true, value_type = String, format = Date)]
    pub from: Option<String>,
    /// The last date of the period, inclusive.
    #[param(required = true, value_type = String, format = Date)]
    pub to: Option<String>,
    /// The patient's GUID; upper case and braces are accepted.
    #[param(value_type = Option<uuid::Uuid>, nullable = false)]
    pub patient: Option<String>,
    /// Eleven digits, in any mix of spaces and dashes; the check digits must hold.
    #[param(nullable = false)]
    pub snils: Option<String>,
    /// The type of the application.
    #[serde(rename = "type")]
    #[param(value_type = Option<ApplicationType>, nullable = false)]
    pub application_type: Option<String>,
    /// The kind of attachment.
    #[param(value_type = Option<AttachmentKind>, nullable = false)]
    pub kind: Option<String>,
    /// One status, or `pending`: whatever an answer is possible to.
    #[param(value_type = Option<SearchStatus>, nullable = false)]
    pub status: Option<String>,
    /// Words that the patient's name contains, each anywhere in it; case and ё do not count.
    /// At most 256 characters.
    #[param(max_length = 256, nullable = false)]
    pub name: Option<String>,
    /// The column, after a minus when descending. Equal ones stand by date, then by identifier; descending is
    /// the exact reverse.
    #[param(value_type = Option<SearchSort>, nullable = false)]
    pub sort: Option<String>,
    /// How many at most. A page may hold fewer when it would grow beyond 16 MiB: go on from
    /// `offset` + the number received.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 5000, default = 100, nullable = false)]
    pub limit: Option<String>,
    /// How many to skip.
    #[param(value_type = Option<u32>, minimum = 0, default = 0, nullable = false)]
    pub offset: Option<String>,
}

/// What `status` may be in a search.
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "snake_case")]
#[allow(dead_code, reason = "described in OpenAPI only; the domain's own parser reads it")]
pub(crate) enum SearchStatus {
    Pending,
    Sent,
    Done,
    Refused,
    Accepted,
    Cancelling,
    Cancelled,
    CancelFailed,
}

/// What `sort` may be in a search.
#[derive(utoipa::ToSchema)]
#[schema(default = "-created_at")]
#[allow(dead_code, reason = "described in OpenAPI only; the domain's own parser reads it")]
pub(crate) enum SearchSort {
    #[schema(rename = "name")]
    Name,
    #[schema(rename = "-name")]
    NameDescending,
    #[schema(rename = "snils")]
    Snils,
    #[schema(rename = "-snils")]
    SnilsDescending,
    #[schema(rename = "kind")]
    Kind,
    #[schema(rename = "-kind")]
    KindDescending,
    #[schema(rename = "created_at")]
    CreatedAt,
    #[schema(rename = "-created_at")]
    CreatedAtDescending,
    #[schema(rename = "type")]
    Type,
    #[schema(rename = "-type")]
    TypeDescending,
    #[schema(rename = "status")]
    Status,
    #[schema(rename = "-status")]
    StatusDescending,
}

/// A search that may be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) query: Query,
    pub(crate) offset: usize,
    pub(crate) limit: usize,
}

impl Search {
    /// Checks every field, without running the search.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn check(&self) -> Result<(), String> {
        let words = |errors: Vec<FieldError>| {
            errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect::<Vec<_>>().join("; ")
        };
        self.read(None).map(drop).map_err(words)
    }

    /// Checks every field.
    pub(crate) fn read(&self, organization: Option<Oid>) -> Result<Asked, Vec<FieldError>> {
        let mut fields = Fields::default();
        let from = fields.date("from", self.from.as_deref());
        let to = fields.date("to", self.to.as_deref());
        let period = from.zip(to).and_then(|(from, to)| fields.keep("to", Period::new(from, to)));
        let patient = fields.parse("patient", &self.patient, PersonId::parse);
        let snils = fields.parse("snils", &self.snils, Snils::parse);
        let application_type = fields.code("type", &self.application_type, &ApplicationType::ALL, |t| t.code());
        let kind = fields.code("kind", &self.kind, &AttachmentKind::ALL, |kind| kind.code());
        let status = match self.status.as_deref() {
            Some("pending") => Some(StatusFilter::Pending),
            Some(text) => fields.status(text),
            None => None,
        };
        let name = fields.parse("name", &self.name, name_search).flatten();
        let sort = fields.parse("sort", &self.sort, Sort::from_str).unwrap_or_default();
        let limit = fields.number("limit", &self.limit, 1, MAX_PAGE_RECORDS).unwrap_or(DEFAULT_LIMIT);
        let offset = fields.number("offset", &self.offset, 0, usize::MAX).unwrap_or(0);
        match period {
            Some(period) if fields.0.is_empty() => {
                let query = Query { period, patient, snils, application_type, kind, status, name, organization, sort };
                Ok(Asked { query, offset, limit })
            }
            _ => Err(fields.0),
        }
    }
}

fn name_search(text: &str) -> Result<Option<NameSearch>, String> {
    at_most(text, NameSearch::MAX_CHARS).map(|()| NameSearch::new(text))
}

fn at_most(text: &str, most: usize) -> Result<(), String> {
    if text.chars().count() > most { Err(format!("не больше {most} знаков")) } else { Ok(()) }
}

/// The mistakes found so far.
#[derive(Default)]
pub(crate) struct Fields(pub(crate) Vec<FieldError>);

impl Fields {
    fn keep<T, E: std::fmt::Display>(&mut self, field: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.0.push(FieldError { field: field.to_owned(), message: error.to_string() })).ok()
    }

    pub(crate) fn parse<T, E: std::fmt::Display>(
        &mut self,
        field: &str,
        text: &Option<String>,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        text.as_deref().and_then(|text| self.keep(field, parse(text)))
    }

    pub(crate) fn length(&mut self, field: &str, text: &Option<String>, most: usize) {
        self.parse(field, text, |text| at_most(text, most));
    }

    pub(crate) fn date(&mut self, field: &str, text: Option<&str>) -> Option<NaiveDate> {
        let Some(text) = text else {
            return self.keep(field, Err("укажите дату: ГГГГ-ММ-ДД"));
        };
        // Chrono alone would read years of six digits, signs and single digits.
        let shape = |(at, byte): (usize, u8)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
        let plain = text.len() == 10 && text.bytes().enumerate().all(shape);
        self.keep(field, text.parse().ok().filter(|_| plain).ok_or("дата записывается ГГГГ-ММ-ДД"))
    }

    fn code<T: Copy>(
        &mut self,
        field: &str,
        text: &Option<String>,
        all: &[T],
        code: impl Fn(T) -> &'static str,
    ) -> Option<T> {
        self.parse(field, text, |text| {
            let known = || all.iter().map(|value| code(*value)).collect::<Vec<_>>().join(", ");
            all.iter().copied().find(|value| code(*value) == text).ok_or_else(|| format!("бывает: {}", known()))
        })
    }

    fn status(&mut self, text: &str) -> Option<StatusFilter> {
        let known = || Status::ALL.map(Status::code).join(", ");
        let found = Status::ALL.into_iter().find(|status| status.code() == text).map(StatusFilter::Is);
        self.keep("status", found.ok_or_else(|| format!("бывает: pending, {}", known())))
    }

    pub(crate) fn number(&mut self, field: &str, text: &Option<String>, least: usize, most: usize) -> Option<usize> {
        self.parse(field, text, |text| {
            let number = text.parse().ok().filter(|number| (least..=most).contains(number));
            number.ok_or_else(|| {
                if most == usize::MAX {
                    format!("целое число от {least}")
                } else {
                    format!("целое число от {least} до {most}")
                }
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(pairs: &[(&str, &str)]) -> Search {
        let all = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).into()));
        serde_json::from_value(serde_json::Value::Object(all.collect())).unwrap()
    }

    const PERIOD: [(&str, &str); 2] = [("from", "2026-03-01"), ("to", "2026-03-31")];

    fn mistakes(extra: &[(&str, &str)]) -> Vec<String> {
        let pairs: Vec<_> =
            PERIOD.iter().filter(|(key, _)| extra.iter().all(|(k, _)| k != key)).chain(extra).copied().collect();
        search(&pairs).read(None).err().unwrap_or_default().into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn every_field_is_read() {
        let pairs = [
            PERIOD[0],
            PERIOD[1],
            ("patient", "{0198F3A2-1C5E-7D40-8A11-5B2F6F0C9D21}"),
            ("snils", "112-233-445 95"),
            ("type", "choice"),
            ("kind", "dental"),
            ("status", "pending"),
            ("name", "иванов"),
            ("sort", "-name"),
            ("limit", "5000"),
            ("offset", "7"),
        ];
        let asked = search(&pairs).read(Oid::parse("1.2").ok()).unwrap();
        assert_eq!((asked.offset, asked.limit), (7, 5000));
        assert_eq!(asked.query.status, Some(StatusFilter::Pending));
        assert_eq!(asked.query.sort.to_string(), "-name");
        assert_eq!(asked.query.organization, Oid::parse("1.2").ok());
        assert!(asked.query.patient.is_some() && asked.query.snils.is_some() && asked.query.name.is_some());
        let plain = search(&PERIOD).read(None).unwrap();
        assert_eq!((plain.offset, plain.limit, plain.query.sort), (0, 100, Sort::default()));
    }

    #[test]
    fn every_mistake_is_named() {
        for (field, wrong) in [
            ("from", "01.03.2026"),
            ("from", "+2026-03-1"),
            ("to", "2026-02-31"),
            ("to", "2026-02-01"),
            ("patient", "1"),
            ("snils", "112-233-445 96"),
            ("type", "Choice"),
            ("kind", "all"),
            ("status", "open"),
            ("sort", "age"),
            ("limit", "0"),
            ("limit", "5001"),
            ("limit", "many"),
            ("offset", "-1"),
        ] {
            assert_eq!(mistakes(&[(field, wrong)]), [field], "{field}={wrong}");
        }
        assert_eq!(Search::default().read(None).unwrap_err().len(), 2);
        assert_eq!(mistakes(&[("type", "x"), ("status", "y"), ("name", &"я".repeat(257))]), ["type", "status", "name"]);
    }
}
