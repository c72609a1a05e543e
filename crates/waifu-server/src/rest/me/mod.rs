//! The caller himself.

pub mod get;
pub mod update;
