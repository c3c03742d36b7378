//! The table of results: the guide's six columns over rows that are loaded as they are seen.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use chrono_tz::Tz;
use egui::accesskit::{Role, SortDirection};
use egui::{Id, Label, Response, RichText, Sense, Ui};
use egui_table::{CellInfo, Column, HeaderCellInfo, HeaderRow, PrefetchInfo, Table, TableDelegate, TableState};
use prikrep_domain::{ApplicationType, Sort, SortColumn, Standing};

use crate::List;
use crate::format;
use crate::t;
use crate::theme::{self, Palette};
use crate::widgets;

/// Widths that a column may have, in points.
const WIDTHS: (f32, f32) = (56.0, 700.0);

/// The room of the scroll bar beside the rows.
const SCROLL_BAR: f32 = 14.0;
/// Usual widths of the six columns: alone, and beside an open card.
const WIDE: [f32; 6] = [320.0, 128.0, 150.0, 132.0, 262.0, 158.0];
const NARROW: [f32; 6] = [172.0, 108.0, 68.0, 80.0, 96.0, 126.0];
/// How far the name and the type give way or grow, in points.
const NAME_WIDTHS: (f32, f32) = (180.0, 480.0);
const TYPE_WIDTHS: (f32, f32) = (100.0, 330.0);

/// What was done with the table in a frame.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Touched {
    /// A row was pressed.
    pub(super) row: Option<usize>,
    /// A header was pressed.
    pub(super) column: Option<SortColumn>,
    /// The rows that are seen.
    pub(super) visible: Range<usize>,
    /// The widths of the columns, when the person has changed them.
    pub(super) widths: Option<Vec<f32>>,
}

/// What the table shows.
pub(super) struct Shown<'a> {
    pub(super) list: &'a List,
    pub(super) sort: Sort,
    pub(super) selected: Option<usize>,
    pub(super) zone: Tz,
    /// Beside an open card, with too little room for whole columns.
    pub(super) is_narrow: bool,
    /// Widths from the settings; empty for the usual ones.
    pub(super) widths: &'a [f32],
    /// A row to be brought into view.
    pub(super) scroll_to: Option<ScrollTo>,
}

/// A row to be brought into view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScrollTo {
    /// As little as needed.
    See(usize),
    /// To the top.
    Top,
}

/// Draws the table.
pub(super) fn table_ui(ui: &mut Ui, shown: &Shown<'_>) -> Touched {
    // Bringing a row into view would otherwise push the table to the side by this much.
    ui.spacing_mut().item_spacing.x = 0.0;
    // It would fade a part of a row: the first column stands beside what is scrolled.
    ui.spacing_mut().scroll.fade.strength = 0.0;
    let total = shown.list.total.unwrap_or(0);
    let usual = if shown.is_narrow { NARROW } else { WIDE };
    let salt = if shown.is_narrow { "results beside a card" } else { "results" };
    let ids = SortColumn::ALL.map(|column| Id::unique((salt, column)));
    let columns: Vec<Column> = usual
        .iter()
        .zip(ids)
        .map(|(width, id)| Column::new(*width).id(id).range(WIDTHS.0..=WIDTHS.1).resizable(true))
        .collect();
    let mut table = Table::new()
        .id_salt(salt)
        .num_rows(total as u64)
        .columns(columns)
        .num_sticky_cols(1)
        .headers([HeaderRow::new(theme::HEADER_HEIGHT)]);
    match shown.scroll_to {
        Some(ScrollTo::See(row)) => table = seen(table, row as u64, None),
        Some(ScrollTo::Top) => table = seen(table, 0, Some(egui::Align::TOP)),
        None => {}
    }
    let state_id = table.get_id(ui);
    let room = ui.available_width();
    let own = Some(shown.widths).filter(|widths| widths.len() == usual.len());
    let widths = own.map_or_else(|| fitted(usual, room), <[f32]>::to_vec);
    // The person's own widths stay whatever the room.
    let fitted_to = if own.is_some() { 0.0 } else { room };
    remember(ui, state_id, &ids, widths, fitted_to);
    let mut rows = Rows {
        shown,
        palette: Palette::of(ui),
        hovered_y: hovered_y(ui),
        touched: Touched::default(),
        named: HashSet::new(),
    };
    table.show(ui, &mut rows);
    let mut touched = rows.touched;
    touched.widths = changed_widths(ui, state_id, &ids);
    touched
}

/// Brings a row into view; the first columns with it.
fn seen(table: Table, row: u64, align: Option<egui::Align>) -> Table {
    table.scroll_to_row(row, align).scroll_to_column(1, None)
}

/// Whether the list beside an open card has no room for whole columns.
pub(super) fn is_cramped(room: f32) -> bool {
    let [_, snils, kind, created, _, status] = WIDE;
    room < NAME_WIDTHS.0 + snils + kind + created + TYPE_WIDTHS.0 + status + SCROLL_BAR
}

