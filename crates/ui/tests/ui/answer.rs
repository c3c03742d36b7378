//! The answer forms by the keyboard alone: what each sends, and what each tells when something is missing.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use prikrep_domain::{AnswerDraft, Application, DecisionKind, DoctorDraft, Status};
use prikrep_ui::Stage;

use crate::desk::{day, today};
use crate::given::{NAMES, cancellation, choice, detachment, doctor, id, moment};
use crate::office::{self, EMPLOYEE, Office};
use crate::workstation::Workstation;

const DISTRICT: &str = "Номер участка прикрепления";
const DOCTOR: &str = "ФИО врача";
const POSITION: &str = "Должность врача";
const REASON: &str = "Причина отказа в прикреплении";
const DATE: &str = "Дата ответа";
const COMMENT: &str = "Комментарий к ответу";

fn failed_cancellation() -> Application {
    Application { status: Status::CancelFailed, ..cancellation(2, 1) }
}

/// At the list with only this application, whose card is opened and whose form is entered by the keyboard.
fn at_form(application: Application) -> Workstation {
    let mut workstation = Workstation::at_work(vec![application]);
    workstation.press(&[Key::ArrowDown, Key::Enter, Key::Enter]);
    workstation.forget();
    workstation
}

/// Chooses another decision than the first from the form's first field.
fn decides(workstation: &mut Workstation, steps_back: usize, words: &str) {
    for _ in 0..steps_back {
        workstation.key_press_modifiers(Modifiers::SHIFT, Key::Tab);
        workstation.run();
    }
    assert!(workstation.get_by_role_and_label(Role::RadioButton, words).is_focused(), "{words}");
    workstation.press(&[Key::Space]);
}

fn is_chosen(workstation: &Workstation, words: &str) -> bool {
    let radio = workstation.get_by_role_and_label(Role::RadioButton, words);
    radio.accesskit_node().toggled() == Some(egui::accesskit::Toggled::True)
}

fn sends(workstation: &mut Workstation) {
    workstation.ctrl(Key::Enter);
}

fn stamped(decision: DecisionKind, comment: &str) -> AnswerDraft {
    AnswerDraft {
        decision: Some(decision),
        comment: comment.to_owned(),
        answered_at: Some(moment().now),
        answered_by: EMPLOYEE.to_owned(),
        ..AnswerDraft::default()
    }
}

/// The one draft that was sent.
fn the_sent(workstation: &Workstation) -> AnswerDraft {
    let sent = workstation.sent();
    assert_eq!(sent.len(), 1, "{sent:?}");
    sent[0].1.clone()
}

#[test]
fn a_service_is_provided() {
    let mut workstation = at_form(choice(1));
    assert!(is_chosen(&workstation, "Услуга оказана"));
    assert!(workstation.field(DISTRICT).is_focused());
    workstation.types("12");
    workstation.press(&[Key::ArrowDown, Key::Enter]);
    assert_eq!(workstation.value(DISTRICT), "12");
    let known = doctor();
    assert_eq!((workstation.value(DOCTOR), workstation.value(POSITION)), (known.full_name, known.position));
    workstation.press(&[Key::Tab, Key::Tab, Key::Tab]);
    assert!(workstation.field(COMMENT).is_focused());
    workstation.types("Приходите");
    sends(&mut workstation);
    let known = doctor();
    let wanted = AnswerDraft {
        district: "12".to_owned(),
        doctor: Some(DoctorDraft { full_name: known.full_name, position: known.position }),
        ..stamped(DecisionKind::Provide, "Приходите")
    };
    assert_eq!(the_sent(&workstation), wanted);
    assert!(workstation.says("Ответ записан и отправляется."));
}

#[test]
fn what_is_not_in_the_directory_is_accepted() {
    let mut workstation = at_form(choice(1));
    workstation.types("99-А");
    workstation.press(&[Key::Tab]);
    workstation.types("Новиков Егор");
    workstation.press(&[Key::Tab]);
    workstation.types("врач общей практики");
    workstation.press(&[Key::Tab]);
    workstation.types("Ждём");
    sends(&mut workstation);
    let sent = the_sent(&workstation);
    assert_eq!(sent.district, "99-А");
    let doctor = sent.doctor.expect("a doctor");
    assert_eq!((doctor.full_name.as_str(), doctor.position.as_str()), ("Новиков Егор", "врач общей практики"));
}

