//! «Журнал»: what is asked of the register, and what is shown of its answers.

use std::sync::Arc;

use egui::accesskit::Role as Part;
use egui_kittest::kittest::Queryable as _;
use prikrep_domain::{Act, Actor, JournalEntry, Numbered, Place, Role};
use prikrep_ui::{Action, Auditing, JournalQuery, Stage};

use crate::given::{id, moment, person};
use crate::workstation::Workstation;

fn entry(number: u64) -> Numbered {
    let actor = Actor {
        login: "ivanova".into(),
        employee: "Иванова Анна".into(),
        role: Some(Role::Registrar),
        organization: None,
    };
    let act = Act::CardOpened { application: id(1), patient: Some("0123456789abcdef01234567".into()) };
    Numbered { number, entry: JournalEntry { at: moment().now, actor, place: Place::Console, act } }
}

fn at(auditing: Auditing) -> Workstation {
    Workstation::at(Stage::Audit(Arc::new(Auditing { employee: "Аудитор".into(), ..auditing })))
}

fn asked(workstation: &Workstation) -> Vec<JournalQuery> {
    let seeks = workstation.state().done.iter();
    seeks
        .filter_map(|action| if let Action::SeekJournal(query) = action { Some(query.clone()) } else { None })
        .collect()
}

#[test]
fn a_week_is_asked_for_by_itself_and_then_what_is_typed() {
    let mut workstation = at(Auditing::default());
    let [first] = asked(&workstation).try_into().unwrap();
    assert_eq!((first.act, first.patient, first.login.as_str()), (None, None, ""));
    let (from, to) = first.period.dates();
    assert_eq!((to - from).num_days(), 6);
    assert!(workstation.says("Таких записей нет."));
    workstation.types_into("Логин", "ivanova");
    workstation.types_into("GUID пациента: кто смотрел его карточку", &person(4).to_string());
    workstation.chooses("Действие", "Просмотр карточки");
    workstation.click("Найти");
    let last = asked(&workstation).pop().unwrap();
    assert_eq!((last.act, last.patient, last.login.as_str()), (Some("card_opened"), Some(person(4)), "ivanova"));
}

#[test]
fn a_mistake_stands_under_its_field_and_nothing_is_asked() {
    let mut workstation = at(Auditing::default());
    workstation.types_into("GUID заявления", "не GUID");
    workstation.click("Найти");
    assert_eq!(asked(&workstation).len(), 1, "the first only");
    assert!(workstation.mentions("GUID"));
}

#[test]
fn rows_are_shown_and_earlier_ones_are_asked_for() {
    let items: Vec<Numbered> = (1..=3).rev().map(entry).collect();
    let mut workstation = at(Auditing { items, before: Some(1), ..Auditing::default() });
    assert!(workstation.says("показаны 3 записи"));
    assert!(workstation.says("Иванова Анна (ivanova)") && workstation.says("Просмотр карточки"));
    assert!(workstation.mentions("пациент 0123456789abcdef01234567"));
    workstation.click("Показать ещё, более ранние");
    assert_eq!(asked(&workstation).pop().unwrap().before, Some(1));
}

#[test]
fn trouble_is_told_and_the_auditor_can_leave() {
    let trouble = Some("нет связи с сервером".to_owned());
    let mut workstation = at(Auditing { trouble, ..Auditing::default() });
    assert!(workstation.mentions("нет связи с сервером"));
    workstation.get_by_role_and_label(Part::Button, "Выйти").click();
    workstation.run();
    assert!(workstation.state().done.iter().any(|action| matches!(action, Action::SignOut { wipe: false })));
}
