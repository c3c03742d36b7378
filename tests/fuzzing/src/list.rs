//! The snapshot of the columns: whatever was read answers every query and is written again as the same.

use std::io;

use prikrep_domain::{Period, Query, Sort, SortColumn, StatusFilter};
use prikrep_testkit::given::{ZONE, alone, application};
use prikrep_worklist::{Row, Worklist};

fn read(bytes: &[u8]) -> Option<Worklist> {
    let mut chunks = bytes.chunks(1 << 10).map(|chunk| io::Result::Ok(chunk.to_vec()));
    Worklist::read_snapshot(&mut chunks).ok()
}

/// The columns of a list as they are kept.
///
/// # Panics
/// Never: memory takes everything.
#[must_use]
pub fn written(list: &Worklist) -> Vec<u8> {
    let mut bytes = Vec::new();
    list.write_snapshot(&mut |chunk| {
        bytes.extend_from_slice(chunk);
        Ok(())
    })
    .unwrap();
    bytes
}

fn queries() -> impl Iterator<Item = Query> {
    let date = |text: &str| text.parse().unwrap();
    let all = Query::of(Period::between(date("2000-01-01"), date("2099-12-31")));
    let sorts =
        SortColumn::ALL.into_iter().flat_map(|column| [false, true].map(|descending| Sort { column, descending }));
    let pending = Query { status: Some(StatusFilter::Pending), ..all.clone() };
    let sorted = all.clone();
    sorts.map(move |sort| Query { sort, ..sorted.clone() }).chain([pending])
}

/// See the module.
pub fn columns(data: &[u8]) {
    let Some(mut list) = read(data) else { return };
    let again = read(&written(&list)).expect("what was written is read");
    let shown = |list: &Worklist| queries().map(|query| list.run(&query, ZONE)).collect::<Vec<_>>();
    let before = shown(&list);
    assert_eq!(shown(&again), before);
    assert_eq!(list.changes_after(0, usize::MAX, None), again.changes_after(0, usize::MAX, None));
    assert_eq!((list.pending(None), list.applications()), (again.pending(None), again.applications()));
    for row in before.iter().flatten() {
        let id = list.id_of(*row).expect("a row that is shown is live");
        assert_eq!(list.row_of(id), Some(*row));
        assert!(list.sequence_of(*row).is_some());
        list.cancellations_of(id).for_each(drop);
    }
    grow(&mut list);
    assert_eq!(shown(&read(&written(&list)).expect("read after it grew")), shown(&list));
}

/// Changes it as a store does.
fn grow(list: &mut Worklist) {
    let new = Row::new(u32::try_from(list.len()).unwrap());
    let standing = alone(&application(77, prikrep_domain::ApplicationType::Choice, prikrep_domain::Status::Sent));
    let sequence = list.newest_sequence().saturating_add(1);
    if list.upsert(new, &standing, sequence).is_ok() {
        assert_eq!(list.row_of(standing.application.id), Some(new));
    }
    list.remove(Row::new(0));
    list.settle();
}
