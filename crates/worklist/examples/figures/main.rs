//! Figures of the worklist at 100,000 and 1,000,000 rows, as one table; one pass over the columns beside them.
//!
//! `cargo run --release -p prikrep-worklist --example figures`

#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "an example computes with small numbers of its own"
)]

mod lifelike;

use std::hint::black_box;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use lifelike::{DAYS, PROBE, Random, first_day};
use prikrep_domain::{
    NameSearch, Oid, Period, PersonId, Query, Snils, Sort, SortColumn, Standing, Status, StatusFilter,
};
use prikrep_worklist::{Row, Worklist};
use uuid::Uuid;

const ZONE: chrono_tz::Tz = chrono_tz::Asia::Barnaul;
/// Rows, and within how many days of its date an application arrives: first in about the order of dates, as a
/// feed has them, then in any order.
const TABLES: [(u32, u32); 3] = [(100_000, 30), (1_000_000, 30), (1_000_000, DAYS)];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tables = TABLES.iter().map(|(rows, late)| measure(*rows, *late)).collect::<Result<Vec<_>, _>>()?;
    let mut out = io::stdout().lock();
    let head = ["100,000", "1,000,000", "1,000,000, mixed"].map(|table| format!("{table:>18}")).concat();
    writeln!(out, "{:52}{head}", "ms, best of several (rows found)")?;
    for (line, (name, _)) in tables.first().into_iter().flatten().enumerate() {
        let figures = tables.iter().filter_map(|table| table.get(line));
        writeln!(out, "{name:52}{}", figures.map(|(_, figure)| format!("{figure:>18}")).collect::<String>())?;
    }
    Ok(())
}

type Figures = Vec<(String, String)>;

fn measure(rows: u32, late_days: u32) -> Result<Figures, Box<dyn std::error::Error>> {
    let mut figures = Figures::new();
    let mut random = Random { state: 7, day: 0, late_days };
    let mut worklist = Worklist::new();
    let upserts = fill(&mut worklist, rows, &mut random)?;
    figures.push(("upsert, us each, settled at growth by 1/16".into(), format!("{:.2}", micros(upserts.0, rows))));
    figures.push(("  of that settling".into(), format!("{:.2}", micros(upserts.1, rows))));
    figures.push(("memory, MB".into(), format!("{:.1}", worklist.memory_bytes() as f64 / 1e6)));
    figures.push(("bytes a row".into(), format!("{:.1}", worklist.memory_bytes() as f64 / f64::from(rows))));
    figures.push(("one pass over three columns".into(), millis(best(20, pass_over(rows)))));
    queries(&worklist, &mut figures)?;
    snapshots(&worklist, &mut figures)?;
    settling(&mut worklist, rows, &mut random, &mut figures)?;
    Ok(figures)
}

fn fill(worklist: &mut Worklist, rows: u32, random: &mut Random) -> Result<(Duration, Duration), io::Error> {
    let (mut upserting, mut settling) = (Duration::ZERO, Duration::ZERO);
    for first in (0..rows).step_by(1_000) {
        random.day = (u64::from(first) * u64::from(DAYS) / u64::from(rows)) as u32;
        let page: Vec<Standing> = (first..rows.min(first + 1_000)).map(|_| random.standing()).collect();
        let begun = Instant::now();
        for (number, standing) in (first..).zip(&page) {
            worklist.upsert(Row::new(number), standing, u64::from(number) + 1).map_err(io::Error::other)?;
        }
        let settle = Instant::now();
        if worklist.unsettled() * 16 > worklist.len() || first + 1_000 >= rows {
            worklist.settle();
        }
        settling += settle.elapsed();
        upserting += begun.elapsed();
    }
    Ok((upserting, settling))
}

fn queries(worklist: &Worklist, figures: &mut Figures) -> Result<(), Box<dyn std::error::Error>> {
    let date = |day: u32| first_day().checked_add_days(chrono::Days::new(day.into())).ok_or("date");
    let all = Period::new(date(0)?, date(DAYS)?)?;
    let ninety = Period::new(date(DAYS - 90)?, date(DAYS)?)?;
    let pending = Some(StatusFilter::Pending);
    let done = Some(StatusFilter::Is(Status::Done));
    let by = |column, descending| Sort { column, descending };
    let by_name = by(SortColumn::Name, false);
    let guid = PersonId::from(Uuid::from_u128(PROBE));
    let snils = Snils::parse("112-233-445 95")?;
    let named = |text: &str| Query { name: NameSearch::new(text), sort: by_name, ..Query::of(all) };
    let cases = [
        ("90 days + pending, by name", Query { status: pending, sort: by_name, ..Query::of(ninety) }),
        ("90 days + done, by name", Query { status: done, sort: by_name, ..Query::of(ninety) }),
        ("all dates + pending, by name", Query { status: pending, sort: by_name, ..Query::of(all) }),
        ("all dates + done, by name", Query { status: done, sort: by_name, ..Query::of(all) }),
        ("everything, by name", Query { sort: by_name, ..Query::of(all) }),
        ("everything, by name, descending", Query { sort: by(SortColumn::Name, true), ..Query::of(all) }),
        ("everything, by date, descending", Query::of(all)),
        ("everything, by SNILS", Query { sort: by(SortColumn::Snils, false), ..Query::of(all) }),
        ("everything, by status", Query { sort: by(SortColumn::Status, false), ..Query::of(all) }),
        ("done, by date", Query { status: done, ..Query::of(all) }),
        ("name «ивано»", named("ивано")),
        ("name «ова ан»", named("ова ан")),
        ("name «а»", named("а")),
        ("name «а е о»", named("а е о")),
        ("name, absent", named("щщщщ")),
        ("exact SNILS, by date", Query { snils: Some(snils), ..Query::of(all) }),
        ("exact patient, by date", Query { patient: Some(guid), ..Query::of(all) }),
        ("exact SNILS in 90 days", Query { snils: Some(snils), ..Query::of(ninety) }),
        ("one organization, by date", Query { organization: Some(Oid::parse("1.2.3.5")?), ..Query::of(all) }),
    ];
    for (name, query) in cases {
        let found = worklist.run(&query, ZONE).len();
        let whole = best(30, || worklist.run(&query, ZONE).len());
        let page = best(30, || worklist.find(&query, ZONE, 0, 50).rows.len());
        figures.push((format!("{name}: whole"), format!("{} ({found})", millis(whole))));
        figures.push((format!("{name}: first 50"), millis(page)));
    }
    Ok(())
}

