//! «Отправка», «Статистика», «Настройки», and the exports.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use prikrep_domain::{ApplicationType, Delivery, Period, Query, Status, StatusFilter};
use prikrep_ui::{
    Action, Counts, Export, ExportFormat, Figures, FiguresState, Hop, OutboxRow, Settings, ThemeChoice, Work,
};

use crate::desk::{day, today};
use crate::given::{NAMES, answer, answer_id, choice, hours_ago, id, provided, refused};
use crate::workstation::Workstation;

fn at_section(name: &str, change: impl FnOnce(&mut Work)) -> Workstation {
    let mut workstation = Workstation::at_work(vec![choice(1), choice(2)]);
    workstation.told(change);
    workstation.click(name);
    workstation
}

fn row(number: u32, hop: Hop) -> OutboxRow {
    let decision = if number == 1 { provided() } else { refused() };
    OutboxRow {
        record: answer(number, decision, Delivery::Queued),
        application: id(number),
        application_type: Some(ApplicationType::Choice),
        patient: NAMES[number as usize - 1].to_owned(),
        hop,
        last_try: Some(hours_ago(1)),
        next_try: None,
    }
}

fn queued() -> OutboxRow {
    let trouble = Some("сервер не отвечает".to_owned());
    OutboxRow { next_try: Some(hours_ago(-1)), ..row(1, Hop::Queued { tries: 3, trouble }) }
}

fn rejected() -> OutboxRow {
    row(2, Hop::Rejected { at: None, words: "Неверный код причины".to_owned() })
}

fn at_outbox(rows: Vec<OutboxRow>) -> Workstation {
    at_section("Отправка", |work| work.outbox = rows.into())
}

#[test]
fn a_queued_answer_says_everything_and_is_tried_again() {
    let mut workstation = at_outbox(vec![queued()]);
    let words = [
        NAMES[0],
        "Заявление о выборе МО",
        "в очереди, 3 попытки: сервер не отвечает",
        "19.11.2026 09:42, Соколова Ольга Ивановна",
        "Услуга оказана",
    ];
    let shown = words.map(|words| workstation.says(words) || workstation.says(words.trim_start_matches("19.11.2026 ")));
    assert_eq!(shown, [true; 5]);
    assert!(
        ["Попыток", "3", "Последняя попытка", "Следующая попытка", "11:42"].iter().all(|one| workstation.says(one))
    );
    workstation.click("Повторить");
    assert!(workstation.did(|action| matches!(action, Action::Retry(answer) if *answer == answer_id(1))));
}

#[test]
fn a_rejected_answer_is_taken_back_to_its_form() {
    let mut workstation = at_outbox(vec![rejected()]);
    assert!(workstation.says("отклонено: Неверный код причины"));
    assert!(!workstation.says("Повторить"));
    workstation.click("Вернуть на доработку");
    assert!(workstation.did(|action| matches!(action, Action::Rework(answer) if *answer == answer_id(2))));
    assert_eq!(workstation.opened(), [id(2)]);
    assert!(workstation.says("Отправить"), "the form is shown");
}

#[test]
fn the_patient_in_the_outbox_leads_to_the_card() {
    let mut workstation = at_outbox(vec![queued(), rejected()]);
    assert!(workstation.says("2 ответа ещё не доставлены или отклонены"));
    workstation.click(NAMES[0]);
    assert_eq!(workstation.opened(), [id(1)]);
    assert!(workstation.says("Закрыть карточку"));
}

#[test]
fn an_empty_outbox_says_that_all_is_well() {
    assert!(at_outbox(Vec::new()).says("Все ответы доставлены."));
}

fn figures() -> Figures {
    Figures {
        period: Period::between(day(2026, 11, 1), today()),
        days: BTreeMap::from([(day(2026, 11, 18), [4, 2, 1])]),
        statuses: [14, 120, 9, 3, 1, 7, 2],
        total: 156,
        pending: 19,
        median_answer_secs: Some(7_200),
        oldest_pending: Some((hours_ago(75), id(1))),
        refusals: vec![("Нет свободных мест".to_owned(), 6), (String::new(), 3)],
    }
}

fn at_statistics() -> Workstation {
    let mut workstation =
        at_section("Статистика", |work| work.figures = FiguresState::Ready(Arc::new(figures())));
    workstation.forget();
    workstation
}

#[test]
fn the_statistics_are_asked_for_once_for_ninety_days() {
    let workstation = at_section("Статистика", |_| {});
    let asked = workstation.all(|action| if let Action::Count(period) = action { Some(*period) } else { None });
    assert_eq!(asked, [Period::between(day(2026, 8, 22), today())]);
}

