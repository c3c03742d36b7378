//! What the pages say is so: their links, pictures and files are there, the commands and the words of the window that
//! they name exist, and their examples, run word by word, give what is said of them.
//!
//! How a page is written for it: a block of `sh` is run, one after another in one shell; `# → …` behind a command is a
//! line that it prints, `…` in it stands for anything; a block of `json` that follows is in the JSON that was printed
//! last, with `"…"` for any value. Blocks of other languages are shown only.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod commands;
#[cfg(unix)]
mod examples;
mod links;
mod pages;
mod stated;
mod words;
