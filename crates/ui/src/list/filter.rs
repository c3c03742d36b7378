//! The filter of the list: what was typed, and the query that it makes.
//!
//! Invariant: a mistake in a field is told under that field and makes no query.

use egui::{TextEdit, Ui};
use prikrep_domain::{
    ApplicationType, AttachmentKind, Moment, NameSearch, PersonId, Query, Snils, Sort, Status, StatusFilter,
};

use crate::sign_in::was_entered;
use crate::texts::t;
use crate::theme;
use crate::widgets::{self, PeriodField};

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
    period_errors: (Option<String>, Option<String>),
    /// The first field is to have the keyboard.
    pub(crate) wants_focus: bool,
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
        let mut period = PeriodField::default();
        period.set(widgets::everything(moment.today()));
        Self {
            period,
            patient: String::new(),
            snils: String::new(),
            application_type: None,
            kind: None,
            status: Some(StatusFilter::Pending),
            patient_error: None,
            snils_error: None,
            period_errors: (None, None),
            wants_focus: false,
        }
    }

    /// Shows a query that came from elsewhere.
    pub(crate) fn set(&mut self, query: &Query) {
        self.period.set(query.period);
        self.patient = query.patient.map(|patient| patient.to_string()).unwrap_or_default();
        self.snils = query.snils.map(|snils| snils.to_string()).unwrap_or_default();
        (self.application_type, self.kind, self.status) = (query.application_type, query.kind, query.status);
        (self.patient_error, self.snils_error, self.period_errors) = (None, None, (None, None));
    }

    /// The query, when no field is mistaken; otherwise the mistakes are shown from now on.
    pub(crate) fn query(&mut self, name: &str, sort: Sort) -> Option<Query> {
        let (patient, patient_error) = optional(&self.patient, PersonId::parse);
        let (snils, snils_error) = optional(&self.snils, Snils::parse);
        (self.patient_error, self.snils_error) = (patient_error, snils_error);
        let period = self.period.value();
        self.period_errors = period.as_ref().err().cloned().unwrap_or_default();
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
        let mut entered = false;
        let mut asked = None;
        ui.horizontal_wrapped(|ui| {
            let errors = (self.period_errors.0.as_deref(), self.period_errors.1.as_deref());
            let period = self.period.ui(ui, moment.today(), errors);
            if std::mem::take(&mut self.wants_focus) {
                period.request_focus();
            }
            entered |= was_entered(ui, &[&period]);
            entered |= self.identifiers_ui(ui);
            self.choices_ui(ui);
            asked = buttons_ui(ui);
        });
        asked.or(entered.then_some(Asked::Search))
    }

    fn identifiers_ui(&mut self, ui: &mut Ui) -> bool {
        let (label, error) = (t!("filter-patient"), self.patient_error.as_deref());
        let patient = widgets::labelled(ui, &label, error, |ui| {
            ui.add(TextEdit::singleline(&mut self.patient).desired_width(250.0).char_limit(64))
        });
        let (label, error) = (t!("filter-snils"), self.snils_error.as_deref());
        let snils = widgets::labelled(ui, &label, error, |ui| {
            ui.add(TextEdit::singleline(&mut self.snils).desired_width(112.0).char_limit(32))
        });
        was_entered(ui, &[&patient, &snils])
    }

    fn choices_ui(&mut self, ui: &mut Ui) {
        let all = t!("filter-all");
        let types = ApplicationType::ALL.map(|one| (one, one.words()));
        widgets::choice(ui, &t!("filter-type"), &mut self.application_type, &types, &all);
        let kinds = AttachmentKind::ALL.map(|one| (one, one.table_words()));
        widgets::choice(ui, &t!("filter-kind"), &mut self.kind, &kinds, &all);
        let pending = t!("filter-pending");
        let mut statuses = vec![(StatusFilter::Pending, pending.as_ref())];
        statuses.extend(Status::ALL.map(|one| (StatusFilter::Is(one), one.table_words())));
        widgets::choice(ui, &t!("filter-status"), &mut self.status, &statuses, &all);
    }
}

fn buttons_ui(ui: &mut Ui) -> Option<Asked> {
    let search = widgets::beside_label(ui, |ui| ui.add(theme::primary_button(ui, &t!("filter-search"))));
    let reset = widgets::beside_label(ui, |ui| ui.button(t!("filter-reset")));
    match (search.clicked(), reset.clicked()) {
        (true, _) => Some(Asked::Search),
        (false, true) => Some(Asked::Reset),
        (false, false) => None,
    }
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
