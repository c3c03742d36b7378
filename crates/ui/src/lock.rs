//! The lock: nothing is seen until the password is given.

use egui::{Align, Layout, RichText, Ui};
use zeroize::{Zeroize, Zeroizing};

use crate::sign_in::{secret_field, was_entered};
use crate::t;
use crate::theme::{self, Palette};
use crate::{Action, Locked};

const FORM_WIDTH: f32 = 320.0;

/// The lock's own state.
#[derive(Default)]
pub(crate) struct LockView {
    password: String,
    focused: bool,
    was_busy: bool,
}

impl Drop for LockView {
    fn drop(&mut self) {
        self.password.zeroize();
    }
}

impl LockView {
    pub(crate) fn ui(&mut self, ui: &mut Ui, state: &Locked, actions: &mut Vec<Action>) {
        ui.with_layout(Layout::top_down(Align::Center), |ui| {
            ui.add_space((ui.available_height() * 0.25).max(16.0));
            ui.label(theme::title(t!("lock-title")));
            ui.label(RichText::new(state.login.as_str()).color(Palette::of(ui).muted));
            ui.add_space(12.0);
            ui.allocate_ui_with_layout(egui::vec2(FORM_WIDTH, 0.0), Layout::top_down(Align::Min), |ui| {
                ui.set_width(FORM_WIDTH);
                ui.add_enabled_ui(!state.busy, |ui| self.form_ui(ui, state, actions));
            });
        });
    }

    fn form_ui(&mut self, ui: &mut Ui, state: &Locked, actions: &mut Vec<Action>) {
        let field = secret_field(ui, &t!("sign-in-password"), &mut self.password, state.trouble.as_deref());
        // While the password is checked the field takes no keyboard.
        let is_over = std::mem::replace(&mut self.was_busy, state.busy) && !state.busy;
        if is_over || (!state.busy && !std::mem::replace(&mut self.focused, true)) {
            field.request_focus();
        }
        if let Some(hint) = &state.hint {
            ui.label(RichText::new(hint).color(Palette::of(ui).muted));
        }
        ui.add_space(6.0);
        let words = t!("lock-unlock");
        let pressed = ui.add_sized([FORM_WIDTH, 32.0], theme::primary(ui, words)).clicked();
        if pressed || was_entered(ui, &[&field]) {
            self.focused = false;
            if !self.password.is_empty() {
                actions.push(Action::Unlock(Zeroizing::new(self.password.clone())));
                self.password.zeroize();
            }
        }
    }
}
