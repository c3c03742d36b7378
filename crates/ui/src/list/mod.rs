//! «Заявления ЕГИСЗ»: the filter, the results, and the selection that the card follows.
//!
//! Invariant: a selected row is an application, not a place: when the list changes, the selection stays
//! with its application as long as that is found near by.

mod filter;
mod table;

use egui::{Key, Modifiers, TextEdit, Ui};
use prikrep_domain::{ApplicationId, Moment, Query, Sort, SortColumn};

pub(crate) use filter::everything;
use filter::{Asked, Filter};
use table::{ScrollTo, Shown, table_ui};

use crate::shell;
use crate::t;
use crate::theme;
use crate::widgets::{self, Mark};
use crate::{Action, ExportFormat, List, Snapshot, Work};

/// Rows that PgUp and PgDn go by.
const PAGE_ROWS: usize = 20;

/// The list's own state.
pub(crate) struct ListView {
    filter: Filter,
    /// Words of the name that are being typed above the table.
    name: String,
    sort: Sort,
    selected: Option<Selected>,
    scroll_to: Option<ScrollTo>,
    /// The last search whose result was begun to be shown.
    seen_search: u64,
    visible: std::ops::Range<usize>,
    wants_name_focus: bool,
    /// The keyboard was in a text in the last frame.
    was_typing: bool,
    /// The first search was made.
    has_begun: bool,
    /// Enter was pressed on the application whose card is open: the answer is to begin.
    begins_answer: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Selected {
    index: usize,
    /// `None` while the row is not loaded yet.
    id: Option<ApplicationId>,
    /// Its card is to be opened as soon as it is.
    opens: bool,
    /// The list has lost it: an answer was given, or a colleague was faster. What follows it has moved up to
    /// its place.
    is_gone: bool,
}

impl ListView {
    pub(crate) fn new(moment: Moment) -> Self {
        Self {
            filter: Filter::new(moment),
            name: String::new(),
            sort: Sort::default(),
            selected: None,
            scroll_to: None,
            seen_search: 0,
            visible: 0..0,
            wants_name_focus: false,
            was_typing: false,
            has_begun: false,
            begins_answer: false,
        }
    }

    /// Shows a query that came from elsewhere: a bar of the statistics, a notification.
    pub(crate) fn show(&mut self, query: &Query, actions: &mut Vec<Action>) {
        self.filter.set(query);
        self.name.clear();
        self.sort = query.sort;
        self.has_begun = true;
        actions.push(Action::Search(query.clone()));
    }

    /// Whether Enter has just been pressed on the application whose card is open.
    pub(crate) const fn begins_answer(&mut self) -> bool {
        std::mem::replace(&mut self.begins_answer, false)
    }

    /// Draws the filter, over the whole width.
    pub(crate) fn filter_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, actions: &mut Vec<Action>) {
        match self.filter.ui(ui, snapshot.moment) {
            Some(Asked::Search) => self.search(actions),
            Some(Asked::Reset) => {
                self.filter = Filter::new(snapshot.moment);
                self.name.clear();
                self.search(actions);
            }
            None => {}
        }
    }

