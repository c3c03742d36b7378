//! «Настройки».

use chrono_tz::Tz;
use egui::{ComboBox, Grid, Response, ScrollArea, Slider, Ui};

use crate::t;
use crate::theme;
use crate::widgets::{self, Mark};
use crate::{Action, Settings, Snapshot, ThemeChoice, Work};

const ZOOM: std::ops::RangeInclusive<u16> = 100..=200;
const LOCK_MINS: std::ops::RangeInclusive<u16> = 0..=240;

/// What a person is asked before it is done.
#[derive(Default)]
pub(crate) struct SettingsView {
    asks_to_wipe: bool,
}

impl SettingsView {
    pub(crate) fn ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, work: &Work, actions: &mut Vec<Action>) {
        let mut settings = (*snapshot.settings).clone();
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            ui.label(theme::title(t!("settings-title")));
            ui.add_space(8.0);
            look_ui(ui, &mut settings);
            ui.add_space(10.0);
            work_ui(ui, &mut settings);
            if let Some(words) = snapshot.notice_trouble.as_ref().filter(|_| settings.notifications) {
                widgets::told(ui, Mark::Warn, words);
            }
            ui.add_space(10.0);
            about_ui(ui, snapshot);
            ui.add_space(10.0);
            self.leave_ui(ui, work, actions);
        });
        if settings != *snapshot.settings {
            actions.push(Action::Set(settings));
        }
        if self.asks_to_wipe {
            self.wipe_ui(ui, work, actions);
        }
    }

    fn leave_ui(&mut self, ui: &mut Ui, work: &Work, actions: &mut Vec<Action>) {
        ui.label(theme::bold(t!("settings-leave")));
        ui.horizontal_wrapped(|ui| {
            if ui.button(t!("settings-sign-out")).clicked() {
                actions.push(Action::SignOut { wipe: false });
            }
            if ui.button(t!("settings-sign-out-wipe")).clicked() {
                self.asks_to_wipe = true;
            }
        });
        let undelivered = work.counts.queued + work.counts.rejected;
        if undelivered > 0 {
            let words = t!("settings-undelivered", count = undelivered);
            widgets::told(ui, Mark::Warn, &words);
        }
    }

    fn wipe_ui(&mut self, ui: &Ui, work: &Work, actions: &mut Vec<Action>) {
        let undelivered = work.counts.queued + work.counts.rejected;
        let modal = egui::Modal::new(egui::Id::unique("wipe")).show(ui, |ui| {
            ui.set_width(420.0);
            ui.label(theme::bold(t!("wipe-title")));
            if undelivered > 0 {
                ui.label(t!("wipe-refused", count = undelivered));
            } else {
                ui.label(t!("wipe-what"));
            }
            ui.add_space(8.0);
            ui.horizontal(|ui| {
                let wipes = undelivered == 0 && ui.button(t!("wipe-yes")).clicked();
                if wipes {
                    actions.push(Action::SignOut { wipe: true });
                }
                if wipes || ui.button(t!("wipe-no")).clicked() {
                    ui.close();
                }
            });
        });
        if modal.should_close() {
            self.asks_to_wipe = false;
        }
    }
}

fn look_ui(ui: &mut Ui, settings: &mut Settings) {
    ui.label(theme::bold(t!("settings-look")));
    Grid::new("look").num_columns(2).spacing([16.0, 6.0]).show(ui, |ui| {
        ui.label(t!("settings-theme"));
        ui.horizontal(|ui| {
            let themes = [
                (ThemeChoice::System, t!("settings-theme-system")),
                (ThemeChoice::Light, t!("settings-theme-light")),
                (ThemeChoice::Dark, t!("settings-theme-dark")),
            ];
            for (choice, words) in themes {
                ui.radio_value(&mut settings.theme, choice, words);
            }
        });
        ui.end_row();
        let label = ui.label(t!("settings-zoom"));
        let zoom = Slider::new(&mut settings.zoom_percent, ZOOM).step_by(10.0).suffix(" %");
        // The size that is being chosen must not move the slider away from under the pointer.
        ui.add(zoom.update_while_editing(false)).labelled_by(label.id);
        ui.end_row();
    });
}

fn work_ui(ui: &mut Ui, settings: &mut Settings) {
    ui.label(theme::bold(t!("settings-work")));
    ui.checkbox(&mut settings.notifications, t!("settings-notifications"));
    ui.checkbox(&mut settings.keep_drafts, t!("settings-keep-drafts"));
    ui.horizontal(|ui| {
        let label = ui.label(t!("settings-lock"));
        ui.add(egui::DragValue::new(&mut settings.lock_after_mins).range(LOCK_MINS)).labelled_by(label.id);
        ui.label(t!("settings-lock-mins"));
    });
    ui.horizontal(|ui| {
        let label = ui.label(t!("settings-zone"));
        zone_ui(ui, &mut settings.zone).labelled_by(label.id);
        ui.label(theme::note(ui, t!("settings-zone-when")));
    });
}

/// The time zones of Russia, one of each offset; another one may stand in the settings' file.
fn zone_ui(ui: &mut Ui, zone: &mut Tz) -> Response {
    let zones = [
        (Tz::Europe__Kaliningrad, t!("zone-kaliningrad")),
        (Tz::Europe__Moscow, t!("zone-moscow")),
        (Tz::Europe__Samara, t!("zone-samara")),
        (Tz::Asia__Yekaterinburg, t!("zone-yekaterinburg")),
        (Tz::Asia__Omsk, t!("zone-omsk")),
        (Tz::Asia__Barnaul, t!("zone-barnaul")),
        (Tz::Asia__Irkutsk, t!("zone-irkutsk")),
        (Tz::Asia__Yakutsk, t!("zone-yakutsk")),
        (Tz::Asia__Vladivostok, t!("zone-vladivostok")),
        (Tz::Asia__Magadan, t!("zone-magadan")),
        (Tz::Asia__Kamchatka, t!("zone-kamchatka")),
    ];
    let shown = zones.iter().find(|(known, _)| known == zone).map_or(zone.name(), |(_, words)| words.as_ref());
    let combo = ComboBox::from_id_salt("zone").selected_text(shown).width(190.0);
    let combo = combo.show_ui(ui, |ui| {
        for (known, words) in &zones {
            ui.selectable_value(zone, *known, words.as_ref());
        }
    });
    combo.response
}

fn about_ui(ui: &mut Ui, snapshot: &Snapshot) {
    ui.label(theme::bold(t!("settings-about")));
    widgets::copyable(ui, &t!("settings-server"), &snapshot.settings.server);
    widgets::copyable(ui, &t!("settings-data"), &snapshot.data_folder);
    widgets::copyable(ui, &t!("settings-version"), snapshot.version);
}
