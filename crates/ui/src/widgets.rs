//! Controls that several views use.
//!
//! Invariant: each has a name for a screen reader, says with words or a sign whatever it says by colour, and
//! asks for no repaint of its own.

mod date;
mod field;
mod icon;

pub use date::{BadDate, DateField, date_in_words, parse_date};
pub use field::labelled;
pub use icon::{Icon, icon_button};
