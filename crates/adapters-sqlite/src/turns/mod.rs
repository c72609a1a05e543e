//! The life of a turn: a file for each operation, run inside one transaction.

pub(crate) mod accept;
pub(crate) mod append;
pub(crate) mod beat;
mod companion;
mod look;
pub(crate) mod meet;
pub(crate) mod opening;
pub(crate) mod outcome;
pub(crate) mod react;
pub(crate) mod settle;
pub(crate) mod standing;
pub(crate) mod whereabouts;
