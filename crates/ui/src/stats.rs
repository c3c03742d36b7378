//! «Статистика»: pictures of a period, each of which leads to its list.

use chrono::NaiveDate;
use egui::{RichText, ScrollArea, Sense, Ui, accesskit::Role};
use egui_plot::{Bar, BarChart, Plot, PlotPoint};
use prikrep_domain::{ApplicationType, Moment, Period, Query, Status, StatusFilter};

use crate::format;
use crate::t;
use crate::theme::{self, Palette};
use crate::widgets::{self, Mark, PeriodField, PeriodMistakes};
use crate::{Action, Figures, FiguresState, Snapshot, Work};

const CHART_HEIGHT: f32 = 210.0;
/// The statistics begin with so many days.
const USUAL_DAYS: u64 = 90;
const SHOWN_REASONS: usize = 10;
const BAR_HEIGHT: f32 = 20.0;

/// The statistics' own state.
pub(crate) struct StatsView {
    period: PeriodField,
    mistakes: PeriodMistakes,
    asked: bool,
}

impl StatsView {
    pub(crate) fn new(moment: Moment) -> Self {
        let period = PeriodField::last_days(moment.today(), USUAL_DAYS);
        Self { period, mistakes: (None, None), asked: false }
    }

    /// Draws the statistics. Returns the query of whatever was pressed.
    pub(crate) fn ui(
        &mut self,
        ui: &mut Ui,
        snapshot: &Snapshot,
        work: &Work,
        actions: &mut Vec<Action>,
    ) -> Option<Query> {
        ui.label(theme::title(t!("stats-title")));
        self.period_ui(ui, snapshot.moment, actions);
        ui.separator();
        match &work.figures {
            FiguresState::None => None,
            FiguresState::Counting(done) => {
                widgets::progress(ui, *done, None, &t!("stats-counting", count = *done));
                None
            }
            FiguresState::Trouble(words) => {
                widgets::told(ui, Mark::Bad, words);
                None
            }
            FiguresState::Ready(figures) if figures.total == 0 => {
                ui.add_space(24.0);
                ui.vertical_centered(|ui| ui.label(t!("stats-empty")));
                None
            }
            FiguresState::Ready(figures) => figures_ui(ui, figures, snapshot.moment, actions),
        }
    }

    fn period_ui(&mut self, ui: &mut Ui, moment: Moment, actions: &mut Vec<Action>) {
        let fields = ui.horizontal_top(|ui| {
            let [from, to] = self.period.fields_ui(ui, moment.today(), &self.mistakes);
            let pressed = widgets::beside_label(ui, |ui| ui.button(t!("stats-count"))).clicked();
            pressed || from.changed() || to.changed()
        });
        let asks = self.period.presets_ui(ui, moment.today()) || fields.inner;
        if asks || !std::mem::replace(&mut self.asked, true) {
            match self.period.value() {
                Ok(period) => {
                    self.mistakes = (None, None);
                    actions.push(Action::Count(period));
                }
                Err(mistakes) => self.mistakes = mistakes,
            }
        }
    }
}

fn figures_ui(ui: &mut Ui, figures: &Figures, moment: Moment, actions: &mut Vec<Action>) -> Option<Query> {
    ScrollArea::vertical()
        .auto_shrink([false, false])
        .show(ui, |ui| {
            let mut pressed = tiles_ui(ui, figures, moment, actions);
            ui.add_space(8.0);
            days_heading_ui(ui);
            pressed = days_ui(ui, figures).or(pressed);
            ui.add_space(8.0);
            ui.columns(2, |columns| {
                if let [left, right] = columns {
                    pressed = statuses_ui(left, figures).or(pressed.take());
                    pressed = reasons_ui(right, figures).or(pressed.take());
                }
            });
            pressed
        })
        .inner
}

