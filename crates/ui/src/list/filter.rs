//! The filter of the list: what was typed, and the query that it makes.
//!
//! Invariant: a mistake in a field is told under that field and makes no query.

use chrono::NaiveDate;
use egui::{TextEdit, Ui};
use prikrep_domain::{
    ApplicationType, AttachmentKind, Moment, NameSearch, Period, PersonId, Query, Snils, Sort, Status, StatusFilter,
};

use crate::sign_in::was_entered;
use crate::t;
use crate::theme;
use crate::widgets::{self, PeriodField, PeriodMistakes};

/// The filter as it is typed.
pub(crate) struct Filter {
    period: PeriodField,
    patient: String,
    snils: String,
    application_type: Option<ApplicationType>,
    kind: Option<AttachmentKind>,
    status: Option<StatusFilter>,
    patient_error: Option<String>,
    snils_error: Option<String>,
    period_mistakes: PeriodMistakes,
    /// The first field is to have the keyboard.
    pub(crate) wants_focus: bool,
}

/// Widths of the fields, in points: together they fit into a row of a 1366×768 screen.
const PERIOD_WIDTH: f32 = 2.0 * theme::DATE_WIDTH + 6.0;
const PATIENT_WIDTH: f32 = 184.0;
const SNILS_WIDTH: f32 = 114.0;
const TYPE_WIDTH: f32 = 166.0;
const KIND_WIDTH: f32 = 138.0;
const STATUS_WIDTH: f32 = 128.0;
const BUTTONS_WIDTH: f32 = 140.0;

/// All dates up to today.
pub(crate) fn everything(today: NaiveDate) -> Period {
    Period::between(NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or(today), today)
}

/// What a person did with the filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// «Поиск».
    Search,
    /// «Сбросить».
    Reset,
}

impl Filter {
    /// Whatever waits for an answer, of all time: where a registrar's day begins.
    pub(crate) fn new(moment: Moment) -> Self {
        let period = PeriodField::new(everything(moment.today()));
        Self {
            period,
            patient: String::new(),
            snils: String::new(),
            application_type: None,
            kind: None,
            status: Some(StatusFilter::Pending),
            patient_error: None,
            snils_error: None,
            period_mistakes: (None, None),
            wants_focus: false,
        }
    }

    /// Shows a query that came from elsewhere.
    pub(crate) fn set(&mut self, query: &Query) {
        self.period.set(query.period);
        self.patient = query.patient.map(|patient| patient.to_string()).unwrap_or_default();
        self.snils = query.snils.map(|snils| snils.to_string()).unwrap_or_default();
        (self.application_type, self.kind, self.status) = (query.application_type, query.kind, query.status);
        (self.patient_error, self.snils_error, self.period_mistakes) = (None, None, (None, None));
    }

    /// The query, when no field is mistaken; otherwise the mistakes are shown from now on.
    pub(crate) fn query(&mut self, name: &str, sort: Sort) -> Option<Query> {
        let (patient, patient_error) = optional(&self.patient, PersonId::parse);
        let (snils, snils_error) = optional(&self.snils, Snils::parse);
        (self.patient_error, self.snils_error) = (patient_error, snils_error);
        let period = self.period.value();
        self.period_mistakes = period.as_ref().err().cloned().unwrap_or_default();
        let is_well = self.patient_error.is_none() && self.snils_error.is_none();
        let period = period.ok().filter(|_| is_well)?;
        Some(Query {
            patient,
            snils,
            application_type: self.application_type,
            kind: self.kind,
            status: self.status,
            name: NameSearch::new(name),
            sort,
            ..Query::of(period)
        })
    }

    /// Draws the filter.
    pub(crate) fn ui(&mut self, ui: &mut Ui, moment: Moment) -> Option<Asked> {
        let (mut entered, mut asked) = (false, None);
        ui.with_layout(egui::Layout::left_to_right(egui::Align::Min).with_main_wrap(true), |ui| {
            ui.spacing_mut().item_spacing.x = 7.0;
            let [from, to] = widgets::within(ui, PERIOD_WIDTH, |ui| {
                ui.spacing_mut().item_spacing.x = 6.0;
                self.period.fields_ui(ui, moment.today(), &self.period_mistakes)
            });
            if std::mem::take(&mut self.wants_focus) {
                from.request_focus();
            }
            entered |= was_entered(ui, &[&from, &to]);
            entered |= self.identifiers_ui(ui);
            self.choices_ui(ui);
            asked = buttons_ui(ui);
        });
        // A period of one press is wanted at once.
        if self.period.presets_ui(ui, moment.today()) {
            asked = Some(Asked::Search);
        }
        asked.or(entered.then_some(Asked::Search))
    }

    fn identifiers_ui(&mut self, ui: &mut Ui) -> bool {
        let field = |ui: &mut Ui, width: f32, label: &str, value: &mut String, error: Option<&str>| {
            widgets::within(ui, width, |ui| {
                widgets::labelled(ui, label, error, |ui| {
                    ui.add(TextEdit::singleline(value).desired_width(f32::INFINITY).char_limit(64))
                })
            })
        };
        let error = self.patient_error.as_deref();
        let patient = field(ui, PATIENT_WIDTH, &t!("filter-patient"), &mut self.patient, error);
        let snils = field(ui, SNILS_WIDTH, &t!("filter-snils"), &mut self.snils, self.snils_error.as_deref());
        was_entered(ui, &[&patient, &snils])
    }

    fn choices_ui(&mut self, ui: &mut Ui) {
        let all = t!("filter-all");
        let types = ApplicationType::ALL.map(|one| (one, one.words()));
        widgets::within(ui, TYPE_WIDTH, |ui| {
            widgets::choice(ui, &t!("filter-type"), &mut self.application_type, &types, &all)
        });
        let kinds = AttachmentKind::ALL.map(|one| (one, one.table_words()));
        widgets::within(ui, KIND_WIDTH, |ui| widgets::choice(ui, &t!("filter-kind"), &mut self.kind, &kinds, &all));
        let pending = t!("filter-pending");
        let mut statuses = vec![(StatusFilter::Pending, pending.as_ref())];
        statuses.extend(Status::ALL.map(|one| (StatusFilter::Is(one), one.table_words())));
        widgets::within(ui, STATUS_WIDTH, |ui| {
            widgets::choice(ui, &t!("filter-status"), &mut self.status, &statuses, &all)
        });
    }
}

fn buttons_ui(ui: &mut Ui) -> Option<Asked> {
    widgets::within(ui, BUTTONS_WIDTH, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        ui.label(theme::note(ui, " "));
        ui.horizontal(|ui| {
            let search = ui.add(theme::primary(ui, t!("filter-search")));
            let reset = ui.button(t!("filter-reset"));
            match (search.clicked(), reset.clicked()) {
                (true, _) => Some(Asked::Search),
                (false, true) => Some(Asked::Reset),
                (false, false) => None,
            }
        })
        .inner
    })
}

/// A field's text, parsed; an empty one is none.
fn optional<T, E: ToString>(text: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> (Option<T>, Option<String>) {
    if text.trim().is_empty() {
        return (None, None);
    }
    match parse(text) {
        Ok(value) => (Some(value), None),
        Err(error) => (None, Some(error.to_string())),
    }
}
