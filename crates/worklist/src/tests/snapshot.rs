//! A snapshot gives back what was written, or says that it is none; it never makes anything panic.

use super::support::{
    Event, FEW_IDS, Pair, ZONE, events, id, oid, queries, read, snapshot_of, standings, through_snapshot,
};
use crate::{BadSnapshot, Row, Worklist};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::order::Order;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn it_gives_back_what_was_written(events in events(0..50, -2..4), chunk_bytes in 1usize..300, query in queries()) {
        let mut pair = Pair::after(&events);
        pair.worklist = through_snapshot(&pair.worklist, chunk_bytes);
        prop_assert_eq!(pair.worklist.unsettled(), 0);
        prop_assert_eq!(pair.worklist.run(&query, ZONE), pair.reference.run(&query));
        prop_assert_eq!(pair.worklist.newest_sequence(), pair.reference.newest);
        for (row, standing, sequence) in pair.reference.live() {
            prop_assert_eq!(pair.worklist.id_of(row), Some(standing.application.id));
            prop_assert_eq!(pair.worklist.sequence_of(row), Some(sequence));
        }
    }

    #[test]
    fn a_cut_or_prolonged_one_is_refused(events in events(0..20, 1..3), cut in any::<prop::sample::Index>()) {
        let mut bytes = snapshot_of(&Pair::after(&events).worklist);
        let cut = cut.index(bytes.len());
        prop_assert!(matches!(read(&bytes[..cut], 100), Err(BadSnapshot::Length)));
        bytes.push(0);
        prop_assert!(matches!(read(&bytes, 100), Err(BadSnapshot::Length)));
    }

    #[test]
    fn a_damaged_one_never_panics(
        events in events(1..25, 1..3),
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        query in queries(),
        more in events(0..10, 1..3),
    ) {
        let mut bytes = snapshot_of(&Pair::after(&events).worklist);
        for (place, value) in flips {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if let Ok(worklist) = read(&bytes, 1 << 20) {
            use_everything(worklist, &query, &more);
        }
    }
}

/// Whatever a damaged snapshot decodes to can be used: what it shows may be wrong, not more.
fn use_everything(mut worklist: Worklist, query: &prikrep_domain::Query, more: &[Event]) {
    let page = worklist.find(query, ZONE, 0, 10);
    assert!(page.rows.len() <= page.total);
    assert!(worklist.run(query, ZONE).iter().all(|row| worklist.id_of(*row).is_some()));
    for number in 0..FEW_IDS {
        let row = worklist.row_of(id(number));
        assert!(row.is_none_or(|row| worklist.id_of(row) == Some(id(number))));
        assert!(worklist.cancellations_of(id(number)).all(|row| worklist.id_of(row).is_some()));
    }
    assert!(worklist.changes_after(0, 100, Some(&oid(0))).rows.len() <= 100 + worklist.len());
    for event in more {
        if let Event::Upsert { standing, .. } = event {
            let row =
                worklist.row_of(standing.application.id).unwrap_or(Row::new(u32::try_from(worklist.len()).unwrap()));
            worklist.upsert(row, standing, worklist.newest_sequence().saturating_add(1)).unwrap();
        }
    }
    if worklist.len() > 1 {
        worklist.remove(Row::new(0));
    }
    worklist.settle();
    assert!(worklist.run(query, ZONE).len() <= worklist.applications());
    assert!(through_snapshot(&worklist, 1 << 20).applications() == worklist.applications());
}

#[test]
fn another_version_and_a_failing_reader_are_told() {
    let mut bytes = snapshot_of(&Worklist::new());
    bytes[0] ^= 1;
    assert!(matches!(read(&bytes, 64), Err(BadSnapshot::Version)));
    let mut failing = std::iter::once(Err(std::io::Error::other("broken")));
    assert!(matches!(Worklist::read_snapshot(&mut failing), Err(BadSnapshot::Read(_))));
    let failing = Worklist::new().write_snapshot(&mut |_| Err(std::io::Error::other("full")));
    assert!(failing.is_err());
}

#[test]
fn claims_beyond_memory_are_refused_without_making_room_for_them() {
    let bytes = snapshot_of(&Worklist::new());
    for field in 1..9 {
        let mut bytes = bytes.clone();
        bytes[field * 8..field * 8 + 8].copy_from_slice(&(u64::MAX / 2).to_le_bytes());
        assert!(read(&bytes, 64).is_err(), "{field}");
    }
}

/// A settled list of three live rows, the second a cancellation, and a removed one between them.
fn small() -> Worklist {
    let mut worklist = Worklist::new();
    let mut standing = standings(1).new_tree(&mut TestRunner::deterministic()).unwrap().current();
    for row in 0..4u16 {
        standing.application.id = id(row);
        standing.application.cancels = (row == 1).then(|| id(9));
        worklist.upsert(Row::new(row.into()), &standing, u64::from(row) + 1).unwrap();
    }
    worklist.remove(Row::new(2));
    worklist.settle();
    worklist
}

#[test]
fn parts_that_do_not_agree_are_refused() {
    assert_eq!(through_snapshot(&small(), 1 << 20).applications(), 3);
    let reordered = |worklist: &mut Worklist, rows: &[u32]| {
        for order in [&mut worklist.by_created, &mut worklist.by_name] {
            *order = Order::from_rows(rows.iter().copied().map(Row::new).collect(), 4).unwrap();
        }
    };
    type Damage<'a> = (&'a str, &'a dyn Fn(&mut Worklist));
    let damages: [Damage<'_>; 13] = [
        ("type", &|worklist| worklist.columns.tags[0] |= 3),
        ("head", &|worklist| worklist.columns.heads[0] = 99),
        ("tail", &|worklist| worklist.columns.tails[0] = 99),
        ("organization", &|worklist| worklist.columns.organizations[0] = 99),
        ("identifier twice", &|worklist| worklist.columns.ids[0] = worklist.columns.ids[1]),
        ("no sequence", &|worklist| worklist.changes.rows[0] = 1),
        ("row of a change", &|worklist| worklist.changes.rows[0] = 99),
        ("link of a removed row", &|worklist| worklist.links.set(Row::new(2), Some([1; 16]))),
        ("order without a row", &|worklist| reordered(worklist, &[0, 1])),
        ("order of a removed row", &|worklist| reordered(worklist, &[0, 1, 2])),
        ("dates not in order", &|worklist| {
            let first = worklist.by_created.rows()[0];
            worklist.columns.created[first.index()] = u32::MAX - 1;
        }),
        ("name twice", &|worklist| {
            worklist.names.bytes = b"a\xFFa\xFF".to_vec();
            worklist.names.starts = vec![0, 2, 4];
        }),
        ("end of a name", &|worklist| worklist.names.starts[1] += 1),
    ];
    for (what, damage) in damages {
        let mut worklist = small();
        damage(&mut worklist);
        let bytes = snapshot_of(&worklist);
        assert!(matches!(read(&bytes, 1 << 20), Err(BadSnapshot::Damaged(_))), "{what}");
    }
}
