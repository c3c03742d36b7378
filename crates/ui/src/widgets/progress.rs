//! How far something long has got. It moves only when it gets further.

use egui::{Color32, CornerRadius, Rect, Response, Role, Sense, Ui, WidgetInfo, vec2};

use crate::theme::{self, Palette};

const HEIGHT: f32 = 4.0;
/// How far the part of an unknown whole moves with each thing done.
const STEP: f32 = 0.07;
const PART: f32 = 0.2;

/// A line that fills, and words under it. Without `total` a part of the line moves on as `done` grows.
pub fn progress(ui: &mut Ui, done: usize, total: Option<usize>, words: &str) -> Response {
    ui.vertical(|ui| {
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, words));
        if let Some(total) = total {
            ui.ctx().accesskit_node_builder(response.id, |node| {
                node.set_numeric_value(f64::from(share(done, total)) * 100.0);
                node.set_min_numeric_value(0.0);
                node.set_max_numeric_value(100.0);
            });
        }
        let palette = Palette::of(ui);
        let (from, to) = filled(done, total);
        bar(ui, rect, palette.line);
        let x = |part: f32| rect.left() + rect.width() * part;
        bar(ui, Rect::from_x_y_ranges(x(from)..=x(to), rect.y_range()), palette.accent);
        ui.label(theme::note(ui, words));
        response
    })
    .inner
}

fn bar(ui: &Ui, rect: Rect, color: Color32) {
    ui.painter().rect_filled(rect, CornerRadius::same(2), color);
}

/// Where the filled part begins and ends, as parts of the whole.
#[expect(clippy::cast_precision_loss, reason = "a picture")]
fn filled(done: usize, total: Option<usize>) -> (f32, f32) {
    match total {
        Some(total) => (0.0, share(done, total)),
        None => {
            let from = (done as f32 * STEP).fract() * (1.0 - PART);
            (from, from + PART)
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a picture")]
fn share(done: usize, total: usize) -> f32 {
    if total == 0 { 1.0 } else { (done as f32 / total as f32).min(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_stays_within_itself() {
        assert_eq!(filled(5, Some(10)), (0.0, 0.5));
        assert_eq!(filled(11, Some(10)), (0.0, 1.0));
        assert_eq!(filled(0, Some(0)), (0.0, 1.0));
        for done in 0..1000 {
            let (from, to) = filled(done, None);
            assert!(from >= 0.0 && to <= 1.0);
        }
    }
}