fn settling(
    worklist: &mut Worklist,
    rows: u32,
    random: &mut Random,
    figures: &mut Figures,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut sequence = worklist.newest_sequence();
    for added in [1, 100, rows / 100, rows / 16] {
        let mut took = Duration::MAX;
        for _ in 0..3 {
            for _ in 0..added {
                sequence += 1;
                let row = Row::new(u32::try_from(worklist.len())?);
                worklist.upsert(row, &random.standing(), sequence)?;
            }
            took = took.min(once(|| worklist.settle()));
        }
        figures.push((format!("settle after {} new", share(added, rows)), millis(took)));
    }
    let mut took = Duration::MAX;
    for _ in 0..3 {
        for _ in 0..100 {
            // A corrected name in an old row.
            let row = Row::new(random.below(rows));
            sequence += 1;
            worklist.upsert(row, &random.standing_with(worklist.id_of(row).ok_or("row")?), sequence)?;
        }
        took = took.min(once(|| worklist.settle()));
    }
    figures.push(("settle after 100 names changed".into(), millis(took)));
    let all = Period::new(NaiveDate::MIN, NaiveDate::MAX)?;
    for _ in 0..rows / 16 {
        let row = Row::new(random.below(rows));
        sequence += 1;
        worklist.upsert(row, &random.standing_with(worklist.id_of(row).ok_or("row")?), sequence)?;
    }
    for (name, column) in [("date", SortColumn::CreatedAt), ("name", SortColumn::Name)] {
        let query = Query { sort: Sort { column, descending: false }, ..Query::of(all) };
        let whole = best(5, || worklist.run(&query, ZONE).len());
        figures.push((format!("everything by {name}, 1/16 unsettled"), millis(whole)));
    }
    worklist.settle();
    let all_changes = best(5, || worklist.changes_after(0, usize::MAX, None).rows.len());
    figures.push(("all changes".into(), millis(all_changes)));
    let oid = Oid::parse("1.2.3.5")?;
    let changes = best(5, || worklist.changes_after(0, usize::MAX, Some(&oid)).rows.len());
    figures.push(("all changes of one organization".into(), millis(changes)));
    Ok(())
}

fn snapshots(worklist: &Worklist, figures: &mut Figures) -> Result<(), Box<dyn std::error::Error>> {
    let mut chunks: Vec<Vec<u8>> = Vec::new();
    let mut copied = 0usize;
    worklist.write_snapshot(&mut |chunk| {
        chunks.push(chunk.to_vec());
        copied += chunk.len();
        Ok(())
    })?;
    let mut buffer = vec![0u8; prikrep_worklist::MAX_CHUNK_BYTES];
    let mut write = || {
        worklist.write_snapshot(&mut |chunk| {
            buffer.get_mut(..chunk.len()).ok_or_else(|| io::Error::other("chunk"))?.copy_from_slice(chunk);
            Ok(())
        })
    };
    figures.push(("snapshot, MB".into(), format!("{:.1}", copied as f64 / 1e6)));
    figures.push(("snapshot written (copied once)".into(), millis(best(5, || write().is_ok()))));
    let mut took = Duration::MAX;
    for _ in 0..5 {
        let mut source = chunks.clone().into_iter().map(Ok);
        let begun = Instant::now();
        let read = Worklist::read_snapshot(&mut source)?;
        took = took.min(begun.elapsed());
        assert_eq!(read.applications(), worklist.applications());
    }
    figures.push(("snapshot read, settled".into(), millis(took)));
    Ok(())
}

fn pass_over(rows: u32) -> impl FnMut() -> usize {
    let dates: Vec<u32> = (0..rows).map(|row| row.wrapping_mul(2_654_435_761)).collect();
    let tags: Vec<u16> = dates.iter().map(|date| (date >> 16) as u16).collect();
    let others = dates.clone();
    move || {
        let rows = dates.iter().zip(&tags).zip(&others);
        rows.filter(|((date, tag), other)| **date > 77 && **tag & 7 == 3 && **other < 1 << 30).count()
    }
}

fn share(count: u32, rows: u32) -> String {
    if count > 100 { format!("1/{}", rows / count) } else { count.to_string() }
}

fn once<T>(work: impl FnOnce() -> T) -> Duration {
    let begun = Instant::now();
    black_box(work());
    begun.elapsed()
}

fn best<T>(times: usize, mut work: impl FnMut() -> T) -> Duration {
    (0..times).map(|_| once(&mut work)).min().unwrap_or_default()
}

fn millis(duration: Duration) -> String {
    format!("{:.3}", duration.as_secs_f64() * 1e3)
}

fn micros(duration: Duration, rows: u32) -> f64 {
    duration.as_secs_f64() * 1e6 / f64::from(rows)
}
