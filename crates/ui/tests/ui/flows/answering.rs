//! The card and its answer forms, by keyboard.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use prikrep_domain::{
    AnswerDraft, ApplicationType, DecisionKind, Delivery, DoctorDraft, FieldError, Role as AccountRole, Status,
};
use prikrep_ui::{Action, CardState, Hop, NotSent, Sent};

use super::scene::{EMPLOYEE, Shown, actions, card, change, keys, press, sees, type_into, with_card};
use crate::kit::{alone, application, application_id, full_application};

fn open(application_type: ApplicationType, status: Status) -> Shown {
    with_card(card(alone(&application(1, application_type, status))))
}

fn sent(window: &mut Shown) -> Option<AnswerDraft> {
    keys(window, Modifiers::COMMAND, Key::Enter);
    actions(window).into_iter().find_map(|action| match action {
        Action::Send { draft, .. } => Some(draft),
        _ => None,
    })
}

fn comment(window: &mut Shown, text: &str) {
    type_into(window, Role::MultilineTextInput, "Комментарий к ответу", text);
}

#[test]
fn the_card_shows_every_field_of_the_guide() {
    let window = with_card(card(alone(&full_application())));
    for label in [
        "Статус заявления",
        "GUID пациента",
        "СНИЛС",
        "ФИО пациента",
        "Дата рождения",
        "Полис ОМС",
        "Телефон",
        "Адрес регистрации",
        "Место жительства",
        "МО",
        "Подразделение МО",
        "Номер участка",
        "Дата заявления",
        "Дата изменения",
        "Тип прикрепления",
        "ФИО врача",
        "Должность врача",
        "GUID заявителя",
        "Заявитель",
        "Отношение",
        "Причина отказа в прикреплении",
        "Результат запроса на отмену",
        "Причина отмены",
        "Сотрудник, ответивший на заявление",
    ] {
        assert!(window.query_all_by_label(label).next().is_some(), "{label}");
    }
}

#[test]
fn a_choice_is_provided_with_a_district_that_brings_its_doctor() {
    let mut window = open(ApplicationType::Choice, Status::Sent);
    assert!(sent(&mut window).is_none());
    for field in ["номер участка", "ФИО врача", "должность врача", "комментарий к ответу"]
    {
        assert!(sees(&window, &format!("Заполните поле: {field}")), "{field}");
    }
    type_into(&mut window, Role::TextInput, "Номер участка прикрепления", "12");
    keys(&mut window, Modifiers::NONE, Key::ArrowDown);
    keys(&mut window, Modifiers::NONE, Key::Enter);
    comment(&mut window, "Ждём вас");
    let draft = sent(&mut window).expect("everything is filled in");
    assert_eq!((draft.decision, draft.district.as_str()), (Some(DecisionKind::Provide), "12"));
    let doctor = DoctorDraft {
        full_name: "Петров Пётр Петрович".into(), position: "Врач-терапевт участковый".into()
    };
    assert_eq!((draft.doctor, draft.comment.as_str()), (Some(doctor), "Ждём вас"));
    assert_eq!(draft.answered_by, EMPLOYEE);
}

#[test]
fn a_choice_is_refused_with_a_reason() {
    let mut window = open(ApplicationType::Choice, Status::Sent);
    window.get_by_role_and_label(Role::RadioButton, "Отказано в предоставлении услуги").click();
    window.run_steps(3);
    assert!(sent(&mut window).is_none());
    assert!(sees(&window, "Заполните поле: причина отказа в прикреплении"));
    type_into(&mut window, Role::TextInput, "Причина отказа в прикреплении", "Другой регион");
    comment(&mut window, "Обратитесь по месту жительства");
    let draft = sent(&mut window).unwrap();
    assert_eq!((draft.decision, draft.refusal_reason.as_str()), (Some(DecisionKind::Refuse), "Другой регион"));
}

#[test]
fn a_cancellation_needs_only_a_comment_and_after_a_failure_the_form_of_a_choice() {
    for (name, decision) in [
        ("Отмена заявления одобрена", DecisionKind::ApproveCancel),
        ("Ошибка отмены заявления", DecisionKind::FailCancel),
    ] {
        let mut window = open(ApplicationType::Cancellation, Status::Accepted);
        window.get_by_role_and_label(Role::RadioButton, name).click();
        window.run_steps(3);
        assert!(sent(&mut window).is_none());
        comment(&mut window, "Да");
        assert_eq!(sent(&mut window).unwrap().decision, Some(decision));
    }
    let window = open(ApplicationType::Cancellation, Status::CancelFailed);
    assert!(sees(&window, "отмена не удалась"));
    assert!(window.query_by_role_and_label(Role::TextInput, "Номер участка прикрепления").is_some());
}

