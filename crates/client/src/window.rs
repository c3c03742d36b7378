//! The window itself: whether one can be opened here, and opening it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::{Context, Result, bail};
use egui::{IconData, ViewportBuilder, ViewportCommand};

use crate::app::{App, Start};
#[cfg(windows)]
use crate::background::Background;

/// The name of the program, for people.
pub const TITLE: &str = "Прикрепление онлайн";
/// What the desktop finds the program's icon and notifications by. On Windows the installer gives it to the shortcuts.
pub(crate) const APP_ID: &str = "ru.prikrep.prikrep";
pub(crate) const ICON: &[u8] = include_bytes!("../../../assets/icons/prikrep-256.png");
/// The registrar's usual screen is 1366×768; the window is usable down to the least size.
const SIZE: [f32; 2] = [1_366.0, 720.0];
const LEAST_SIZE: [f32; 2] = [900.0, 520.0];

const NOT_OPENED: &str = if cfg!(windows) {
    "окно не открылось: нужен драйвер видеокарты с OpenGL 2.0 или новее"
} else {
    "окно не открылось"
};

/// Whether there is a display to open a window on.
///
/// # Errors
/// Words for the person, when there is none.
pub fn display() -> Result<(), String> {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if cfg!(target_os = "linux") && !is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY") {
        return Err("Нет графического экрана (не заданы DISPLAY и WAYLAND_DISPLAY): окно открыть негде.".to_owned());
    }
    Ok(())
}

/// The window's size, title and icon.
#[must_use]
pub fn options() -> eframe::NativeOptions {
    let mut viewport = ViewportBuilder::default()
        .with_title(TITLE)
        .with_app_id(APP_ID)
        .with_inner_size(SIZE)
        .with_min_inner_size(LEAST_SIZE)
        // There the size would reach below the taskbar of that screen.
        .with_maximized(cfg!(windows));
    if let Ok(icon) = eframe::icon_data::from_png_bytes(ICON) {
        viewport = viewport.with_icon(IconData { ..icon });
    }
    eframe::NativeOptions { viewport, centered: true, ..Default::default() }
}

/// Shows the window in front of the others.
pub(crate) fn bring_up(ctx: &egui::Context) {
    ctx.send_viewport_cmd(ViewportCommand::Visible(true));
    ctx.send_viewport_cmd(ViewportCommand::Minimized(false));
    ctx.send_viewport_cmd(ViewportCommand::Focus);
}

/// Opens the window and stays until it is closed.
///
/// # Errors
/// Words for the person, when it cannot be opened.
pub fn open(start: Start, #[cfg(windows)] background: Option<Background>) -> Result<()> {
    let options = options();
    // A missing library of the system makes the windowing library panic: that is told in words.
    let opened = catch_unwind(AssertUnwindSafe(|| {
        let make = move |cc: &eframe::CreationContext<'_>| {
            #[cfg_attr(not(windows), expect(unused_mut, reason = "only Windows has more to add"))]
            let mut app = App::new(start, &cc.egui_ctx);
            #[cfg(windows)]
            if let Some(background) = background {
                app.stand_in(background);
            }
            Ok(Box::new(app) as Box<dyn eframe::App>)
        };
        eframe::run_native(APP_ID, options, Box::new(make))
    }));
    match opened {
        Ok(closed) => closed.map_err(|error| anyhow::anyhow!("{error}")).context(NOT_OPENED),
        Err(_) => bail!(
            "окно не открылось: проверьте, что установлены библиотеки libxkbcommon-x11, libxcursor и libxi \
             (Debian: apt install libxkbcommon-x11-0 libxcursor1 libxi6)"
        ),
    }
}
