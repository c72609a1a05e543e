//! The store on PostgreSQL. Several servers may share one database.

mod columns;
mod connections;
mod errors;
mod migrations;
mod rows;
mod schema;
mod store;
mod turns;
mod unit_of_work;

pub use connections::PostgresOptions;
pub use store::PostgresStore;
