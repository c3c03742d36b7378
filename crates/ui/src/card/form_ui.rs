//! Drawing the answer form: the decision, the fields that it requires, and «Отправить».

use egui::{Id, Key, Modifiers, Response, RichText, ScrollArea, TextEdit, Ui};
use prikrep_domain::{
    Application, DecisionKind, Directory, District, DoctorDraft, MAX_COMMENT_CHARS, Moment, Standing,
};

use super::form::{FIELDS, Form};
use crate::t;
use crate::theme::{self, Palette};
use crate::widgets::{self, Mark};

/// The height to which a comment grows, in points: about six lines.
const COMMENT_HEIGHT: f32 = 118.0;

/// What surrounds a form while it is drawn.
pub(crate) struct Surroundings<'a> {
    pub(crate) standing: &'a Standing,
    pub(crate) directory: &'a Directory,
    pub(crate) moment: Moment,
}

impl Form {
    /// Draws the fields; whether something was typed or chosen.
    pub(crate) fn ui(&mut self, ui: &mut Ui, around: &Surroundings<'_>) -> bool {
        let mut changed = false;
        ui.add_enabled_ui(self.sending.is_none(), |ui| {
            changed |= self.decision_ui(ui, around.standing);
            changed |= match self.draft.decision {
                Some(DecisionKind::Provide) => self.provide_ui(ui, around),
                Some(DecisionKind::Refuse) => self.refuse_ui(ui, around.directory),
                Some(DecisionKind::Detach) => self.detach_ui(ui, around.moment),
                Some(DecisionKind::ApproveCancel | DecisionKind::FailCancel) | None => false,
            };
            changed |= self.comment_ui(ui);
            self.trouble_ui(ui);
        });
        self.wanted_field = None;
        changed
    }

    fn decision_ui(&mut self, ui: &mut Ui, standing: &Standing) -> bool {
        let before = self.draft.decision;
        ui.label(theme::note(ui, t!("answer-status")));
        ui.horizontal_wrapped(|ui| {
            for decision in standing.allowed() {
                ui.radio_value(&mut self.draft.decision, Some(decision), decision.words());
            }
        });
        self.draft.decision != before
    }

    fn provide_ui(&mut self, ui: &mut Ui, around: &Surroundings<'_>) -> bool {
        let application = &around.standing.application;
        let mut doctor = self.draft.doctor.take().unwrap_or_default();
        let mut changed = self.district_ui(ui, application, around.directory, &mut doctor);
        changed |= self.doctor_ui(ui, around.directory, &mut doctor);
        self.draft.doctor = Some(doctor).filter(|doctor| *doctor != DoctorDraft::default());
        changed
    }

    fn district_ui(
        &mut self,
        ui: &mut Ui,
        application: &Application,
        directory: &Directory,
        doctor: &mut DoctorDraft,
    ) -> bool {
        let districts: Vec<&District> =
            directory.districts.iter().filter(|district| district.kind == application.kind).collect();
        let options: Vec<String> = districts.iter().map(|district| district_words(district)).collect();
        let error = self.error("district").map(str::to_owned);
        let label = t!("answer-district");
        let salt = (self.application, "district");
        let picked = widgets::suggest(
            ui,
            salt,
            &mut self.draft.district,
            &options,
            &label,
            &t!("answer-district-hint"),
            error.as_deref(),
        );
        self.focus_if(&picked.response, "district");
        if let Some(district) = picked.chosen.and_then(|chosen| districts.get(chosen)) {
            self.draft.district.clone_from(&district.number);
            if let Some(known) = &district.doctor {
                *doctor = DoctorDraft { full_name: known.full_name.clone(), position: known.position.clone() };
            }
        }
        picked.response.changed() || picked.chosen.is_some()
    }

    fn doctor_ui(&mut self, ui: &mut Ui, directory: &Directory, doctor: &mut DoctorDraft) -> bool {
        let names: Vec<String> =
            directory.doctors.iter().map(|known| format!("{} — {}", known.full_name, known.position)).collect();
        let error = self.error("doctor.full_name").map(str::to_owned);
        let salt = (self.application, "doctor");
        let label = t!("answer-doctor");
        let name = widgets::suggest(
            ui,
            salt,
            &mut doctor.full_name,
            &names,
            &label,
            &t!("answer-doctor-hint"),
            error.as_deref(),
        );
        self.focus_if(&name.response, "doctor.full_name");
        if let Some(known) = name.chosen.and_then(|chosen| directory.doctors.get(chosen)) {
            *doctor = DoctorDraft { full_name: known.full_name.clone(), position: known.position.clone() };
        }
        let mut positions: Vec<&str> = directory.doctors.iter().map(|known| known.position.as_str()).collect();
        positions.sort_unstable();
        positions.dedup();
        let error = self.error("doctor.position").map(str::to_owned);
        let salt = (self.application, "position");
        let label = t!("answer-position");
        let position = widgets::suggest(ui, salt, &mut doctor.position, &positions, &label, "", error.as_deref());
        self.focus_if(&position.response, "doctor.position");
        [&name, &position].iter().any(|one| one.response.changed() || one.chosen.is_some())
    }

