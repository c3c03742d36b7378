//! Signing in, the lock.

use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use prikrep_ui::{
    Action, Credentials, Locked, NewPassword, Passphrase, Settings, SignIn, SignInField, SignInTrouble, Stage,
};

use crate::given::{NAMES, choice};
use crate::office::{self, EMPLOYEE, Office};
use crate::workstation::Workstation;

const SERVER: &str = "Адрес регистра";
const LOGIN: &str = "Логин";
const PASSWORD: &str = "Пароль";
const NEW: &str = "Новый пароль";
const AGAIN: &str = "Новый пароль ещё раз";
const PHRASE: &str = "Парольная фраза этого рабочего места";
const FILL: &str = "Заполните это поле";

fn at_entry(state: SignIn) -> Workstation {
    Workstation::at(Stage::SignIn(state))
}

/// Somebody has signed in here before.
fn known(state: SignIn) -> Workstation {
    let mut snapshot = office::snapshot(Stage::SignIn(state));
    let (server, login) = ("https://register.example".to_owned(), "kuznetsova".to_owned());
    snapshot.settings = std::sync::Arc::new(Settings { server, login, ..Settings::default() });
    Workstation::of([900.0, 600.0], snapshot, Office::default())
}

fn told(state: impl FnOnce(&mut SignIn), workstation: &mut Workstation) {
    let Stage::SignIn(sign_in) = &mut workstation.state_mut().snapshot.stage else { panic!("not at the entry") };
    state(sign_in);
    workstation.run_steps(4);
}

fn signs_in(workstation: &Workstation) -> Vec<Credentials> {
    workstation.all(|action| if let Action::SignIn(who) = action { Some(who.clone()) } else { None })
}

fn is_disabled(workstation: &Workstation, name: &str) -> bool {
    workstation.field(name).accesskit_node().is_disabled()
}

#[test]
fn whoever_was_here_before_types_only_the_password() {
    let mut workstation = known(SignIn::default());
    assert_eq!(
        (workstation.value(SERVER).as_str(), workstation.value(LOGIN).as_str()),
        ("https://register.example", "kuznetsova")
    );
    assert!(workstation.field(PASSWORD).is_focused());
    workstation.types("секрет");
    workstation.press(&[Key::Enter]);
    let entries = signs_in(&workstation);
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].server.as_str(), entries[0].login.as_str()), ("https://register.example", "kuznetsova"));
    assert_eq!(
        (entries[0].password.as_str(), entries[0].passphrase.is_none(), entries[0].afresh),
        ("секрет", true, false)
    );
}

#[test]
fn the_first_time_everything_is_typed_from_the_top() {
    let mut workstation = at_entry(SignIn::default());
    assert!(workstation.field(SERVER).is_focused());
    workstation.types(" https://register.example ");
    workstation.press(&[Key::Tab]);
    workstation.types("kuznetsova");
    workstation.press(&[Key::Tab]);
    workstation.types("секрет");
    workstation.click("Войти");
    assert_eq!(signs_in(&workstation)[0].server, "https://register.example");
}

#[test]
fn what_is_missing_is_told_under_its_field() {
    let mut workstation = at_entry(SignIn::default());
    for field in [SERVER, LOGIN, PASSWORD] {
        workstation.click("Войти");
        assert_eq!(workstation.mistake(field).as_deref(), Some(FILL), "{field}");
        workstation.types_into(field, "x");
        assert_eq!(workstation.mistake(field), None, "{field} is filled in");
    }
    assert!(signs_in(&workstation).is_empty());
    workstation.click("Войти");
    assert_eq!(signs_in(&workstation).len(), 1);
}

#[test]
fn trouble_of_a_field_stands_under_it_and_other_trouble_above_the_button() {
    let trouble = |field, words: &str| Some(SignInTrouble { field, words: words.to_owned() });
    let fields = [(SignInField::Server, SERVER), (SignInField::Login, LOGIN), (SignInField::Password, PASSWORD)];
    for (field, name) in fields {
        let workstation =
            at_entry(SignIn { trouble: trouble(Some(field), "Не подходит"), ..SignIn::default() });
        assert_eq!(workstation.mistake(name).as_deref(), Some("Не подходит"));
    }
    let workstation =
        at_entry(SignIn { trouble: trouble(None, "Нет связи с регистром"), ..SignIn::default() });
    let top = |words: &str| workstation.get_by_label(words).rect().top();
    assert!(workstation.field(PASSWORD).rect().bottom() < top("Нет связи с регистром"));
    assert!(top("Нет связи с регистром") < top("Войти"));
}

