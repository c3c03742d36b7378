//! The calendar under a date: a month of days, weeks from Monday.
//!
//! Invariant: the day that the keys move is always in the month that is shown.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use egui::{
    Align2, CornerRadius, FontId, Key, Modifiers, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2,
};

use super::keys_of_calendar;
use super::words::{month, weekday};
use crate::t;
use crate::theme::{self, BODY, Palette, SMALL};
use crate::widgets::date_in_words;
use crate::widgets::icon::{Icon, icon_button};

const CELL: egui::Vec2 = vec2(30.0, 24.0);
const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

/// What a person did with the calendar in this pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pressed {
    Nothing,
    Day(NaiveDate),
    Escape,
    /// The keyboard went to something else.
    Left,
}

#[derive(Clone, Debug)]
pub(super) struct Calendar {
    cursor: NaiveDate,
    fresh: bool,
}

impl Calendar {
    pub(super) const fn new(cursor: NaiveDate) -> Self {
        Self { cursor, fresh: true }
    }

    pub(super) fn ui(&mut self, ui: &mut Ui, chosen: Option<NaiveDate>, today: NaiveDate) -> Pressed {
        ui.spacing_mut().item_spacing = vec2(2.0, 2.0);
        self.header(ui);
        weekdays(ui);
        let days = self.days(ui, chosen, today);
        let footer = ui.add(egui::Button::new(t!("date-today")).small().frame_when_inactive(false));
        if self.left(ui, &days.response, &footer) {
            return Pressed::Left;
        }
        match (self.keys(ui, &days.response, today), days.inner) {
            (Pressed::Nothing, _) if footer.clicked() => Pressed::Day(today),
            (Pressed::Nothing, Some(date)) => Pressed::Day(date),
            (pressed, _) => pressed,
        }
    }

    fn header(&mut self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            self.step(ui, Icon::FarBack, &t!("date-year-back"), -12);
            self.step(ui, Icon::Back, &t!("date-month-back"), -1);
            let middle = vec2(7.0 * CELL.x + 6.0 * 2.0 - 4.0 * 22.0 - 2.0, 20.0);
            ui.add_sized(middle, egui::Label::new(theme::bold(month(self.cursor))));
            self.step(ui, Icon::On, &t!("date-month-on"), 1);
            self.step(ui, Icon::FarOn, &t!("date-year-on"), 12);
        });
    }

    fn step(&mut self, ui: &mut Ui, icon: Icon, name: &str, months: i32) {
        if icon_button(ui, icon, name, Sense::CLICK).on_hover_text(name).clicked() {
            self.cursor = moved(self.cursor, months);
        }
    }

    /// Six weeks, always, so that the calendar keeps its height. One stop of Tab.
    fn days(&self, ui: &mut Ui, chosen: Option<NaiveDate>, today: NaiveDate) -> egui::InnerResponse<Option<NaiveDate>> {
        let size = vec2(7.0 * CELL.x + 6.0 * 2.0, 6.0 * CELL.y + 5.0 * 2.0);
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        let name = t!("date-days", day = date_in_words(self.cursor));
        response.widget_info(|| WidgetInfo::labeled(Role::Grid, true, name.as_ref()));
        let first = self.cursor.with_day(1).unwrap_or(self.cursor).week(Weekday::Mon).first_day();
        let mut clicked = None;
        for (place, date) in first.iter_days().take(42).enumerate() {
            let marks = Marks {
                chosen: chosen == Some(date),
                today: date == today,
                cursor: date == self.cursor && response.has_focus(),
                outside: date.month() != self.cursor.month(),
            };
            if day_ui(ui, cell(rect, place), date, marks).clicked() {
                clicked = Some(date);
            }
        }
        egui::InnerResponse::new(clicked, response)
    }

    /// Holds the keyboard on the days, also after a press of the mouse; says whether it went elsewhere.
    fn left(&mut self, ui: &Ui, grid: &Response, footer: &Response) -> bool {
        let focused = ui.memory(|memory| memory.focused());
        if std::mem::take(&mut self.fresh) || focused.is_none() {
            grid.request_focus();
            return false;
        }
        focused.is_some_and(|id| id != grid.id && id != footer.id)
    }

    fn keys(&mut self, ui: &Ui, grid: &Response, today: NaiveDate) -> Pressed {
        ui.memory_mut(|memory| memory.set_focus_lock_filter(grid.id, keys_of_calendar()));
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::Escape) {
            return Pressed::Escape;
        }
        if !grid.has_focus() {
            return Pressed::Nothing;
        }
        for (key, days) in [(Key::ArrowLeft, -1), (Key::ArrowRight, 1), (Key::ArrowUp, -7), (Key::ArrowDown, 7)] {
            let times = ui.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key));
            for _ in 0..times {
                self.cursor = day_on(self.cursor, days);
            }
        }
        for (key, months) in [(Key::PageUp, -1), (Key::PageDown, 1)] {
            if pressed(key) {
                self.cursor = moved(self.cursor, months);
            }
        }
        if pressed(Key::Home) {
            self.cursor = today;
        }
        if pressed(Key::Enter) || pressed(Key::Space) { Pressed::Day(self.cursor) } else { Pressed::Nothing }
    }
}

