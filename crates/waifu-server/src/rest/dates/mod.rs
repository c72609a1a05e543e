//! What the two can do together.

pub mod go;
pub mod list;