#[test]
fn a_detachment_needs_a_date_that_is_neither_too_early_nor_in_the_future() {
    let mut window = open(ApplicationType::Detachment, Status::Sent);
    comment(&mut window, "Откреплены");
    assert!(sent(&mut window).is_none());
    assert!(sees(&window, "Укажите дату ответа"));
    type_into(&mut window, Role::TextInput, "Дата ответа", "01.01.2090");
    assert!(sent(&mut window).is_none());
    assert!(sees(&window, "не может быть в будущем"));
    press_last_today(&mut window);
    let draft = sent(&mut window).unwrap();
    assert_eq!(draft.answer_date, Some(crate::kit::moment().today()));
}

/// The form's «Сегодня», not that of the filter.
fn press_last_today(window: &mut Shown) {
    window.get_all_by_role_and_label(Role::Button, "Сегодня").last().unwrap().click();
    window.run_steps(3);
}

#[test]
fn what_is_typed_is_kept_at_once_and_shown_again() {
    let mut window = open(ApplicationType::Choice, Status::Sent);
    actions(&mut window);
    comment(&mut window, "Начато");
    let kept = actions(&mut window).into_iter().rev().find_map(|action| match action {
        Action::SaveDraft(id, draft) => Some((id, draft.comment)),
        _ => None,
    });
    assert_eq!(kept, Some((application_id(1), "Начато".to_owned())));
    // Another card and back.
    let other = card(alone(&application(2, ApplicationType::Choice, Status::Sent)));
    let first = card(alone(&application(1, ApplicationType::Choice, Status::Sent)));
    change(&mut window, |work| work.card = CardState::Open(Arc::new(other)));
    assert!(!sees(&window, "Начато"));
    change(&mut window, |work| work.card = CardState::Open(Arc::new(first)));
    assert!(sees(&window, "Начато"));
}

#[test]
fn a_stored_draft_fills_the_form() {
    let mut stored = card(alone(&application(1, ApplicationType::Choice, Status::Sent)));
    stored.draft = Some(AnswerDraft { comment: "Из прошлого раза".into(), ..AnswerDraft::default() });
    assert!(sees(&with_card(stored), "Из прошлого раза"));
}

#[test]
fn what_was_not_accepted_is_told_and_stays_typed() {
    let mut window = open(ApplicationType::Cancellation, Status::Accepted);
    comment(&mut window, "Да");
    keys(&mut window, Modifiers::COMMAND, Key::Enter);
    let attempt = actions(&mut window).into_iter().find_map(|action| match action {
        Action::Send { attempt, .. } => Some(attempt),
        _ => None,
    });
    let errors = vec![FieldError { field: "comment".into(), message: "слишком коротко".into() }];
    let outcome = Err(NotSent { words: "не принято".into(), errors });
    let sent = Sent { attempt: attempt.unwrap(), application: application_id(1), outcome };
    change(&mut window, |work| work.sent = Some(Arc::new(sent)));
    assert!(sees(&window, "слишком коротко") && sees(&window, "Да"));
}

#[test]
fn a_faster_colleague_is_named_and_what_was_typed_can_be_dropped() {
    let mut window = open(ApplicationType::Choice, Status::Sent);
    comment(&mut window, "Моё");
    let answered = card(alone(&application(1, ApplicationType::Choice, Status::Done)));
    change(&mut window, |work| work.card = CardState::Open(Arc::new(answered)));
    assert!(sees(&window, "Вы начали ответ"));
    assert!(window.query_by_role_and_label(Role::MultilineTextInput, "Комментарий к ответу").is_none());
    actions(&mut window);
    press(&mut window, "Удалить черновик");
    assert!(matches!(actions(&mut window).as_slice(), [Action::DropDraft(_)]));
}

#[test]
fn every_hop_of_an_answer_has_its_words() {
    let hops = [
        (Hop::Queued { tries: 2, trouble: Some("нет связи".into()) }, "в очереди, 2 попытки: нет связи"),
        (Hop::Registered, "принято регистром"),
        (Hop::Delivered { at: None }, "доставлено на Госуслуги"),
        (Hop::Rejected { at: None, words: "уже ответили".into() }, "отклонено: уже ответили"),
    ];
    for (hop, words) in hops {
        let mut answered = card(alone(&full_application()));
        let record = crate::kit::record(1, DecisionKind::Provide, Delivery::Queued);
        answered.answers = vec![(record, hop)];
        assert!(sees(&with_card(answered), words), "{words}");
    }
}

#[test]
fn a_viewer_gets_no_form() {
    let mut window = open(ApplicationType::Choice, Status::Sent);
    change(&mut window, |work| work.role = AccountRole::Viewer);
    assert!(sees(&window, "только читает заявления"));
    assert!(window.query_by_role_and_label(Role::Button, "Отправить").is_none());
}
