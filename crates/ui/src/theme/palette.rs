//! The colours that mean something, light and dark.

use egui::{Color32, Theme, Ui};

/// The colours of a theme. Those in the first group are for text and signs on `panel`, `field`, `stripe`,
/// `selected` and `pending_fill`; the second are backgrounds; the third are lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// Ordinary text.
    pub text: Color32,
    /// Names of fields, notes, hints.
    pub muted: Color32,
    /// What can be pressed, what is chosen.
    pub accent: Color32,
    /// Waits for an answer.
    pub pending: Color32,
    /// Done, delivered, granted.
    pub ok: Color32,
    /// Needs attention, is late.
    pub warn: Color32,
    /// Refused, rejected, mistaken.
    pub bad: Color32,

    /// Behind everything.
    pub panel: Color32,
    /// Inside a field, behind the rows of a table.
    pub field: Color32,
    /// Behind every other row.
    pub stripe: Color32,
    /// Behind the selected row and selected text.
    pub selected: Color32,
    /// Behind a row that waits for an answer.
    pub pending_fill: Color32,
    /// Behind a side menu, a header, a status bar.
    pub bar: Color32,
    /// Text on a background of `accent`, `pending`, `ok`, `warn`, `bad` or `muted`.
    pub on_accent: Color32,

    /// Separators.
    pub line: Color32,
    /// The outline of fields and buttons.
    pub outline: Color32,
    /// Behind a button under the mouse.
    pub hover: Color32,
}

const LIGHT: Palette = Palette {
    text: rgb(0x1F_29_33),
    muted: rgb(0x52_5F_6C),
    accent: rgb(0x1A_5B_A8),
    pending: rgb(0x8F_45_00),
    ok: rgb(0x17_68_38),
    warn: rgb(0x75_55_00),
    bad: rgb(0xB0_21_1A),
    panel: rgb(0xF7_F8_FA),
    field: rgb(0xFF_FF_FF),
    stripe: rgb(0xF6_F8_FB),
    selected: rgb(0xD5_E6_FA),
    pending_fill: rgb(0xFF_F6_E6),
    bar: rgb(0xEC_F0_F4),
    on_accent: rgb(0xFF_FF_FF),
    line: rgb(0xDC_E1_E7),
    outline: rgb(0xBC_C6_D1),
    hover: rgb(0xE9_F0_F9),
};

const DARK: Palette = Palette {
    text: rgb(0xE3_E8_ED),
    muted: rgb(0xA3_AF_BB),
    accent: rgb(0x84_BA_F7),
    pending: rgb(0xF2_AC_63),
    ok: rgb(0x72_CB_8F),
    warn: rgb(0xE3_C3_55),
    bad: rgb(0xFF_9A_90),
    panel: rgb(0x1F_24_2A),
    field: rgb(0x17_1B_20),
    stripe: rgb(0x1C_21_27),
    selected: rgb(0x22_42_66),
    pending_fill: rgb(0x30_28_1C),
    bar: rgb(0x19_1D_22),
    on_accent: rgb(0x11_15_1A),
    line: rgb(0x33_3B_44),
    outline: rgb(0x4A_55_61),
    hover: rgb(0x2D_36_41),
};

const fn rgb(hex: u32) -> Color32 {
    let [_, red, green, blue] = hex.to_be_bytes();
    Color32::from_rgb(red, green, blue)
}

impl Palette {
    /// The colours of the theme that is shown.
    #[must_use]
    pub fn of(ui: &Ui) -> Self {
        Self::in_theme(ui.theme())
    }

    /// The colours of a theme.
    #[must_use]
    pub const fn in_theme(theme: Theme) -> Self {
        match theme {
            Theme::Light => LIGHT,
            Theme::Dark => DARK,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance, as WCAG 2.2 defines it.
    fn luminance(color: Color32) -> f64 {
        let channel = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(color.r()) + 0.7152 * channel(color.g()) + 0.0722 * channel(color.b())
    }

    fn contrast(one: Color32, other: Color32) -> f64 {
        let (a, b) = (luminance(one), luminance(other));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_of_every_colour_can_be_read_on_every_background() {
        for p in [LIGHT, DARK] {
            let foregrounds = [p.text, p.muted, p.accent, p.pending, p.ok, p.warn, p.bad];
            for background in [p.panel, p.field, p.stripe, p.selected, p.pending_fill, p.bar, p.hover] {
                for foreground in foregrounds {
                    let ratio = contrast(foreground, background);
                    assert!(ratio >= 4.5, "{foreground:?} on {background:?} is {ratio:.2}");
                }
            }
        }
    }

    #[test]
    fn text_can_be_read_on_filled_badges_and_buttons() {
        for p in [LIGHT, DARK] {
            for fill in [p.accent, p.pending, p.ok, p.warn, p.bad, p.muted] {
                let ratio = contrast(p.on_accent, fill);
                assert!(ratio >= 4.5, "on {fill:?} it is {ratio:.2}");
            }
        }
    }

    #[test]
    fn black_on_white_is_twenty_one() {
        assert!((contrast(Color32::BLACK, Color32::WHITE) - 21.0).abs() < 0.01);
    }
}