#[test]
fn another_period_is_counted_and_a_mistaken_one_is_not() {
    let mut workstation = at_statistics();
    workstation.click("7 дней");
    workstation.retypes("по", "01.01.1999");
    workstation.forget();
    workstation.click("Посчитать");
    assert_eq!(workstation.mistake("по").as_deref(), Some("Раньше начала периода"));
    assert!(!workstation.did(|action| matches!(action, Action::Count(_))));
}

#[test]
fn every_bar_and_tile_leads_to_its_list() {
    let of = |status| Query { status: Some(status), ..Query::of(figures().period) };
    let bars = [
        ("Заявлений: 156", Query::of(figures().period)),
        ("Ждут ответа: 19", of(StatusFilter::Pending)),
        ("Дольше всех ждёт: 3 дня", of(StatusFilter::Pending)),
        ("Отправлено: 14", of(StatusFilter::Is(Status::Sent))),
        ("Ошибка отмены: 2", of(StatusFilter::Is(Status::CancelFailed))),
        ("Нет свободных мест: 6", of(StatusFilter::Is(Status::Refused))),
        ("прочие причины: 3", of(StatusFilter::Is(Status::Refused))),
    ];
    for (bar, wanted) in bars {
        let mut workstation = at_statistics();
        workstation.click(bar);
        assert_eq!(workstation.the_search(), wanted, "{bar}");
        assert!(workstation.says("Результаты поиска"), "the list is shown");
        assert_eq!(workstation.value("Период с"), "01.11.2026", "so is what was asked for");
    }
}

#[test]
fn what_has_waited_longest_is_opened() {
    let mut workstation = at_statistics();
    workstation.click("Дольше всех ждёт: 3 дня");
    assert_eq!(workstation.opened(), [id(1)]);
}

#[test]
fn a_bar_of_a_day_leads_to_that_day() {
    let mut workstation = at_statistics();
    let plot = workstation.get_by_role_and_label(Role::Image, "Заявления по дням").rect();
    let low = egui::pos2(plot.center().x, plot.bottom() - 45.0);
    for event in [true, false].map(|pressed| (low, pressed)) {
        workstation.hover_at(event.0);
        workstation.event(egui::Event::PointerButton {
            pos: event.0,
            button: egui::PointerButton::Primary,
            pressed: event.1,
            modifiers: egui::Modifiers::NONE,
        });
    }
    workstation.run();
    let day = Period::between(day(2026, 11, 18), day(2026, 11, 18));
    assert_eq!(workstation.the_search(), Query { application_type: Some(ApplicationType::Choice), ..Query::of(day) });
}

#[test]
fn the_statistics_say_how_far_they_are_or_why_not() {
    assert!(
        at_section("Статистика", |work| work.figures = FiguresState::Counting(500)).says("Прочитано 500 заявлений…")
    );
    let trouble = FiguresState::Trouble("Хранилище повреждено".to_owned());
    assert!(at_section("Статистика", |work| work.figures = trouble).says("Хранилище повреждено"));
    let nothing = FiguresState::Ready(Arc::new(Figures { total: 0, ..figures() }));
    assert!(at_section("Статистика", |work| work.figures = nothing).says("За этот период заявлений нет."));
}

fn at_settings(counts: Counts) -> Workstation {
    at_section("Настройки", |work| work.counts = counts)
}

#[test]
fn settings_are_kept_as_they_are_changed() {
    let mut workstation = at_settings(Counts::default());
    for name in ["тёмное", "Уведомлять о новых заявлениях", "Сохранять черновики ответов"]
    {
        workstation.click(name);
    }
    let usual = Settings::default();
    let dark = Settings { theme: ThemeChoice::Dark, ..usual };
    let quiet = Settings { notifications: false, ..dark.clone() };
    let bold = Settings { keep_drafts: false, ..quiet.clone() };
    assert_eq!(workstation.settings(), [dark, quiet, bold]);
}

#[test]
fn the_settings_say_where_the_data_lies_and_which_version_it_is() {
    let workstation = at_settings(Counts::default());
    for words in ["/home/registrar/.local/share/prikrep", "1.0.0"] {
        assert!(workstation.says(words), "{words}");
    }
}

