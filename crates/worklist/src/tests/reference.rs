//! Whatever happened, a worklist shows what `Query::matches` and `Query::compare` say of the standings.

use crate::{Changes, Row, UpsertError, Worklist};

use super::support::{Event, FEW_IDS, Pair, ZONE, events, events_of, id, oid, queries, standings};
use chrono::{DateTime, Utc};
use prikrep_domain::{NameSearch, Oid, Period, Query, Sort, SortColumn, Standing, Status};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_query_is_right_at_every_moment(events in events(0..60, 1..3), queries in proptest::collection::vec(queries(), 8)) {
        let mut pair = Pair::default();
        for (event, query) in events.iter().zip(queries.iter().cycle()) {
            pair.happen(event);
            prop_assert_eq!(pair.worklist.run(query, ZONE), pair.reference.run(query));
        }
        for query in &queries {
            prop_assert_eq!(pair.worklist.run(query, ZONE), pair.reference.run(query));
        }
    }

    #[test]
    fn every_column_sorts_both_ways(events in events(0..60, 1..3)) {
        let pair = Pair::after(&events);
        for (column, descending) in SortColumn::ALL.into_iter().flat_map(|column| [(column, false), (column, true)]) {
            let query = Query { sort: Sort { column, descending }, ..everything(column) };
            prop_assert_eq!(pair.worklist.run(&query, ZONE), pair.reference.run(&query), "{}", query.sort);
        }
    }

    #[test]
    fn a_page_is_a_part_of_the_whole(events in events(0..60, 1..3), query in queries(), offset in 0usize..40, limit in 0usize..40) {
        let pair = Pair::after(&events);
        let whole = pair.reference.run(&query);
        let page = pair.worklist.find(&query, ZONE, offset, limit);
        prop_assert_eq!(page.total, whole.len());
        prop_assert_eq!(page.rows, whole.into_iter().skip(offset).take(limit).collect::<Vec<_>>());
    }

    #[test]
    fn rows_identifiers_counts_and_cancellations_are_right(events in events(0..60, 1..3)) {
        let mut pair = Pair::default();
        for event in &events {
            pair.happen(event);
            let Pair { worklist, reference, .. } = &pair;
            let live: Vec<_> = reference.live().collect();
            prop_assert_eq!(worklist.len(), reference.rows.len());
            prop_assert_eq!(worklist.applications(), live.len());
            for number in 0..FEW_IDS {
                prop_assert_eq!(worklist.row_of(id(number)), reference.row_of(id(number)));
                let naming = live.iter().filter(|(_, standing, _)| standing.application.cancels == Some(id(number)));
                let naming: Vec<_> = naming.map(|(row, _, _)| *row).collect();
                prop_assert_eq!(worklist.cancellations_of(id(number)).collect::<Vec<_>>(), naming);
            }
            for row in (0..=worklist.len()).map(|index| Row::new(u32::try_from(index).unwrap())) {
                let cell = reference.rows.get(row.number() as usize).and_then(Option::as_ref);
                prop_assert_eq!(worklist.id_of(row), cell.map(|(standing, _)| standing.application.id));
                prop_assert_eq!(worklist.sequence_of(row), cell.map(|(_, sequence)| *sequence));
            }
            for organization in [None, Some(oid(0)), Some(oid(1)), Some(oid(9))] {
                let ours = |oid: &Oid| organization.as_ref().is_none_or(|wanted| wanted == oid);
                let pending = live.iter().filter(|(_, standing, _)| standing.is_pending() && ours(&standing.application.organization.oid));
                prop_assert_eq!(worklist.pending(organization.as_ref()), pending.count());
            }
        }
    }

    #[test]
    fn changes_are_read_in_order_each_once(events in events(0..60, 1..3), limit in 1usize..7, organization in proptest::option::of(0u8..4)) {
        let pair = Pair::after(&events);
        check_changes(&pair, limit, organization)?;
    }

    #[test]
    fn changes_in_any_order_and_with_equal_sequences_are_read_too(events in events(0..60, -3..3), limit in 1usize..7, organization in proptest::option::of(0u8..4)) {
        let pair = Pair::after(&events);
        check_changes(&pair, limit, organization)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]

    #[test]
    fn many_rows_are_right_too(
        events in events_of(500, 300..600, 1..3),
        queries in proptest::collection::vec(queries(), 12),
        offset in any::<prop::sample::Index>(),
        limit in 0usize..60,
    ) {
        // More than the blocks and shares by which a query chooses its way.
        let mut pair = Pair::after(&events);
        for query in &queries {
            prop_assert_eq!(&pair.worklist.run(query, ZONE), &pair.reference.run(query));
        }
        pair.happen(&Event::Settle);
        for query in &queries {
            let expected = pair.reference.run(query);
            prop_assert_eq!(&pair.worklist.run(query, ZONE), &expected);
            let offset = offset.index(expected.len() + 1);
            let page = pair.worklist.find(query, ZONE, offset, limit);
            prop_assert_eq!(page.total, expected.len());
            prop_assert_eq!(page.rows, expected.into_iter().skip(offset).take(limit).collect::<Vec<_>>());
        }
    }
}

