//! The REST door.

mod accounts;
mod chat;
mod companions;
mod faults;
mod health;
mod history;
mod refusals;
mod strangers;
mod tokens;
