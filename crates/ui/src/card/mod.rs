//! The card of an application: its fields, its answer form, its history.
//!
//! Invariant: a form that was touched is kept until its answer is durable or the person drops it.

mod fields;
mod form;
mod form_ui;
mod history;
mod parts;

use std::collections::HashMap;

use egui::{Frame, Key, KeyboardShortcut, Modifiers, Panel, ScrollArea, Ui};
use prikrep_domain::ApplicationId;

use form::{Form, words_of};
use form_ui::Surroundings;
pub(crate) use history::hop_ui;
use parts::{close_ui, fields_ui, header_ui, heading, linked_ui, rejected, rejected_ui, why_not_ui};

use crate::shell;
use crate::t;
use crate::theme;
use crate::widgets::{self, Mark};
use crate::{Action, Card, CardState, Snapshot, Work};

const SEND: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Enter);

/// The height of the row with «Отправить», in points.
const SEND_HEIGHT: f32 = 34.0;

/// The card's own state: what is being typed.
#[derive(Default)]
pub(crate) struct CardView {
    forms: HashMap<ApplicationId, Form>,
    shown: Option<ApplicationId>,
    attempts: u64,
    /// Ctrl+Enter was pressed in this frame.
    keys_send: bool,
    /// The last outcome that was taken note of.
    seen: u64,
    /// The height of what was last shown as the answer.
    answer_height: f32,
    /// The keyboard is to go to the form as soon as it is drawn.
    begins: bool,
    /// The application whose answer has just become durable.
    just_sent: Option<ApplicationId>,
    /// The application whose draft was dropped since its card was opened.
    dropped: Option<ApplicationId>,
}

impl CardView {
    /// Whether anything typed would be lost if the program ended now and drafts were not kept.
    pub(crate) fn has_typed(&self) -> bool {
        self.forms.values().any(|form| form.touched)
    }

    /// The keyboard goes to the answer form.
    pub(crate) const fn begin(&mut self) {
        self.begins = true;
    }

    /// A stored draft has changed by other means than typing here.
    pub(crate) fn reread(&mut self, application: ApplicationId) {
        self.forms.remove(&application);
    }