fn check_changes(pair: &Pair, limit: usize, organization: Option<u8>) -> Result<(), TestCaseError> {
    let organization = organization.map(oid);
    let ours = |oid: &Oid| organization.as_ref().is_none_or(|wanted| wanted == oid);
    let live = pair.reference.live();
    let mut expected: Vec<_> = live
        .filter(|(_, standing, sequence)| *sequence > 0 && ours(&standing.application.organization.oid))
        .map(|(row, _, sequence)| (sequence, row))
        .collect();
    expected.sort();
    prop_assert_eq!(pair.worklist.newest_sequence(), pair.reference.newest);
    let (mut read, mut after) = (Vec::new(), 0);
    loop {
        let Changes { rows, up_to, has_more } = pair.worklist.changes_after(after, limit, organization.as_ref());
        // Only rows of one sequence go over the limit.
        let over = rows.get(limit - 1..).unwrap_or_default();
        prop_assert!(over.iter().all(|row| pair.worklist.sequence_of(*row) == pair.worklist.sequence_of(over[0])));
        prop_assert!(!has_more || (rows.len() >= limit && up_to > after));
        read.extend(rows.into_iter().map(|row| (pair.worklist.sequence_of(row).unwrap(), row)));
        after = up_to;
        if !has_more {
            break;
        }
    }
    prop_assert!(read.is_sorted_by_key(|(sequence, _)| *sequence));
    read.sort();
    prop_assert_eq!(read, expected);
    prop_assert_eq!(after, pair.reference.newest);
    Ok(())
}

fn any_standing() -> Standing {
    standings(1).new_tree(&mut TestRunner::deterministic()).unwrap().current()
}

fn everything(column: SortColumn) -> Query {
    let sort = Sort { column, descending: false };
    Query { sort, ..Query::of(Period::new(chrono::NaiveDate::MIN, chrono::NaiveDate::MAX).unwrap()) }
}

#[test]
fn rows_come_in_order_and_removed_ones_do_not_come_back() {
    let standing = any_standing();
    let mut worklist = Worklist::new();
    let (first, second) = (Row::new(0), Row::new(1));
    assert_eq!(worklist.upsert(second, &standing, 1), Err(UpsertError::Gap { row: second, next: 0 }));
    worklist.upsert(first, &standing, 1).unwrap();
    worklist.remove(first);
    worklist.remove(first);
    assert_eq!(worklist.upsert(first, &standing, 2), Err(UpsertError::Removed { row: first }));
    worklist.upsert(second, &standing, 2).unwrap();
    let row = worklist.row_of(standing.application.id);
    assert_eq!((worklist.len(), worklist.applications(), row), (2, 1, Some(second)));
    assert_eq!(worklist.changes_after(0, 10, None).rows, [second]);
}

