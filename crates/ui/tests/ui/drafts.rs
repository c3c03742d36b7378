//! What is typed is never lost, and what becomes of an answer on its way.

use egui::Key;
use egui_kittest::kittest::Queryable as _;
use prikrep_domain::{AnswerDraft, Application, DecisionKind, Delivery, FieldError, Role, Status};
use prikrep_ui::{Action, Hop, NotSent, Settings};

use crate::given::{NAMES, answer, cancellation, choice, id, refused};
use crate::workstation::Workstation;

const DISTRICT: &str = "Номер участка прикрепления";
const REASON: &str = "Причина отказа в прикреплении";
const COMMENT: &str = "Комментарий к ответу";

fn draft(comment: &str) -> AnswerDraft {
    AnswerDraft {
        decision: Some(DecisionKind::Refuse),
        refusal_reason: "Нет свободных мест".to_owned(),
        comment: comment.to_owned(),
        ..AnswerDraft::default()
    }
}

fn at_cards() -> Workstation {
    let mut workstation = Workstation::at_work(vec![choice(1), cancellation(2, 900), choice(3)]);
    workstation.click_row(NAMES[1]);
    workstation.forget();
    workstation
}

fn answered_meanwhile(workstation: &mut Workstation, number: usize) {
    workstation.meanwhile(|office| {
        let application = &mut office.applications[number - 1];
        application.status = Status::Cancelled;
        let decision = prikrep_domain::Decision::ApproveCancel;
        application.answers.push(answer(1, decision, Delivery::Delivered { at: None }));
    });
}

#[test]
fn every_change_is_kept_as_a_draft() {
    let mut workstation = at_cards();
    workstation.types_into(COMMENT, "Отм");
    workstation.types("енено");
    let comments: Vec<String> = workstation.saved().into_iter().map(|(_, draft)| draft.comment).collect();
    assert_eq!(comments, ["Отм", "Отменено"]);
    assert!(workstation.saved().iter().all(|(application, _)| *application == id(2)));
}

#[test]
fn a_chosen_decision_is_kept_too() {
    let mut workstation = at_cards();
    workstation.click("Ошибка отмены заявления");
    assert_eq!(workstation.saved().last().map(|(_, draft)| draft.decision), Some(Some(DecisionKind::FailCancel)));
}

#[test]
fn with_drafts_off_nothing_is_kept_on_the_disk() {
    let settings = Settings { keep_drafts: false, ..Settings::default() };
    let mut workstation = Workstation::with_settings(vec![choice(1), choice(2)], settings);
    workstation.click_row(NAMES[0]);
    workstation.types_into(COMMENT, "Приходите");
    assert_eq!(workstation.saved(), []);
    workstation.press(&[Key::Escape, Key::ArrowDown, Key::ArrowUp]);
    assert_eq!(workstation.value(COMMENT), "Приходите", "still there while the window is open");
}

#[test]
fn a_kept_draft_is_shown() {
    let mut workstation = Workstation::at_work(vec![choice(1)]);
    workstation.meanwhile(|office| {
        office.drafts.insert(id(1), draft("Позже"));
    });
    workstation.click_row(NAMES[0]);
    assert_eq!((workstation.value(REASON), workstation.value(COMMENT)), ("Нет свободных мест".into(), "Позже".into()));
}

#[test]
fn what_was_typed_is_there_after_another_row() {
    let mut workstation = at_cards();
    workstation.types_into(COMMENT, "Отменено");
    workstation.click_row(NAMES[2]);
    assert_eq!(workstation.value(COMMENT), "");
    workstation.types_into(DISTRICT, "12");
    workstation.click_row(NAMES[1]);
    assert_eq!(workstation.value(COMMENT), "Отменено");
    workstation.click_row(NAMES[2]);
    assert_eq!(workstation.value(DISTRICT), "12");
}

#[test]
fn what_was_typed_is_there_after_the_lock() {
    let mut workstation = at_cards();
    workstation.types_into(COMMENT, "Отменено");
    let stage = workstation.state().snapshot.stage.clone();
    workstation.state_mut().snapshot.stage = prikrep_ui::Stage::Locked(prikrep_ui::Locked::default());
    workstation.run();
    workstation.state_mut().snapshot.stage = stage;
    workstation.run();
    assert_eq!(workstation.value(COMMENT), "Отменено");
}

#[test]
fn a_pull_does_not_disturb_what_is_typed() {
    let mut workstation = at_cards();
    workstation.types_into(COMMENT, "Отм");
    workstation.meanwhile(|office| office.applications.insert(0, choice(6)));
    assert!(workstation.field(COMMENT).is_focused());
    workstation.types("енено");
    assert_eq!(workstation.value(COMMENT), "Отменено");
}

#[test]
fn an_answer_that_is_not_accepted_stays_in_its_form_with_the_reason() {
    let mut workstation = at_cards();
    let words = "Диск переполнен: освободите место и отправьте снова.";
    workstation.state_mut().office.refuses = Some(NotSent { words: words.to_owned(), errors: Vec::new() });
    workstation.types_into(COMMENT, "Отменено");
    workstation.ctrl(Key::Enter);
    assert_eq!(workstation.sent().len(), 1);
    assert!(workstation.says(words));
    assert_eq!(workstation.value(COMMENT), "Отменено");
    workstation.state_mut().office.refuses = None;
    workstation.ctrl(Key::Enter);
    assert_eq!(workstation.sent().len(), 2, "and can be sent again");
    assert!(!workstation.says(words));
}

