//! Signing in: address, login, password, and the passphrase where the system keeps no keys.

use egui::{Align, Key, Layout, Response, RichText, TextEdit, Ui};
use zeroize::{Zeroize, Zeroizing};

use crate::t;
use crate::theme::{self, Palette};
use crate::widgets::{self, Mark};
use crate::{Action, Credentials, Passphrase, Settings, SignIn, SignInField, SignInTrouble};

const FORM_WIDTH: f32 = 380.0;

/// The sign-in's own state.
#[derive(Default)]
pub(crate) struct SignInView {
    server: String,
    login: String,
    password: String,
    passphrase: String,
    is_filled: bool,
    /// Whom the client was last asked about.
    identified: (String, String),
    focused: bool,
    /// The trouble whose field was last given the keyboard.
    led_to: Option<SignInTrouble>,
    /// A field that was left empty at the last try.
    missing: Option<SignInField>,
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
        self.passphrase.zeroize();
    }

    pub(crate) fn ui(&mut self, ui: &mut Ui, state: &SignIn, settings: &Settings, actions: &mut Vec<Action>) {
        if !std::mem::replace(&mut self.is_filled, true) {
            (self.server, self.login) = (settings.server.clone(), settings.login.clone());
        }
        ui.with_layout(Layout::top_down(Align::Center), |ui| {
            ui.add_space((ui.available_height() * 0.16).max(16.0));
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
        let error = |field| {
            self.missing
                .filter(|missing| *missing == field)
                .map_or_else(|| trouble(field), |_| Some(t!("sign-in-fill").into_owned()))
        };
        let (server_error, login_error) = (error(SignInField::Server), error(SignInField::Login));
        let (password_error, passphrase_error) = (error(SignInField::Password), error(SignInField::Passphrase));
        let hint = t!("sign-in-server-hint");
        let server = text_field(ui, &t!("sign-in-server"), &mut self.server, &hint, server_error.as_deref());
        let login = text_field(ui, &t!("sign-in-login"), &mut self.login, "", login_error.as_deref());
        let password = secret_field(ui, &t!("sign-in-password"), &mut self.password, password_error.as_deref());
        let mut entered = was_entered(ui, &[&server, &login, &password]);
        if state.passphrase != Passphrase::NotNeeded {
            let label = match state.passphrase {
                Passphrase::Enter => t!("sign-in-passphrase"),
                Passphrase::Choose | Passphrase::NotNeeded => t!("sign-in-passphrase-choose"),
            };
            let passphrase = secret_field(ui, &label, &mut self.passphrase, passphrase_error.as_deref());
            self.lead(state, SignInField::Passphrase, &passphrase);
            ui.label(RichText::new(t!("sign-in-passphrase-why")).small().color(Palette::of(ui).muted));
            entered |= was_entered(ui, &[&passphrase]);
        }
        if state.trouble.is_none() {
            self.led_to = None;
        }
        self.first_focus(&server, &login, &password);
        self.lead(state, SignInField::Server, &server);
        self.lead(state, SignInField::Login, &login);
        self.lead(state, SignInField::Password, &password);
        self.identify(actions);
        ui.add_space(8.0);
        if let Some(trouble) = state.trouble.as_ref().filter(|trouble| trouble.field.is_none()) {
            widgets::told(ui, Mark::Bad, &trouble.words);
            ui.add_space(4.0);
        }
        let words = t!("sign-in-enter");
        if ui.add_sized([FORM_WIDTH, 32.0], theme::primary(ui, words)).clicked() || entered {
            self.enter(state, false, actions);
        }
        if state.offers_afresh && ui.button(t!("sign-in-afresh")).clicked() {
            self.enter(state, true, actions);
        }
    }

    fn first_focus(&mut self, server: &Response, login: &Response, password: &Response) {
        if std::mem::replace(&mut self.focused, true) {
            return;
        }
        match (self.server.is_empty(), self.login.is_empty()) {
            (true, _) => server.request_focus(),
            (false, true) => login.request_focus(),
            (false, false) => password.request_focus(),
        }
    }

    /// A field that has just turned out mistaken gets the keyboard.
    fn lead(&mut self, state: &SignIn, field: SignInField, response: &Response) {
        let is_new = state.trouble != self.led_to;
        if is_new && state.busy.is_none() && state.trouble.as_ref().is_some_and(|trouble| trouble.field == Some(field))
        {
            response.request_focus();
            self.led_to.clone_from(&state.trouble);
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
        self.missing = [
            (SignInField::Server, self.server.trim().is_empty()),
            (SignInField::Login, self.login.trim().is_empty()),
            (SignInField::Password, self.password.is_empty()),
            (SignInField::Passphrase, needs_passphrase && self.passphrase.is_empty()),
        ]
        .into_iter()
        .find_map(|(field, is_empty)| is_empty.then_some(field));
        if self.missing.is_none() {
            actions.push(Action::SignIn(Credentials {
                server: self.server.trim().to_owned(),
                login: self.login.trim().to_owned(),
                password: Zeroizing::new(self.password.clone()),
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