#[test]
fn a_passphrase_is_asked_for_only_where_it_is_needed() {
    assert!(!at_entry(SignIn::default()).has_field(PHRASE));
    let choose = at_entry(SignIn { passphrase: Passphrase::Choose, ..SignIn::default() });
    assert!(choose.has_field("Придумайте парольную фразу (не меньше 8 знаков)"));
    let mut enter = known(SignIn { passphrase: Passphrase::Enter, ..SignIn::default() });
    enter.types("секрет");
    enter.press(&[Key::Enter]);
    assert_eq!(enter.mistake(PHRASE).as_deref(), Some(FILL));
    enter.types_into(PHRASE, "длинная фраза");
    enter.press(&[Key::Enter]);
    assert_eq!(signs_in(&enter)[0].passphrase.as_deref().map(String::as_str), Some("длинная фраза"));
}

#[test]
fn the_client_is_asked_whether_a_passphrase_is_needed() {
    let workstation = known(SignIn::default());
    let asked = |action: &Action| matches!(action, Action::Identify { login, .. } if login == "kuznetsova");
    assert!(workstation.did(asked));
}

#[test]
fn while_it_is_busy_the_fields_wait_and_say_why() {
    let mut workstation = known(SignIn::default());
    workstation.types("секрет");
    told(|state| state.busy = Some("Вход…".to_owned()), &mut workstation);
    assert!(workstation.says("Вход…"));
    assert!([SERVER, LOGIN, PASSWORD].iter().all(|field| is_disabled(&workstation, field)));
    workstation.key_press(Key::Enter);
    workstation.run_steps(4);
    assert!(signs_in(&workstation).is_empty());
}

#[test]
fn after_a_wrong_password_it_is_typed_again_at_once() {
    let mut workstation = known(SignIn::default());
    workstation.types("не тот");
    workstation.press(&[Key::Enter]);
    told(|state| state.busy = Some("Вход…".to_owned()), &mut workstation);
    let trouble =
        SignInTrouble { field: Some(SignInField::Password), words: "Неверный пароль".to_owned() };
    told(|state| (state.busy, state.trouble) = (None, Some(trouble)), &mut workstation);
    assert_eq!(workstation.mistake(PASSWORD).as_deref(), Some("Неверный пароль"));
    assert!(workstation.field(PASSWORD).is_focused());
}

#[test]
fn a_password_that_must_be_changed_is_typed_twice() {
    let mut workstation = known(SignIn::default());
    assert!(!workstation.has_field(NEW) && !workstation.has_field(AGAIN));
    workstation.types("выданный");
    workstation.press(&[Key::Enter]);
    told(|state| state.busy = Some("Вход…".to_owned()), &mut workstation);
    let why = SignInTrouble { field: None, words: "Придумайте новый".to_owned() };
    told(
        |state| (state.busy, state.trouble, state.new_password) = (None, Some(why), NewPassword::Asked),
        &mut workstation,
    );
    assert!(workstation.says("Придумайте новый"));
    assert!(workstation.field(NEW).is_focused());
    assert_eq!(workstation.value(PASSWORD).chars().count(), 8, "what was right stays");

    workstation.types("мой собственный");
    workstation.press(&[Key::Enter]);
    assert_eq!(workstation.mistake(AGAIN).as_deref(), Some(FILL));
    assert!(workstation.field(AGAIN).is_focused());
    workstation.types("не тот же");
    workstation.click("Сменить пароль и войти");
    assert_eq!(workstation.mistake(AGAIN).as_deref(), Some("Пароли не совпали: наберите ещё раз"));
    assert!(workstation.field(AGAIN).is_focused());
    assert_eq!(signs_in(&workstation).len(), 1, "nothing was sent but the first try");
    workstation.types("мой собственный");
    workstation.press(&[Key::Enter]);
    let entries = signs_in(&workstation);
    let given = |number: usize| entries[number].new_password.as_deref().map(String::as_str);
    assert_eq!((entries.len(), given(0), given(1)), (2, None, Some("мой собственный")));
    assert_eq!(entries[1].password.as_str(), "выданный");

    told(|state| state.busy = Some("Вход…".to_owned()), &mut workstation);
    let refused =
        SignInTrouble { field: Some(SignInField::NewPassword), words: "Легко подобрать".to_owned() };
    told(|state| (state.busy, state.trouble) = (None, Some(refused)), &mut workstation);
    assert_eq!(workstation.mistake(NEW).as_deref(), Some("Легко подобрать"));
    assert!(workstation.field(NEW).is_focused());
    assert_eq!((workstation.value(NEW).as_str(), workstation.value(AGAIN).as_str()), ("", ""));
}