/// The usual widths with the name and the type as wide as there is room.
fn fitted(usual: [f32; 6], room: f32) -> Vec<f32> {
    let mut widths = usual;
    let spare = room - SCROLL_BAR - widths.iter().sum::<f32>();
    let [name, _, _, _, kind, _] = &mut widths;
    let (usual_name, usual_kind) = (*name, *kind);
    *kind = (usual_kind + spare / 2.0).clamp(TYPE_WIDTHS.0.min(usual_kind), TYPE_WIDTHS.1).floor();
    *name = (*name + spare - (*kind - usual_kind)).clamp(NAME_WIDTHS.0.min(usual_name), NAME_WIDTHS.1).floor();
    widths.to_vec()
}

/// Where the mouse is over the rows: a row is under it as a whole, although it is drawn in two parts.
fn hovered_y(ui: &Ui) -> Option<f32> {
    let at = ui.ctx().pointer_hover_pos()?;
    let is_ours = ui.available_rect_before_wrap().contains(at) && ui.ctx().layer_id_at(at) == Some(ui.layer_id());
    is_ours.then_some(at.y)
}

/// Gives widths to a table that has never been shown, which would otherwise fit its columns to what happens to
/// be seen first, and to one whose room is another now.
fn remember(ui: &Ui, state_id: Id, ids: &[Id; 6], widths: Vec<f32>, fitted_to: f32) {
    let room_id = state_id.with("room");
    let was_fitted_to: Option<f32> = ui.data(|data| data.get_temp(room_id));
    let known = TableState::load(ui, state_id);
    if known.is_some() && was_fitted_to == Some(fitted_to) {
        return;
    }
    let col_widths = ids.iter().copied().zip(widths.iter().copied()).collect();
    TableState { col_widths, parent_width: known.and_then(|known| known.parent_width) }.store(ui, state_id);
    ui.data_mut(|data| {
        data.insert_temp(room_id, fitted_to);
        data.insert_temp(state_id.with("before"), widths);
    });
}

/// The widths after the person has dragged one of them: they differ from those when the button went down.
fn changed_widths(ui: &Ui, state_id: Id, ids: &[Id; 6]) -> Option<Vec<f32>> {
    let state = TableState::load(ui, state_id)?;
    let now: Vec<f32> =
        ids.iter().map(|id| state.col_widths.get(id).copied().map(f32::round)).collect::<Option<_>>()?;
    let before_id = state_id.with("before");
    let (pressed, released) = ui.input(|input| (input.pointer.any_pressed(), input.pointer.any_released()));
    let before: Option<Vec<f32>> = ui.data(|data| data.get_temp(before_id));
    if pressed || before.is_none() {
        ui.data_mut(|data| data.insert_temp(before_id, now.clone()));
    }
    before.filter(|before| released && *before != now).map(|_| now)
}

struct Rows<'a> {
    shown: &'a Shown<'a>,
    palette: Palette,
    hovered_y: Option<f32>,
    touched: Touched,
    /// The rows that a screen reader was told of.
    named: HashSet<u64>,
}

impl TableDelegate for Rows<'_> {
    fn prepare(&mut self, info: &PrefetchInfo) {
        let at = |row: u64| usize::try_from(row).unwrap_or(usize::MAX);
        self.touched.visible = at(info.visible_rows.start)..at(info.visible_rows.end);
    }

    fn header_cell_ui(&mut self, ui: &mut Ui, cell: &HeaderCellInfo) {
        let Some(column) = SortColumn::ALL.get(cell.col_range.start).copied() else { return };
        let sort = self.shown.sort;
        // Before the words: a narrow column cuts their end off.
        let (arrow, direction) = match (sort.column == column, sort.descending) {
            (false, _) => ("", None),
            (true, false) => ("⏶ ", Some(SortDirection::Ascending)),
            (true, true) => ("⏷ ", Some(SortDirection::Descending)),
        };
        let words = heading(column);
        let name = RichText::new(format!("{arrow}{words}")).family(theme::bold_family());
        ui.add_space(theme::CELL_MARGIN);
        let button = ui.add(egui::Button::new(name).frame(false).truncate());
        widgets::named(&button, Role::ColumnHeader, &words);
        if let Some(direction) = direction {
            ui.ctx().accesskit_node_builder(button.id, |node| node.set_sort_direction(direction));
        }
        if button.clicked() {
            self.touched.column = Some(column);
        }
        button.on_hover_text(t!("list-sort-hint"));
    }

    fn row_ui(&mut self, ui: &mut Ui, row: u64) {
        let index = usize::try_from(row).unwrap_or(usize::MAX);
        let rect = ui.max_rect();
        // Not a stop of Tab: the arrows lead through the rows.
        let response = ui.interact(rect, ui.scope_id().with(("row", row)), Sense::CLICK);
        let is_selected = self.shown.selected == Some(index);
        // The columns that stay in place have a part of the row of their own.
        if self.named.insert(row) {
            row_named(&response, self.shown.list.row(index), is_selected);
        }
        let fill = if is_selected {
            Some(self.palette.selected)
        } else if self.hovered_y.is_some_and(|y| rect.y_range().contains(y)) {
            Some(self.palette.hover)
        } else if row % 2 == 1 {
            Some(self.palette.stripe)
        } else {
            None
        };
        if let Some(fill) = fill {
            ui.painter().rect_filled(rect, 0.0, fill);
        }
        if is_selected {
            let bar = egui::Rect::from_min_size(rect.min, egui::vec2(3.0, rect.height()));
            ui.painter().rect_filled(bar, 0.0, self.palette.accent);
        }
        if response.clicked() {
            self.touched.row = Some(index);
        }
    }

    fn cell_ui(&mut self, ui: &mut Ui, cell: &CellInfo) {
        let index = usize::try_from(cell.row_nr).unwrap_or(usize::MAX);
        let Some(column) = SortColumn::ALL.get(cell.col_nr).copied() else { return };
        ui.add_space(theme::CELL_MARGIN);
        match self.shown.list.row(index) {
            Some(standing) => cell_ui(ui, standing, column, self.shown),
            None => {
                ui.label(RichText::new("…").color(self.palette.muted));
            }
        }
    }

    fn default_row_height(&self) -> f32 {
        theme::ROW_HEIGHT
    }
}

