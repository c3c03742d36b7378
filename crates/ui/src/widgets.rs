//! Controls that several views use.
//!
//! Invariant: each has a name for a screen reader, says with words or a sign whatever it says by colour, and
//! asks for no repaint of its own.

mod badge;
mod choice;
mod copyable;
mod date;
mod field;
mod icon;
mod period;
mod progress;
mod suggest;
mod told;

pub use badge::{Mark, badge, status_mark};
pub use choice::choice;
pub use copyable::copyable;
pub use date::{BadDate, DateField, date_in_words, parse_date};
pub use field::labelled;
pub use icon::{Icon, icon_button};
pub use period::{PeriodField, PeriodMistakes};
pub use progress::progress;
pub use suggest::{SuggestResponse, cursor_to_end, suggest};
pub use told::{application_mark, badge_over, beside_label, named, told, within};
