//! A date and a period: typed, picked by mouse, picked by keyboard.

use egui::accesskit::Role;
use egui::{Key, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use prikrep_domain::Period;
use prikrep_ui::widgets::{DateField, PeriodField};

use crate::desk::{click, day, press, today, type_into, window};

const NAME: &str = "Дата ответа";
const OPEN: &str = "Открыть календарь: Дата ответа";
const BAD: &str = "Введите дату, например 21.11.2026";

/// The field, and how often it said that it changed.
type Desk = (DateField, u32);

fn desk(field: DateField) -> Harness<'static, Desk> {
    let show = |ui: &mut egui::Ui, (field, changes): &mut Desk| {
        if field.ui(ui, NAME, today(), None).changed() {
            *changes += 1;
        }
        let _ = ui.button("Дальше");
    };
    window([300.0, 320.0], Theme::Light, show, (field, 0))
}

#[test]
fn a_date_is_typed_and_written_out_when_it_is_left() {
    let mut window = desk(DateField::default());
    type_into(&mut window, NAME, "1.2.26");
    assert_eq!(window.state().0.value(), Ok(Some(day(2026, 2, 1))));
    assert_eq!(window.state().1, 1);
    press(&mut window, &[Key::Tab]);
    assert_eq!(window.state().0.text(), "01.02.2026");
    assert_eq!(window.state().1, 1, "the date is the same");
    assert!(window.get_by_label("Дальше").is_focused(), "the calendar's button is no stop");
}

#[test]
fn a_day_and_a_month_are_of_this_year() {
    let mut window = desk(DateField::default());
    type_into(&mut window, NAME, "5.3");
    press(&mut window, &[Key::Enter]);
    assert_eq!(window.state().0.value(), Ok(Some(day(2026, 3, 5))));
    assert_eq!(window.state().1, 2);
}

#[test]
fn an_unreadable_date_says_so_once_it_is_left_and_stays_as_typed() {
    let mut window = desk(DateField::default());
    type_into(&mut window, NAME, "завтра");
    assert!(window.query_by_label(BAD).is_none(), "not while typing");
    press(&mut window, &[Key::Tab]);
    assert!(window.query_by_label(BAD).is_some());
    let field = window.get_by_role_and_label(Role::TextInput, NAME);
    assert_eq!(field.value().as_deref(), Some("завтра"));
    assert!(field.accesskit_node().data().invalid().is_some());
    assert_eq!(field.accesskit_node().data().description(), Some(BAD));
}

#[test]
fn the_calendar_is_used_by_mouse() {
    let mut window = desk(DateField::new(Some(day(2026, 11, 5))));
    click(&mut window, OPEN);
    assert!(window.query_by_label("Ноябрь 2026").is_some());
    click(&mut window, "Следующий месяц");
    click(&mut window, "Предыдущий год");
    assert!(window.query_by_label("Декабрь 2025").is_some());
    click(&mut window, "31 декабря 2025");
    assert_eq!(window.state().0.value(), Ok(Some(day(2025, 12, 31))));
    assert_eq!(window.state().1, 1);
    assert!(window.query_by_label("Декабрь 2025").is_none(), "closed");

    click(&mut window, OPEN);
    click(&mut window, "Сегодня");
    assert_eq!(window.state().0.value(), Ok(Some(today())));
}

#[test]
fn the_button_and_a_click_beside_close_the_calendar() {
    let mut window = desk(DateField::new(None));
    click(&mut window, OPEN);
    assert!(window.query_by_label("Ноябрь 2026").is_some(), "of today, when there is no date");
    click(&mut window, OPEN);
    assert!(window.query_by_label("Ноябрь 2026").is_none());
    click(&mut window, OPEN);
    window.hover_at(egui::pos2(290.0, 10.0));
    window.drag_at(egui::pos2(290.0, 10.0));
    window.run();
    window.drop_at(egui::pos2(290.0, 10.0));
    window.run();
    assert!(window.query_by_label("Ноябрь 2026").is_none());
    assert_eq!(window.state().1, 0);
}

#[test]
fn the_calendar_is_used_by_keyboard() {
    let mut window = desk(DateField::new(Some(day(2026, 11, 30))));
    window.get_by_role_and_label(Role::TextInput, NAME).focus();
    window.run();
    press(&mut window, &[Key::ArrowDown]);
    assert!(window.query_by_label("Ноябрь 2026").is_some());
    press(&mut window, &[Key::ArrowRight, Key::ArrowDown, Key::ArrowLeft, Key::PageDown]);
    assert!(window.query_by_label("Январь 2027").is_some());
    press(&mut window, &[Key::Enter]);
    assert_eq!(window.state().0.text(), "07.01.2027");
    assert!(window.query_by_label("Январь 2027").is_none());
    assert!(window.get_by_role_and_label(Role::TextInput, NAME).is_focused());
}

#[test]
fn keys_go_on_working_after_the_mouse_and_tab_leaves_the_calendar() {
    let mut window = desk(DateField::new(Some(day(2026, 11, 30))));
    click(&mut window, OPEN);
    click(&mut window, "Следующий месяц");
    press(&mut window, &[Key::ArrowRight]);
    assert!(window.get_by_label("Календарь, выбран день 31 декабря 2026").is_focused());
    press(&mut window, &[Key::Tab]);
    assert!(window.get_by_label("Сегодня").is_focused());
    press(&mut window, &[Key::Tab]);
    assert!(window.query_by_label("Декабрь 2026").is_none());
    assert_eq!(window.state().1, 0);
}

#[test]
fn escape_closes_the_calendar_and_nothing_else() {
    let mut window = desk(DateField::new(Some(day(2026, 11, 30))));
    click(&mut window, OPEN);
    press(&mut window, &[Key::ArrowRight, Key::Escape]);
    assert!(window.query_by_label("Ноябрь 2026").is_none());
    assert_eq!(window.state().0.text(), "30.11.2026");
    assert!(window.get_by_role_and_label(Role::TextInput, NAME).is_focused());
}

#[test]
fn a_period_is_pressed_and_typed() {
    let show = |ui: &mut egui::Ui, field: &mut PeriodField| {
        let mistakes = field.value().err().unwrap_or_default();
        field.ui(ui, today(), &mistakes);
    };
    let mut window = window([300.0, 200.0], Theme::Light, show, PeriodField::default());
    assert_eq!(window.query_all_by_label("Укажите дату").count(), 2);
    for (name, from) in [
        ("Сегодня", today()),
        ("7 дней", day(2026, 11, 13)),
        ("Этот месяц", day(2026, 11, 1)),
        ("Этот квартал", day(2026, 10, 1)),
        ("Всё время", day(2000, 1, 1)),
    ] {
        click(&mut window, name);
        assert_eq!(window.state().value(), Ok(Period::new(from, today()).expect("in order")));
    }
    window.state_mut().set(Period::new(today(), today()).expect("in order"));
    window.run();
    window.get_by_role_and_label(Role::TextInput, "по").focus();
    window.run();
    window.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    window.run();
    window.get_by_role_and_label(Role::TextInput, "по").type_text("1.11.26");
    window.run();
    assert!(window.query_by_label("Раньше начала периода").is_some());
}
