//! The parts of the card that have no state: header, link, fields, and why there is no form.

use std::borrow::Cow;

use egui::{Label, RichText, Sense, Ui};
use prikrep_domain::{ApplicationType, Delivery, Moment, Status};

use super::fields::fields;
use super::history::hop_ui;
use crate::format;
use crate::t;
use crate::theme::{self, Palette};
use crate::widgets::{self, Icon, Mark};
use crate::{Action, Card, Hop};

pub(super) fn close_ui(ui: &mut Ui, actions: &mut Vec<Action>) {
    if widgets::icon_button(ui, Icon::Cross, &t!("card-close"), Sense::click())
        .on_hover_text(t!("card-close"))
        .clicked()
    {
        actions.push(Action::CloseCard);
    }
}

/// The application's identifier with a copy button, its type and its status.
pub(super) fn header_ui(ui: &mut Ui, card: &Card, actions: &mut Vec<Action>) {
    let application = &card.standing.application;
    ui.horizontal(|ui| {
        ui.add(Label::new(theme::bold(application.application_type.words())).truncate());
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| close_ui(ui, actions));
    });
    ui.horizontal_wrapped(|ui| {
        ui.add(Label::new(theme::mono(application.id.to_string())).selectable(true));
        if widgets::icon_button(ui, Icon::Copy, &t!("card-copy-id"), Sense::click()).clicked() {
            ui.copy_text(application.id.to_string());
        }
    });
    ui.horizontal(|ui| {
        widgets::application_mark(ui, application.status, card.standing.is_pending());
        let queued = card.answers.iter().map(|(_, hop)| hop).rev().find(|hop| !matches!(hop, Hop::Delivered { .. }));
        if let Some(Hop::Queued { .. } | Hop::Registered) = queued {
            ui.label(RichText::new(t!("card-on-its-way")).color(Palette::of(ui).muted));
        }
    });
}

/// The application on the other side of a cancellation, one press away.
pub(super) fn linked_ui(ui: &mut Ui, card: &Card, actions: &mut Vec<Action>) {
    let Some(linked) = card.linked else { return };
    ui.horizontal_wrapped(|ui| {
        let words = match linked.application_type {
            ApplicationType::Cancellation => t!("linked-cancellation"),
            ApplicationType::Choice | ApplicationType::Detachment => t!("linked-choice"),
        };
        ui.label(words);
        if !linked.is_here {
            ui.label(RichText::new(t!("linked-absent", id = linked.id.to_string())).color(Palette::of(ui).muted));
        } else if ui.button(t!("linked-open")).clicked() {
            actions.push(Action::Open(linked.id));
        }
    });
}

pub(super) fn fields_ui(ui: &mut Ui, card: &Card, moment: Moment) {
    for (label, value) in fields(&card.standing.application, moment.zone) {
        widgets::copyable(ui, &label, value.as_deref().unwrap_or_default());
    }
}

/// What the form is for.
pub(super) fn heading(card: &Card) -> Cow<'static, str> {
    let application = &card.standing.application;
    match (application.application_type, application.status) {
        (ApplicationType::Cancellation, Status::CancelFailed) => t!("answer-heading-after-failed-cancel"),
        (ApplicationType::Choice, _) => t!("answer-heading-choice"),
        (ApplicationType::Cancellation, _) => t!("answer-heading-cancellation"),
        (ApplicationType::Detachment, _) => t!("answer-heading-detachment"),
    }
}

/// The last answer, when it was rejected.
pub(super) fn rejected(card: &Card) -> Option<&Hop> {
    let (record, hop) = card.answers.last()?;
    let is_rejected = matches!(record.delivery, Delivery::Rejected { .. }) || matches!(hop, Hop::Rejected { .. });
    is_rejected.then_some(hop)
}

/// The last answer was rejected: why, above the form that is filled in with it.
pub(super) fn rejected_ui(ui: &mut Ui, card: &Card) {
    let Some(hop) = rejected(card) else { return };
    ui.label(theme::bold(t!("answer-rejected")));
    if let Hop::Rejected { words, .. } = hop {
        widgets::told(ui, Mark::Bad, words);
    }
}

/// Why there is no form.
pub(super) fn why_not_ui(ui: &mut Ui, card: &Card, moment: Moment) {
    let application = &card.standing.application;
    if card.standing.superseded_by.is_some() {
        ui.add(Label::new(t!("answer-superseded")).wrap());
        return;
    }
    let standing = card.answers.iter().rev().find(|(_, hop)| !matches!(hop, Hop::Rejected { .. }));
    if let Some((record, hop)) = standing {
        let (by, at) = (record.answer.answered_by.as_str(), format::moment(record.answer.answered_at, moment.zone));
        let words = t!("answer-given", by = by, at = at, decision = record.answer.decision.kind().words());
        ui.add(Label::new(words).wrap());
        hop_ui(ui, hop, moment);
    } else if application.status == Status::Cancelling {
        ui.add(Label::new(t!("answer-cancelling")).wrap());
    } else {
        ui.add(Label::new(t!("answer-none-possible", status = application.status.table_words())).wrap());
    }
}
