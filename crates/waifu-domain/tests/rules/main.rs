//! What holds of the rules for any companion, any valid rule book and any history of acts and times.

mod absence;
mod arithmetic;
mod books;
mod caps;
mod gates;
mod kindness;
mod ledger;
mod levels;
mod lives;
mod time_order;