#[test]
fn mistakes_that_are_found_later_stand_under_their_fields() {
    let mut workstation = at_cards();
    let message = "Слишком грубо".to_owned();
    let errors = vec![FieldError { field: "comment".to_owned(), message: message.clone() }];
    workstation.state_mut().office.refuses = Some(NotSent { words: "Исправьте поля".to_owned(), errors });
    workstation.types_into(COMMENT, "Отменено");
    workstation.ctrl(Key::Enter);
    assert_eq!(workstation.mistake(COMMENT), Some(message));
}

#[test]
fn while_an_answer_is_made_durable_it_cannot_be_sent_twice() {
    let mut workstation = at_cards();
    workstation.types_into(COMMENT, "Отменено");
    workstation.state_mut().office.is_slow = true;
    workstation.ctrl(Key::Enter);
    workstation.ctrl(Key::Enter);
    assert_eq!(workstation.sent().len(), 1);
    assert!(workstation.says("Записываю…"));
}

#[test]
fn a_colleague_who_was_faster_is_named_and_what_was_typed_can_be_copied() {
    let mut workstation = at_cards();
    workstation.types_into(COMMENT, "Отменено");
    answered_meanwhile(&mut workstation, 2);
    assert!(!workstation.says("Отправить"));
    assert!(workstation.says("Ответ дан: Отмена заявления одобрена. Соколова Ольга Ивановна, 19.11.2026 09:42."));
    assert!(workstation.says("Вы начали ответ, но он уже не нужен:"));
    workstation.get_by_label("Скопировать введённое").click();
    assert_eq!(workstation.copied(), ["Отмена заявления одобрена\nОтменено"]);
}

#[test]
fn what_is_not_needed_any_more_is_dropped() {
    let mut workstation = at_cards();
    workstation.types_into(COMMENT, "Отменено");
    answered_meanwhile(&mut workstation, 2);
    workstation.click("Удалить черновик");
    assert!(workstation.did(|action| matches!(action, Action::DropDraft(application) if *application == id(2))));
    assert!(!workstation.says("Вы начали ответ, но он уже не нужен:"));
}

#[test]
fn a_draft_of_yesterday_that_is_not_needed_any_more_is_told() {
    let mut workstation = at_cards();
    workstation.click_row(NAMES[2]);
    workstation.meanwhile(|office| {
        office.drafts.insert(id(2), draft("Позже"));
    });
    answered_meanwhile(&mut workstation, 2);
    workstation.open(id(2));
    assert!(workstation.mentions("Позже"), "what was typed before the program was started again");
    workstation.click("Удалить черновик");
    assert!(!workstation.mentions("Позже"));
}

#[test]
fn what_was_typed_for_an_application_that_has_gone_can_be_copied() {
    let mut workstation = at_cards();
    workstation.types_into(COMMENT, "Отменено");
    workstation.meanwhile(|office| office.applications.retain(|application| application.id != id(2)));
    assert!(workstation.says("Скопировать введённое"));
}

#[test]
fn an_answer_is_followed_hop_by_hop() {
    let mut workstation = at_cards();
    workstation.types_into(COMMENT, "Отменено");
    workstation.ctrl(Key::Enter);
    let trouble = Some("сервер не отвечает".to_owned());
    let hops = [
        (Hop::Queued { tries: 0, trouble: None }, "в очереди"),
        (Hop::Queued { tries: 2, trouble: None }, "в очереди, 2 попытки"),
        (Hop::Queued { tries: 5, trouble }, "в очереди, 5 попыток: сервер не отвечает"),
        (Hop::Registered, "принято регистром"),
        (Hop::Delivered { at: None }, "доставлено на Госуслуги"),
        (Hop::Delivered { at: Some(crate::given::hours_ago(0)) }, "доставлено на Госуслуги 19.11.2026 10:42"),
    ];
    for (hop, words) in hops {
        workstation.meanwhile(|office| office.on_the_way[0].2 = hop.clone());
        assert!(workstation.says(words), "{words}");
        let is_on_its_way = matches!(hop, Hop::Queued { .. } | Hop::Registered);
        assert_eq!(workstation.says("ответ в пути"), is_on_its_way, "{words}");
    }
    assert!(workstation.says("Ответ записан и отправляется."));
    let rejected = Hop::Rejected { at: None, words: "Заявление не найдено".to_owned() };
    workstation.meanwhile(|office| office.on_the_way[0].2 = rejected.clone());
    assert!(workstation.says("отклонено: Заявление не найдено"));
    assert!(!workstation.says("Ответ записан и отправляется."), "that is over when it was refused");
}

#[test]
fn a_rejected_answer_comes_back_filled_in_with_the_reason() {
    let rejected = Delivery::Rejected { at: None, problem: None };
    let application = Application { answers: vec![answer(1, refused(), rejected)], ..choice(1) };
    let mut workstation = Workstation::at_work(vec![application]);
    workstation.click_row(NAMES[0]);
    assert!(workstation.says("Ответ отклонён. Исправьте и отправьте снова."));
    assert!(workstation.says("Неверный код причины"));
    assert_eq!(workstation.value(REASON), "Адрес вне территории обслуживания");
    assert_eq!(workstation.value(COMMENT), "Приходите с паспортом");
    workstation.ctrl(Key::Enter);
    assert_eq!(workstation.sent()[0].1.decision, Some(DecisionKind::Refuse));
}

#[test]
fn who_only_reads_has_no_form() {
    let mut workstation = Workstation::with_work(vec![choice(1)], |work| work.role = Role::Viewer);
    workstation.click_row(NAMES[0]);
    assert!(workstation.says("Ваша учётная запись только читает заявления."));
    assert!(!workstation.says("Отправить") && !workstation.has_field(COMMENT));
}
