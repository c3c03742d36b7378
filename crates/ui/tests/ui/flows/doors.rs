//! Signing in, the lock, the keys of everywhere, and the sections beside the list.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use prikrep_ui::{Action, Counts, Export, Link, Locked, Passphrase, SignIn, SignInField, SignInTrouble, Stage};

use super::scene::{actions, change, keys, press, sees, shown, type_into, work};

#[test]
fn signing_in_needs_every_field_and_tells_the_trouble_under_its_own() {
    let mut window = shown(Stage::SignIn(SignIn::default()));
    press(&mut window, "Войти");
    assert!(sees(&window, "Заполните это поле"));
    for (name, text) in [("Адрес регистра", "https://register"), ("Логин", "anna")] {
        type_into(&mut window, Role::TextInput, name, text);
    }
    type_into(&mut window, Role::PasswordInput, "Пароль", "тайна");
    actions(&mut window);
    keys(&mut window, Modifiers::NONE, Key::Enter);
    let entered = actions(&mut window).into_iter().find_map(|action| match action {
        Action::SignIn(credentials) => Some(credentials),
        _ => None,
    });
    let entered = entered.expect("Enter signs in");
    assert_eq!((entered.login.as_str(), entered.password.as_str(), entered.passphrase), ("anna", "тайна", None));
    let trouble = SignInTrouble { field: Some(SignInField::Password), words: "Неверный пароль".into() };
    let state = SignIn { trouble: Some(trouble), passphrase: Passphrase::Choose, ..SignIn::default() };
    window.state_mut().snapshot.stage = Stage::SignIn(state);
    window.run_steps(3);
    assert!(sees(&window, "Неверный пароль") && sees(&window, "Придумайте парольную фразу"));
}

#[test]
fn behind_the_lock_nothing_is_seen() {
    let mut window = shown(Stage::Work(Arc::new(work(Vec::new()))));
    assert!(sees(&window, "Иванова Анна Андреевна"));
    keys(&mut window, Modifiers::COMMAND, Key::L);
    assert!(actions(&mut window).iter().any(|action| matches!(action, Action::Lock)));
    window.state_mut().snapshot.stage = Stage::Locked(Locked { login: "anna".into(), ..Locked::default() });
    window.run_steps(3);
    assert!(!sees(&window, "Иванова Анна Андреевна"));
    type_into(&mut window, Role::PasswordInput, "Пароль", "тайна");
    keys(&mut window, Modifiers::NONE, Key::Enter);
    assert!(actions(&mut window).iter().any(|action| matches!(action, Action::Unlock(_))));
}

#[test]
fn the_status_bar_says_how_things_stand() {
    let mut window = shown(Stage::Work(Arc::new(work(Vec::new()))));
    assert!(sees(&window, "на связи"));
    change(&mut window, |work| {
        work.link = Link::Offline { words: "сервер не ответил".into() };
        work.counts = Counts { queued: 2, ..work.counts };
    });
    assert!(sees(&window, "нет связи, работаем с сохранённым (сервер не ответил)"));
    assert!(sees(&window, "В очереди 2 ответа"));
}

#[test]
fn the_keys_of_everywhere() {
    let mut window = shown(Stage::Work(Arc::new(work(Vec::new()))));
    actions(&mut window);
    keys(&mut window, Modifiers::NONE, Key::F5);
    assert!(matches!(actions(&mut window).as_slice(), [Action::Refresh]));
    keys(&mut window, Modifiers::COMMAND, Key::Equals);
    assert!(matches!(actions(&mut window).as_slice(), [Action::Set(settings)] if settings.zoom_percent == 110));
    keys(&mut window, Modifiers::NONE, Key::F1);
    assert!(sees(&window, "эта подсказка"));
}

#[test]
fn data_is_not_wiped_while_an_answer_is_only_here() {
    let mut window = shown(Stage::Work(Arc::new(work(Vec::new()))));
    change(&mut window, |work| work.counts.queued = 1);
    press(&mut window, "Настройки");
    press(&mut window, "Выйти и удалить данные с этого компьютера…");
    assert!(sees(&window, "Удалить нельзя"));
    change(&mut window, |work| work.counts.queued = 0);
    actions(&mut window);
    press(&mut window, "Удалить и выйти");
    assert!(matches!(actions(&mut window).as_slice(), [Action::SignOut { wipe: true }]));
}

#[test]
fn an_export_without_a_dialog_asks_for_a_path() {
    let mut window = shown(Stage::Work(Arc::new(work(Vec::new()))));
    change(&mut window, |work| work.export = Export::AskPath { proposed: "/tmp/a.csv".into(), trouble: None });
    actions(&mut window);
    press(&mut window, "Сохранить");
    assert!(matches!(actions(&mut window).as_slice(), [Action::ExportTo(path)] if path == "/tmp/a.csv"));
    change(&mut window, |work| work.export = Export::Done { path: "/tmp/a.csv".into(), rows: 5 });
    assert!(sees(&window, "Выгружено 5 заявлений"));
}
