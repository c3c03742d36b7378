//! How everything looks: fonts, colours, sizes. The one place for them.
//!
//! Invariant: every colour that carries text has a contrast of at least 4.5:1 to what it stands on, in both
//! themes; a test computes it.

use egui::epaint::text::{FontInsert, FontPriority, InsertFontFamily};
use egui::{
    Button, Color32, Context, CornerRadius, FontData, FontFamily, FontId, Frame, Margin, RichText, Stroke, TextStyle,
    Theme, ThemePreference, Ui, Vec2, Visuals,
};

use crate::{Settings, ThemeChoice};

const REGULAR: &[u8] = include_bytes!("../../../assets/fonts/NotoSans-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../../assets/fonts/NotoSans-Bold.ttf");

/// The height of a row of the list, in points: even and whole, so that a million rows stay sharp.
pub(crate) const ROW_HEIGHT: f32 = 22.0;
/// The space before the content of a cell.
pub(crate) const CELL_MARGIN: f32 = 6.0;
const BODY: f32 = 13.5;
const SMALL: f32 = 12.0;
const TITLE: f32 = 20.0;

/// The colours that say something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Palette {
    /// What waits for an answer.
    pub(crate) pending: Color32,
    /// Well.
    pub(crate) ok: Color32,
    /// Worth a look.
    pub(crate) warn: Color32,
    /// Wrong.
    pub(crate) bad: Color32,
    /// Of less weight.
    pub(crate) muted: Color32,
    /// What is to be pressed, and where one is.
    pub(crate) accent: Color32,
    /// Text upon the accent.
    pub(crate) on_accent: Color32,
    /// The ground of everything.
    pub(crate) ground: Color32,
    /// The ground of the menu and the bars.
    pub(crate) side: Color32,
    /// The ground of a selected row.
    pub(crate) selected_row: Color32,
    /// The ground of the row under the pointer.
    pub(crate) hovered_row: Color32,
    /// The ground of every other row.
    pub(crate) odd_row: Color32,
    /// Bars of the statistics, under text.
    pub(crate) bar: Color32,
    /// The three types of applications, in a picture.
    pub(crate) series: [Color32; 3],
    text: Color32,
    line: Color32,
}

const fn rgb(hex: u32) -> Color32 {
    let [_, r, g, b] = hex.to_be_bytes();
    Color32::from_rgb(r, g, b)
}

const LIGHT: Palette = Palette {
    pending: rgb(0x0b_57_b0),
    ok: rgb(0x1a_6e_35),
    warn: rgb(0x85_56_00),
    bad: rgb(0xb0_1e_24),
    muted: rgb(0x5b_66_70),
    accent: rgb(0x0b_5f_c0),
    on_accent: rgb(0xff_ff_ff),
    ground: rgb(0xff_ff_ff),
    side: rgb(0xf1_f4_f8),
    selected_row: rgb(0xd3_e4_fa),
    hovered_row: rgb(0xea_f1_fb),
    odd_row: rgb(0xf7_f9_fb),
    bar: rgb(0xcf_e0_f6),
    series: [rgb(0x2f_7d_d8), rgb(0xd9_8a_1f), rgb(0x4c_a0_6a)],
    text: rgb(0x1b_22_2a),
    line: rgb(0xcf_d6_de),
};

const DARK: Palette = Palette {
    pending: rgb(0x8c_bf_ff),
    ok: rgb(0x7b_d6_95),
    warn: rgb(0xf0_c0_60),
    bad: rgb(0xff_9a_95),
    muted: rgb(0xa3_ae_ba),
    accent: rgb(0x7d_b5_ff),
    on_accent: rgb(0x0a_1c_33),
    ground: rgb(0x1c_21_27),
    side: rgb(0x16_1a_1f),
    selected_row: rgb(0x24_3c_5c),
    hovered_row: rgb(0x28_30_39),
    odd_row: rgb(0x20_26_2d),
    bar: rgb(0x2b_45_66),
    series: [rgb(0x5a_a2_f2), rgb(0xe3_a2_45), rgb(0x66_bd_86)],
    text: rgb(0xe6_eb_f0),
    line: rgb(0x3a_44_4f),
};

impl Palette {
    /// The colours of the theme that is shown.
    pub(crate) fn of(ui: &Ui) -> Self {
        if ui.visuals().dark_mode { DARK } else { LIGHT }
    }
}

/// Installs fonts and styles; once, before the first frame.
pub fn install(ctx: &Context) {
    font(ctx, "Noto Sans", REGULAR, FontFamily::Proportional);
    font(ctx, "Noto Sans Bold", BOLD, bold_family());
    ctx.style_mut_of(Theme::Light, |style| style.visuals = visuals(Visuals::light(), LIGHT));
    ctx.style_mut_of(Theme::Dark, |style| style.visuals = visuals(Visuals::dark(), DARK));
    ctx.all_styles_mut(|style| {
        style.text_styles.insert(TextStyle::Body, FontId::proportional(BODY));
        style.text_styles.insert(TextStyle::Button, FontId::proportional(BODY));
        style.text_styles.insert(TextStyle::Small, FontId::proportional(SMALL));
        style.text_styles.insert(TextStyle::Monospace, FontId::monospace(BODY - 1.0));
        style.text_styles.insert(TextStyle::Heading, FontId::new(TITLE, bold_family()));
        style.spacing.item_spacing = Vec2::new(8.0, 4.0);
        style.spacing.button_padding = Vec2::new(9.0, 3.0);
        style.spacing.interact_size.y = 24.0;
        style.spacing.scroll = egui::style::ScrollStyle::solid();
        style.scroll_animation = egui::style::ScrollAnimation::none();
        style.animation_time = 0.0;
        style.interaction.selectable_labels = false;
        style.interaction.tooltip_delay = 0.4;
        // An idle window draws nothing.
        style.visuals.text_cursor.blink = false;
    });
    ctx.options_mut(|options| {
        options.quit_shortcuts.clear();
        // The size of text is a setting, kept between runs.
        options.zoom_with_keyboard = false;
        options.fallback_theme = Theme::Light;
    });
}

