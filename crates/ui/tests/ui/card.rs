//! The card: its fields as the guide orders them, its links, its state.

use egui_kittest::kittest::Queryable as _;
use prikrep_domain::{Application, Patient, Status};
use prikrep_ui::{Action, CardState};

use crate::given::{NAMES, answer, cancellation, choice, id, provided, refused, whole};
use crate::workstation::Workstation;

/// A card as lines of words.
fn card_words(workstation: &Workstation) -> String {
    let left = workstation.get_by_label("GUID заявителя").rect().left() - 1.0;
    let words = workstation.words_at(|place| place.left() >= left);
    let card = words.into_iter().skip_while(|words| !words.starts_with("Заявление о выборе"));
    card.collect::<Vec<_>>().join("\n")
}

#[test]
fn all_fields_stand_in_the_guides_order() {
    let workstation = Workstation::at_card(vec![whole(1)], id(1));
    insta::assert_snapshot!("card_whole", card_words(&workstation));
}

#[test]
fn what_is_absent_is_a_dash() {
    let workstation = Workstation::at_card(vec![choice(1)], id(1));
    insta::assert_snapshot!("card_bare", card_words(&workstation));
}

#[test]
fn what_was_answered_is_in_the_fields() {
    let delivered = |decision| answer(1, decision, prikrep_domain::Delivery::Delivered { at: None });
    let refused = Application { status: Status::Refused, answers: vec![delivered(refused())], ..choice(1) };
    let workstation = Workstation::at_card(vec![refused], id(1));
    insta::assert_snapshot!("card_refused", card_words(&workstation));
}

#[test]
fn a_snils_whose_check_fails_is_marked_and_shown_as_received() {
    let bare = choice(1);
    let patient = Patient { snils: Some("11223344596".to_owned()), ..bare.patient };
    let workstation = Workstation::at_card(vec![Application { patient, ..bare }], id(1));
    assert!(workstation.says("11223344596 (не проходит проверку)"));
    assert!(workstation.says("⚠ 11223344596"), "in the list too");
}

#[test]
fn the_identifier_is_copied() {
    let mut workstation = Workstation::at_card(vec![choice(1)], id(1));
    workstation.get_by_label("Скопировать идентификатор").click();
    assert_eq!(workstation.copied(), [id(1).to_string()]);
}

#[test]
fn a_value_is_copied() {
    let mut workstation = Workstation::at_card(vec![choice(1)], id(1));
    workstation.get_by_label("Скопировать: ФИО пациента").click();
    assert_eq!(workstation.copied(), [NAMES[0]]);
}

#[test]
fn a_cancellation_leads_to_its_choice_and_back() {
    let mut workstation = Workstation::at_card(vec![choice(1), cancellation(2, 1)], id(2));
    assert!(workstation.says("Это отмена заявления о выборе МО."));
    workstation.click("Перейти к нему");
    assert_eq!(workstation.opened(), [id(1)]);
    assert!(workstation.says("По этому заявлению подана отмена."));
    assert!(workstation.mentions("Отвечайте на неё"), "a choice under a cancellation has no form");
    assert!(!workstation.says("Отправить"));
    workstation.click("Перейти к нему");
    assert_eq!(workstation.opened(), [id(1), id(2)]);
}

#[test]
fn a_choice_that_has_not_come_is_told() {
    let workstation = Workstation::at_card(vec![cancellation(2, 1)], id(2));
    assert!(workstation.says(&format!("Само заявление ({}) регистр ещё не прислал.", id(1))));
    assert!(!workstation.says("Перейти к нему"));
}

#[test]
fn a_card_that_is_read_or_gone_or_broken_says_so() {
    let mut workstation = Workstation::at_work(vec![choice(1)]);
    workstation.told(|work| work.card = CardState::Loading(id(1)));
    assert!(workstation.says("Загрузка…"));
    workstation.told(|work| work.card = CardState::Gone(id(1)));
    assert!(workstation.says(&format!("Заявления {} больше нет в списке регистра.", id(1))));
    workstation.told(|work| work.card = CardState::Trouble(id(1), "запись повреждена".to_owned()));
    assert!(workstation.says("запись повреждена"));
    workstation.click("Закрыть карточку");
    assert!(workstation.did(|action| matches!(action, Action::CloseCard)));
}

#[test]
fn statuses_without_an_answer_say_why() {
    let reasons = [
        (Status::Cancelling, "Заявление отменяется на Госуслугах. Ответить можно будет на отмену, когда она придёт."),
        (Status::Accepted, "Ответ не нужен: статус «Принято»."),
        (Status::Cancelled, "Ответ не нужен: статус «Отменено»."),
    ];
    for (status, words) in reasons {
        let workstation = Workstation::at_card(vec![Application { status, ..choice(1) }], id(1));
        assert!(workstation.says(words), "{status:?}");
        assert!(!workstation.says("Отправить"));
    }
}

#[test]
fn a_given_answer_says_who_and_when() {
    let delivered = prikrep_domain::Delivery::Delivered { at: None };
    let done = Application { status: Status::Done, answers: vec![answer(1, provided(), delivered)], ..choice(1) };
    let workstation = Workstation::at_card(vec![done], id(1));
    assert!(workstation.says("Ответ дан: Услуга оказана. Соколова Ольга Ивановна, 19.11.2026 09:42."));
    assert!(workstation.says("Услуга оказана: участок 12, Иванова Мария Петровна, врач-терапевт участковый"));
    assert!(workstation.says("«Приходите с паспортом»"));
}
