//! The settings on the disk: read once, written by a thread of their own whenever they change.

use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Mutex;
use prikrep_ui::Settings;

use crate::folders::Folders;
use crate::settings;
use crate::workplace::inbox::{Outlet, inbox};

/// Keeps the settings.
pub(crate) struct SettingsKeeper {
    current: Arc<Mutex<Arc<Settings>>>,
    changed: Option<Outlet<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Reads the settings from other threads.
#[derive(Clone)]
pub(crate) struct SettingsReader(Arc<Mutex<Arc<Settings>>>);

impl SettingsReader {
    /// Whether notifications are wanted.
    pub(crate) fn notifications(&self) -> bool {
        self.0.lock().notifications
    }
}

impl SettingsKeeper {
    /// Reads the settings and starts the thread that writes them.
    pub(crate) fn start(folders: &Folders) -> Self {
        let file = folders.settings_file();
        let settings::Loaded { settings, word } = settings::load(&file);
        if let Some(word) = word {
            tracing::info!(%word, "settings");
        }
        let current = Arc::new(Mutex::new(Arc::new(settings)));
        let (changed, inbox) = inbox();
        let written = Arc::clone(&current);
        let thread = std::thread::Builder::new().name("settings".to_owned()).spawn(move || {
            while inbox.take(None).is_ok() {
                let settings = Arc::clone(&written.lock());
                if let Err(error) = settings::save(&file, &settings) {
                    tracing::warn!(%error, "the settings cannot be kept");
                }
            }
        });
        let thread = thread.inspect_err(|error| tracing::warn!(%error, "the settings will not be kept")).ok();
        Self { current, changed: Some(changed), thread }
    }

    /// The settings as they were read.
    pub(crate) fn loaded(&self) -> Settings {
        (**self.current.lock()).clone()
    }

    pub(crate) fn reader(&self) -> SettingsReader {
        SettingsReader(Arc::clone(&self.current))
    }

    /// Keeps other settings.
    pub(crate) fn keep(&self, settings: Arc<Settings>) {
        *self.current.lock() = settings;
        if let Some(changed) = &self.changed {
            changed.send(());
        }
    }

    /// Waits until the last ones are written.
    pub(crate) fn close(&mut self) {
        self.changed = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the keeper of the settings failed");
        }
    }
}
