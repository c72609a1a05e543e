//! The REST door.

mod accounts;
mod adjustments;
mod api_keys;
mod cancel;
mod chat;
mod choose;
mod companions;
mod dates;
mod erasure;
mod events;
mod faults;
mod gates;
mod gifts;
mod headers;
mod health;
mod her_words;
mod history;
mod idempotency;
mod plot;
mod profile;
mod refusals;
mod regenerate;
mod rewind;
mod sessions;
mod strangers;
mod tokens;
