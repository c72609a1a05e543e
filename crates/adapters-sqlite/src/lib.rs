//! The embedded store: one SQLite file, one thread that writes, a few that read.

mod companions;
mod connections;
mod errors;
mod open;
mod rows;
mod schema;
mod sql;
mod statements;
mod store;
mod turns;
mod types;
mod unit_of_work;

pub use open::{OpenError, SqliteOptions};
pub use store::{SqliteStore, StillInUse};

// Named so that SQLite itself is built in rather than looked for on the machine.
use libsqlite3_sys as _;
