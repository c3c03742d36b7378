//! Signing in: address, login, password, a new password where it must be changed, and the passphrase where the
//! system keeps no keys.

use egui::{Align, Key, Layout, Response, RichText, TextEdit, Ui};
use zeroize::{Zeroize, Zeroizing};

use crate::t;
use crate::theme::{self, Palette};
use crate::widgets::{self, Mark};
use crate::{Action, Credentials, NewPassword, Passphrase, Settings, SignIn, SignInField, SignInTrouble};

const FORM_WIDTH: f32 = 380.0;
/// From top to bottom.
const FIELDS: [SignInField; 6] = [
    SignInField::Server,
    SignInField::Login,
    SignInField::Password,
    SignInField::NewPassword,
    SignInField::NewPasswordAgain,
    SignInField::Passphrase,
];

/// The sign-in's own state.
#[derive(Default)]
pub(crate) struct SignInView {
    server: String,
    login: String,
    password: String,
    new_password: String,
    new_password_again: String,
    passphrase: String,
    is_filled: bool,
    /// Whom the client was last asked about.
    identified: (String, String),
    focused: bool,
    was_busy: bool,
    /// The trouble whose field was last given the keyboard.
    led_to: Option<SignInTrouble>,
    /// A field that was left empty at the last try.
    missing: Option<SignInField>,
    /// The new password was typed in two ways.
    differs: bool,
    /// The field that is to have the keyboard.
    wants_focus: Option<SignInField>,
}

impl Drop for SignInView {
    fn drop(&mut self) {
        self.forget();
    }
}

impl SignInView {
    /// Wipes what is secret.
    pub(crate) fn forget(&mut self) {
        self.password.zeroize();
        self.forget_new();
        self.passphrase.zeroize();
    }

    fn forget_new(&mut self) {
        self.new_password.zeroize();
        self.new_password_again.zeroize();
    }

    pub(crate) fn ui(&mut self, ui: &mut Ui, state: &SignIn, settings: &Settings, actions: &mut Vec<Action>) {
        if !std::mem::replace(&mut self.is_filled, true) {
            (self.server, self.login) = (settings.server.clone(), settings.login.clone());
        }
        ui.with_layout(Layout::top_down(Align::Center), |ui| {
            // The longer form begins higher, to fit the smallest window.
            let share = if state.new_password == NewPassword::Asked { 0.04 } else { 0.16 };
            ui.add_space((ui.available_height() * share).max(16.0));
            ui.label(theme::title(t!("app-name")));
            ui.label(RichText::new(t!("app-purpose")).color(Palette::of(ui).muted));
            ui.add_space(16.0);
            ui.allocate_ui_with_layout(egui::vec2(FORM_WIDTH, 0.0), Layout::top_down(Align::Min), |ui| {
                ui.set_width(FORM_WIDTH);
                ui.add_enabled_ui(state.busy.is_none(), |ui| self.form_ui(ui, state, actions));
                self.demo_ui(ui, state, actions);
            });
        });
    }

