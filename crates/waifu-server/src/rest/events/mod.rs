//! Events that wait for a choice, and those that are over.

pub mod choose;
pub mod list;
