//! New applications while the window is open.

use prikrep_domain::DecisionKind;
use prikrep_testkit::PASSWORD;
use prikrep_ui::Action;

use crate::device::Device;
use crate::region::Region;

#[test]
fn new_applications_are_counted_and_leave_the_open_card_and_the_search_alone() {
    let region = Region::start(&["ivanova"]);
    let mut device = Device::signed_in(&region.url(), "ivanova");
    let id = device.waiting_for(DecisionKind::Provide);
    let card = device.open(id);
    let (search, before) = device.until("the list is shown", |work| {
        (work.list.total == Some(work.counts.applications)).then_some((work.list.search, work.counts))
    });

    let arrived = region.arrive(30);
    let pending = arrived.iter().filter(|standing| standing.is_pending()).count();
    assert!(pending > 0);
    device.until("they are counted and listed", |work| {
        let counts = work.counts;
        let is_counted = counts.applications == before.applications + arrived.len();
        let is_so = is_counted && counts.pending == before.pending + pending;
        let is_listed = arrived.iter().all(|new| work.list.index_of(new.application.id, 0).is_some());
        // A search that the person did not make would throw the selection away.
        assert_eq!(work.list.search, search);
        assert_eq!(work.card.id(), Some(id));
        (is_so && is_listed).then_some(())
    });
    assert_eq!(device.until_card("it is as it was", id, |_| true).standing, card.standing);
    device.close();
}

#[test]
fn the_window_searches_by_itself_once_and_follows_what_arrives() {
    let region = Region::start(&["ivanova"]);
    let mut device = Device::signed_in(&region.url(), "ivanova");
    device.draw();
    let search = device.until("the list is shown", |work| work.list.total.map(|_| work.list.search));
    let before = device.until_counts("they are known", |counts| counts.applications > 0);
    let arrived = region.arrive(12);
    device.until_counts("they have come", |counts| counts.applications == before.applications + arrived.len());
    for _ in 0..3 {
        device.draw();
    }
    device.act(Action::Lock);
    device.draw();
    device.act(Action::Unlock(PASSWORD.to_owned().into()));
    device
        .until("the same list is there", |work| (work.list.search == search && work.card.id().is_none()).then_some(()));
    device.close();
}
