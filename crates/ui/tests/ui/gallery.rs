//! One picture of every control, light and dark: for the eye, and against changes that nobody meant.

use egui::{Key, Theme, Ui};
use egui_kittest::kittest::Queryable as _;
use prikrep_domain::Period;
use prikrep_ui::theme::{self, Palette};
use prikrep_ui::widgets::{
    DateField, Mark, PeriodField, badge, choice, copyable, labelled, progress, status_mark, suggest,
};

use crate::desk::{day, today, window};

struct Gallery {
    period: PeriodField,
    snils: String,
    kind: Option<u8>,
    date: DateField,
    wrong: DateField,
    doctor: String,
}

impl Gallery {
    fn new() -> Self {
        let period = Period::new(day(2026, 11, 1), today()).expect("in order");
        let mut wrong = DateField::new(Some(day(2026, 2, 1)));
        wrong.set(None);
        Self {
            period: PeriodField::new(period),
            snils: "112-233-445 96".to_owned(),
            kind: None,
            date: DateField::new(Some(day(2026, 11, 5))),
            wrong,
            doctor: String::new(),
        }
    }
}

const DOCTORS: [&str; 5] =
    ["Королёва Илона Павловна", "Петрова Анна Ильинична", "Семёнов Пётр Ильич", "Ильина Вера Олеговна", "Ким Ян"];

fn gallery_ui(ui: &mut Ui, gallery: &mut Gallery) {
    ui.spacing_mut().item_spacing.y = 8.0;
    ui.horizontal_top(|ui| {
        ui.allocate_ui(egui::vec2(270.0, 0.0), |ui| filter_ui(ui, gallery));
        ui.add_space(18.0);
        ui.vertical(|ui| card_ui(ui, gallery));
    });
}

fn filter_ui(ui: &mut Ui, gallery: &mut Gallery) {
    ui.vertical(|ui| {
        ui.label(theme::title("Фильтр"));
        gallery.period.ui(ui, today(), &(None, None));
        labelled(ui, "СНИЛС", Some("Контрольное число не сходится"), |ui| {
            ui.add(egui::TextEdit::singleline(&mut gallery.snils).desired_width(f32::INFINITY))
        });
        choice(ui, "Тип заявления", &mut gallery.kind, &[(1, "Выбор"), (2, "Отмена")], "Все типы");
        ui.horizontal(|ui| {
            ui.add(theme::primary(ui, "Найти"));
            let _ = ui.button("Сбросить");
            ui.add_enabled(false, egui::Button::new("Выгрузить"));
        });
        ui.separator();
        for (mark, words) in [
            (Mark::Pending, "Ждёт ответа"),
            (Mark::Ok, "Услуга оказана"),
            (Mark::Warn, "Срок завтра"),
            (Mark::Bad, "Отказано в прикреплении"),
            (Mark::Quiet, "Отменено заявителем"),
        ] {
            status_mark(ui, mark, words);
        }
    });
}

fn card_ui(ui: &mut Ui, gallery: &mut Gallery) {
    let palette = Palette::of(ui);
    ui.horizontal(|ui| {
        ui.label(theme::title("Заявление"));
        badge(ui, "7", palette.accent, "Ждут ответа: 7");
        badge(ui, "128", palette.bad, "Отклонено: 128");
    });
    copyable(ui, "ФИО пациента", "Иванова Мария Петровна");
    copyable(ui, "Адрес регистрации", "656049, Алтайский край, г. Барнаул, ул. Ленина, д. 1, кв. 12");
    copyable(ui, "Представитель", "");
    ui.checkbox(&mut true, "Сохранять черновики ответов");
    ui.horizontal_top(|ui| {
        gallery.date.ui(ui, "Дата ответа", today(), None);
        gallery.wrong.ui(ui, "Дата рождения", today(), Some("Укажите дату"));
    });
    progress(ui, 4200, Some(10_000), "Первая загрузка: 4200 из 10 000 заявлений");
    suggest(ui, "doctor", &mut gallery.doctor, &DOCTORS, "ФИО врача", "Начните вводить фамилию", None);
}

fn every_control(theme: Theme, picture: &str) {
    let mut window = window([720.0, 480.0], theme, gallery_ui, Gallery::new());
    window.get_by_label("ФИО врача").click();
    window.run();
    window.get_by_label("ФИО врача").type_text("ил");
    window.run();
    window.key_press(Key::ArrowDown);
    window.run();
    window.hover_at(window.get_by_label("Иванова Мария Петровна").rect().center());
    window.run();
    window.snapshot(picture);
}

#[test]
fn every_control_in_light() {
    every_control(Theme::Light, "gallery_light");
}

#[test]
fn every_control_in_dark() {
    every_control(Theme::Dark, "gallery_dark");
}

fn calendar(theme: Theme, picture: &str) {
    let field = DateField::new(Some(day(2026, 11, 5)));
    let show = |ui: &mut Ui, field: &mut DateField| {
        field.ui(ui, "Дата ответа", today(), None);
    };
    let mut window = window([250.0, 320.0], theme, show, field);
    window.get_by_label("Открыть календарь: Дата ответа").click();
    window.run();
    window.key_press(Key::ArrowDown);
    window.run();
    window.snapshot(picture);
}

#[test]
fn the_calendar_in_light() {
    calendar(Theme::Light, "calendar_light");
}

#[test]
fn the_calendar_in_dark() {
    calendar(Theme::Dark, "calendar_dark");
}

#[test]
fn a_picture_repeats_to_the_byte() {
    let picture = || window([720.0, 480.0], Theme::Light, gallery_ui, Gallery::new()).render().expect("a picture");
    assert!(picture() == picture());
}