#[test]
fn districts_of_another_kind_are_not_offered() {
    let mut workstation = at_form(choice(1));
    workstation.press(&[Key::ArrowDown]);
    let offered = |number: &str| workstation.query_all_by_label_contains(&format!("{number} — ")).next().is_some();
    assert!(offered("12") && offered("15"));
    assert!(!offered("7"), "a pediatric one");
}

#[test]
fn a_service_is_refused() {
    let mut workstation = at_form(choice(1));
    decides(&mut workstation, 1, "Отказано в предоставлении услуги");
    workstation.press(&[Key::Tab]);
    assert!(workstation.field(REASON).is_focused());
    workstation.types("адрес");
    workstation.press(&[Key::ArrowDown, Key::Enter, Key::Tab]);
    workstation.types("Обратитесь по месту жительства");
    sends(&mut workstation);
    let wanted = AnswerDraft {
        refusal_reason: "Адрес вне территории обслуживания".to_owned(),
        ..stamped(DecisionKind::Refuse, "Обратитесь по месту жительства")
    };
    assert_eq!(the_sent(&workstation), wanted);
}

#[test]
fn a_cancellation_is_approved() {
    let mut workstation = at_form(cancellation(2, 1));
    assert!(is_chosen(&workstation, "Отмена заявления одобрена"));
    workstation.types("Отменено по просьбе");
    sends(&mut workstation);
    assert_eq!(the_sent(&workstation), stamped(DecisionKind::ApproveCancel, "Отменено по просьбе"));
}

#[test]
fn a_cancellation_fails() {
    let mut workstation = at_form(cancellation(2, 1));
    decides(&mut workstation, 1, "Ошибка отмены заявления");
    workstation.press(&[Key::Tab]);
    workstation.types("Уже прикреплён");
    sends(&mut workstation);
    assert_eq!(the_sent(&workstation), stamped(DecisionKind::FailCancel, "Уже прикреплён"));
}

#[test]
fn after_a_failed_cancellation_the_service_is_provided_unless_said_otherwise() {
    let mut workstation = at_form(failed_cancellation());
    assert!(workstation.says("Ответ по результату оказания услуги (отмена не удалась)"));
    assert!(is_chosen(&workstation, "Услуга оказана"));
    workstation.types("15");
    workstation.press(&[Key::ArrowDown, Key::Enter, Key::Tab, Key::Tab, Key::Tab]);
    workstation.types("Прикреплён");
    sends(&mut workstation);
    let sent = the_sent(&workstation);
    assert_eq!((sent.decision, sent.district.as_str()), (Some(DecisionKind::Provide), "15"));
}

#[test]
fn a_patient_is_detached() {
    let mut workstation = at_form(detachment(1));
    assert!(workstation.field(DATE).is_focused());
    workstation.types("19.11.2026");
    workstation.press(&[Key::Tab, Key::Tab]);
    workstation.types("Откреплён");
    sends(&mut workstation);
    let wanted = AnswerDraft { answer_date: Some(today()), ..stamped(DecisionKind::Detach, "Откреплён") };
    assert_eq!(the_sent(&workstation), wanted);
}

#[test]
fn today_is_one_press() {
    let mut workstation = at_form(detachment(1));
    let button = workstation.get_all_by_label("Сегодня").max_by(|a, b| a.rect().top().total_cmp(&b.rect().top()));
    button.expect("beside the date").click();
    workstation.run();
    assert_eq!(workstation.value(DATE), "19.11.2026");
    assert_eq!(workstation.saved().last().map(|(_, draft)| draft.answer_date), Some(Some(today())));
}

#[test]
fn every_missing_field_is_told_under_it_and_nothing_is_sent() {
    let comment = (COMMENT, "Заполните поле: комментарий к ответу");
    let provide = [
        (DISTRICT, "Заполните поле: номер участка"),
        (DOCTOR, "Заполните поле: ФИО врача"),
        (POSITION, "Заполните поле: должность врача"),
        comment,
    ];
    let forms: [(Application, &[(&str, &str)]); 4] = [
        (choice(1), &provide),
        (failed_cancellation(), &provide),
        (cancellation(2, 1), &[comment]),
        (detachment(1), &[(DATE, "Укажите дату ответа"), comment]),
    ];
    for (application, mistakes) in forms {
        let kind = application.application_type;
        let mut workstation = at_form(application);
        sends(&mut workstation);
        assert_eq!(workstation.sent(), [], "{kind:?}");
        for (field, words) in mistakes {
            assert_eq!(workstation.mistake(field).as_deref(), Some(*words), "{kind:?}");
        }
        assert!(workstation.mentions("нужно исправить"));
    }
}

