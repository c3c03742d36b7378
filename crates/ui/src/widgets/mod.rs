//! Widgets that more than one view uses. Each has a name for screen readers, by which tests find it too.

mod date;
mod field;
mod period;
mod small;
mod suggest;

pub(crate) use date::DateField;
pub(crate) use field::{beside_label, choice, copyable, labelled};
pub(crate) use period::{PeriodField, everything, last_days};
pub(crate) use small::{badge_over, cursor_to_end, icon_button, named, progress, status_mark};
pub(crate) use suggest::suggest;
