//! The rows of each table: how they are written, read and understood.

pub(crate) mod api_keys;
pub(crate) mod catalogue_entries;
pub(crate) mod conversations;
pub(crate) mod durable_events;
mod erasing;
pub(crate) mod event_occurrences;
pub(crate) mod interactions;
pub(crate) mod messages;
mod personal_data;
pub(crate) mod receipts;
pub(crate) mod relationships;
pub(crate) mod rule_books;
pub(crate) mod runs;
pub(crate) mod sessions;
pub(crate) mod spending;
mod turn_records;
pub(crate) mod turns;
pub(crate) mod users;
pub(crate) mod waifus;
