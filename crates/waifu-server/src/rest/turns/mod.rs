//! What can be done with a turn that is over.

pub mod rewind;