#[test]
fn a_notification_that_could_not_be_shown_is_told() {
    let mut workstation = at_settings(Counts::default());
    workstation.state_mut().snapshot.notice_trouble = Some("Нет службы уведомлений".to_owned());
    workstation.run();
    assert!(workstation.says("Нет службы уведомлений"));
}

#[test]
fn leaving_removes_the_data_only_when_asked_twice() {
    let mut workstation = at_settings(Counts::default());
    workstation.click("Выйти и удалить данные с этого компьютера…");
    assert!(!workstation.did(|action| matches!(action, Action::SignOut { .. })));
    workstation.click("Удалить и выйти");
    assert!(workstation.did(|action| matches!(action, Action::SignOut { wipe: true })));
}

#[test]
fn leaving_keeps_the_data() {
    let mut workstation = at_settings(Counts::default());
    workstation.click("Выйти");
    assert!(workstation.did(|action| matches!(action, Action::SignOut { wipe: false })));
}

#[test]
fn undelivered_answers_are_never_removed() {
    let mut workstation = at_settings(Counts { queued: 1, rejected: 1, ..Counts::default() });
    assert!(workstation.says("2 ответа есть только на этом компьютере"));
    workstation.click("Выйти и удалить данные с этого компьютера…");
    assert!(workstation.mentions("Удалить нельзя: 2 ответа ещё не доставлены"));
    assert!(!workstation.says("Удалить и выйти"));
    workstation.click("Не удалять");
    assert!(!workstation.mentions("Удалить нельзя"));
}

#[test]
fn the_list_is_exported_as_it_is_shown() {
    let mut workstation = Workstation::at_work(vec![choice(1)]);
    let shown = workstation.the_search();
    workstation.ctrl(Key::E);
    workstation.click("Выгрузить");
    workstation.click("В CSV");
    let asked = workstation
        .all(|action| if let Action::Export(format, query) = action { Some((*format, query.clone())) } else { None });
    assert_eq!(asked, [(ExportFormat::Xlsx, shown.clone()), (ExportFormat::Csv, shown)]);
}

#[test]
fn an_empty_list_is_not_exported() {
    let workstation = Workstation::at_work(Vec::new());
    assert!(workstation.get_by_label("Выгрузить").accesskit_node().is_disabled());
}

fn with_export(export: Export) -> Workstation {
    let mut workstation = Workstation::at_work(vec![choice(1)]);
    workstation.told(|work| work.export = export);
    workstation
}

fn ended(workstation: &Workstation) -> bool {
    workstation.did(|action| matches!(action, Action::EndExport))
}

#[test]
fn without_a_dialog_a_path_is_typed() {
    let ask = |trouble| Export::AskPath { proposed: "/home/registrar/заявления.xlsx".to_owned(), trouble };
    let mut workstation = with_export(ask(None));
    assert_eq!(workstation.value("Путь к файлу"), "/home/registrar/заявления.xlsx");
    workstation.retypes("Путь к файлу", "/tmp/список.xlsx");
    workstation.click("Сохранить");
    let paths = workstation.all(|action| if let Action::ExportTo(path) = action { Some(path.clone()) } else { None });
    assert_eq!(paths, ["/tmp/список.xlsx"]);
    workstation.told(|work| work.export = ask(Some("Такой файл уже есть: введите другое имя.".to_owned())));
    assert_eq!(workstation.mistake("Путь к файлу").as_deref(), Some("Такой файл уже есть: введите другое имя."));
    assert_eq!(workstation.value("Путь к файлу"), "/tmp/список.xlsx");
    workstation.click("Прервать");
    assert!(ended(&workstation));
}

#[test]
fn an_export_shows_how_far_it_is_and_can_be_stopped() {
    let mut workstation = with_export(Export::Writing { done: 300, total: 1_000 });
    assert!(workstation.query_by_role_and_label(Role::ProgressIndicator, "Записано 300 из 1000").is_some());
    workstation.click("Прервать");
    assert!(ended(&workstation));
}

#[test]
fn an_export_that_is_done_says_where_it_lies() {
    let mut workstation = with_export(Export::Done { path: "/tmp/список.xlsx".to_owned(), rows: 21 });
    assert!(workstation.says("Выгружено 21 заявление") && workstation.says("/tmp/список.xlsx"));
    workstation.click("Закрыть");
    assert!(ended(&workstation));
}

#[test]
fn an_export_that_failed_says_why() {
    let mut workstation = with_export(Export::Failed { words: "Нет места на диске".to_owned() });
    assert!(workstation.says("Нет места на диске"));
    workstation.press(&[Key::Escape]);
    assert!(ended(&workstation));
}