#[test]
fn a_new_password_that_was_taken_is_the_password_from_then_on() {
    let mut workstation = known(SignIn { new_password: NewPassword::Asked, ..SignIn::default() });
    workstation.types_into(PASSWORD, "выданный");
    workstation.types_into(NEW, "мой собственный");
    workstation.types_into(AGAIN, "мой собственный");
    workstation.click("Сменить пароль и войти");
    told(|state| state.busy = Some("Вход…".to_owned()), &mut workstation);
    // The password is another by now; the local data still needs a passphrase.
    let choose = SignInTrouble { field: Some(SignInField::Passphrase), words: "Задайте фразу".to_owned() };
    let after = |state: &mut SignIn| {
        (state.busy, state.trouble) = (None, Some(choose));
        (state.new_password, state.passphrase) = (NewPassword::Taken, Passphrase::Choose);
    };
    told(after, &mut workstation);
    workstation.types("местная фраза");
    workstation.press(&[Key::Enter]);
    let last = signs_in(&workstation).pop().unwrap();
    assert_eq!((last.password.as_str(), last.new_password), ("мой собственный", None));
}

#[test]
fn everything_can_be_tried_on_generated_data() {
    let mut workstation = at_entry(SignIn::default());
    workstation.click("Попробовать на демонстрационных данных");
    assert!(workstation.did(|action| matches!(action, Action::Demo)));
}

#[test]
fn data_that_cannot_be_opened_is_set_aside_only_when_that_is_offered() {
    assert!(!known(SignIn::default()).says("Начать с новым хранилищем"));
    let mut workstation = known(SignIn { offers_afresh: true, ..SignIn::default() });
    workstation.types("секрет");
    workstation.click("Начать с новым хранилищем");
    assert!(signs_in(&workstation)[0].afresh);
}

/// Locked while a card is open.
fn locked(state: Locked) -> Workstation {
    let mut workstation = Workstation::at_work(vec![choice(1)]);
    workstation.click_row(NAMES[0]);
    workstation.state_mut().snapshot.stage = Stage::Locked(state);
    workstation.run();
    workstation
}

#[test]
fn the_lock_shows_nothing_of_the_work() {
    let workstation = locked(Locked { login: "kuznetsova".to_owned(), ..Locked::default() });
    let words = workstation.words_at(|_| true);
    assert_eq!(words, ["Заблокировано", "kuznetsova", "Пароль"]);
    assert!(!workstation.mentions("Абрамов") && !workstation.mentions(EMPLOYEE));
}

#[test]
fn the_password_unlocks() {
    let mut workstation = locked(Locked::default());
    assert!(workstation.field(PASSWORD).is_focused());
    workstation.press(&[Key::Enter]);
    workstation.types("секрет");
    workstation.press(&[Key::Enter]);
    let given =
        workstation.all(|action| if let Action::Unlock(password) = action { Some(password.clone()) } else { None });
    assert_eq!(given.iter().map(|password| password.as_str()).collect::<Vec<_>>(), ["секрет"]);
    assert_eq!(workstation.value(PASSWORD), "", "it does not stay on the screen");
}

#[test]
fn after_a_wrong_password_the_lock_listens_again() {
    let mut workstation = locked(Locked::default());
    workstation.types("не тот");
    workstation.press(&[Key::Enter]);
    for (busy, trouble) in [(true, None), (false, Some("Неверный пароль".to_owned()))] {
        workstation.state_mut().snapshot.stage = Stage::Locked(Locked { busy, trouble, ..Locked::default() });
        workstation.run();
    }
    assert_eq!(workstation.mistake(PASSWORD).as_deref(), Some("Неверный пароль"));
    assert!(workstation.field(PASSWORD).is_focused());
    assert!(workstation.query_by_role_and_label(Role::Button, "Разблокировать").is_some());
}
