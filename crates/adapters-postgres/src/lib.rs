//! The store on PostgreSQL. Several servers may share one database.

mod batches;
mod columns;
mod companions;
mod connections;
mod errors;
mod migrations;
mod neighbours;
mod rows;
mod schema;
mod sql;
mod statements;
mod store;
mod turns;
mod unit_of_work;

pub use connections::PostgresOptions;
pub use neighbours::PostgresNeighbours;
pub use store::PostgresStore;
