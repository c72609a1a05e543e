//! What she can be given.

pub mod give;
pub mod list;
