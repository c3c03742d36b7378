//! An export: where to, how far, what came of it.

use egui::{Id, Modal, TextEdit, Ui};

use crate::t;
use crate::theme;
use crate::widgets::{self, Mark};
use crate::{Action, Export};

const WIDTH: f32 = 460.0;

/// Draws what there is to say of an export. `path` is what is typed where the system has no dialog.
pub(crate) fn export_ui(ui: &Ui, export: &Export, path: &mut Option<String>, actions: &mut Vec<Action>) {
    match export {
        Export::None | Export::Choosing => *path = None,
        Export::AskPath { proposed, trouble } => {
            let path = path.get_or_insert_with(|| proposed.clone());
            modal(ui, actions, |ui, actions| ask_ui(ui, path, trouble.as_deref(), actions));
        }
        Export::Writing { done, total } => modal(ui, actions, |ui, actions| {
            widgets::progress(ui, *done, Some(*total), &t!("export-writing", done = *done, total = *total));
            if ui.button(t!("export-cancel")).clicked() {
                actions.push(Action::EndExport);
            }
        }),
        Export::Done { path, rows } => modal(ui, actions, |ui, actions| {
            widgets::told(ui, Mark::Ok, &t!("export-done", count = *rows));
            widgets::copyable(ui, &t!("export-file"), path);
            close_ui(ui, actions);
        }),
        Export::Failed { words } => modal(ui, actions, |ui, actions| {
            widgets::told(ui, Mark::Bad, words);
            close_ui(ui, actions);
        }),
    }
}

fn modal(ui: &Ui, actions: &mut Vec<Action>, add: impl FnOnce(&mut Ui, &mut Vec<Action>)) {
    let shown = Modal::new(Id::unique("export")).show(ui, |ui| {
        ui.set_width(WIDTH);
        ui.label(theme::bold(t!("export-title")));
        ui.add_space(6.0);
        add(ui, actions);
    });
    if shown.should_close() {
        actions.push(Action::EndExport);
    }
}

fn ask_ui(ui: &mut Ui, path: &mut String, trouble: Option<&str>, actions: &mut Vec<Action>) {
    ui.label(t!("export-no-dialog"));
    widgets::labelled(ui, &t!("export-path"), trouble, |ui| {
        ui.add(TextEdit::singleline(path).desired_width(f32::INFINITY).char_limit(4_096))
    });
    ui.horizontal(|ui| {
        if ui.add(theme::primary(ui, t!("export-save"))).clicked() && !path.trim().is_empty() {
            actions.push(Action::ExportTo(path.trim().to_owned()));
        }
        if ui.button(t!("export-cancel")).clicked() {
            actions.push(Action::EndExport);
        }
    });
}

fn close_ui(ui: &mut Ui, actions: &mut Vec<Action>) {
    if ui.button(t!("export-close")).clicked() {
        actions.push(Action::EndExport);
    }
}