/// The numbers that matter most.
fn tiles_ui(ui: &mut Ui, figures: &Figures, moment: Moment, actions: &mut Vec<Action>) -> Option<Query> {
    let mut pressed = None;
    ui.horizontal_wrapped(|ui| {
        if tile_ui(ui, &t!("stats-total"), &figures.total.to_string()) {
            pressed = Some(Query::of(figures.period));
        }
        if tile_ui(ui, &t!("stats-pending"), &figures.pending.to_string()) {
            pressed = Some(with_status(figures.period, StatusFilter::Pending));
        }
        let median = figures.median_answer_secs.map_or_else(|| format::ABSENT.to_owned(), format::span);
        tile_ui(ui, &t!("stats-median"), &median);
        let oldest = figures.oldest_pending.map_or_else(
            || format::ABSENT.to_owned(),
            |(since, _)| format::span(u64::try_from((moment.now - since).num_seconds()).unwrap_or(0)),
        );
        if tile_ui(ui, &t!("stats-oldest"), &oldest) {
            actions.extend(figures.oldest_pending.map(|(_, id)| Action::Open(id)));
            pressed = figures.oldest_pending.map(|_| with_status(figures.period, StatusFilter::Pending));
        }
    });
    pressed
}

fn tile_ui(ui: &mut Ui, label: &str, value: &str) -> bool {
    let inside = theme::block(ui).show(ui, |ui| {
        ui.vertical(|ui| {
            ui.set_min_width(150.0);
            ui.label(RichText::new(label).color(Palette::of(ui).muted));
            ui.label(theme::title(value));
        });
    });
    let tile = inside.response.interact(Sense::click());
    widgets::named(&tile, Role::Button, &format!("{label}: {value}"));
    tile.on_hover_text(t!("stats-press")).clicked()
}

fn with_status(period: Period, status: StatusFilter) -> Query {
    Query { status: Some(status), ..Query::of(period) }
}

/// What the days are and which colour is which type: above the bars, so that it hides none of them.
fn days_heading_ui(ui: &mut Ui) {
    ui.horizontal_wrapped(|ui| {
        ui.label(theme::bold(t!("stats-by-day")));
        for (kind, color) in ApplicationType::ALL.into_iter().zip(series(Palette::of(ui))) {
            ui.add_space(theme::GAP);
            let (_, sign) = ui.allocate_space(egui::vec2(12.0, 12.0));
            ui.painter().rect_filled(sign, 2.0, color);
            ui.label(kind.words());
        }
    });
}

/// Applications a day, by type one upon the other. A press on a bar leads to the list of that day and type.
fn days_ui(ui: &mut Ui, figures: &Figures) -> Option<Query> {
    let (first, _) = figures.period.dates();
    let start = figures.days.keys().next().copied().unwrap_or(first);
    let charts = charts(figures, start, series(Palette::of(ui)));
    let shown = Plot::new("days")
        .height(CHART_HEIGHT)
        .allow_scroll(false)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .include_y(0.0)
        .show_crosshair(false)
        .show_grid([false, true])
        .x_axis_formatter(move |mark, _| day_at(start, mark.value).map(format::date).unwrap_or_default())
        .y_axis_formatter(
            |mark, _| if mark.value.fract() == 0.0 { format!("{:.0}", mark.value) } else { String::new() },
        )
        .label_formatter(|_| None)
        .show(ui, |plot| {
            for chart in charts {
                plot.bar_chart(chart);
            }
            plot.response().clicked().then(|| plot.pointer_coordinate()).flatten()
        });
    widgets::named(&shown.response, Role::Image, &t!("stats-by-day"));
    shown.inner.and_then(|at| pressed_day(figures, start, at))
}

/// The three types, in the order of [`ApplicationType::ALL`].
const fn series(palette: Palette) -> [egui::Color32; 3] {
    [palette.accent, palette.pending, palette.ok]
}

fn charts(figures: &Figures, start: NaiveDate, colors: [egui::Color32; 3]) -> Vec<BarChart> {
    let mut charts: Vec<BarChart> = Vec::with_capacity(3);
    for (place, (kind, color)) in ApplicationType::ALL.into_iter().zip(colors).enumerate() {
        let bars = figures.days.iter().map(|(day, counts)| {
            let count = counts.get(place).copied().unwrap_or(0);
            let words = format!("{}\n{}: {count}", format::date(*day), kind.words());
            Bar::new(f64::from(days_between(start, *day)), to_f64(count)).width(0.8).name(words)
        });
        let chart = BarChart::new(kind.words(), bars.collect())
            .color(color)
            .element_formatter(Box::new(|bar: &Bar, _: &BarChart| bar.name.clone()));
        let below: Vec<&BarChart> = charts.iter().collect();
        charts.push(chart.stack_on(&below));
    }
    charts
}

