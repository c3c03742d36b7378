//! An application as a row of the export: the columns and what stands in them.

use chrono::{NaiveDate, NaiveDateTime, Timelike};
use chrono_tz::Tz;
use prikrep_domain::{Application, Standing};

/// A column's header, and its width in characters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) header: &'static str,
    pub(super) width: u16,
}

/// How many columns there are.
pub(super) const COLUMN_COUNT: usize = 12;

/// The columns, in their order.
pub(super) const COLUMNS: [Column; COLUMN_COUNT] = [
    Column { header: "ФИО пациента", width: 34 },
    Column { header: "СНИЛС", width: 16 },
    Column { header: "Дата рождения", width: 15 },
    Column { header: "Тип прикрепления", width: 19 },
    Column { header: "Дата заявления", width: 18 },
    Column { header: "Тип заявления", width: 32 },
    Column { header: "Статус", width: 17 },
    Column { header: "МО", width: 36 },
    Column { header: "Подразделение", width: 26 },
    Column { header: "Участок", width: 10 },
    Column { header: "Врач", width: 34 },
    Column { header: "ID заявления", width: 38 },
];

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Text(String),
    Date(NaiveDate),
    /// In the organization's time zone, to the second.
    Instant(NaiveDateTime),
    Empty,
}

/// The row of an application, its times in the organization's zone.
pub(super) fn cells(standing: Standing, zone: Tz) -> [Cell; COLUMN_COUNT] {
    let application = standing.application;
    let snils = shown_snils(&application);
    let Application { id, application_type, kind, status, created_at, patient, .. } = application;
    let created = created_at.with_timezone(&zone).naive_local();
    [
        Cell::Text(patient.name.full()),
        text(snils),
        Cell::Date(patient.birth_date),
        Cell::Text(kind.table_words().to_owned()),
        Cell::Instant(created.with_nanosecond(0).unwrap_or(created)),
        Cell::Text(application_type.words().to_owned()),
        Cell::Text(status.table_words().to_owned()),
        Cell::Text(application.organization.name),
        text(application.department),
        text(application.district),
        text(application.doctor.map(|doctor| doctor.full_name)),
        Cell::Text(id.to_string()),
    ]
}

fn text(text: Option<String>) -> Cell {
    text.map_or(Cell::Empty, Cell::Text)
}

/// In the official form even when the check does not hold; as received when there are not eleven digits.
fn shown_snils(application: &Application) -> Option<String> {
    let Some(digits) = application.snils_digits() else { return application.patient.snils.clone() };
    let (number, check) = (digits / 100, digits % 100);
    let (first, second, third) = (number / 1_000_000, number / 1_000 % 1_000, number % 1_000);
    Some(format!("{first:03}-{second:03}-{third:03} {check:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use prikrep_domain::Snils;
    use prikrep_testkit::given::{ZONE, alone, full_application};

    #[test]
    fn a_snils_is_shown_in_the_official_form_or_as_it_came() {
        let mut application = full_application();
        for (received, shown) in [
            (Some("11223344595"), Some("112-233-445 95")),
            (Some("112 233 445-95"), Some("112-233-445 95")),
            (Some("00100199800"), Some("001-001-998 00")),
            (Some("11223344596"), Some("112-233-445 96")),
            (Some("нет"), Some("нет")),
            (None, None),
        ] {
            application.patient.snils = received.map(str::to_owned);
            assert_eq!(shown_snils(&application).as_deref(), shown, "{received:?}");
            if let Some(Ok(snils)) = received.map(Snils::parse) {
                assert_eq!(shown_snils(&application), Some(snils.to_string()));
            }
        }
    }

    #[test]
    fn times_are_the_organizations() {
        let row = cells(alone(&full_application()), ZONE);
        let at = |text: &str| text.parse().unwrap();
        assert_eq!(row[4], Cell::Instant(at("2026-03-10T11:00:00")));
        assert_eq!(row[10], Cell::Text("Петров Пётр Петрович".into()));
    }
}