fn day_on(date: NaiveDate, days: i64) -> NaiveDate {
    let step = Days::new(days.unsigned_abs());
    let there = if days < 0 { date.checked_sub_days(step) } else { date.checked_add_days(step) };
    there.unwrap_or(date)
}

fn moved(date: NaiveDate, months: i32) -> NaiveDate {
    let step = Months::new(months.unsigned_abs());
    let there = if months < 0 { date.checked_sub_months(step) } else { date.checked_add_months(step) };
    there.unwrap_or(date)
}

fn weekdays(ui: &mut Ui) {
    let color = Palette::of(ui).muted;
    ui.horizontal(|ui| {
        for day in WEEK {
            let (_, rect) = ui.allocate_space(vec2(CELL.x, 16.0));
            ui.painter().text(rect.center(), Align2::CENTER_CENTER, weekday(day), FontId::proportional(SMALL), color);
        }
    });
}

#[expect(clippy::cast_precision_loss, reason = "42 places")]
fn cell(grid: Rect, place: usize) -> Rect {
    let (column, row) = ((place % 7) as f32, (place / 7) as f32);
    Rect::from_min_size(grid.min + vec2(column * (CELL.x + 2.0), row * (CELL.y + 2.0)), CELL)
}

#[derive(Clone, Copy)]
struct Marks {
    chosen: bool,
    today: bool,
    cursor: bool,
    outside: bool,
}

fn day_ui(ui: &Ui, rect: Rect, date: NaiveDate, marks: Marks) -> Response {
    let name = date_in_words(date);
    let response = ui.interact(rect, ui.make_persistent_id(date), Sense::CLICK);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, marks.chosen, name.as_ref()));
    let palette = Palette::of(ui);
    let round = CornerRadius::same(4);
    let (fill, color) = if marks.chosen {
        (palette.accent, palette.on_accent)
    } else {
        let color = if marks.outside { palette.muted } else { palette.text };
        (if response.hovered() { palette.hover } else { egui::Color32::TRANSPARENT }, color)
    };
    ui.painter().rect_filled(rect, round, fill);
    if marks.today {
        ui.painter().rect_stroke(rect, round, Stroke::new(1.0, palette.accent), StrokeKind::Inside);
    }
    if marks.cursor {
        ui.painter().rect_stroke(rect, round, Stroke::new(2.0, palette.text), StrokeKind::Inside);
    }
    let family = if marks.today { theme::bold_family() } else { egui::FontFamily::Proportional };
    let size = if marks.outside { SMALL } else { BODY };
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, date.day(), FontId::new(size, family), color);
    response
}
