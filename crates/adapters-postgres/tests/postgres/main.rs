//! The store on a real PostgreSQL, each test in a database of its own.

mod connections;
mod contract;
mod home;
mod migrations;
mod schema;
mod turns;