    /// Draws the results.
    pub(crate) fn ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, work: &Work, actions: &mut Vec<Action>) {
        self.follow(&work.list, work, actions);
        self.results_bar_ui(ui, work, actions);
        self.keys(ui, work, actions);
        if states_ui(ui, work, actions) {
            self.table_ui(ui, snapshot, work, actions);
        }
    }

    fn search(&mut self, actions: &mut Vec<Action>) {
        actions.extend(self.filter.query(&self.name, self.sort).map(Action::Search));
    }

    /// The snapshot has changed: the first search is made, a new result is begun at its top, the selection
    /// stays with its application.
    fn follow(&mut self, list: &List, work: &Work, actions: &mut Vec<Action>) {
        if !std::mem::replace(&mut self.has_begun, true) {
            self.search(actions);
        }
        if list.search > self.seen_search {
            self.seen_search = list.search;
            (self.selected, self.scroll_to) = (None, Some(ScrollTo::Top));
        }
        let Some(selected) = &mut self.selected else { return };
        match selected.id {
            Some(id) => match list.index_of(id, selected.index) {
                Some(index) => (selected.index, selected.is_gone) = (index, false),
                None => selected.is_gone = list.row(selected.index).is_some() || list.total == Some(0),
            },
            None => selected.id = list.row(selected.index).map(|row| row.application.id),
        }
        if let Some(id) = selected.id.filter(|_| selected.opens) {
            selected.opens = false;
            if work.card.id() != Some(id) {
                actions.push(Action::Open(id));
            }
        }
    }

    /// How many were found, the search by name, the exports.
    fn results_bar_ui(&mut self, ui: &mut Ui, work: &Work, actions: &mut Vec<Action>) {
        ui.horizontal(|ui| {
            ui.label(theme::bold(t!("list-results")));
            let words = match work.list.total {
                Some(total) => t!("list-found", count = total),
                None => t!("list-searching"),
            };
            ui.label(words);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                export_ui(ui, work, actions);
                self.name_ui(ui, actions);
            });
        });
    }

    fn name_ui(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let hint = t!("list-name-hint");
        let field = TextEdit::singleline(&mut self.name).hint_text(hint.as_ref()).desired_width(190.0).char_limit(256);
        let field = ui.add(field.id_salt("name search"));
        widgets::named(&field, egui::accesskit::Role::TextInput, &t!("list-name"));
        if std::mem::take(&mut self.wants_name_focus) {
            field.request_focus();
            widgets::cursor_to_end(ui.ctx(), field.id, &self.name);
        }
        if field.changed() {
            self.search(actions);
        }
        if field.has_focus() && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::ArrowDown)) {
            field.surrender_focus();
            self.select(0, false);
        }
    }

    fn table_ui(&mut self, ui: &mut Ui, snapshot: &Snapshot, work: &Work, actions: &mut Vec<Action>) {
        let is_narrow = work.card.id().is_some() && table::is_cramped(ui.available_width());
        let settings = &snapshot.settings;
        let shown = Shown {
            list: &work.list,
            sort: self.sort,
            selected: self.selected.filter(|selected| !selected.is_gone).map(|selected| selected.index),
            zone: snapshot.moment.zone,
            is_narrow,
            widths: if is_narrow { &settings.narrow_column_widths } else { &settings.column_widths },
            scroll_to: self.scroll_to.take(),
        };
        let touched = table_ui(ui, &shown);
        if touched.visible != self.visible || has_gap(&work.list, &touched.visible) {
            self.visible.clone_from(&touched.visible);
            actions.push(Action::ShowRows(touched.visible));
        }
        if let Some(column) = touched.column {
            self.sort_by(column, actions);
        }
        if let Some(row) = touched.row {
            ui.memory_mut(|memory| memory.stop_text_input());
            self.select(row, true);
        }
        if let Some(widths) = touched.widths {
            let mut settings = (**settings).clone();
            if is_narrow {
                settings.narrow_column_widths = widths
            } else {
                settings.column_widths = widths
            }
            actions.push(Action::Set(settings));
        }
    }

    fn sort_by(&mut self, column: SortColumn, actions: &mut Vec<Action>) {
        let again = self.sort.column == column;
        // Dates are wanted the newest first, everything else from its beginning.
        let descending = if again { !self.sort.descending } else { column == SortColumn::CreatedAt };
        self.sort = Sort { column, descending };
        actions.extend(self.filter.query(&self.name, self.sort).map(Action::Reorder));
        self.scroll_to = Some(ScrollTo::Top);
        self.selected = None;
    }

    fn select(&mut self, index: usize, opens: bool) {
        self.selected = Some(Selected { index, id: None, opens, is_gone: false });
        self.scroll_to = Some(ScrollTo::See(index));
    }

    /// Keys that move the selection, when no text is being typed.
    fn keys(&mut self, ui: &Ui, work: &Work, actions: &mut Vec<Action>) {
        let was_typing = std::mem::replace(&mut self.was_typing, ui.text_edit_focused());
        if shell::is_covered(ui) {
            return;
        }
        if ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::F)) {
            self.filter.wants_focus = true;
        }
        if ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::E)) {
            actions.extend(work.list.query.as_deref().map(|query| Action::Export(ExportFormat::Xlsx, query.clone())));
        }
        if ui.text_edit_focused() || ui.any_popup_open() {
            return;
        }
        let card_is_open = work.card.id().is_some();
        if let Some(to) = self.moved(ui, work.list.total.unwrap_or(0)) {
            self.select(to, card_is_open);
        }
        let nothing_focused = ui.memory(|memory| memory.focused()).is_none();
        if nothing_focused && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Enter)) {
            let is_open = card_is_open && self.selected.is_some_and(|selected| selected.id == work.card.id());
            self.begins_answer = is_open;
            let first = Selected { index: 0, id: None, opens: true, is_gone: false };
            self.selected = Some(Selected { opens: true, ..self.selected.unwrap_or(first) });
        }
        // From a text Escape leads back to the list; its card stays.
        let closes = card_is_open && !was_typing;
        if closes && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
            actions.push(Action::CloseCard);
        }
        self.type_ahead(ui, actions);
    }

    /// Where the keys move the selection to.
    fn moved(&self, ui: &Ui, total: usize) -> Option<usize> {
        let last = total.checked_sub(1)?;
        let pressed = |key: Key| ui.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key));
        let at = self.selected.map(|selected| selected.index);
        let (down, up) = (pressed(Key::ArrowDown), pressed(Key::ArrowUp));
        let (pages_down, pages_up) = (pressed(Key::PageDown), pressed(Key::PageUp));
        let (home, end) = (pressed(Key::Home), pressed(Key::End));
        // The next one stands where a lost one stood.
        let lost = usize::from(self.selected.is_some_and(|selected| selected.is_gone));
        let forward = (down + PAGE_ROWS * pages_down).saturating_sub(lost * usize::from(down + pages_down > 0));
        let back = up + PAGE_ROWS * pages_up;
        if home > 0 {
            Some(0)
        } else if end > 0 {
            Some(last)
        } else if down + pages_down + back == 0 {
            None
        } else {
            Some(at.map_or(0, |at| (at + forward).saturating_sub(back).min(last)))
        }
    }

    /// Letters that are typed nowhere go to the search by name.
    fn type_ahead(&mut self, ui: &Ui, actions: &mut Vec<Action>) {
        let typed: String = ui.input(|input| {
            let text =
                |event: &egui::Event| if let egui::Event::Text(text) = event { Some(text.clone()) } else { None };
            input.events.iter().filter_map(text).collect()
        });
        let is_letter = typed.chars().any(char::is_alphabetic);
        if is_letter && ui.memory(|memory| memory.focused()).is_none() {
            self.name.push_str(typed.trim_start());
            self.wants_name_focus = true;
            self.search(actions);
        }
    }
}

