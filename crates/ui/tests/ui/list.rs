//! The list: order, selection, and the card that follows it.

use egui::Key;
use egui::accesskit::{Role, SortDirection};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use prikrep_domain::{Application, NameSearch, Patient, Query, Sort, SortColumn, Status};
use prikrep_ui::Action;

use crate::given::{NAMES, answer, choice, id, refused, whole};
use crate::workstation::Workstation;

fn at_work() -> Workstation {
    let mut workstation = Workstation::at_work((1..=6).map(choice).collect());
    workstation.forget();
    workstation
}

fn reorders(workstation: &Workstation) -> Vec<Query> {
    workstation.all(|action| if let Action::Reorder(query) = action { Some(query.clone()) } else { None })
}

fn shown(workstation: &Workstation) -> Vec<&'static str> {
    let mut names: Vec<_> = NAMES.into_iter().filter(|name| workstation.says(name)).collect();
    names.sort_by(|a, b| workstation.row_rect(a).top().total_cmp(&workstation.row_rect(b).top()));
    names
}

#[test]
fn every_header_sorts_and_again_the_other_way() {
    let headers = [
        (SortColumn::Name, "ФИО пациента"),
        (SortColumn::Snils, "СНИЛС"),
        (SortColumn::Kind, "Тип прикрепления"),
        (SortColumn::Type, "Тип заявления"),
        (SortColumn::Status, "Статус"),
        (SortColumn::CreatedAt, "Дата заявления"),
    ];
    let mut workstation = at_work();
    for (column, header) in headers {
        workstation.forget();
        for _ in 0..2 {
            workstation.get_by_role_and_label(Role::ColumnHeader, header).click();
            workstation.run();
        }
        // Dates begin with the newest.
        let first = column == SortColumn::CreatedAt;
        let wanted = [first, !first].map(|descending| Sort { column, descending });
        let made: Vec<Sort> = reorders(&workstation).iter().map(|query| query.sort).collect();
        assert_eq!(made, wanted, "{header}");
        let arrow = workstation.get_by_role_and_label(Role::ColumnHeader, header).accesskit_node().sort_direction();
        let downwards = if first { SortDirection::Ascending } else { SortDirection::Descending };
        assert_eq!(arrow, Some(downwards), "{header}");
    }
}

#[test]
fn a_sorted_list_is_shown_in_its_order() {
    let mut workstation = at_work();
    assert_eq!(shown(&workstation), NAMES);
    workstation.get_by_role_and_label(Role::ColumnHeader, "Дата заявления").click();
    workstation.run();
    let mut reversed = NAMES;
    reversed.reverse();
    assert_eq!(shown(&workstation), reversed);
}

#[test]
fn a_row_says_what_is_needed_first() {
    let refused = Application { status: Status::Refused, ..choice(2) };
    let bare = choice(3);
    let patient = Patient { snils: None, ..bare.patient };
    let mut workstation = Workstation::at_work(vec![whole(1), refused, Application { patient, ..bare }]);
    workstation.chooses("Статус заявления", "Все");
    workstation.click("Поиск");
    let rows = [NAMES[0], NAMES[1], NAMES[2]].map(|name| {
        let row = workstation.row_rect(name);
        workstation.words_at(|place| place.y_range().contains(row.center().y) && place.left() >= row.left()).join(" | ")
    });
    insta::assert_snapshot!("rows", rows.join("\n"));
}

#[test]
fn a_screen_reader_hears_rows_and_which_is_selected() {
    let mut workstation = at_work();
    workstation.press(&[Key::ArrowDown, Key::ArrowDown]);
    let selected = |name: &str| {
        let words = format!("{name}, Заявление о выборе МО, Отправлено");
        workstation.get_by_role_and_label(Role::Row, &words).accesskit_node().is_selected()
    };
    assert_eq!(NAMES.map(selected), [Some(false), Some(true), Some(false), Some(false), Some(false), Some(false)]);
    assert!(workstation.says("Отправлено, ждёт ответа"));
}

#[test]
fn a_name_is_searched_for_as_it_is_typed() {
    let mut workstation = at_work();
    workstation.types_into("Поиск по ФИО", "вла");
    assert_eq!(workstation.the_search().name, NameSearch::new("вла"));
    assert_eq!(shown(&workstation), ["Власов Денис Юрьевич"]);
}

#[test]
fn letters_typed_nowhere_search_for_a_name() {
    let mut workstation = at_work();
    workstation.types("д");
    workstation.types("ем");
    assert_eq!(workstation.value("Поиск по ФИО"), "дем");
    assert!(workstation.field("Поиск по ФИО").is_focused());
    assert_eq!(shown(&workstation), ["Дёмин Олег Павлович"]);
}

#[test]
fn letters_typed_into_a_field_search_for_nothing() {
    let mut workstation = at_work();
    workstation.types_into("СНИЛС", "я");
    assert_eq!(workstation.value("Поиск по ФИО"), "");
    assert_eq!(workstation.searches(), []);
}

#[test]
fn from_the_name_the_arrow_goes_down_into_the_list() {
    let mut workstation = at_work();
    workstation.types("вла");
    workstation.press(&[Key::ArrowDown]);
    assert!(!workstation.field("Поиск по ФИО").is_focused());
    workstation.press(&[Key::Enter]);
    assert_eq!(workstation.opened(), [id(3)]);
}

