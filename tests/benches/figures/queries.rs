//! Lists: the whole order by name, name search, exact identifiers.

use std::hint::black_box;

use prikrep_domain::{NameSearch, Query, Snils, Sort, SortColumn, Status, StatusFilter};

use crate::data::{World, ZONE, all_time, ninety_days};
use crate::ingest::Stores;
use crate::interleaved;
use crate::table::Table;

const ROUNDS: usize = 9;

pub fn run(world: &World, stores: &Stores, table: &mut Table) {
    let by_name = Sort { column: SortColumn::Name, descending: false };
    let done = Some(StatusFilter::Is(Status::Done));
    let named = |query: Query| Query { sort: by_name, ..query };
    let limit = one_pass(world.size);
    for (what, query) in [
        ("by name: 90 days and a status", Query { status: done, ..named(ninety_days()) }),
        ("by name: all dates and a status", Query { status: done, ..named(all_time()) }),
        ("by name: everything", named(all_time())),
    ] {
        whole(what, stores, table, &query, limit);
    }
    for (what, text) in [("rare", "щукинвол"), ("usual", "петров"), ("in most", "ов"), ("two words", "иван петр")]
    {
        let query = Query { name: NameSearch::new(text), ..named(all_time()) };
        whole(&format!("name contains «{text}» ({what}), by name"), stores, table, &query, limit);
    }
    let one = world.one();
    let snils = one.patient.snils.as_deref().and_then(|text| Snils::parse(text).ok());
    first("exact SNILS, first 50 by date", stores, table, &Query { snils, ..all_time() }, limit);
    first(
        "exact patient, first 50 by date",
        stores,
        table,
        &Query { patient: Some(one.patient.guid), ..all_time() },
        limit,
    );
    first(
        "pending, first 50 by date",
        stores,
        table,
        &Query { status: Some(StatusFilter::Is(Status::Sent)), ..all_time() },
        limit,
    );
}

fn whole(what: &str, stores: &Stores, table: &mut Table, query: &Query, limit: std::time::Duration) {
    let ours = stores.ours.with_list(|list| list.run(query, ZONE).len());
    assert_eq!(ours, stores.sqlite.list(query, "name, created_at", None), "{what}");
    let [us, them] = interleaved(
        ROUNDS,
        [&mut || drop(black_box(stores.ours.with_list(|list| list.run(query, ZONE)))), &mut || {
            black_box(stores.sqlite.list(query, "name, created_at", None));
        }],
    );
    table.times(&format!("{what} ({ours} rows)"), us, Some(them), Some(limit));
}

fn first(what: &str, stores: &Stores, table: &mut Table, query: &Query, limit: std::time::Duration) {
    let [us, them] = interleaved(
        ROUNDS * 5,
        [&mut || drop(black_box(stores.ours.with_list(|list| list.find(query, ZONE, 0, 50)))), &mut || {
            black_box(stores.sqlite.list(query, "created_at DESC", Some(50)));
        }],
    );
    table.times(what, us, Some(them), Some(limit));
}

/// The limit: one pass over a column of dates and one of statuses, counting.
fn one_pass(size: u64) -> std::time::Duration {
    let rows = u32::try_from(size).unwrap();
    let dates: Vec<u32> = (0..rows).collect();
    let statuses: Vec<u8> = (0..rows).map(|row| (row % 7) as u8).collect();
    let [time] = interleaved(
        ROUNDS,
        [&mut || {
            let found = dates.iter().zip(&statuses).filter(|(date, status)| **date > 1_000 && **status == 3).count();
            black_box(found);
        }],
    );
    time
}
