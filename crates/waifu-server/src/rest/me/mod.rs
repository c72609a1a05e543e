//! The caller himself.

pub mod api_keys;
pub mod erase;
pub mod export;
pub mod get;
pub mod update;
