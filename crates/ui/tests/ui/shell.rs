//! Around the views: the menu, the status bar, the keys that work everywhere, and what stands in the place
//! of a list.

use std::sync::Arc;

use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use prikrep_ui::{Action, Counts, Link, List, Pulling, Work};

use crate::given::{choice, hours_ago};
use crate::office::EMPLOYEE;
use crate::workstation::Workstation;

fn with(change: impl FnOnce(&mut Work)) -> Workstation {
    let mut workstation = Workstation::at_work(vec![choice(1), choice(2)]);
    workstation.told(change);
    workstation.forget();
    workstation
}

fn did_refresh(workstation: &Workstation) -> bool {
    workstation.did(|action| matches!(action, Action::Refresh))
}

fn zooms(workstation: &Workstation) -> Vec<u16> {
    workstation.settings().iter().map(|settings| settings.zoom_percent).collect()
}

#[test]
fn the_status_bar_says_whose_work_it_is_and_how_fresh() {
    let workstation = with(|_| {});
    assert!(workstation.says(&format!("Городская поликлиника № 1 — {EMPLOYEE}")));
    assert!(workstation.says("Обновлено в 09:42"));
    assert!(with(|work| work.updated_at = Some(hours_ago(24))).says("Обновлено в 18.11.2026 10:42"));
    assert!(with(|work| work.updated_at = None).says("Ещё не обновлялось"));
}

#[test]
fn the_status_bar_says_how_the_register_stands() {
    let why = || "нет ответа".to_owned();
    let links = [
        (Link::Starting, "соединение…"),
        (Link::Online, "на связи"),
        (Link::Offline { words: why() }, "нет связи, работаем с сохранённым (нет ответа)"),
        (Link::Refused { words: why() }, "регистр не пускает: нет ответа. Выйдите и войдите снова."),
        (Link::Faulty { words: why() }, "связь есть, но список не обновляется: нет ответа"),
    ];
    for (link, words) in links {
        assert!(with(|work| work.link = link).says(words), "{words}");
    }
}

#[test]
fn damage_and_what_could_not_be_kept_stand_in_the_status_bar() {
    let workstation = with(|work| {
        work.attention = Arc::new(["3 записи повреждены и отложены".to_owned()]);
        work.desk_trouble = Some("Черновик не сохранён: диск переполнен".to_owned());
        work.disk = Some(prikrep_ui::DiskTrouble::Full);
        work.clock_ahead_minutes = Some(-90);
        work.low_space = Some(812);
    });
    assert!(workstation.says("На диске этого компьютера осталось 812 МБ. Освободите место: когда его не станет, ответы и черновики не будут сохраняться."));
    assert!(workstation.says("3 записи повреждены и отложены"));
    assert!(workstation.says("Черновик не сохранён: диск переполнен"));
    assert!(workstation.says("На диске этого компьютера нет места: ответы и черновики не сохраняются. Освободите место, набранное останется в форме, и отправьте ответ снова."));
    assert!(workstation.says("Часы этого компьютера отстают по сравнению с регистром (разница 1 час): время и даты ответов будут неверны. Исправьте время."));
}

#[test]
fn the_menu_counts_what_waits() {
    let counts =
        |queued, rejected| Counts { applications: 9, pending: 5, queued, registered: 3, rejected, quarantined: 0 };
    let workstation = with(|work| work.counts = counts(2, 0));
    assert!(workstation.says("Заявления ЕГИСЗ, 5 заявлений ждут ответа"));
    assert!(workstation.says("Отправка, 5 ответов ещё не доставлено"));
    assert!(workstation.says("В очереди 2 ответа"));
    assert!(with(|work| work.counts = counts(2, 1)).says("Отправка, 1 ответ отклонён"));
    assert!(with(|work| work.counts = Counts::default()).says("Заявления ЕГИСЗ"), "nothing waits");
}

#[test]
fn the_list_is_pulled_by_the_button_and_by_f5() {
    let mut workstation = with(|_| {});
    workstation.click("Обновить");
    assert!(did_refresh(&workstation));
    workstation.forget();
    workstation.press(&[Key::F5]);
    assert!(did_refresh(&workstation));
}

#[test]
fn while_it_is_pulled_the_button_waits() {
    let workstation = with(|work| work.pulling = Some(Pulling { records: 1_200, records_per_sec: 80.0 }));
    assert!(workstation.says("Получено 1200 заявлений…"));
    assert!(workstation.get_by_label("Обновить").accesskit_node().is_disabled());
}