#[test]
fn a_status_alone_keeps_a_row_settled() {
    let mut standing = any_standing();
    let mut worklist = Worklist::new();
    worklist.upsert(Row::new(0), &standing, 1).unwrap();
    assert_eq!(worklist.unsettled(), 1);
    worklist.settle();
    standing.application.status = Status::Cancelled;
    worklist.upsert(Row::new(0), &standing, 2).unwrap();
    assert_eq!(worklist.unsettled(), 0);
}

#[test]
fn dates_that_cannot_be_received_stand_at_the_ends() {
    let mut worklist = Worklist::new();
    for (row, at) in (0u16..).zip([DateTime::<Utc>::MAX_UTC, DateTime::<Utc>::MIN_UTC]) {
        let mut standing = any_standing();
        standing.application.id = id(row);
        standing.application.created_at = at;
        worklist.upsert(Row::new(row.into()), &standing, 1).unwrap();
    }
    assert_eq!(worklist.run(&everything(SortColumn::CreatedAt), ZONE), [Row::new(1), Row::new(0)]);
}

#[test]
fn names_and_changes_that_are_no_longer_used_are_swept_out() {
    let mut worklist = Worklist::new();
    let mut standing = any_standing();
    for number in 0..20_000u32 {
        standing.application.id = id((number % 10).try_into().unwrap());
        standing.application.patient.name.family = format!("Имя{number}");
        worklist.upsert(Row::new(number % 10), &standing, u64::from(number) + 1).unwrap();
        if number % 1_000 == 0 {
            worklist.settle();
        }
    }
    worklist.settle();
    assert!(worklist.memory_bytes() < 400_000, "{}", worklist.memory_bytes());
    let rows: Vec<Row> = (0..10).map(Row::new).collect();
    assert_eq!(worklist.run(&everything(SortColumn::Name), ZONE), rows);
    assert_eq!(worklist.changes_after(0, 100, None).rows, rows);
    let query = Query { name: NameSearch::new("имя19995"), ..everything(SortColumn::Name) };
    assert_eq!(worklist.run(&query, ZONE), [Row::new(5)]);
}

#[test]
fn changes_out_of_their_order_are_swept_out_too() {
    let mut worklist = Worklist::new();
    let mut standing = any_standing();
    for number in 0..20_000u32 {
        standing.application.id = id((number % 10).try_into().unwrap());
        let swapped = u64::from(number ^ 1) + 1;
        worklist.upsert(Row::new(number % 10), &standing, swapped).unwrap();
    }
    let rows: Vec<Row> = (0..10).map(|number| Row::new(number ^ 1)).collect();
    assert_eq!(worklist.changes_after(0, 100, None).rows, rows);
    assert_eq!(worklist.changes_after(19_995, 100, None).rows, &rows[5..]);
    worklist.settle();
    assert_eq!(worklist.changes_after(0, 100, None).rows, rows);
    assert!(worklist.memory_bytes() < 400_000, "{}", worklist.memory_bytes());
}

#[test]
fn a_period_that_ends_with_a_block_is_whole() {
    // Of 300 rows in blocks of 64, a day's are exactly a stretch that begins or ends with a block.
    for (first, last) in [(10, 128), (64, 127), (63, 192), (128, 255), (250, 299)] {
        let mut worklist = Worklist::new();
        let mut standing = any_standing();
        let day = chrono::NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();
        for row in 0..300 {
            let of_day = (first..=last).contains(&row);
            let date = if of_day { day } else { day + chrono::Days::new(2) };
            standing.application.id = id(u16::try_from(row).unwrap());
            standing.application.created_at = date.and_hms_opt(6, 0, 0).unwrap().and_utc();
            worklist.upsert(Row::new(row), &standing, u64::from(row) + 1).unwrap();
        }
        worklist.settle();
        let mut rows = worklist.run(&Query::of(Period::new(day, day).unwrap()), ZONE);
        rows.sort_unstable();
        assert_eq!(rows, (first..=last).map(Row::new).collect::<Vec<_>>());
    }
}
