//! What holds of the rules for any companion, any valid rule book and any history of acts and times.

mod absence;
mod any_book;
mod arithmetic;
mod birthdays;
mod books;
mod caps;
mod definitions;
mod event_order;
mod gates;
mod going_back;
mod kindness;
mod ledger;
mod levels;
mod life;
mod lives;
mod minors;
mod people;
mod refusals;
mod refused_books;
mod shelves;
mod standing;
mod tampering;
mod time_order;
mod triggers;
mod unlocks;
