//! The whole window as it looks: a few pictures, with names and texts of every length.

use std::collections::BTreeMap;
use std::sync::Arc;

use prikrep_domain::{Application, ApplicationType, Patient, Period, Status};
use prikrep_ui::{Figures, FiguresState, Settings, Stage, ThemeChoice};

use crate::desk::{day, today};
use crate::given::{answer, cancellation, choice, detachment, hours_ago, id, name, provided, refused, whole};
use crate::office::{self, Office};
use crate::workstation::Workstation;

const LONG_NAME: &str = "Константинопольская-Преображенская Александра-Виктория Константиновна-Владимировна";

fn applications() -> Vec<Application> {
    let long = whole(1);
    let patient = Patient { name: name(LONG_NAME), ..long.patient };
    let comment = "Приходите с паспортом и полисом в любой рабочий день. ".repeat(75);
    let mut record = answer(1, provided(), prikrep_domain::Delivery::Rejected { at: None, problem: None });
    record.answer.comment = comment.chars().take(4_000).collect();
    let bare = choice(5);
    let odd = Patient { snils: Some("11223344596".to_owned()), ..bare.patient };
    let delivered = prikrep_domain::Delivery::Delivered { at: None };
    vec![
        Application { patient, answers: vec![record], ..long },
        cancellation(2, 900),
        detachment(3),
        Application { status: Status::CancelFailed, ..cancellation(4, 901) },
        Application { patient: odd, ..bare },
        Application { status: Status::Refused, answers: vec![answer(2, refused(), delivered)], ..choice(6) },
    ]
}

fn with_theme(theme: ThemeChoice) -> Workstation {
    let settings = Settings { theme, server: "https://register.example".to_owned(), ..Settings::default() };
    let mut applications = applications();
    applications.extend((7..=60).map(choice));
    let mut workstation = Workstation::with_settings(applications, settings);
    workstation.meanwhile(|_| {});
    workstation.told(|work| (work.counts.queued, work.counts.rejected) = (2, 1));
    workstation
}

fn a_card_beside_the_list(theme: ThemeChoice, picture: &str) {
    let mut workstation = with_theme(theme);
    workstation.click_row(LONG_NAME);
    workstation.retypes("Номер участка прикрепления", "");
    workstation.press(&[egui::Key::Tab]);
    workstation.ctrl(egui::Key::Enter);
    workstation.press(&[egui::Key::Escape]);
    workstation.remove_cursor();
    workstation.run();
    workstation.snapshot(picture);
}

#[test]
fn a_card_beside_the_list_in_light() {
    a_card_beside_the_list(ThemeChoice::Light, "card_light");
}

#[test]
fn a_card_beside_the_list_in_dark() {
    a_card_beside_the_list(ThemeChoice::Dark, "card_dark");
}

#[test]
fn nothing_found_in_a_narrow_window() {
    let mut work = office::work();
    work.counts.applications = 12;
    let snapshot = office::snapshot(Stage::Work(Arc::new(work)));
    let mut workstation = Workstation::of([900.0, 520.0], snapshot, Office::default());
    workstation.types_into("СНИЛС", "112-233-445 96");
    workstation.click("Поиск");
    workstation.remove_cursor();
    workstation.run();
    workstation.snapshot("narrow");
}

fn figures() -> Figures {
    let days = (1..=19).map(|n| (day(2026, 11, n), [(n * 7 % 11) as usize, (n % 4) as usize, (n % 3) as usize]));
    Figures {
        period: Period::between(day(2026, 8, 22), today()),
        days: days.collect::<BTreeMap<_, _>>(),
        statuses: [14, 120, 9, 3, 1, 7, 2],
        total: 156,
        pending: 19,
        median_answer_secs: Some(5_400),
        oldest_pending: Some((hours_ago(75), id(1))),
        refusals: vec![
            ("Адрес вне территории обслуживания, прикрепление возможно только по решению главного врача".into(), 6),
            ("Нет свободных мест".into(), 3),
        ],
    }
}

#[test]
fn statistics() {
    let mut workstation = with_theme(ThemeChoice::Light);
    workstation.told(|work| work.figures = FiguresState::Ready(Arc::new(figures())));
    workstation.click("Статистика");
    workstation.remove_cursor();
    workstation.run();
    workstation.snapshot("statistics");
    assert_eq!(ApplicationType::ALL.len(), 3);
}
