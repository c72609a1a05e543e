//! What is between the caller and one companion.

pub mod history;
pub mod interactions;
pub mod messages;
pub mod now;
