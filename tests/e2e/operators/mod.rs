//! What those who run the server do, and what it does for them.

mod commands;
mod greeting;
mod log;
mod restarts;
mod stopping;
