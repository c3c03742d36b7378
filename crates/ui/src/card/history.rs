//! The history of an application: received, and each answer with how far it has travelled.

use egui::{RichText, Ui};
use prikrep_domain::{Moment, RecordedAnswer};

use super::form::details;
use crate::format;
use crate::t;
use crate::theme::{self, Palette};
use crate::widgets::{self, Mark};
use crate::{Card, Hop};

/// How far an answer has travelled, in words.
pub(crate) fn hop_words(hop: &Hop, moment: Moment) -> String {
    match hop {
        Hop::Queued { tries: 0, .. } => t!("hop-queued").into_owned(),
        Hop::Queued { tries, trouble: None } => t!("hop-queued-tried", count = *tries).into_owned(),
        Hop::Queued { tries, trouble: Some(words) } => {
            t!("hop-queued-trouble", count = *tries, words = words.as_str()).into_owned()
        }
        Hop::Registered => t!("hop-registered").into_owned(),
        Hop::Delivered { at: None } => t!("hop-delivered").into_owned(),
        Hop::Delivered { at: Some(at) } => t!("hop-delivered-at", at = format::moment(*at, moment.zone)).into_owned(),
        Hop::Rejected { words, .. } => t!("hop-rejected", words = words.as_str()).into_owned(),
    }
}

/// A hop with its sign.
pub(crate) fn hop_ui(ui: &mut Ui, hop: &Hop, moment: Moment) {
    let mark = match hop {
        Hop::Queued { trouble: None, .. } | Hop::Registered => Mark::Pending,
        Hop::Queued { trouble: Some(_), .. } => Mark::Warn,
        Hop::Delivered { .. } => Mark::Ok,
        Hop::Rejected { .. } => Mark::Bad,
    };
    widgets::told(ui, mark, &hop_words(hop, moment));
}

/// Draws the history.
pub(crate) fn history_ui(ui: &mut Ui, card: &Card, moment: Moment) {
    ui.label(theme::bold(t!("history")));
    let created = format::moment(card.standing.application.created_at, moment.zone);
    ui.label(t!("history-received", at = created));
    for (record, hop) in &card.answers {
        ui.add_space(4.0);
        answer_ui(ui, record, moment);
        hop_ui(ui, hop, moment);
    }
}

fn answer_ui(ui: &mut Ui, record: &RecordedAnswer, moment: Moment) {
    let answer = &record.answer;
    let at = format::moment(answer.answered_at, moment.zone);
    let head = t!("history-answer", at = at, by = answer.answered_by.as_str());
    ui.add(egui::Label::new(head).wrap());
    let what = match details(answer) {
        Some(details) => format!("{}: {details}", answer.decision.kind().words()),
        None => answer.decision.kind().words().to_owned(),
    };
    ui.add(egui::Label::new(theme::bold(&what)).wrap());
    ui.add(egui::Label::new(RichText::new(format!("«{}»", answer.comment)).color(Palette::of(ui).muted)).wrap());
}