fn has_gap(list: &List, visible: &std::ops::Range<usize>) -> bool {
    let end = visible.end.min(list.total.unwrap_or(0));
    [visible.start, end.saturating_sub(1)].into_iter().any(|row| row < end && list.row(row).is_none())
}

fn export_ui(ui: &mut Ui, work: &Work, actions: &mut Vec<Action>) {
    let query = work.list.query.as_deref().filter(|_| work.list.total.is_some_and(|total| total > 0));
    ui.add_enabled_ui(query.is_some(), |ui| {
        ui.menu_button(t!("list-export"), |ui| {
            for (format, words) in
                [(ExportFormat::Xlsx, t!("list-export-xlsx")), (ExportFormat::Csv, t!("list-export-csv"))]
            {
                if ui.button(words).clicked() {
                    actions.extend(query.map(|query| Action::Export(format, query.clone())));
                    ui.close();
                }
            }
        });
    });
}

/// Says what there is to say in the place of the table; whether the table is to be shown.
fn states_ui(ui: &mut Ui, work: &Work, actions: &mut Vec<Action>) -> bool {
    if let Some(words) = &work.list.trouble {
        ui.add_space(24.0);
        ui.vertical_centered(|ui| {
            widgets::told(ui, Mark::Bad, words);
            if ui.button(t!("list-try-again")).clicked() {
                actions.push(Action::Refresh);
            }
        });
        return false;
    }
    let empty = work.list.total == Some(0);
    if !empty {
        return true;
    }
    let (words, next) = match (work.counts.applications, work.complete, work.pulling.is_some()) {
        (0, _, true) => (t!("list-still-loading"), None),
        (0, false, false) => (t!("list-nothing-yet"), Some(t!("list-refresh"))),
        (0, true, false) => (t!("list-register-is-empty"), Some(t!("list-refresh"))),
        (_, _, _) => (t!("list-nothing-found"), None),
    };
    ui.add_space(24.0);
    ui.vertical_centered(|ui| {
        ui.label(words);
        if let Some(next) = next
            && ui.button(next).clicked()
        {
            actions.push(Action::Refresh);
        }
    });
    false
}