    fn form_ui(&mut self, ui: &mut Ui, state: &SignIn, actions: &mut Vec<Action>) {
        let trouble = |field: SignInField| {
            let told = state.trouble.as_ref().filter(|trouble| trouble.field == Some(field));
            told.map(|trouble| trouble.words.clone())
        };
        // Told until something is typed there.
        let missing = self.missing.filter(|field| self.is_empty(*field));
        let error = |field| {
            missing
                .filter(|missing| *missing == field)
                .map_or_else(|| trouble(field), |_| Some(t!("sign-in-fill").into_owned()))
        };
        let (server_error, login_error) = (error(SignInField::Server), error(SignInField::Login));
        let (password_error, passphrase_error) = (error(SignInField::Password), error(SignInField::Passphrase));
        let (new_error, again_error) = (error(SignInField::NewPassword), error(SignInField::NewPasswordAgain));
        let again_error = again_error.or_else(|| self.differs.then(|| t!("sign-in-new-password-differs").into_owned()));
        let hint = t!("sign-in-server-hint");
        let server = text_field(ui, &t!("sign-in-server"), &mut self.server, &hint, server_error.as_deref());
        let login = text_field(ui, &t!("sign-in-login"), &mut self.login, "", login_error.as_deref());
        let password = secret_field(ui, &t!("sign-in-password"), &mut self.password, password_error.as_deref());
        let mut entered = was_entered(ui, &[&server, &login, &password]);
        let (mut new, mut again, mut last) = (None, None, None);
        if state.new_password == NewPassword::Asked {
            let first = secret_field(ui, &t!("sign-in-new-password"), &mut self.new_password, new_error.as_deref());
            let label = t!("sign-in-new-password-again");
            let second = secret_field(ui, &label, &mut self.new_password_again, again_error.as_deref());
            entered |= was_entered(ui, &[&first, &second]);
            (new, again) = (Some(first), Some(second));
        }
        if state.passphrase != Passphrase::NotNeeded {
            let label = match state.passphrase {
                Passphrase::Enter => t!("sign-in-passphrase"),
                Passphrase::Choose | Passphrase::NotNeeded => t!("sign-in-passphrase-choose"),
            };
            let passphrase = secret_field(ui, &label, &mut self.passphrase, passphrase_error.as_deref());
            ui.label(RichText::new(t!("sign-in-passphrase-why")).small().color(Palette::of(ui).muted));
            entered |= was_entered(ui, &[&passphrase]);
            last = Some(passphrase);
        }
        self.follow(state);
        self.focus([Some(&server), Some(&login), Some(&password), new.as_ref(), again.as_ref(), last.as_ref()]);
        self.identify(actions);
        ui.add_space(8.0);
        if let Some(trouble) = state.trouble.as_ref().filter(|trouble| trouble.field.is_none()) {
            widgets::told(ui, Mark::Bad, &trouble.words);
            ui.add_space(4.0);
        }
        let words = if state.new_password == NewPassword::Asked { t!("sign-in-change") } else { t!("sign-in-enter") };
        if ui.add_sized([FORM_WIDTH, 32.0], theme::primary(ui, words)).clicked() || entered {
            self.enter(state, false, actions);
        }
        if state.offers_afresh && ui.button(t!("sign-in-afresh")).clicked() {
            self.enter(state, true, actions);
        }
    }

    /// At first the first field that is to be filled in has the keyboard; after a try that failed, the one
    /// that is to be corrected. A wrong password is typed anew.
    fn follow(&mut self, state: &SignIn) {
        let was_busy = std::mem::replace(&mut self.was_busy, state.busy.is_some());
        let is_new = state.trouble.is_some() && state.trouble != self.led_to;
        if state.busy.is_none() && (was_busy || is_new) {
            if state.new_password == NewPassword::Taken && !self.new_password.is_empty() {
                self.password.zeroize();
                self.password = std::mem::take(&mut self.new_password);
                self.forget_new();
            }
            self.led_to.clone_from(&state.trouble);
            self.focused = true;
            let field = state.trouble.as_ref().and_then(|trouble| trouble.field);
            match field {
                Some(SignInField::Password) => self.password.zeroize(),
                Some(SignInField::NewPassword | SignInField::NewPasswordAgain) => self.forget_new(),
                Some(SignInField::Server | SignInField::Login | SignInField::Passphrase) | None => {}
            }
            let usual =
                if state.new_password == NewPassword::Asked { SignInField::NewPassword } else { SignInField::Password };
            self.wants_focus = Some(field.unwrap_or(usual));
        } else if !std::mem::replace(&mut self.focused, true) {
            let first = [SignInField::Server, SignInField::Login].into_iter().find(|field| self.is_empty(*field));
            self.wants_focus = Some(first.unwrap_or(SignInField::Password));
        }
    }

