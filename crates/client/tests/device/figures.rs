//! The statistics.

use prikrep_domain::{Period, Status};
use prikrep_ui::{Action, FiguresState};

use crate::device::{Device, all_dates};
use crate::region::Region;

#[test]
fn the_figures_of_a_period_are_those_of_the_list() {
    let region = Region::start(&["ivanova"]);
    let mut device = Device::signed_in(&region.url(), "ivanova");
    let rows = device.rows();
    device.act(Action::Count(all_dates()));
    let figures = device.until("they are counted", |work| match &work.figures {
        FiguresState::Ready(figures) => Some(figures.clone()),
        FiguresState::None | FiguresState::Counting(_) => None,
        FiguresState::Trouble(words) => panic!("{words}"),
    });
    assert_eq!(figures.period, all_dates());
    assert_eq!(figures.total, rows.len());
    assert_eq!(figures.pending, rows.iter().filter(|row| row.is_pending()).count());
    let of = |status: Status| rows.iter().filter(|row| row.application.status == status).count();
    assert_eq!(figures.statuses, Status::ALL.map(of));
    device.close();
}

#[test]
fn of_two_counts_the_last_is_shown() {
    let region = Region::start(&["ivanova"]);
    let mut device = Device::signed_in(&region.url(), "ivanova");
    let day = all_dates().dates().0;
    let empty = Period::between(day, day);
    device.act(Action::Count(all_dates()));
    device.act(Action::Count(empty));
    let figures = device.until("they are counted", |work| match &work.figures {
        FiguresState::Ready(figures) => Some(figures.clone()),
        FiguresState::None | FiguresState::Counting(_) | FiguresState::Trouble(_) => None,
    });
    assert_eq!((figures.period, figures.total), (empty, 0));
    device.close();
}