/// What a screen reader says of a row.
fn row_named(response: &Response, standing: Option<&Standing>, is_selected: bool) {
    let name = standing.map_or_else(
        || "…".to_owned(),
        |Standing { application, .. }| {
            let (patient, kind) = (application.patient.name.full(), application.application_type.words());
            format!("{patient}, {kind}, {}", application.status.table_words())
        },
    );
    widgets::named(response, Role::Row, &name);
    response.ctx.accesskit_node_builder(response.id, |node| node.set_selected(is_selected));
}

/// One cell.
fn cell_ui(ui: &mut Ui, standing: &Standing, column: SortColumn, shown: &Shown<'_>) {
    if column == SortColumn::Status {
        widgets::application_mark(ui, standing.application.status, standing.is_pending());
        return;
    }
    let words = cell_words(standing, column, shown.zone, shown.is_narrow);
    let text = if standing.is_pending() && column == SortColumn::Name { theme::bold(&words) } else { words.into() };
    ui.add(Label::new(text).truncate().selectable(false));
}

/// A cell in words. Beside an open card a date has no time, and the type is the one word that tells it from others.
pub(crate) fn cell_words(standing: &Standing, column: SortColumn, zone: Tz, is_narrow: bool) -> String {
    let application = &standing.application;
    match column {
        SortColumn::Name => application.patient.name.full(),
        SortColumn::Snils => {
            let received = application.patient.snils.as_deref();
            received.map_or_else(
                || format::ABSENT.to_owned(),
                |snils| {
                    let (words, holds) = format::snils(snils);
                    if holds { words } else { format!("⚠ {words}") }
                },
            )
        }
        SortColumn::Kind => application.kind.table_words().to_owned(),
        SortColumn::CreatedAt if is_narrow => format::day(application.created_at, zone),
        SortColumn::CreatedAt => format::moment(application.created_at, zone),
        SortColumn::Type if is_narrow => type_in_short(application.application_type).into_owned(),
        SortColumn::Type => application.application_type.words().to_owned(),
        SortColumn::Status => application.status.table_words().to_owned(),
    }
}

fn type_in_short(of: ApplicationType) -> Cow<'static, str> {
    match of {
        ApplicationType::Choice => t!("type-choice"),
        ApplicationType::Cancellation => t!("type-cancellation"),
        ApplicationType::Detachment => t!("type-detachment"),
    }
}

/// The heading of a column, in the guide's words.
pub(crate) fn heading(column: SortColumn) -> Cow<'static, str> {
    match column {
        SortColumn::Name => t!("column-name"),
        SortColumn::Snils => t!("column-snils"),
        SortColumn::Kind => t!("column-kind"),
        SortColumn::CreatedAt => t!("column-created"),
        SortColumn::Type => t!("column-type"),
        SortColumn::Status => t!("column-status"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fill_the_room_and_keep_their_words() {
        let sum = |room| fitted(WIDE, room).iter().sum::<f32>() + SCROLL_BAR;
        // The usual screen, less than it, and more.
        for room in [1_164.0_f32, 1_000.0, 1_300.0] {
            assert!((room - 3.0..=room).contains(&sum(room)), "{room}: {}", sum(room));
        }
        assert!(sum(1_720.0) < 1_720.0, "a name needs no more than it has");
        let least = fitted(WIDE, 500.0);
        assert_eq!((least[0], least[4]), (NAME_WIDTHS.0, TYPE_WIDTHS.0));
        assert_eq!(least[1..4], WIDE[1..4]);
    }

    #[test]
    fn beside_a_card_columns_are_narrow_only_where_they_have_to_be() {
        assert!(is_cramped(670.0), "1366 points of a window");
        let narrow = fitted(NARROW, 666.0).iter().sum::<f32>() + SCROLL_BAR;
        assert!((663.0..=666.0).contains(&narrow), "there is nothing to scroll to the side: {narrow}");
        assert!(!is_cramped(1_220.0), "1920 points of a window");
    }
}