    fn focus(&mut self, fields: [Option<&Response>; 6]) {
        let Some(wanted) = self.wants_focus.take() else { return };
        let found = FIELDS.into_iter().zip(fields).find(|(field, _)| *field == wanted);
        if let Some(response) = found.and_then(|(_, response)| response) {
            response.request_focus();
        }
    }

    fn is_empty(&self, field: SignInField) -> bool {
        match field {
            SignInField::Server => self.server.trim().is_empty(),
            SignInField::Login => self.login.trim().is_empty(),
            SignInField::Password => self.password.is_empty(),
            SignInField::NewPassword => self.new_password.is_empty(),
            SignInField::NewPasswordAgain => self.new_password_again.is_empty(),
            SignInField::Passphrase => self.passphrase.is_empty(),
        }
    }

    /// Tells the client who is about to sign in, so that it looks whether a passphrase is needed.
    fn identify(&mut self, actions: &mut Vec<Action>) {
        let (server, login) = (self.server.trim(), self.login.trim());
        if (server, login) != (self.identified.0.as_str(), self.identified.1.as_str()) {
            self.identified = (server.to_owned(), login.to_owned());
            if !server.is_empty() && !login.is_empty() {
                actions.push(Action::Identify { server: server.to_owned(), login: login.to_owned() });
            }
        }
    }

    fn enter(&mut self, state: &SignIn, afresh: bool, actions: &mut Vec<Action>) {
        let needs_passphrase = state.passphrase != Passphrase::NotNeeded;
        let changes_password = state.new_password == NewPassword::Asked;
        let is_asked = |field: &SignInField| match field {
            SignInField::Server | SignInField::Login | SignInField::Password => true,
            SignInField::NewPassword | SignInField::NewPasswordAgain => changes_password,
            SignInField::Passphrase => needs_passphrase,
        };
        self.missing = FIELDS.into_iter().filter(is_asked).find(|field| self.is_empty(*field));
        self.differs = self.missing.is_none() && changes_password && self.new_password != self.new_password_again;
        if self.differs {
            self.new_password_again.zeroize();
        }
        self.wants_focus = self.missing.or(self.differs.then_some(SignInField::NewPasswordAgain));
        if self.missing.is_none() && !self.differs {
            actions.push(Action::SignIn(Credentials {
                server: self.server.trim().to_owned(),
                login: self.login.trim().to_owned(),
                password: Zeroizing::new(self.password.clone()),
                new_password: changes_password.then(|| Zeroizing::new(self.new_password.clone())),
                passphrase: needs_passphrase.then(|| Zeroizing::new(self.passphrase.clone())),
                afresh,
            }));
        }
    }

    fn demo_ui(&self, ui: &mut Ui, state: &SignIn, actions: &mut Vec<Action>) {
        ui.add_space(6.0);
        match &state.busy {
            Some(words) => {
                ui.horizontal(|ui| {
                    ui.spinner();
                    ui.label(words);
                });
            }
            None => {
                if ui.add_sized([FORM_WIDTH, 28.0], egui::Button::new(t!("sign-in-demo"))).clicked() {
                    actions.push(Action::Demo);
                }
            }
        }
    }
}

fn text_field(ui: &mut Ui, label: &str, value: &mut String, hint: &str, error: Option<&str>) -> Response {
    widgets::labelled(ui, label, error, |ui| {
        ui.add(TextEdit::singleline(value).hint_text(hint).desired_width(f32::INFINITY).char_limit(512))
    })
}

/// A field whose characters are hidden.
pub(crate) fn secret_field(ui: &mut Ui, label: &str, value: &mut String, error: Option<&str>) -> Response {
    widgets::labelled(ui, label, error, |ui| {
        ui.add(TextEdit::singleline(value).password(true).desired_width(f32::INFINITY).char_limit(1_024))
    })
}

/// Enter was pressed in one of some fields.
pub(crate) fn was_entered(ui: &Ui, fields: &[&Response]) -> bool {
    fields.iter().any(|field| field.lost_focus()) && ui.input(|input| input.key_pressed(Key::Enter))
}
