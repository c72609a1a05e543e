//! The caller himself.

pub mod api_keys;
pub mod get;
pub mod update;
