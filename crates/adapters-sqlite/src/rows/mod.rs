//! One file a table: its row, and the statements that are about that table alone.

pub(crate) mod api_keys;
pub(crate) mod catalogue_entries;
pub(crate) mod conversations;
pub(crate) mod durable_events;
pub(crate) mod erasing;
pub(crate) mod event_occurrences;
pub(crate) mod interactions;
pub(crate) mod messages;
pub(crate) mod receipts;
pub(crate) mod relationships;
pub(crate) mod rule_books;
pub(crate) mod runs;
pub(crate) mod sessions;
pub(crate) mod spending;
pub(crate) mod turn_records;
pub(crate) mod turns;
pub(crate) mod users;
pub(crate) mod waifu_versions;
pub(crate) mod waifus;