    /// Draws the card.
    pub(crate) fn ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, work: &Work, actions: &mut Vec<Action>) {
        self.take_outcome(work);
        self.follow(work.card.id());
        match &work.card {
            CardState::Closed => {}
            CardState::Loading(_) => {
                ui.label(t!("card-loading"));
            }
            CardState::Gone(id) => self.gone_ui(ui, *id, actions),
            CardState::Trouble(_, words) => {
                close_ui(ui, actions);
                widgets::told(ui, Mark::Bad, words);
            }
            CardState::Open(card) => self.open_ui(ui, card, snapshot, work, actions),
        }
    }

    /// Another card: an untouched form of the last one is not needed any more.
    fn follow(&mut self, id: Option<ApplicationId>) {
        if self.shown == id {
            return;
        }
        (self.just_sent, self.dropped) = (None, None);
        if let Some(left) = self.shown
            && self.forms.get(&left).is_some_and(|form| !form.touched && form.sending.is_none())
        {
            self.forms.remove(&left);
        }
        self.shown = id;
    }

    fn take_outcome(&mut self, work: &Work) {
        let Some(sent) = work.sent.as_ref().filter(|sent| sent.attempt > self.seen) else { return };
        self.seen = sent.attempt;
        match &sent.outcome {
            Ok(_) => {
                self.forms.remove(&sent.application);
                self.just_sent = Some(sent.application);
            }
            Err(why) => {
                if let Some(form) = self.forms.get_mut(&sent.application) {
                    form.not_sent(why);
                }
            }
        }
    }

    fn gone_ui(&mut self, ui: &mut Ui, id: ApplicationId, actions: &mut Vec<Action>) {
        close_ui(ui, actions);
        ui.label(t!("card-gone", id = id.to_string()));
        self.leftover_ui(ui, id, actions);
    }

    fn open_ui(&mut self, ui: &mut Ui, card: &Card, snapshot: &Snapshot, work: &Work, actions: &mut Vec<Action>) {
        header_ui(ui, card, actions);
        ui.separator();
        let id = card.standing.application.id;
        // The form is always in sight: the fields scroll above it.
        let most = (ui.available_height() * 0.75).max(120.0);
        let height = self.answer_height.clamp(24.0, most);
        let answer = Panel::bottom("answer").resizable(false).exact_size(height).frame(Frame::NONE).show(ui, |ui| {
            // «Отправить» stands under what scrolls.
            let button = if has_form(card, work) { SEND_HEIGHT } else { 0.0 };
            let room = (ui.available_height() - button).max(0.0);
            let scroll = ScrollArea::vertical().id_salt(("answer", id)).auto_shrink([false, false]).max_height(room);
            let fields = scroll.show(ui, |ui| self.answer_ui(ui, card, snapshot, work, actions));
            if has_form(card, work) {
                self.send_ui(ui, card, snapshot, work, actions);
            }
            fields.content_size.y + button
        });
        if (answer.inner - self.answer_height).abs() > 0.5 {
            self.answer_height = answer.inner;
            ui.request_discard("the answer form has another height");
        }
        let fields = ScrollArea::vertical().id_salt(("card", id)).auto_shrink([false, false]);
        fields.show(ui, |ui| {
            linked_ui(ui, card, actions);
            fields_ui(ui, card, snapshot.moment);
            ui.separator();
            history::history_ui(ui, card, snapshot.moment);
        });
    }

    /// The answer form, or why there is none.
    fn answer_ui(&mut self, ui: &mut Ui, card: &Card, snapshot: &Snapshot, work: &Work, actions: &mut Vec<Action>) {
        ui.add_space(4.0);
        let id = card.standing.application.id;
        if self.just_sent == Some(id) && rejected(card).is_none() {
            widgets::told(ui, Mark::Ok, &t!("answer-kept"));
        }
        if !card.standing.is_pending() {
            why_not_ui(ui, card, snapshot.moment);
            // Typed before the program was started again.
            if card.draft.is_some() && self.dropped != Some(id) && self.just_sent != Some(id) {
                self.forms.entry(id).or_insert_with(|| Form::of(card));
            }
            return self.leftover_ui(ui, id, actions);
        }
        if !work.role.answers_applications() {
            ui.label(t!("answer-read-only"));
            return;
        }
        ui.label(theme::bold(heading(card)));
        rejected_ui(ui, card);
        self.form_ui(ui, card, snapshot, work, actions);
    }

    fn form_ui(&mut self, ui: &mut Ui, card: &Card, snapshot: &Snapshot, work: &Work, actions: &mut Vec<Action>) {
        let id = card.standing.application.id;
        // Before a field of several lines takes it.
        self.keys_send = !shell::is_covered(ui) && ui.input_mut(|input| input.consume_shortcut(&SEND));
        let form = self.forms.entry(id).or_insert_with(|| Form::of(card));
        if std::mem::take(&mut self.begins) {
            form.begin();
        }
        let around = Surroundings { standing: &card.standing, directory: &work.directory, moment: snapshot.moment };
        let changed = ui.push_id(form_ui::form_id(form), |ui| form.ui(ui, &around)).inner;
        if changed {
            form.changed(&card.standing, &work.employee, snapshot.moment);
            if snapshot.settings.keep_drafts {
                actions.push(Action::SaveDraft(id, form.typed()));
            }
        }
    }

    fn send_ui(&mut self, ui: &mut Ui, card: &Card, snapshot: &Snapshot, work: &Work, actions: &mut Vec<Action>) {
        let Some(form) = self.forms.get_mut(&card.standing.application.id) else { return };
        ui.add_space(4.0);
        let pressed = form.send_ui(ui) || std::mem::take(&mut self.keys_send);
        if pressed && form.sending.is_none() {
            self.attempts += 1;
            actions.extend(form.send(&card.standing, &work.employee, snapshot.moment, self.attempts));
        }
    }

    /// What was typed for an application that can no longer be answered.
    fn leftover_ui(&mut self, ui: &mut Ui, id: ApplicationId, actions: &mut Vec<Action>) {
        let Some(form) = self.forms.get(&id).filter(|form| form.touched && form.sending.is_none()) else { return };
        let words = words_of(&form.typed());
        ui.add_space(6.0);
        ui.label(theme::bold(t!("answer-leftover")));
        ui.add(egui::Label::new(&words).wrap().selectable(true));
        ui.horizontal(|ui| {
            if ui.button(t!("answer-leftover-copy")).clicked() {
                ui.copy_text(words);
            }
            if ui.button(t!("answer-leftover-drop")).clicked() {
                self.forms.remove(&id);
                self.dropped = Some(id);
                actions.push(Action::DropDraft(id));
            }
        });
    }
}

/// Whether the card's application is to be answered here.
fn has_form(card: &Card, work: &Work) -> bool {
    card.standing.is_pending() && work.role.answers_applications()
}
