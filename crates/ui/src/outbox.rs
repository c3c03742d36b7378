//! «Отправка»: every answer that is not yet delivered, or was rejected.

use egui::{Grid, Label, RichText, ScrollArea, Ui};
use prikrep_domain::Moment;

use crate::card::hop_ui;
use crate::format;
use crate::t;
use crate::theme::{self, Palette};
use crate::{Action, Hop, OutboxRow, Work};

/// Draws the answers on their way. A press on one opens its card.
pub(crate) fn outbox_ui(ui: &mut Ui, work: &Work, moment: Moment, actions: &mut Vec<Action>) {
    ui.label(theme::title(t!("outbox-title")));
    if work.outbox.is_empty() {
        ui.add_space(24.0);
        ui.vertical_centered(|ui| ui.label(t!("outbox-empty")));
        return;
    }
    ui.label(RichText::new(t!("outbox-count", count = work.outbox.len())).color(Palette::of(ui).muted));
    ui.add_space(6.0);
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        for row in work.outbox.iter() {
            ui.push_id(row.record.id, |ui| {
                theme::block(ui).show(ui, |ui| row_ui(ui, row, moment, actions));
            });
        }
    });
}

fn row_ui(ui: &mut Ui, row: &OutboxRow, moment: Moment, actions: &mut Vec<Action>) {
    ui.set_width(ui.available_width());
    ui.horizontal(|ui| {
        let patient = if row.patient.is_empty() { t!("outbox-not-here") } else { row.patient.as_str().into() };
        if ui.link(theme::bold(patient)).on_hover_text(t!("outbox-open")).clicked() {
            actions.push(Action::Open(row.application));
        }
        if let Some(kind) = row.application_type {
            ui.label(RichText::new(kind.words()).color(Palette::of(ui).muted));
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| buttons_ui(ui, row, actions));
    });
    hop_ui(ui, &row.hop, moment);
    Grid::new("times").num_columns(2).show(ui, |ui| {
        for (label, value) in facts(row, moment) {
            ui.label(RichText::new(label).color(Palette::of(ui).muted));
            ui.add(Label::new(value).wrap());
            ui.end_row();
        }
    });
}

fn buttons_ui(ui: &mut Ui, row: &OutboxRow, actions: &mut Vec<Action>) {
    match row.hop {
        Hop::Rejected { .. } => {
            if ui.button(t!("outbox-rework")).clicked() {
                actions.push(Action::Rework(row.record.id));
                actions.push(Action::Open(row.application));
            }
        }
        Hop::Queued { .. } => {
            if ui.button(t!("outbox-retry")).clicked() {
                actions.push(Action::Retry(row.record.id));
            }
        }
        Hop::Registered | Hop::Delivered { .. } => {}
    }
}

/// What there is to know of an answer: when, what, tries.
pub(crate) fn facts(row: &OutboxRow, moment: Moment) -> Vec<(String, String)> {
    let answer = &row.record.answer;
    let at = |at| format::recent(at, moment.now, moment.zone);
    let mut facts = vec![
        (t!("outbox-answered").into_owned(), format!("{}, {}", at(answer.answered_at), answer.answered_by)),
        (t!("outbox-decision").into_owned(), answer.decision.kind().words().to_owned()),
    ];
    if let Hop::Queued { tries, .. } = &row.hop {
        facts.push((t!("outbox-tries").into_owned(), tries.to_string()));
    }
    facts.extend(row.last_try.map(|last| (t!("outbox-last-try").into_owned(), at(last))));
    facts.extend(row.next_try.map(|next| (t!("outbox-next-try").into_owned(), at(next))));
    facts
}
