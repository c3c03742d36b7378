//! The whole window, with a made-up client behind it.

mod answering;
mod doors;
mod list;
mod scene;
