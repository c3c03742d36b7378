//! A window with a made-up client behind it: the snapshot that it draws, and the actions that it returned.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use prikrep_domain::{AttachmentKind, Directory, District, Doctor, Query, Role as AccountRole, Standing};
use prikrep_ui::{
    Action, Card, CardState, Counts, Export, FiguresState, Link, List, Settings, Snapshot, Stage, Window, Work, theme,
};

use crate::kit::moment;

pub(crate) const EMPLOYEE: &str = "Иванова Анна Андреевна";

/// What a test works with.
pub(crate) struct Scene {
    pub(crate) window: Window,
    pub(crate) snapshot: Snapshot,
    pub(crate) actions: Vec<Action>,
}

pub(crate) type Shown = Harness<'static, Scene>;

/// A snapshot of somebody's work with some rows in the list.
pub(crate) fn work(rows: Vec<Standing>) -> Work {
    let total = rows.len();
    let list =
        List { search: 1, query: None, total: Some(total), blocks: BTreeMap::from([(0, rows.into())]), trouble: None };
    Work {
        employee: EMPLOYEE.to_owned(),
        role: AccountRole::Registrar,
        organization: None,
        link: Link::Online,
        updated_at: Some(moment().now),
        pulling: None,
        counts: Counts { applications: total, pending: total, ..Counts::default() },
        complete: true,
        attention: Arc::from([]),
        clock_ahead_minutes: None,
        disk: None,
        low_space: None,
        desk_trouble: None,
        list,
        card: CardState::Closed,
        sent: None,
        outbox: Arc::from([]),
        directory: Arc::new(directory()),
        figures: FiguresState::None,
        export: Export::None,
    }
}

pub(crate) fn directory() -> Directory {
    let doctor = Doctor {
        full_name: "Петров Пётр Петрович".into(), position: "Врач-терапевт участковый".into()
    };
    Directory {
        departments: vec!["Поликлиника № 1".into()],
        districts: vec![District {
            number: "12".into(),
            kind: AttachmentKind::Therapeutic,
            department: None,
            doctor: Some(doctor.clone()),
        }],
        doctors: vec![doctor],
        refusal_reasons: vec!["Полис ОМС недействителен".into()],
    }
}

pub(crate) fn card(standing: Standing) -> Card {
    Card { standing, linked: None, draft: None, answers: Vec::new() }
}

pub(crate) fn snapshot(stage: Stage) -> Snapshot {
    Snapshot {
        moment: moment(),
        settings: Arc::new(Settings::default()),
        stage,
        data_folder: "/data".into(),
        notice_trouble: None,
        version: "1.2.3",
    }
}

/// A window that shows a stage.
pub(crate) fn shown(stage: Stage) -> Shown {
    let scene = Scene { window: Window::default(), snapshot: snapshot(stage), actions: Vec::new() };
    let mut harness = Harness::builder().with_size([1_366.0, 740.0]).with_context_setup(theme::install).build_ui_state(
        |ui, scene: &mut Scene| {
            let actions = scene.window.ui(ui, &scene.snapshot);
            scene.actions.extend(actions);
        },
        scene,
    );
    harness.run_steps(4);
    harness
}

/// A window with an open card.
pub(crate) fn with_card(card: Card) -> Shown {
    let mut work = work(vec![card.standing.clone()]);
    work.card = CardState::Open(Arc::new(card));
    shown(Stage::Work(Arc::new(work)))
}

/// Changes the work that is shown.
pub(crate) fn change(window: &mut Shown, change: impl FnOnce(&mut Work)) {
    let Stage::Work(work) = &mut window.state_mut().snapshot.stage else { panic!("nobody works") };
    change(Arc::make_mut(work));
    window.run_steps(3);
}

/// The actions since the last call, without those that only load rows.
pub(crate) fn actions(window: &mut Shown) -> Vec<Action> {
    let actions = std::mem::take(&mut window.state_mut().actions);
    actions.into_iter().filter(|action| !matches!(action, Action::ShowRows(_))).collect()
}

/// The last query that was asked for.
pub(crate) fn asked(window: &mut Shown) -> Option<Query> {
    actions(window).into_iter().rev().find_map(|action| match action {
        Action::Search(query) | Action::Reorder(query) => Some(query),
        _ => None,
    })
}

pub(crate) fn press(window: &mut Shown, name: &str) {
    window.get_by_role_and_label(Role::Button, name).click();
    window.run_steps(3);
}

pub(crate) fn keys(window: &mut Shown, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run_steps(3);
}

pub(crate) fn type_into(window: &mut Shown, role: Role, name: &str, text: &str) {
    window.get_by_role_and_label(role, name).focus();
    window.run_steps(2);
    window.get_by_role_and_label(role, name).type_text(text);
    window.run_steps(3);
}

/// Whether some text stands on the screen.
pub(crate) fn sees(window: &Shown, text: &str) -> bool {
    window.query_all_by_label_contains(text).next().is_some() || window.query_all_by_value(text).next().is_some()
}
