//! Controls that several views use.
//!
//! Invariant: each has a name for a screen reader, says with words or a sign whatever it says by colour, and
//! asks for no repaint of its own.

mod date;

pub use date::{BadDate, date_in_words, parse_date};
