//! What a list shows: the filter of the guide, the order, and their exact meaning for one application.
//!
//! [`Query::matches`] and [`Query::compare`] define the meaning; `worklist` computes the same on columns.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::collate::fold;
use crate::moment::{end_of, start_of};
use crate::{ApplicationType, AttachmentKind, Oid, PersonId, Snils, Standing, Status};

/// A period of local dates, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    from: NaiveDate,
    to: NaiveDate,
}

impl Period {
    /// A period; `to` is included.
    ///
    /// # Errors
    /// Words, when it ends before it begins.
    pub fn new(from: NaiveDate, to: NaiveDate) -> Result<Self, &'static str> {
        if from <= to {
            Ok(Self { from, to })
        } else {
            Err("Период начинается позже, чем кончается")
        }
    }

    /// The period between two dates, in whatever order they are given.
    #[must_use]
    pub fn between(a: NaiveDate, b: NaiveDate) -> Self {
        Self { from: a.min(b), to: a.max(b) }
    }

    /// The first and the last date.
    #[must_use]
    pub const fn dates(&self) -> (NaiveDate, NaiveDate) {
        (self.from, self.to)
    }

    /// The instants of the period: from the first (included) up to the second (excluded).
    #[must_use]
    pub fn instants(&self, zone: Tz) -> (DateTime<Utc>, DateTime<Utc>) {
        (start_of(self.from, zone), end_of(self.to, zone))
    }
}

/// Which statuses a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusFilter {
    /// «Ждут ответа»: whatever an answer is possible to.
    Pending,
    /// One status.
    Is(Status),
}

/// Words that a name must contain, each anywhere in it; case and ё do not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameSearch(Vec<Vec<u8>>);

impl NameSearch {
    /// The longest search, in characters.
    pub const MAX_CHARS: usize = 256;

    /// A search from what was typed; `None` when there is no word in it. Only the first
    /// [`Self::MAX_CHARS`] characters count.
    #[must_use]
    pub fn new(typed: &str) -> Option<Self> {
        let short: String = typed.chars().take(Self::MAX_CHARS).collect();
        let words: Vec<Vec<u8>> = fold(&short).split(|byte| *byte == b' ').map(<[u8]>::to_vec).collect();
        if words.iter().all(Vec::is_empty) { None } else { Some(Self(words)) }
    }

    /// The words, folded by [`crate::collate`]; never empty.
    #[must_use]
    pub fn words(&self) -> &[Vec<u8>] {
        &self.0
    }

    /// Whether a folded full name contains every word.
    #[must_use]
    pub fn matches(&self, folded_name: &[u8]) -> bool {
        self.0.iter().all(|word| folded_name.windows(word.len()).any(|window| window == word.as_slice()))
    }
}

/// The columns of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SortColumn {
    /// ФИО пациента.
    Name,
    /// СНИЛС.
    Snils,
    /// Тип прикрепления.
    Kind,
    /// Дата заявления.
    CreatedAt,
    /// Тип заявления.
    Type,
    /// Статус.
    Status,
}

impl SortColumn {
    /// All columns, in the order of the table.
    pub const ALL: [Self; 6] = [Self::Name, Self::Snils, Self::Kind, Self::CreatedAt, Self::Type, Self::Status];

    const fn code(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Snils => "snils",
            Self::Kind => "kind",
            Self::CreatedAt => "created_at",
            Self::Type => "type",
            Self::Status => "status",
        }
    }
}

/// The order of a list. On the wire: the column's name, after a minus when descending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sort {
    /// The column.
    pub column: SortColumn,
    /// Whether the greatest comes first.
    pub descending: bool,
}

impl Default for Sort {
    fn default() -> Self {
        Self { column: SortColumn::CreatedAt, descending: true }
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.descending { "-" } else { "" }, self.column.code())
    }
}

impl FromStr for Sort {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (descending, code) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        SortColumn::ALL
            .into_iter()
            .find(|column| column.code() == code)
            .map(|column| Self { column, descending })
            .ok_or("Сортировка: name, snils, kind, created_at, type или status, с минусом — по убыванию")
    }
}

/// A filter and an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// By the date of the application.
    pub period: Period,
    /// Only this patient.
    pub patient: Option<PersonId>,
    /// Only this SNILS.
    pub snils: Option<Snils>,
    /// Only this type.
    pub application_type: Option<ApplicationType>,
    /// Only this kind.
    pub kind: Option<AttachmentKind>,
    /// Only these statuses.
    pub status: Option<StatusFilter>,
    /// Only names that contain these words.
    pub name: Option<NameSearch>,
    /// Only this organization; `None` for the whole region.
    pub organization: Option<Oid>,
    /// The order.
    pub sort: Sort,
}

impl Query {
    /// Everything of a period, the newest first.
    #[must_use]
    pub fn of(period: Period) -> Self {
        Self {
            period,
            patient: None,
            snils: None,
            application_type: None,
            kind: None,
            status: None,
            name: None,
            organization: None,
            sort: Sort::default(),
        }
    }

    /// Whether the list shows an application.
    #[must_use]
    pub fn matches(&self, standing: &Standing, zone: Tz) -> bool {
        let application = &standing.application;
        let (from, until) = self.period.instants(zone);
        (from..until).contains(&application.created_at)
            && self.patient.is_none_or(|patient| application.patient.guid == patient)
            && self.snils.is_none_or(|snils| application.snils_digits() == Some(snils.number()))
            && self.application_type.is_none_or(|wanted| application.application_type == wanted)
            && self.kind.is_none_or(|kind| application.kind == kind)
            && self.organization.as_ref().is_none_or(|oid| application.organization.oid == *oid)
            && self.name.as_ref().is_none_or(|name| name.matches(&fold(&application.patient.name.full())))
            && match self.status {
                None => true,
                Some(StatusFilter::Pending) => standing.is_pending(),
                Some(StatusFilter::Is(status)) => application.status == status,
            }
    }

    /// The order of two applications. Equal ones stand by date, then by identifier; descending is the exact
    /// reverse. A name sorts as [`crate::collate`] says; a SNILS that is absent or has not eleven digits
    /// comes after the others.
    #[must_use]
    pub fn compare(&self, a: &Standing, b: &Standing) -> Ordering {
        let (a, b) = (&a.application, &b.application);
        let by_column = match self.sort.column {
            SortColumn::Name => fold(&a.patient.name.full()).cmp(&fold(&b.patient.name.full())),
            SortColumn::Snils => {
                let key = |digits: Option<u64>| digits.unwrap_or(u64::MAX);
                key(a.snils_digits()).cmp(&key(b.snils_digits()))
            }
            SortColumn::Kind => a.kind.cmp(&b.kind),
            SortColumn::CreatedAt => Ordering::Equal,
            SortColumn::Type => a.application_type.cmp(&b.application_type),
            SortColumn::Status => a.status.cmp(&b.status),
        };
        // Seconds, as the columns keep them.
        let by_date = a.created_at.timestamp().cmp(&b.created_at.timestamp());
        let ascending = by_column.then(by_date).then(a.id.cmp(&b.id));
        if self.sort.descending { ascending.reverse() } else { ascending }
    }
}