fn font(ctx: &Context, name: &str, bytes: &'static [u8], family: FontFamily) {
    let families = vec![InsertFontFamily { family, priority: FontPriority::Highest }];
    ctx.add_font(FontInsert::new(name, FontData::from_static(bytes), families));
}

fn visuals(base: Visuals, palette: Palette) -> Visuals {
    let mut visuals = base;
    let line = Stroke::new(1.0, palette.line);
    visuals.panel_fill = palette.ground;
    visuals.window_fill = palette.ground;
    visuals.window_stroke = line;
    visuals.faint_bg_color = palette.odd_row;
    visuals.extreme_bg_color = if visuals.dark_mode { palette.side } else { palette.ground };
    visuals.hyperlink_color = palette.accent;
    visuals.selection.bg_fill = palette.selected_row;
    visuals.selection.stroke = Stroke::new(1.0, palette.accent);
    visuals.weak_text_color = Some(palette.muted);
    visuals.warn_fg_color = palette.warn;
    visuals.error_fg_color = palette.bad;
    let corner = CornerRadius::same(4);
    let widgets = &mut visuals.widgets;
    for state in [
        &mut widgets.noninteractive,
        &mut widgets.inactive,
        &mut widgets.hovered,
        &mut widgets.active,
        &mut widgets.open,
    ] {
        state.corner_radius = corner;
        state.fg_stroke = Stroke::new(1.0, palette.text);
        state.expansion = 0.0;
    }
    widgets.noninteractive.bg_stroke = line;
    widgets.inactive.bg_stroke = line;
    widgets.inactive.weak_bg_fill = palette.side;
    widgets.hovered.bg_stroke = Stroke::new(1.0, palette.accent);
    widgets.hovered.weak_bg_fill = palette.hovered_row;
    widgets.active.bg_stroke = Stroke::new(1.5, palette.accent);
    widgets.active.weak_bg_fill = palette.selected_row;
    widgets.open.bg_stroke = Stroke::new(1.0, palette.accent);
    widgets.open.weak_bg_fill = palette.hovered_row;
    visuals
}

/// Takes over what a person has set: the theme and the size of text.
pub fn apply(ctx: &Context, settings: &Settings) {
    ctx.set_theme(match settings.theme {
        ThemeChoice::System => ThemePreference::System,
        ThemeChoice::Light => ThemePreference::Light,
        ThemeChoice::Dark => ThemePreference::Dark,
    });
    ctx.set_zoom_factor(f32::from(settings.zoom_percent.clamp(100, 200)) / 100.0);
}

/// The family of bold text: in this library weight is a font.
pub(crate) fn bold_family() -> FontFamily {
    FontFamily::Name("bold".into())
}

/// Bold text.
pub(crate) fn bold(text: &str) -> RichText {
    RichText::new(text).family(bold_family())
}

/// The title of a section.
pub(crate) fn title(text: &str) -> RichText {
    RichText::new(text).text_style(TextStyle::Heading)
}

/// An identifier.
pub(crate) fn mono(text: &str) -> RichText {
    RichText::new(text).monospace()
}

/// The button that a form is there for.
pub(crate) fn primary_button<'a>(ui: &Ui, words: &str) -> Button<'a> {
    let palette = Palette::of(ui);
    Button::new(bold(words).color(palette.on_accent)).fill(palette.accent)
}

/// The ground of a block among others.
pub(crate) fn card_frame(ui: &Ui) -> Frame {
    let palette = Palette::of(ui);
    Frame::new()
        .fill(palette.side)
        .stroke(Stroke::new(1.0, palette.line))
        .corner_radius(CornerRadius::same(6))
        .inner_margin(Margin::symmetric(10, 8))
}

/// The ground of the side menu.
pub(crate) fn menu_frame(ui: &Ui) -> Frame {
    Frame::new().fill(Palette::of(ui).side).inner_margin(Margin::symmetric(8, 6))
}

/// The ground of the status bar.
pub(crate) fn bar_frame(ui: &Ui) -> Frame {
    Frame::new().fill(Palette::of(ui).side).inner_margin(Margin::symmetric(10, 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The relative luminance of WCAG 2.
    fn luminance(color: Color32) -> f64 {
        let [r, g, b, _] = color.to_array().map(|channel| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_can_be_read_on_every_ground() {
        for (name, palette) in [("light", LIGHT), ("dark", DARK)] {
            let grounds = [palette.ground, palette.side, palette.odd_row, palette.hovered_row, palette.selected_row];
            let texts =
                [palette.text, palette.pending, palette.ok, palette.warn, palette.bad, palette.muted, palette.accent];
            for ground in grounds {
                for text in texts {
                    let found = contrast(text, ground);
                    assert!(found >= 4.5, "{name}: {text:?} on {ground:?} is {found:.2}");
                }
            }
            assert!(contrast(palette.on_accent, palette.accent) >= 4.5, "{name}: on the accent");
            assert!(contrast(palette.text, palette.bar) >= 4.5, "{name}: on a bar");
        }
    }
}
