//! «Журнал»: who did what, for auditors. They see no cards, and nothing is kept on their computer.

use std::ops::ControlFlow;

use egui::{Label, RichText, ScrollArea, TextEdit, Ui};
use egui_extras::{Column, TableBuilder};
use prikrep_domain::{Act, ApplicationId, Moment, Numbered, PersonId, Role};

use crate::format;
use crate::t;
use crate::theme::{self, FIELD_HEIGHT, Palette, ROW_HEIGHT};
use crate::widgets::{self, Mark, PeriodField, PeriodMistakes};
use crate::{Action, Auditing, JournalQuery, Snapshot};

/// The journal begins with so many days.
const USUAL_DAYS: u64 = 7;
const LOGIN_WIDTH: f32 = 130.0;
const ACT_WIDTH: f32 = 200.0;
const GUID_WIDTH: f32 = 280.0;

/// The journal's own state.
pub(crate) struct JournalView {
    period: PeriodField,
    login: String,
    act: Option<&'static str>,
    patient: String,
    application: String,
    mistakes: Mistakes,
    asked: Option<JournalQuery>,
}

#[derive(Default)]
struct Mistakes {
    period: PeriodMistakes,
    patient: Option<String>,
    application: Option<String>,
}

impl JournalView {
    pub(crate) fn new(moment: Moment) -> Self {
        Self {
            period: PeriodField::last_days(moment.today(), USUAL_DAYS),
            login: String::new(),
            act: None,
            patient: String::new(),
            application: String::new(),
            mistakes: Mistakes::default(),
            asked: None,
        }
    }

