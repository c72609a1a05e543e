//! The house's companions. They are read like all others, and written here.

pub mod create;
pub mod delete;
pub mod list;
pub mod update;
