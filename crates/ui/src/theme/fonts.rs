//! Noto Sans, regular and bold, with egui's signs behind it.

use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily};

const REGULAR: (&str, &[u8]) = ("NotoSans-Regular", include_bytes!("../../../../assets/fonts/NotoSans-Regular.ttf"));
const BOLD: (&str, &[u8]) = ("NotoSans-Bold", include_bytes!("../../../../assets/fonts/NotoSans-Bold.ttf"));

/// The family of bold text: `strong()` changes only the colour.
#[must_use]
pub fn bold_family() -> FontFamily {
    FontFamily::Name("bold".into())
}

pub(super) fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    for (name, bytes) in [REGULAR, BOLD] {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    let mut fallback = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    // The arrows of the help on keys stand only there.
    fallback.push("Hack".to_owned());
    let led_by = |name: &str| std::iter::once(name.to_owned()).chain(fallback.iter().cloned()).collect();
    fonts.families.insert(FontFamily::Proportional, led_by(REGULAR.0));
    fonts.families.insert(bold_family(), led_by(BOLD.0));
    fonts
}
