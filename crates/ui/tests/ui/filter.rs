//! The filter of the list: what each field asks for, and what a mistake says.

use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use prikrep_domain::{ApplicationType, AttachmentKind, Period, Query, Status, StatusFilter};

use crate::desk::{day, today};
use crate::given::{choice, person};
use crate::workstation::Workstation;

/// What waits for an answer, of all time: with what a search begins.
fn usual() -> Query {
    let always = Period::between(day(2000, 1, 1), today());
    Query { status: Some(StatusFilter::Pending), ..Query::of(always) }
}

fn at_work() -> Workstation {
    let mut workstation = Workstation::at_work((1..=6).map(choice).collect());
    workstation.forget();
    workstation
}

#[test]
fn the_first_search_is_made_by_itself() {
    let workstation = Workstation::at_work(vec![choice(1)]);
    assert_eq!(workstation.searches(), [usual()]);
    assert!(workstation.says("найдено 1 заявление"));
}

#[test]
fn a_type_is_asked_for() {
    let mut workstation = at_work();
    workstation.chooses("Тип заявления", "Отмена заявления о выборе МО");
    workstation.click("Поиск");
    let wanted = Query { application_type: Some(ApplicationType::Cancellation), ..usual() };
    assert_eq!(workstation.the_search(), wanted);
}

#[test]
fn a_kind_is_asked_for() {
    let mut workstation = at_work();
    workstation.chooses("Тип прикрепления", "стоматологическое");
    workstation.click("Поиск");
    assert_eq!(workstation.the_search(), Query { kind: Some(AttachmentKind::Dental), ..usual() });
}

#[test]
fn a_status_is_asked_for_and_what_waits_stands_first() {
    let mut workstation = at_work();
    workstation.get_by_role_and_label(Role::ComboBox, "Статус заявления").click();
    workstation.run();
    let top = |words| workstation.get_by_role_and_label(Role::Button, words).rect().top();
    assert!(Status::ALL.iter().all(|status| top("Ждут ответа") < top(status.table_words())));
    workstation.click_button("Отказано");
    workstation.click("Поиск");
    assert_eq!(workstation.the_search().status, Some(StatusFilter::Is(Status::Refused)));
    workstation.forget();
    workstation.chooses("Статус заявления", "Все");
    workstation.click("Поиск");
    assert_eq!(workstation.the_search().status, None);
}

#[test]
fn a_list_that_the_mouse_has_opened_goes_on_by_keyboard() {
    let mut workstation = at_work();
    workstation.get_by_role_and_label(Role::ComboBox, "Тип заявления").click();
    workstation.run();
    workstation.press(&[Key::ArrowDown]);
    workstation.press(&[Key::Enter]);
    workstation.click("Поиск");
    assert_eq!(workstation.the_search(), Query { application_type: Some(ApplicationType::Choice), ..usual() });
}

#[test]
fn a_snils_is_asked_for_as_it_is_dictated() {
    let mut workstation = at_work();
    workstation.types_into("СНИЛС", "112 233 445-95");
    workstation.press(&[Key::Enter]);
    let wanted = "112-233-445 95".parse().expect("a SNILS of a test");
    assert_eq!(workstation.the_search(), Query { snils: Some(wanted), ..usual() });
}

#[test]
fn a_patient_is_asked_for_by_guid() {
    let mut workstation = at_work();
    workstation.types_into("GUID пациента", &person(4).to_string());
    workstation.press(&[Key::Enter]);
    assert_eq!(workstation.the_search(), Query { patient: Some(person(4)), ..usual() });
    assert!(workstation.says("найдено 1 заявление"));
}

#[test]
fn a_period_is_typed() {
    let mut workstation = at_work();
    workstation.retypes("Период с", "1.11.26");
    workstation.retypes("по", "15.11.2026");
    workstation.press(&[Key::Enter]);
    assert_eq!(workstation.the_search().period, Period::between(day(2026, 11, 1), day(2026, 11, 15)));
}

#[test]
fn a_period_of_one_press_searches_at_once() {
    let firsts = [
        ("Сегодня", today()),
        ("7 дней", day(2026, 11, 13)),
        ("Этот месяц", day(2026, 11, 1)),
        ("Этот квартал", day(2026, 10, 1)),
        ("Всё время", day(2000, 1, 1)),
    ];
    let mut workstation = at_work();
    for (words, first) in firsts {
        workstation.forget();
        workstation.click(words);
        assert_eq!(workstation.the_search().period, Period::between(first, today()), "{words}");
    }
}

#[test]
fn a_mistake_is_told_under_its_field_and_searches_nothing() {
    let mistakes = [
        ("СНИЛС", "112-233-445 96", "Контрольное число СНИЛС не сходится: проверьте цифры"),
        ("СНИЛС", "112", "В СНИЛС 11 цифр, а здесь 3"),
        ("GUID пациента", "двадцать", "GUID записывается 32 шестнадцатеричными цифрами: 8-4-4-4-12"),
        ("Период с", "31.02.2026", "Нет такой даты"),
        ("Период с", "", "Укажите дату"),
        ("по", "01.01.1999", "Раньше начала периода"),
    ];
    for (field, typed, words) in mistakes {
        let mut workstation = at_work();
        workstation.retypes(field, typed);
        workstation.click("Поиск");
        assert_eq!(workstation.mistake(field).as_deref(), Some(words));
        assert_eq!(workstation.searches(), [], "{field}");
        assert_eq!(workstation.value(field), typed, "what was typed stays");
    }
}

#[test]
fn a_corrected_mistake_is_not_told_any_more() {
    let mut workstation = at_work();
    workstation.types_into("СНИЛС", "112");
    workstation.press(&[Key::Enter]);
    workstation.retypes("СНИЛС", "11223344595");
    workstation.press(&[Key::Enter]);
    assert_eq!(workstation.mistake("СНИЛС"), None);
    assert!(workstation.the_search().snils.is_some());
}

#[test]
fn a_reset_searches_as_at_the_beginning() {
    let mut workstation = at_work();
    workstation.types_into("СНИЛС", "112");
    workstation.types_into("Поиск по ФИО", "вла");
    workstation.chooses("Тип прикрепления", "стоматологическое");
    workstation.forget();
    workstation.click("Сбросить");
    assert_eq!(workstation.the_search(), usual());
    assert_eq!((workstation.value("СНИЛС"), workstation.value("Поиск по ФИО")), (String::new(), String::new()));
    assert_eq!(workstation.mistake("СНИЛС"), None);
}

#[test]
fn ctrl_f_leads_to_the_filter() {
    let mut workstation = at_work();
    workstation.ctrl(Key::F);
    assert!(workstation.field("Период с").is_focused());
}

#[test]
fn tab_goes_through_the_fields_as_the_eye_does() {
    let mut workstation = at_work();
    workstation.ctrl(Key::F);
    for next in ["по", "GUID пациента", "СНИЛС"] {
        workstation.press(&[Key::Tab]);
        assert!(workstation.field(next).is_focused(), "{next}");
    }
    for next in ["Тип заявления", "Тип прикрепления", "Статус заявления"] {
        workstation.press(&[Key::Tab]);
        assert!(workstation.get_by_role_and_label(Role::ComboBox, next).is_focused(), "{next}");
    }
    workstation.press(&[Key::Tab]);
    assert!(workstation.get_by_label("Поиск").is_focused());
}
