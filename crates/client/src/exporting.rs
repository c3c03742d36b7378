//! An export on its way: the file is chosen, the rows are written, the outcome is told. All of it on
//! threads of its own; what the window shows of it is in [`prikrep_ui::Export`].

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use chrono::Utc;
use chrono_tz::Tz;
use prikrep_domain::{Act, Query, Terms};
use prikrep_store::{SledStore, Store, StoreError};
use prikrep_ui::{Export, ExportFormat};

use crate::dialogs::{self, Outcome};
use crate::export::{self, ExportError, Format};
use crate::workplace::{Acts, Published};

/// The exports of a workplace: one at a time. A dialog that is still open when somebody leaves holds nothing
/// back: the store is only reached for when rows are written.
pub(crate) struct Exporting {
    job: Job,
    cancelled: Arc<AtomicBool>,
    /// What is being exported, for a path that is typed.
    asked: Option<Query>,
}

/// What an export works with.
#[derive(Clone)]
struct Job {
    store: Weak<SledStore>,
    published: Published,
    acts: Acts,
    zone: Tz,
}

impl Exporting {
    pub(crate) fn new(store: &Arc<SledStore>, published: Published, acts: Acts, zone: Tz) -> Self {
        Self {
            job: Job { store: Arc::downgrade(store), published, acts, zone },
            cancelled: Arc::default(),
            asked: None,
        }
    }

    /// Asks where to, then writes. Does nothing while another export is on its way.
    pub(crate) fn begin(&mut self, format: ExportFormat, query: Query) {
        if !matches!(self.job.published.get().export, Export::None | Export::Done { .. } | Export::Failed { .. }) {
            return;
        }
        let format = match format {
            ExportFormat::Xlsx => Format::Xlsx,
            ExportFormat::Csv => Format::Csv,
        };
        self.cancelled = Arc::default();
        self.asked = Some(query.clone());
        self.job.show(Export::Choosing);
        let (job, cancelled, name) = (self.job.clone(), Arc::clone(&self.cancelled), self.job.proposed_name(format));
        let then = move |outcome| match outcome {
            Outcome::Chosen(path) => job.write(&query, &path, &cancelled),
            Outcome::Cancelled => job.show(Export::None),
            Outcome::NoDialog(_) => job.show(Export::AskPath { proposed: job.proposed_path(format), trouble: None }),
        };
        let begun = dialogs::choose_file_then(name, Format::KINDS, then);
        if let Err(error) = begun {
            self.job.show(Export::Failed { words: error.to_string() });
        }
    }

    /// Writes to a path that was typed.
    pub(crate) fn write_to(&mut self, path: String) {
        let Some(query) = self.asked.clone() else { return };
        let (job, cancelled) = (self.job.clone(), Arc::clone(&self.cancelled));
        let begun = std::thread::Builder::new().name("export".to_owned()).spawn(move || {
            let file = PathBuf::from(&path);
            if file.exists() {
                let trouble = prikrep_ui::t!("export-exists").into_owned();
                return job.show(Export::AskPath { proposed: path, trouble: Some(trouble) });
            }
            job.write(&query, &file, &cancelled);
        });
        if let Err(error) = begun {
            self.job.show(Export::Failed { words: error.to_string() });
        }
    }

    /// Ends an export, or puts its outcome away.
    pub(crate) fn end(&mut self) {
        self.stop();
        self.asked = None;
        self.job.show(Export::None);
    }

    /// Ends an export that is on its way.
    pub(crate) fn stop(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
    }
}

impl Job {
    fn show(&self, export: Export) {
        self.published.edit(|work| work.export = export);
    }

    /// Writes the file in the form that its name asks for.
    fn write(&self, query: &Query, path: &Path, cancelled: &AtomicBool) {
        match self.rows(query, path, cancelled) {
            Ok(rows) => {
                let format = match Format::of(path) {
                    Format::Xlsx => "xlsx",
                    Format::Csv => "csv",
                };
                let (format, records) = (format.to_owned(), rows as u64);
                self.acts.done(Act::Exported { format, records, terms: Terms::from(query) });
                self.show(Export::Done { path: path.display().to_string(), rows });
            }
            Err(ExportError::Cancelled) => self.show(Export::None),
            Err(error) => {
                tracing::warn!(%error, "an export failed");
                self.show(Export::Failed { words: error.to_string() });
            }
        }
    }

    fn rows(&self, query: &Query, path: &Path, cancelled: &AtomicBool) -> Result<usize, ExportError> {
        // Without a store there is nobody left who wanted the file.
        let store = self.store.upgrade().ok_or(ExportError::Cancelled)?;
        let total = store.list(query, 0, 0).map_or(0, |listed| listed.total);
        self.show(Export::Writing { done: 0, total });
        let progress = |done| {
            if !cancelled.load(Ordering::SeqCst) {
                self.show(Export::Writing { done, total });
            }
        };
        let to = export::Export { format: Format::of(path), path, zone: self.zone, progress: &progress, cancelled };
        export::export(|row| -> Result<(), StoreError> { store.visit(query, row) }, to)
    }

    fn proposed_name(&self, format: Format) -> String {
        let today = Utc::now().with_timezone(&self.zone).format("%Y-%m-%d");
        let extension = match format {
            Format::Xlsx => "xlsx",
            Format::Csv => "csv",
        };
        format!("{}-{today}.{extension}", prikrep_ui::t!("export-name").into_owned())
    }

    fn proposed_path(&self, format: Format) -> String {
        let folder = directories::UserDirs::new()
            .map(|user| user.document_dir().unwrap_or_else(|| user.home_dir()).to_owned())
            .unwrap_or_default();
        folder.join(self.proposed_name(format)).display().to_string()
    }
}