fn days_between(start: NaiveDate, day: NaiveDate) -> i32 {
    i32::try_from((day - start).num_days()).unwrap_or(i32::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "a height that is shown")]
const fn to_f64(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::cast_possible_truncation, reason = "a day of the plot, within its bounds")]
fn day_at(start: NaiveDate, x: f64) -> Option<NaiveDate> {
    (x.abs() < 100_000.0).then(|| start.checked_add_signed(chrono::TimeDelta::days(x.round() as i64))).flatten()
}

/// The list behind the bar at a point.
fn pressed_day(figures: &Figures, start: NaiveDate, at: PlotPoint) -> Option<Query> {
    let day = day_at(start, at.x)?;
    let counts = figures.days.get(&day)?;
    let mut top = 0.0;
    let kind = ApplicationType::ALL.into_iter().zip(counts).find_map(|(kind, count)| {
        top += to_f64(*count);
        (at.y >= 0.0 && at.y <= top && *count > 0).then_some(kind)
    })?;
    let period = Period::new(day, day).ok()?;
    Some(Query { application_type: Some(kind), ..Query::of(period) })
}

fn statuses_ui(ui: &mut Ui, figures: &Figures) -> Option<Query> {
    ui.label(theme::bold(t!("stats-by-status")));
    let most = figures.statuses.iter().copied().max().unwrap_or(0);
    let mut pressed = None;
    for (status, count) in Status::ALL.into_iter().zip(figures.statuses) {
        if bar_ui(ui, status.table_words(), count, most) {
            pressed = Some(with_status(figures.period, StatusFilter::Is(status)));
        }
    }
    pressed
}

fn reasons_ui(ui: &mut Ui, figures: &Figures) -> Option<Query> {
    ui.label(theme::bold(t!("stats-refusals")));
    if figures.refusals.is_empty() {
        ui.label(RichText::new(t!("stats-no-refusals")).color(Palette::of(ui).muted));
    }
    let most = figures.refusals.first().map_or(0, |(_, count)| *count);
    let mut pressed = None;
    for (reason, count) in figures.refusals.iter().take(SHOWN_REASONS) {
        let words = if reason.is_empty() { t!("stats-other-reasons") } else { reason.as_str().into() };
        if bar_ui(ui, &words, *count, most) {
            pressed = Some(with_status(figures.period, StatusFilter::Is(Status::Refused)));
        }
    }
    pressed
}

/// A labelled bar that can be pressed.
fn bar_ui(ui: &mut Ui, label: &str, count: usize, most: usize) -> bool {
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(egui::vec2(width, BAR_HEIGHT), Sense::click());
    let palette = Palette::of(ui);
    let share = if most == 0 { 0.0 } else { count as f32 / most as f32 };
    let bar =
        egui::Rect::from_min_size(rect.min, egui::vec2(width * share, rect.height())).shrink2(egui::vec2(0.0, 2.0));
    ui.painter().rect_filled(bar, 2.0, palette.selected);
    let font = egui::TextStyle::Body.resolve(ui.style());
    let color = ui.visuals().text_color();
    let at = rect.right_center() - egui::vec2(6.0, 0.0);
    let number = ui.painter().text(at, egui::Align2::RIGHT_CENTER, count.to_string(), font.clone(), color);
    // A long reason ends before the number.
    let room = number.left() - rect.left() - 18.0;
    let words = egui::WidgetText::from(RichText::new(label).font(font).color(color));
    let words = words.into_galley(ui, Some(egui::TextWrapMode::Truncate), room, egui::FontSelection::Default);
    let at = rect.left_center() + egui::vec2(6.0, -words.size().y / 2.0);
    ui.painter().galley(at, words, color);
    if response.hovered() || response.has_focus() {
        ui.painter().rect_stroke(rect, 2.0, egui::Stroke::new(1.0, palette.accent), egui::StrokeKind::Inside);
    }
    widgets::named(&response, Role::Button, &format!("{label}: {count}"));
    response.on_hover_text(t!("stats-press")).clicked()
}
