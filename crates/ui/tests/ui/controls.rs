//! Suggestions, choices, copying, signs.

use egui::accesskit::Role;
use egui::{Key, Modifiers, OutputCommand, Theme, Ui};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use prikrep_ui::theme::Palette;
use prikrep_ui::widgets::{Mark, badge, choice, copyable, labelled, progress, status_mark, suggest};

use crate::desk::{click, press, type_into, window};

const DISTRICTS: [&str; 4] = ["Участок № 1 (Ленина)", "Педиатрический № 3", "Участок № 12", "Берёзовый"];
const NAME: &str = "Участок";

#[derive(Default)]
struct Desk {
    record: u32,
    value: String,
    chosen: Vec<usize>,
    changes: u32,
}

fn desk() -> Harness<'static, Desk> {
    let show = |ui: &mut Ui, desk: &mut Desk| {
        let salt = ("district", desk.record);
        let shown = suggest(ui, salt, &mut desk.value, &DISTRICTS, NAME, "Номер или улица", None);
        desk.chosen.extend(shown.chosen);
        desk.changes += u32::from(shown.response.changed());
        let _ = ui.button("Дальше");
    };
    window([320.0, 300.0], Theme::Light, show, Desk::default())
}

fn offered(window: &Harness<'_, Desk>) -> Vec<&'static str> {
    DISTRICTS.into_iter().filter(|district| window.query_by_label(district).is_some()).collect()
}

#[test]
fn a_suggestion_is_chosen_by_keyboard() {
    let mut window = desk();
    type_into(&mut window, NAME, "участ");
    assert_eq!(offered(&window), [DISTRICTS[0], DISTRICTS[2]]);
    press(&mut window, &[Key::ArrowDown, Key::ArrowDown, Key::ArrowDown, Key::ArrowUp, Key::Enter]);
    assert_eq!((window.state().value.as_str(), window.state().chosen.as_slice()), (DISTRICTS[0], &[0][..]));
    assert_eq!(window.state().changes, 2);
    assert_eq!(offered(&window), [""; 0]);
    let field = window.get_by_role_and_label(Role::TextInput, NAME);
    assert!(field.is_focused());
    field.type_text("!");
    window.run();
    assert_eq!(window.state().value, "Участок № 1 (Ленина)!", "the cursor stands at the end");
}

#[test]
fn a_suggestion_is_chosen_by_mouse() {
    let mut window = desk();
    click(&mut window, NAME);
    assert_eq!(offered(&window).len(), 4, "a click shows the whole directory");
    click(&mut window, "Берёзовый");
    assert_eq!((window.state().value.as_str(), window.state().chosen.as_slice()), ("Берёзовый", &[3][..]));
    assert_eq!(offered(&window), [""; 0]);
}

#[test]
fn what_is_not_in_the_directory_may_be_typed() {
    let mut window = desk();
    type_into(&mut window, NAME, "№ 1");
    assert_eq!(offered(&window), [DISTRICTS[0], DISTRICTS[2]]);
    press(&mut window, &[Key::Escape]);
    assert_eq!(offered(&window), [""; 0]);
    assert!(window.get_by_role_and_label(Role::TextInput, NAME).is_focused(), "Escape closes the list alone");
    press(&mut window, &[Key::ArrowDown]);
    assert_eq!(offered(&window).len(), 2, "the arrow opens it again");
    press(&mut window, &[Key::Tab]);
    assert_eq!(offered(&window), [""; 0]);
    assert!(window.get_by_label("Дальше").is_focused());
    assert_eq!((window.state().value.as_str(), window.state().chosen.len()), ("№ 1", 0));
}

#[test]
fn undo_does_not_reach_into_another_record() {
    let mut window = desk();
    type_into(&mut window, NAME, "первая");
    window.run_steps(30);
    window.state_mut().record = 2;
    window.state_mut().value = "вторая".to_owned();
    window.run_steps(30);
    window.get_by_role_and_label(Role::TextInput, NAME).focus();
    window.run();
    window.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    window.run();
    assert_eq!(window.state().value, "вторая");
}

#[test]
fn a_choice_is_made_and_taken_back() {
    let show = |ui: &mut Ui, chosen: &mut Option<u8>| {
        choice(ui, "Тип", chosen, &[(1, "Выбор"), (2, "Отмена выбора")], "Все типы");
    };
    let mut window = window([240.0, 200.0], Theme::Light, show, None);
    for (name, expected) in [("Отмена выбора", Some(2)), ("Все типы", None)] {
        window.get_by_role_and_label(Role::ComboBox, "Тип").click();
        window.run();
        window.get_by_role_and_label(Role::Button, name).click();
        window.run();
        assert_eq!(*window.state(), expected);
    }
}

#[test]
fn a_choice_is_made_by_keyboard() {
    let show = |ui: &mut Ui, chosen: &mut Option<u8>| {
        choice(ui, "Тип", chosen, &[(1, "Выбор"), (2, "Отмена выбора")], "Все типы");
    };
    let mut window = window([240.0, 200.0], Theme::Light, show, None);
    window.get_by_role_and_label(Role::ComboBox, "Тип").focus();
    window.run();
    press(&mut window, &[Key::Enter, Key::ArrowDown, Key::Enter]);
    assert_eq!(*window.state(), Some(1));
    assert!(window.query_by_role_and_label(Role::Button, "Отмена выбора").is_none(), "closed");
    assert!(window.get_by_role_and_label(Role::ComboBox, "Тип").is_focused());
}

#[test]
fn a_value_is_copied_and_an_absent_one_is_a_dash() {
    let show = |ui: &mut Ui, (): &mut ()| {
        copyable(ui, "СНИЛС", "112-233-445 95");
        copyable(ui, "Представитель", "");
    };
    let mut window = window([420.0, 100.0], Theme::Light, show, ());
    assert!(window.query_by_label("—").is_some());
    assert!(window.query_by_label("Скопировать: Представитель").is_none());
    window.get_by_label("Скопировать: СНИЛС").click();
    let mut copied = Vec::new();
    for _ in 0..4 {
        window.step();
        copied.extend(window.output().platform_output.commands.iter().filter_map(|command| match command {
            OutputCommand::CopyText(text) => Some(text.clone()),
            OutputCommand::TextSelectionSettled(_) | OutputCommand::CopyImage(_) | OutputCommand::OpenUrl(_) => None,
        }));
    }
    assert_eq!(copied, ["112-233-445 95"]);
}

#[test]
fn signs_and_mistakes_have_words() {
    let show = |ui: &mut Ui, text: &mut String| {
        labelled(ui, "СНИЛС", Some("Одиннадцать цифр"), |ui| ui.text_edit_singleline(text));
        badge(ui, "7", Palette::of(ui).accent, "Ждут ответа: 7");
        status_mark(ui, Mark::Pending, "Ждёт ответа");
        progress(ui, 3, None, "Загружено: 3");
    };
    let window = window([300.0, 200.0], Theme::Light, show, String::new());
    for name in ["Одиннадцать цифр", "Ждут ответа: 7", "Ждёт ответа"] {
        assert!(window.query_by_label(name).is_some(), "{name}");
    }
    assert!(window.query_by_role_and_label(Role::TextInput, "СНИЛС").is_some());
    assert!(window.query_by_role_and_label(Role::ProgressIndicator, "Загружено: 3").is_some());
}
