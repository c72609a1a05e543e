//! What those who run the server do, and what it does for them.

mod catalogue;
mod commands;
mod demo;
mod greeting;
mod ledger;
mod log;
mod restarts;
mod rule_books;
mod stopping;
