//! A date: typed, or picked from a calendar.

mod typed;
mod words;

pub use typed::{BadDate, parse_date};
pub use words::date_in_words;
