//! `prikrepd journal list`, `verify` and `export`.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use chrono_tz::Tz;
use prikrep_domain::{JournalPage, Numbered};
use prikrep_server::{Config, JournalSearch, Order, Outcome};

use super::arguments::{JournalArguments, JournalCommand, Output};
use super::connection::Connection;
use super::output::{self, printable, table};

pub(crate) async fn run(config: &Config, command: JournalCommand) -> anyhow::Result<ExitCode> {
    let connection = Connection::open_existing(config).await?;
    match command {
        JournalCommand::List(arguments) => list(config, &connection, arguments).await?,
        JournalCommand::Export { file, sought, output } => {
            let entries = export(&connection, &file, sought.into()).await?;
            let words = format!("Записей: {entries}, файл {}", file.display());
            say(output, &serde_json::json!({"file": file, "entries": entries}), &words)?;
        }
        JournalCommand::Verify(output) => return verify(&connection, output).await,
    }
    Ok(ExitCode::SUCCESS)
}

fn say<T: serde::Serialize>(output: Output, value: &T, words: &str) -> anyhow::Result<()> {
    if output.json { output::json(value) } else { output::line(words) }
}

async fn page(connection: &Connection, search: JournalSearch) -> anyhow::Result<JournalPage> {
    let Outcome::Journal(page) = connection.carry_out(Order::ReadJournal(search)).await? else {
        bail!("ответ работающего регистра не понят: не другой ли он версии?")
    };
    Ok(page)
}

async fn list(config: &Config, connection: &Connection, arguments: JournalArguments) -> anyhow::Result<()> {
    let JournalArguments { sought, limit, output } = arguments;
    let mut search = JournalSearch { limit: Some(limit.to_string()), ..sought.into() };
    let mut found: Vec<Numbered> = Vec::new();
    loop {
        let JournalPage { items, before } = page(connection, search.clone()).await?;
        found.extend(items);
        let left = limit.saturating_sub(found.len());
        match before {
            Some(before) if left > 0 => {
                (search.before, search.limit) = (Some(before.to_string()), Some(left.to_string()));
            }
            Some(_) | None => break,
        }
    }
    found.truncate(limit);
    let rows = found.iter().map(|one| row(one, config.timezone));
    let shown = format!(
        "{}\nЗаписей: {}",
        table(["№", "Время", "Кто", "Роль", "Откуда", "Что", "Подробности"], rows),
        found.len()
    );
    say(output, &found, &shown)
}

fn row(Numbered { number, entry }: &Numbered, zone: Tz) -> [String; 7] {
    let who = if entry.actor.employee.is_empty() {
        entry.actor.login.clone()
    } else {
        format!("{} ({})", entry.actor.employee, entry.actor.login)
    };
    let role = entry.actor.role.and_then(|role| serde_json::to_value(role).ok());
    [
        number.to_string(),
        entry.at.with_timezone(&zone).format("%d.%m.%Y %H:%M:%S").to_string(),
        printable(&who),
        role.and_then(|role| role.as_str().map(str::to_owned)).unwrap_or_default(),
        printable(&entry.place.words()),
        entry.act.words().to_owned(),
        printable(&entry.act.details()),
    ]
}

/// Writes entries as lines of JSON, the newest first; returns how many.
async fn export(connection: &Connection, file: &Path, mut search: JournalSearch) -> anyhow::Result<usize> {
    let failed = || format!("не удалось записать {}", file.display());
    let mut options = std::fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = BufWriter::new(options.open(file).with_context(failed)?);
    search.limit = Some("500".to_owned());
    let mut entries = 0;
    loop {
        let JournalPage { items, before } = page(connection, search.clone()).await?;
        for one in &items {
            serde_json::to_writer(&mut out, one).with_context(failed)?;
            out.write_all(b"\n").with_context(failed)?;
        }
        entries += items.len();
        let Some(before) = before else { break };
        search.before = Some(before.to_string());
    }
    out.into_inner().map_err(|error| error.into_error()).and_then(|file| file.sync_all()).with_context(failed)?;
    Ok(entries)
}

async fn verify(connection: &Connection, output: Output) -> anyhow::Result<ExitCode> {
    let Outcome::JournalChecked(check) = connection.carry_out(Order::CheckJournal).await? else {
        bail!("ответ работающего регистра не понят: не другой ли он версии?")
    };
    let mut lines = vec![format!("Записей: {}, с {} по {}", check.entries, check.first, check.last)];
    lines.push(if check.problems.is_empty() {
        "Цепочка цела".to_owned()
    } else {
        "Нарушения:".to_owned()
    });
    lines.extend(check.problems.iter().map(|problem| format!("  - {problem}")));
    say(output, &check, &lines.join("\n"))?;
    Ok(if check.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