#[test]
fn a_refusal_without_a_reason_and_a_failed_cancellation_without_a_comment_are_not_sent() {
    let mut workstation = at_form(choice(1));
    decides(&mut workstation, 1, "Отказано в предоставлении услуги");
    sends(&mut workstation);
    assert_eq!(workstation.mistake(REASON).as_deref(), Some("Заполните поле: причина отказа в прикреплении"));
    let mut workstation = at_form(cancellation(2, 1));
    decides(&mut workstation, 1, "Ошибка отмены заявления");
    sends(&mut workstation);
    assert_eq!(workstation.mistake(COMMENT).as_deref(), Some("Заполните поле: комментарий к ответу"));
    assert_eq!(workstation.sent(), []);
}

#[test]
fn the_first_mistaken_field_has_the_keyboard() {
    let mut workstation = at_form(choice(1));
    workstation.types("99");
    workstation.press(&[Key::Tab, Key::Tab, Key::Tab]);
    sends(&mut workstation);
    assert!(workstation.field(DOCTOR).is_focused());
}

#[test]
fn a_corrected_mistake_goes_as_it_is_typed() {
    let mut workstation = at_form(cancellation(2, 1));
    sends(&mut workstation);
    assert!(workstation.mistake(COMMENT).is_some());
    workstation.types("Отменено");
    assert_eq!(workstation.mistake(COMMENT), None);
    sends(&mut workstation);
    assert_eq!(workstation.sent().len(), 1);
}

#[test]
fn a_date_of_detachment_is_neither_before_the_application_nor_in_the_future() {
    let dates = [
        ("17.11.2026", "Дата ответа не может быть раньше даты заявления (18.11.2026)"),
        ("20.11.2026", "Дата ответа не может быть в будущем (сегодня 19.11.2026)"),
        ("завтра", "Введите дату, например 21.11.2026"),
    ];
    for (typed, words) in dates {
        let mut workstation = at_form(detachment(1));
        workstation.types(typed);
        sends(&mut workstation);
        assert_eq!(workstation.mistake(DATE).as_deref(), Some(words));
        assert_eq!((workstation.value(DATE).as_str(), workstation.sent().len()), (typed, 0));
    }
    assert_eq!(moment().date_of(detachment(1).created_at), day(2026, 11, 18));
}

#[test]
fn a_comment_over_the_limit_is_not_sent() {
    let mut workstation = at_form(cancellation(2, 1));
    workstation.types(&"я".repeat(3_990));
    assert!(workstation.says("осталось 10 знаков"));
    workstation.types(&"я".repeat(11));
    sends(&mut workstation);
    assert_eq!(
        workstation.mistake(COMMENT).as_deref(),
        Some("Комментарий к ответу: не больше 4000 знаков, сейчас 4001")
    );
    assert_eq!(workstation.sent(), []);
}

#[test]
fn after_an_answer_the_next_application_is_one_press_away() {
    let mut workstation = Workstation::at_work(vec![cancellation(1, 900), cancellation(2, 901), choice(3)]);
    workstation.press(&[Key::ArrowDown, Key::Enter, Key::Enter]);
    workstation.types("Отменено");
    sends(&mut workstation);
    assert_eq!(workstation.sent().len(), 1);
    workstation.press(&[Key::ArrowDown]);
    assert_eq!(workstation.opened(), [id(1), id(2)]);
    assert!(!workstation.says(NAMES[0]), "the answered one waits no more");
}

#[test]
fn the_button_sends_as_the_keys_do() {
    let mut workstation = at_form(cancellation(2, 1));
    workstation.types("Отменено");
    workstation.click("Отправить");
    assert_eq!(the_sent(&workstation).comment, "Отменено");
}

#[test]
fn in_a_low_window_the_field_that_is_typed_into_is_brought_into_view() {
    let office = Office::with(vec![choice(1)]);
    let snapshot = office::snapshot(Stage::Work(Arc::new(office::work())));
    let mut workstation = Workstation::of([900.0, 520.0], snapshot, office);
    workstation.press(&[Key::ArrowDown, Key::Enter, Key::Enter]);
    let send = workstation.get_by_label("Отправить").rect();
    assert!(send.bottom() < 510.0, "«Отправить» is always in sight: {send:?}");
    for field in [DISTRICT, DOCTOR, POSITION, COMMENT] {
        let rect = workstation.field(field).rect();
        assert!(workstation.field(field).is_focused(), "{field}");
        assert!(rect.bottom() <= send.top() && rect.top() > 80.0, "{field}: {rect:?}");
        workstation.press(&[Key::Tab]);
    }
}
