//! egui's two styles, from the palette and the sizes.

use std::collections::BTreeMap;

use egui::epaint::Shadow;
use egui::style::{ScrollAnimation, ScrollStyle, Selection, Spacing, TextCursorStyle, WidgetVisuals, Widgets};
use egui::{
    Color32, Context, CornerRadius, FontFamily, FontId, Margin, Stroke, Style, TextStyle, Theme, Vec2, Visuals,
};

use super::{BODY, FIELD_HEIGHT, Palette, SMALL, TITLE, bold_family};

const ROUND: CornerRadius = CornerRadius::same(4);

pub(super) fn install(ctx: &Context) {
    for theme in [Theme::Light, Theme::Dark] {
        ctx.set_style_of(theme, style(theme));
    }
}

fn style(theme: Theme) -> Style {
    let palette = Palette::in_theme(theme);
    let mut style = Style {
        text_styles: text_styles(),
        spacing: spacing(),
        visuals: visuals(theme, &palette),
        animation_time: 0.0,
        scroll_animation: ScrollAnimation::none(),
        ..Style::default()
    };
    style.interaction.selectable_labels = false;
    style.interaction.tooltip_delay = 0.4;
    style
}

fn text_styles() -> BTreeMap<TextStyle, FontId> {
    [
        (TextStyle::Small, FontId::new(SMALL, FontFamily::Proportional)),
        (TextStyle::Body, FontId::new(BODY, FontFamily::Proportional)),
        (TextStyle::Button, FontId::new(BODY, FontFamily::Proportional)),
        (TextStyle::Heading, FontId::new(TITLE, bold_family())),
        (TextStyle::Monospace, FontId::new(BODY, FontFamily::Monospace)),
    ]
    .into()
}

fn spacing() -> Spacing {
    Spacing {
        item_spacing: Vec2::new(6.0, 4.0),
        button_padding: Vec2::new(8.0, 2.0),
        interact_size: Vec2::new(FIELD_HEIGHT, FIELD_HEIGHT),
        window_margin: Margin::same(12),
        menu_margin: Margin::same(6),
        combo_height: 320.0,
        scroll: ScrollStyle { bar_width: 9.0, bar_inner_margin: 2.0, ..ScrollStyle::solid() },
        ..Spacing::default()
    }
}

fn visuals(theme: Theme, palette: &Palette) -> Visuals {
    let base = match theme {
        Theme::Light => Visuals::light(),
        Theme::Dark => Visuals::dark(),
    };
    let shade = Color32::from_black_alpha(if theme == Theme::Dark { 110 } else { 36 });
    Visuals {
        widgets: widgets(palette),
        selection: Selection { bg_fill: palette.selected, stroke: Stroke::new(1.0, palette.accent) },
        weak_text_color: Some(palette.muted),
        hyperlink_color: palette.accent,
        faint_bg_color: palette.stripe,
        extreme_bg_color: palette.field,
        code_bg_color: palette.bar,
        warn_fg_color: palette.warn,
        error_fg_color: palette.bad,
        panel_fill: palette.panel,
        window_fill: palette.panel,
        window_stroke: Stroke::new(1.0, palette.outline),
        window_corner_radius: CornerRadius::same(6),
        menu_corner_radius: ROUND,
        window_shadow: Shadow { offset: [0, 6], blur: 20, spread: 0, color: shade },
        popup_shadow: Shadow { offset: [0, 3], blur: 10, spread: 0, color: shade },
        text_cursor: TextCursorStyle { stroke: Stroke::new(1.5, palette.accent), blink: false, ..base.text_cursor },
        indent_has_left_vline: false,
        ..base
    }
}

fn widgets(palette: &Palette) -> Widgets {
    let resting = WidgetVisuals {
        bg_fill: palette.field,
        weak_bg_fill: palette.field,
        bg_stroke: Stroke::new(1.0, palette.outline),
        fg_stroke: Stroke::new(1.0, palette.text),
        corner_radius: ROUND,
        expansion: 0.0,
    };
    Widgets {
        noninteractive: WidgetVisuals {
            bg_fill: palette.panel,
            weak_bg_fill: palette.panel,
            bg_stroke: Stroke::new(1.0, palette.line),
            ..resting
        },
        inactive: resting,
        hovered: WidgetVisuals {
            bg_fill: palette.hover,
            weak_bg_fill: palette.hover,
            bg_stroke: Stroke::new(1.0, palette.muted),
            ..resting
        },
        // Also what has the focus: its outline is the focus ring.
        active: WidgetVisuals {
            bg_fill: palette.hover,
            weak_bg_fill: palette.hover,
            bg_stroke: Stroke::new(1.5, palette.accent),
            ..resting
        },
        open: WidgetVisuals { bg_fill: palette.hover, weak_bg_fill: palette.hover, ..resting },
    }
}