    pub(crate) fn ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, state: &Auditing, actions: &mut Vec<Action>) {
        ui.horizontal(|ui| {
            ui.label(theme::title(t!("journal-title")));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if ui.button(t!("settings-sign-out")).clicked() {
                    actions.push(Action::SignOut { wipe: false });
                }
                let organization =
                    state.organization.as_ref().map_or(t!("journal-region"), |it| it.name.as_str().into());
                ui.add(Label::new(format!("{} — {organization}", state.employee)).truncate());
            });
        });
        let seeks = self.fields_ui(ui, snapshot.moment);
        if (seeks || self.asked.is_none()) && self.read().is_continue() {
            actions.extend(self.asked.clone().map(Action::SeekJournal));
        }
        ui.separator();
        if let Some(words) = &state.trouble {
            widgets::told(ui, Mark::Bad, words);
        }
        if state.busy {
            ui.label(RichText::new(t!("journal-busy")).color(Palette::of(ui).muted));
        }
        if state.items.is_empty() {
            if !state.busy && state.trouble.is_none() {
                ui.add_space(24.0);
                ui.vertical_centered(|ui| ui.label(t!("journal-empty")));
            }
        } else {
            ui.label(t!("journal-found", count = state.items.len()));
        }
        self.more_ui(ui, state, actions);
        self.rows_ui(ui, snapshot.moment, &state.items);
    }

    /// Draws the fields; whether to seek.
    fn fields_ui(&mut self, ui: &mut Ui, moment: Moment) -> bool {
        let mut seeks = false;
        ui.horizontal_top(|ui| {
            self.period.fields_ui(ui, moment.today(), &self.mistakes.period);
            widgets::within(ui, LOGIN_WIDTH, |ui| text_ui(ui, &t!("journal-login"), &mut self.login, None));
            widgets::within(ui, ACT_WIDTH, |ui| {
                widgets::choice(ui, &t!("journal-act"), &mut self.act, &Act::SOUGHT, &t!("journal-all-acts"));
            });
            seeks |= widgets::beside_label(ui, |ui| ui.add(theme::primary(ui, t!("journal-seek")))).clicked();
        });
        ui.horizontal_top(|ui| {
            widgets::within(ui, GUID_WIDTH, |ui| {
                text_ui(ui, &t!("journal-patient"), &mut self.patient, self.mistakes.patient.as_deref());
            });
            widgets::within(ui, GUID_WIDTH, |ui| {
                text_ui(ui, &t!("journal-application"), &mut self.application, self.mistakes.application.as_deref());
            });
        });
        seeks |= self.period.presets_ui(ui, moment.today());
        seeks || ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, egui::Key::Enter))
    }

    /// Reads the fields; breaks at a mistake, which is told under its field.
    fn read(&mut self) -> ControlFlow<()> {
        let period = self.period.value();
        let patient = read_guid(&self.patient, PersonId::parse);
        let application = read_guid(&self.application, ApplicationId::parse);
        self.mistakes = Mistakes {
            period: period.as_ref().err().cloned().unwrap_or_default(),
            patient: patient.as_ref().err().cloned(),
            application: application.as_ref().err().cloned(),
        };
        let (Ok(period), Ok(patient), Ok(application)) = (period, patient, application) else {
            return ControlFlow::Break(());
        };
        let login = self.login.trim().to_owned();
        self.asked = Some(JournalQuery { period, login, act: self.act, patient, application, before: None });
        ControlFlow::Continue(())
    }

    fn more_ui(&self, ui: &mut Ui, state: &Auditing, actions: &mut Vec<Action>) {
        let Some((asked, before)) = self.asked.as_ref().zip(state.before).filter(|_| !state.busy) else { return };
        if ui.button(t!("journal-more")).clicked() {
            actions.push(Action::SeekJournal(JournalQuery { before: Some(before), ..asked.clone() }));
        }
    }

    fn rows_ui(&self, ui: &mut Ui, moment: Moment, items: &[Numbered]) {
        ScrollArea::horizontal().show(ui, |ui| {
            TableBuilder::new(ui)
                .striped(true)
                .column(Column::exact(70.0))
                .column(Column::exact(130.0))
                .column(Column::initial(260.0).clip(true).resizable(true))
                .column(Column::exact(86.0))
                .column(Column::initial(180.0).clip(true).resizable(true))
                .column(Column::initial(190.0).clip(true).resizable(true))
                .column(Column::remainder().clip(true))
                .header(theme::HEADER_HEIGHT, |mut header| {
                    let heads = [
                        t!("journal-number"),
                        t!("journal-time"),
                        t!("journal-who"),
                        t!("journal-role"),
                        t!("journal-where"),
                        t!("journal-what"),
                        t!("journal-details"),
                    ];
                    for head in heads {
                        header.col(|ui| drop(ui.label(theme::bold(head))));
                    }
                })
                .body(|body| {
                    body.rows(ROW_HEIGHT, items.len(), |mut row| {
                        let Some(one) = items.get(row.index()) else { return };
                        for words in cells(one, moment) {
                            row.col(|ui| {
                                ui.add(Label::new(&words).truncate()).on_hover_text(&words);
                            });
                        }
                    });
                });
        });
    }
}

fn text_ui(ui: &mut Ui, label: &str, value: &mut String, mistake: Option<&str>) {
    widgets::labelled(ui, label, mistake, |ui| {
        let width = ui.available_width();
        ui.add(TextEdit::singleline(value).desired_width(width).min_size(egui::vec2(0.0, FIELD_HEIGHT)))
    });
}

fn read_guid<T, E: std::fmt::Display>(text: &str, parse: fn(&str) -> Result<T, E>) -> Result<Option<T>, String> {
    let text = text.trim();
    if text.is_empty() { Ok(None) } else { parse(text).map(Some).map_err(|error| error.to_string()) }
}

/// A row in words.
fn cells(Numbered { number, entry }: &Numbered, moment: Moment) -> [String; 7] {
    let who = if entry.actor.employee.is_empty() {
        entry.actor.login.clone()
    } else {
        format!("{} ({})", entry.actor.employee, entry.actor.login)
    };
    [
        number.to_string(),
        entry.at.with_timezone(&moment.zone).format("%d.%m.%Y %H:%M:%S").to_string(),
        who,
        entry.actor.role.map_or(format::ABSENT, Role::words).to_owned(),
        entry.place.words(),
        entry.act.words().to_owned(),
        entry.act.details(),
    ]
}
