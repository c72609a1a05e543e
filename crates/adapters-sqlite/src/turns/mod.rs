//! The life of a turn: a file for each operation, run inside one transaction.

pub(crate) mod abandoned;
pub(crate) mod accept;
pub(crate) mod append;
pub(crate) mod beat;
pub(crate) mod meet;
pub(crate) mod opening;
pub(crate) mod outcome;
pub(crate) mod react;
pub(crate) mod settle;
pub(crate) mod standing;
