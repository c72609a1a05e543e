//! What the application needs from outside, each as one trait that an adapter implements.

pub mod access_tokens;
pub mod appraiser;
pub mod clock;
pub mod expressions;
pub mod ids;
pub mod language_model;
pub mod neighbours;
pub mod passwords;
pub mod rate_limits;
pub mod secrets;
pub mod store;
pub mod turn_store;
