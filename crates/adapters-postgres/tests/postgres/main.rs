//! The store on a real PostgreSQL, each test in a database of its own.

mod batches;
mod connections;
mod contract;
mod home;
mod migrations;
mod neighbours;
mod schema;
mod street;
mod turns;