    fn refuse_ui(&mut self, ui: &mut Ui, directory: &Directory) -> bool {
        let error = self.error("refusal_reason").map(str::to_owned);
        let salt = (self.application, "reason");
        let label = t!("answer-refusal-reason");
        let hint = t!("answer-refusal-hint");
        let reasons = &directory.refusal_reasons;
        let reason =
            widgets::suggest(ui, salt, &mut self.draft.refusal_reason, reasons, &label, &hint, error.as_deref());
        self.focus_if(&reason.response, "refusal_reason");
        reason.response.changed() || reason.chosen.is_some()
    }

    fn detach_ui(&mut self, ui: &mut Ui, moment: Moment) -> bool {
        let error = self.error("answer_date").map(str::to_owned);
        let label = t!("answer-date");
        let date = ui.push_id((self.application, "date"), |ui| {
            ui.horizontal(|ui| {
                let mut date = self.answer_date.ui(ui, &label, moment.today(), error.as_deref());
                if ui.button(t!("answer-date-today")).clicked() {
                    self.answer_date.set(Some(moment.today()));
                    date.mark_changed();
                }
                date
            })
            .inner
        });
        self.focus_if(&date.inner, "answer_date");
        date.inner.changed()
    }

    fn comment_ui(&mut self, ui: &mut Ui) -> bool {
        let error = self.error("comment").map(str::to_owned);
        let salt = (self.application, "comment");
        let comment = widgets::labelled(ui, &t!("answer-comment"), error.as_deref(), |ui| {
            let comment = TextEdit::multiline(&mut self.draft.comment)
                .id_salt(salt)
                .desired_rows(3)
                .desired_width(f32::INFINITY)
                .return_key(egui::KeyboardShortcut::new(Modifiers::NONE, Key::Enter));
            // A long comment scrolls by itself: «Отправить» stays in sight.
            let scroll = ScrollArea::vertical().id_salt((salt, "scroll")).max_height(COMMENT_HEIGHT);
            scroll.show(ui, |ui| ui.add(comment)).inner
        });
        self.focus_if(&comment, "comment");
        let length = self.draft.comment.chars().count();
        if length > MAX_COMMENT_CHARS - 500 {
            let left = i64::try_from(MAX_COMMENT_CHARS).unwrap_or(0) - i64::try_from(length).unwrap_or(0);
            ui.label(RichText::new(t!("answer-comment-left", count = left)).color(Palette::of(ui).muted));
        }
        comment.changed()
    }

    /// What concerns no field that is shown.
    fn trouble_ui(&self, ui: &mut Ui) {
        let others = self.errors.iter().filter(|error| !FIELDS.contains(&error.field.as_str()));
        for words in others.map(|error| error.message.as_str()).chain(self.refused.as_deref()) {
            widgets::told(ui, Mark::Bad, words);
        }
    }

    /// «Отправить», and how much is missing; whether it was pressed.
    pub(crate) fn send_ui(&self, ui: &mut Ui) -> bool {
        ui.horizontal(|ui| {
            let words = if self.sending.is_some() { t!("answer-sending") } else { t!("answer-send") };
            let button = theme::primary(ui, words);
            let button = ui.add_enabled(self.sending.is_none(), button).on_hover_text("Ctrl+Enter");
            if !self.errors.is_empty() {
                let count = self.errors.len();
                ui.label(RichText::new(t!("answer-mistakes", count = count)).color(Palette::of(ui).bad));
            }
            button.clicked()
        })
        .inner
    }

    fn focus_if(&self, response: &Response, field: &str) {
        if self.wanted_field.as_deref() == Some(field) {
            response.request_focus();
        }
        // In a low window the field may be scrolled away.
        if response.gained_focus() {
            response.scroll_to_me(None);
        }
    }
}

fn district_words(district: &District) -> String {
    let doctor = district.doctor.as_ref().map(|doctor| doctor.full_name.as_str());
    let parts = [Some(district.number.as_str()), doctor, district.department.as_deref()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" — ")
}

/// The identifier of the whole form of an application.
pub(crate) fn form_id(form: &Form) -> Id {
    Id::unique(("answer form", form.application))
}
