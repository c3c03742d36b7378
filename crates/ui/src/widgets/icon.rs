//! Small pictures drawn with lines, and the button that is only such a picture.

use egui::{
    Color32, CornerRadius, Id, Painter, Pos2, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo,
};
use egui::{pos2, vec2};

use crate::theme::Palette;

/// What is drawn, in a square of 12 points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// Not drawn: the button is there and not seen.
    Nothing,
    /// A leaf of a calendar.
    Calendar,
    /// Two sheets.
    Copy,
    /// A tick: done.
    Tick,
    /// A cross: refused, rejected.
    Cross,
    /// A filled circle: waits.
    Dot,
    /// An empty circle: nothing to do.
    Ring,
    /// A triangle with an exclamation mark: look here.
    Warning,
    /// One step back.
    Back,
    /// One step on.
    On,
    /// A big step back.
    FarBack,
    /// A big step on.
    FarOn,
}

const SIDE: f32 = 12.0;

impl Icon {
    /// Draws it in the middle of a rectangle.
    pub fn paint(self, painter: &Painter, within: Rect, color: Color32) {
        let origin = within.center() - Vec2::splat(SIDE / 2.0);
        let pen = Pen { painter, origin, stroke: Stroke::new(1.3, color) };
        match self {
            Self::Nothing => {}
            Self::Calendar => {
                pen.sheet((0.5, 1.5), (11.5, 11.5));
                pen.line(&[(0.5, 4.6), (11.5, 4.6)]);
                pen.line(&[(3.5, 0.0), (3.5, 2.5)]);
                pen.line(&[(8.5, 0.0), (8.5, 2.5)]);
            }
            Self::Copy => {
                pen.sheet((3.5, 3.5), (11.5, 11.5));
                pen.line(&[(8.5, 0.8), (1.5, 0.8), (0.8, 1.5), (0.8, 8.5)]);
            }
            Self::Tick => pen.line(&[(1.5, 6.5), (4.5, 9.5), (10.5, 2.5)]),
            Self::Cross => {
                pen.line(&[(2.5, 2.5), (9.5, 9.5)]);
                pen.line(&[(9.5, 2.5), (2.5, 9.5)]);
            }
            Self::Dot => {
                pen.painter.circle_filled(pen.at((6.0, 6.0)), 4.0, color);
            }
            Self::Ring => {
                pen.painter.circle_stroke(pen.at((6.0, 6.0)), 3.6, pen.stroke);
            }
            Self::Warning => {
                pen.line(&[(6.0, 1.0), (11.4, 10.8), (0.6, 10.8), (6.0, 1.0)]);
                pen.line(&[(6.0, 4.4), (6.0, 7.4)]);
                pen.painter.circle_filled(pen.at((6.0, 9.0)), 0.75, color);
            }
            Self::Back => pen.line(&[(7.5, 2.0), (4.0, 6.0), (7.5, 10.0)]),
            Self::On => pen.line(&[(4.5, 2.0), (8.0, 6.0), (4.5, 10.0)]),
            Self::FarBack => {
                pen.line(&[(5.5, 2.0), (2.0, 6.0), (5.5, 10.0)]);
                pen.line(&[(10.0, 2.0), (6.5, 6.0), (10.0, 10.0)]);
            }
            Self::FarOn => {
                pen.line(&[(2.0, 2.0), (5.5, 6.0), (2.0, 10.0)]);
                pen.line(&[(6.5, 2.0), (10.0, 6.0), (6.5, 10.0)]);
            }
        }
    }
}

struct Pen<'a> {
    painter: &'a Painter,
    origin: Pos2,
    stroke: Stroke,
}

impl Pen<'_> {
    fn at(&self, (x, y): (f32, f32)) -> Pos2 {
        self.origin + vec2(x, y)
    }

    fn line(&self, points: &[(f32, f32)]) {
        self.painter.line(points.iter().map(|point| self.at(*point)).collect(), self.stroke);
    }

    fn sheet(&self, from: (f32, f32), to: (f32, f32)) {
        let rect = Rect::from_two_pos(self.at(from), self.at(to));
        self.painter.rect_stroke(rect, CornerRadius::same(2), self.stroke, StrokeKind::Middle);
    }
}

/// A button that is only a picture; `name` is what a screen reader says. `sense` says whether Tab stops at it.
pub fn icon_button(ui: &mut Ui, icon: Icon, name: &str, sense: Sense) -> Response {
    let (_, rect) = ui.allocate_space(vec2(20.0, 20.0));
    icon_button_at(ui, rect, icon, name, sense)
}

/// The same in a given place, over what is there already.
pub(super) fn icon_button_at(ui: &Ui, rect: Rect, icon: Icon, name: &str, sense: Sense) -> Response {
    let response = ui.interact(rect, id_of(ui, name), sense);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
    let palette = Palette::of(ui);
    let looked_at = response.hovered() || response.has_focus();
    if looked_at {
        ui.painter().rect_filled(rect, CornerRadius::same(3), palette.hover);
    }
    if response.has_focus() {
        let ring = Stroke::new(1.5, palette.accent);
        ui.painter().rect_stroke(rect, CornerRadius::same(3), ring, StrokeKind::Inside);
    }
    let color = if looked_at { palette.accent } else { palette.muted };
    icon.paint(ui.painter(), Rect::from_center_size(rect.center().round(), vec2(SIDE, SIDE)), color);
    response
}

/// The identity of the button with this name.
pub(super) fn id_of(ui: &Ui, name: &str) -> Id {
    ui.make_persistent_id(("icon", name))
}

/// The square at the right end of a field, where its button goes.
pub(super) fn right_end(field: Rect) -> Rect {
    let side = field.height() - 4.0;
    Rect::from_min_size(pos2(field.right() - side - 2.0, field.top() + 2.0), Vec2::splat(side))
}