#[test]
fn the_first_pull_shows_how_far_it_is_and_the_list_is_there() {
    let workstation = with(|work| {
        work.complete = false;
        work.pulling = Some(Pulling { records: 41_200, records_per_sec: 812.4 });
    });
    let words = "Первая загрузка: 41200 заявлений, 812 в секунду. Работать уже можно.";
    assert!(workstation.query_by_role_and_label(Role::ProgressIndicator, words).is_some());
    assert!(workstation.says("Абрамов Пётр Ильич"));
}

#[test]
fn an_empty_list_says_why_and_what_to_do() {
    let pulling = Some(Pulling { records: 0, records_per_sec: 0.0 });
    let states = [
        (0, false, pulling, "Заявления загружаются с регистра…", false),
        (0, false, None, "Заявлений здесь ещё нет: они появятся, когда будет связь с регистром.", true),
        (0, true, None, "Регистр прислал пустой список: заявлений для вашей МО нет.", true),
        (7, true, None, "Ничего не найдено. Измените условия поиска или нажмите «Сбросить».", false),
    ];
    for (applications, complete, pulling, words, offers_refresh) in states {
        let mut workstation = with(|work| {
            work.list = List { total: Some(0), ..List::default() };
            work.counts = Counts { applications, ..Counts::default() };
            (work.complete, work.pulling) = (complete, pulling);
        });
        assert!(workstation.says(words), "{words}");
        let below = workstation.get_by_label(words).rect().bottom();
        let buttons: Vec<_> = workstation.query_all_by_role_and_label(Role::Button, "Обновить").collect();
        let next = buttons.iter().find(|button| button.rect().top() >= below && button.rect().top() < below + 40.0);
        assert_eq!(next.is_some(), offers_refresh, "{words}");
        if let Some(next) = next {
            next.click();
            drop(buttons);
            workstation.run();
            assert!(did_refresh(&workstation));
        }
    }
}

#[test]
fn a_list_that_cannot_be_read_says_why_and_can_be_tried_again() {
    let mut workstation = with(|work| work.list.trouble = Some("Хранилище повреждено".to_owned()));
    assert!(workstation.says("Хранилище повреждено"));
    workstation.click("Попробовать ещё раз");
    assert!(did_refresh(&workstation));
}

#[test]
fn a_list_that_is_not_read_yet_says_so() {
    let mut workstation = with(|_| {});
    workstation.state_mut().office.is_slow = true;
    workstation.told(|work| work.list.total = None);
    assert!(workstation.says("идёт поиск…"));
}

#[test]
fn f1_shows_all_keys_and_hides_them() {
    let mut workstation = with(|_| {});
    workstation.press(&[Key::F1]);
    for keys in ["F1", "F5", "Ctrl+F", "Enter", "Esc", "Ctrl+Enter", "Ctrl+E", "Ctrl+L", "Ctrl+= Ctrl+-", "Tab"] {
        assert!(workstation.says(keys), "{keys}");
    }
    workstation.press(&[Key::F1]);
    assert!(!workstation.says("Ctrl+Enter"));
    workstation.press(&[Key::F1]);
    workstation.click("Закрыть");
    assert!(!workstation.says("Ctrl+Enter"));
}

#[test]
fn the_window_is_locked_by_the_keys_and_by_the_button() {
    let mut workstation = with(|_| {});
    workstation.ctrl(Key::L);
    assert!(workstation.did(|action| matches!(action, Action::Lock)));
    workstation.forget();
    workstation.click("Заблокировать");
    assert!(workstation.did(|action| matches!(action, Action::Lock)));
}

#[test]
fn keys_make_the_text_bigger_smaller_and_usual() {
    let mut workstation = with(|_| {});
    workstation.ctrl(Key::Equals);
    workstation.ctrl(Key::Plus);
    workstation.ctrl(Key::Minus);
    workstation.ctrl(Key::Num0);
    assert_eq!(zooms(&workstation), [110, 120, 110, 100]);
    workstation.ctrl(Key::Minus);
    assert_eq!(zooms(&workstation).len(), 4, "never below the usual");
}

#[test]
fn a_pressed_notification_shows_what_waits() {
    let mut workstation = with(|_| {});
    workstation.click("Настройки");
    let desk = workstation.state_mut();
    let snapshot = desk.snapshot.clone();
    let actions = desk.window.show_pending(&snapshot);
    assert!(matches!(actions.as_slice(), [Action::Search(_)]));
    workstation.run();
    assert!(workstation.says("Результаты поиска"));
}