#[test]
fn a_click_opens_the_card() {
    let mut workstation = at_work();
    workstation.click_row(NAMES[2]);
    assert_eq!(workstation.opened(), [id(3)]);
    assert!(workstation.says("Закрыть карточку"));
    workstation.click("Закрыть карточку");
    assert!(!workstation.says("Закрыть карточку"));
}

#[test]
fn enter_opens_what_the_arrows_have_selected() {
    let mut workstation = at_work();
    workstation.press(&[Key::ArrowDown, Key::ArrowDown, Key::ArrowDown, Key::ArrowUp]);
    assert_eq!(workstation.opened(), [], "without a card nothing opens by itself");
    workstation.press(&[Key::Enter]);
    assert_eq!(workstation.opened(), [id(2)]);
}

#[test]
fn with_an_open_card_the_arrows_go_on_to_the_next() {
    let mut workstation = at_work();
    workstation.click_row(NAMES[0]);
    workstation.press(&[Key::ArrowDown, Key::ArrowDown, Key::ArrowUp]);
    assert_eq!(workstation.opened(), [id(1), id(2), id(3), id(2)]);
    workstation.press(&[Key::End, Key::Home]);
    assert_eq!(workstation.opened()[4..], [id(6), id(1)]);
}

#[test]
fn pages_and_ends_of_a_long_list() {
    let mut workstation = Workstation::at_work((1..=100).map(choice).collect());
    workstation.open(id(1));
    workstation.forget();
    workstation.press(&[Key::Home, Key::PageDown, Key::PageDown, Key::PageUp, Key::End, Key::Home]);
    assert_eq!(workstation.opened(), [id(21), id(41), id(21), id(100), id(1)]);
    assert_eq!(workstation.state().office.list().row(0).map(|row| row.application.id), Some(id(1)));
}

#[test]
fn escape_closes_the_card() {
    let mut workstation = at_work();
    workstation.click_row(NAMES[0]);
    workstation.press(&[Key::Escape]);
    assert!(workstation.did(|action| matches!(action, Action::CloseCard)));
    assert!(!workstation.says("Закрыть карточку"));
}

#[test]
fn from_a_text_escape_leads_back_to_the_list_and_the_card_stays() {
    let mut workstation = at_work();
    workstation.click_row(NAMES[0]);
    workstation.types_into("Комментарий к ответу", "Ждём");
    workstation.press(&[Key::Escape]);
    assert!(workstation.says("Закрыть карточку"));
    workstation.press(&[Key::ArrowDown]);
    assert_eq!(workstation.opened(), [id(1), id(2)]);
    workstation.press(&[Key::Escape]);
    assert!(!workstation.says("Закрыть карточку"));
}

#[test]
fn after_the_selected_one_has_left_the_arrow_goes_to_the_one_in_its_place() {
    let mut workstation = at_work();
    workstation.click_row(NAMES[1]);
    workstation.meanwhile(|office| {
        let record = answer(1, refused(), prikrep_domain::Delivery::Delivered { at: None });
        office.applications[1].status = Status::Refused;
        office.applications[1].answers.push(record);
    });
    assert!(workstation.says("найдено 5 заявлений"));
    workstation.press(&[Key::ArrowDown]);
    assert_eq!(workstation.opened(), [id(2), id(3)]);
}

#[test]
fn a_new_application_above_does_not_move_the_selection() {
    let mut workstation = Workstation::at_work((2..=6).map(choice).collect());
    workstation.click_row(NAMES[1]);
    workstation.meanwhile(|office| office.applications.insert(0, choice(1)));
    workstation.forget();
    workstation.press(&[Key::ArrowDown]);
    assert_eq!(workstation.opened(), [id(3)]);
}

#[test]
fn rows_that_are_not_loaded_are_asked_for_as_they_are_seen() {
    let mut workstation = at_work();
    workstation.told(|work| work.list.blocks.clear());
    assert!(workstation.did(|action| matches!(action, Action::ShowRows(rows) if rows.contains(&0))));
    assert_eq!(shown(&workstation), NAMES);
}

#[test]
fn a_row_that_is_not_loaded_opens_as_soon_as_it_is() {
    let mut workstation = at_work();
    workstation.state_mut().office.is_slow = true;
    workstation.told(|work| work.list.blocks.clear());
    workstation.press(&[Key::ArrowDown, Key::ArrowDown, Key::Enter]);
    assert_eq!(workstation.opened(), []);
    workstation.meanwhile(|office| office.is_slow = false);
    assert_eq!(workstation.opened(), [id(2)]);
}

#[test]
fn after_a_click_letters_still_search_for_a_name() {
    let mut workstation = at_work();
    workstation.click_row(NAMES[0]);
    workstation.types("вла");
    assert_eq!(workstation.value("Поиск по ФИО"), "вла");
}

#[test]
fn under_a_window_with_the_keys_the_list_does_not_move() {
    let mut workstation = at_work();
    workstation.click_row(NAMES[0]);
    workstation.forget();
    workstation.press(&[Key::F1, Key::ArrowDown]);
    workstation.types("вла");
    assert_eq!((workstation.opened(), workstation.searches()), (vec![], vec![]));
    workstation.press(&[Key::Escape]);
    assert!(!workstation.says("Клавиши"));
    assert!(workstation.says("Закрыть карточку"), "Escape closes one thing at a time");
}
