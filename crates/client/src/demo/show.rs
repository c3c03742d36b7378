//! What the demo prints.

use std::io::Write;

use anyhow::Result;
use chrono_tz::Tz;
use comfy_table::{ContentArrangement, Table, presets};
use prikrep_domain::{Application, Snils};

/// A line on standard output, seen at once.
pub(crate) fn line(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

/// A heading, after an empty line.
pub(crate) fn heading(text: &str) -> Result<()> {
    line(&format!("\n── {text} ──"))
}

/// The guide's six columns.
pub(crate) fn list(applications: &[Application], zone: Tz) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["ФИО пациента", "СНИЛС", "Тип прикрепления", "Дата заявления", "Тип заявления", "Статус"]);
    for application in applications {
        table.add_row([
            application.patient.name.full(),
            snils(application),
            application.kind.table_words().to_owned(),
            application.created_at.with_timezone(&zone).format("%d.%m.%Y %H:%M").to_string(),
            application.application_type.words().to_owned(),
            application.status.table_words().to_owned(),
        ]);
    }
    table.to_string()
}

fn snils(application: &Application) -> String {
    let Some(received) = &application.patient.snils else { return "—".to_owned() };
    Snils::parse(received).map_or_else(|_| format!("{received} (не проходит проверку)"), |snils| snils.to_string())
}
