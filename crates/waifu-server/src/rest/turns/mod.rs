//! What can be done with a turn.

pub mod cancel;
pub mod choose;
pub mod edit;
pub mod regenerate;
pub mod rewind;
