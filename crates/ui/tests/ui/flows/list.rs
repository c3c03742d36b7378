//! The list: what is asked for, in which order, and how one goes through it.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use prikrep_domain::{ApplicationType, SortColumn, Status, StatusFilter};
use prikrep_ui::{Action, CardState, Stage};

use super::scene::{Shown, actions, asked, card, change, keys, press, sees, shown, type_into, work};
use crate::kit::{alone, application, application_id};

fn three() -> Shown {
    let rows = (1..=3).map(|number| alone(&application(number, ApplicationType::Choice, Status::Sent))).collect();
    shown(Stage::Work(Arc::new(work(rows))))
}

#[test]
fn the_day_begins_with_what_waits_for_an_answer() {
    let mut window = three();
    let query = asked(&mut window).unwrap();
    assert_eq!(query.status, Some(StatusFilter::Pending));
    assert_eq!((query.sort.column, query.sort.descending), (SortColumn::CreatedAt, true));
    assert!(sees(&window, "найдено 3 заявления"));
}

#[test]
fn an_identifier_narrows_the_search_and_a_mistaken_one_stops_it() {
    let mut window = three();
    asked(&mut window);
    type_into(&mut window, Role::TextInput, "СНИЛС", "112-233-445 96");
    press(&mut window, "Поиск");
    assert!(asked(&mut window).is_none());
    assert!(sees(&window, "Контрольное число СНИЛС не сходится"));
    press(&mut window, "Сбросить");
    assert!(asked(&mut window).is_some());
    type_into(&mut window, Role::TextInput, "СНИЛС", "11223344595");
    keys(&mut window, Modifiers::NONE, Key::Enter);
    assert_eq!(asked(&mut window).unwrap().snils.unwrap().to_string(), "112-233-445 95");
}

#[test]
fn a_period_of_one_press_is_searched_at_once() {
    let mut window = three();
    asked(&mut window);
    press(&mut window, "Сегодня");
    let (from, to) = asked(&mut window).unwrap().period.dates();
    assert_eq!((from, to), (crate::kit::moment().today(), crate::kit::moment().today()));
}

#[test]
fn letters_typed_nowhere_search_by_name() {
    let mut window = three();
    asked(&mut window);
    window.event(egui::Event::Text("ив".into()));
    window.run_steps(3);
    assert!(asked(&mut window).unwrap().name.is_some());
}

#[test]
fn a_header_sorts_and_sorts_the_other_way() {
    let mut window = three();
    for (column, name) in [(SortColumn::Name, "ФИО пациента"), (SortColumn::Status, "Статус")] {
        for descending in [false, true] {
            asked(&mut window);
            window.get_by_role_and_label(Role::ColumnHeader, name).click();
            window.run_steps(3);
            let query = asked(&mut window).unwrap();
            assert_eq!((query.sort.column, query.sort.descending), (column, descending), "{name}");
        }
    }
}

#[test]
fn arrows_go_through_the_list_and_enter_opens_the_card() {
    let mut window = three();
    actions(&mut window);
    keys(&mut window, Modifiers::NONE, Key::ArrowDown);
    keys(&mut window, Modifiers::NONE, Key::ArrowDown);
    assert!(actions(&mut window).is_empty(), "no card is open yet");
    keys(&mut window, Modifiers::NONE, Key::Enter);
    assert!(matches!(actions(&mut window).as_slice(), [Action::Open(id)] if *id == application_id(2)));
    let second = alone(&application(2, ApplicationType::Choice, Status::Sent));
    change(&mut window, |work| work.card = CardState::Open(Arc::new(card(second))));
    keys(&mut window, Modifiers::NONE, Key::ArrowDown);
    assert!(matches!(actions(&mut window).as_slice(), [Action::Open(id)] if *id == application_id(3)));
    keys(&mut window, Modifiers::NONE, Key::Escape);
    assert!(matches!(actions(&mut window).as_slice(), [Action::CloseCard]));
}

#[test]
fn enter_on_an_open_card_goes_to_its_form() {
    let mut window = three();
    keys(&mut window, Modifiers::NONE, Key::ArrowDown);
    let first = alone(&application(1, ApplicationType::Choice, Status::Sent));
    change(&mut window, |work| work.card = CardState::Open(Arc::new(card(first))));
    keys(&mut window, Modifiers::NONE, Key::Enter);
    assert!(window.get_by_role_and_label(Role::TextInput, "Номер участка прикрепления").is_focused());
}

#[test]
fn after_an_answer_the_next_one_is_one_press_away() {
    let mut window = three();
    let first = alone(&application(1, ApplicationType::Choice, Status::Sent));
    keys(&mut window, Modifiers::NONE, Key::ArrowDown);
    change(&mut window, |work| work.card = CardState::Open(Arc::new(card(first))));
    actions(&mut window);
    // The first one leaves the list of those that wait.
    change(&mut window, |work| {
        let rows: Vec<_> = work.list.blocks[&0].iter().skip(1).cloned().collect();
        work.list.total = Some(rows.len());
        work.list.blocks.insert(0, rows.into());
    });
    keys(&mut window, Modifiers::NONE, Key::ArrowDown);
    assert!(matches!(actions(&mut window).as_slice(), [Action::Open(id)] if *id == application_id(2)));
}

#[test]
fn an_empty_list_says_why_and_what_to_do() {
    let mut window = shown(Stage::Work(Arc::new(work(Vec::new()))));
    assert!(sees(&window, "заявлений для вашей МО нет"));
    change(&mut window, |work| work.complete = false);
    assert!(sees(&window, "они появятся, когда будет связь с регистром"));
    change(&mut window, |work| work.counts.applications = 7);
    assert!(sees(&window, "Ничего не найдено"));
    change(&mut window, |work| work.list.trouble = Some("ошибка диска".into()));
    assert!(sees(&window, "ошибка диска"));
}
