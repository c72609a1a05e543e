//! The operations of a turn: each on the connection of one open transaction, and `many` for many turns at once.

mod abandoned;
mod accept;
mod beat;
mod many;
mod opening;
mod settle;
mod standing;
mod whereabouts;

pub(crate) use abandoned::abandoned;
pub(crate) use accept::accept;
pub(crate) use beat::beat;
pub(crate) use many::{Acceptance, Ending};
pub(crate) use opening::opening;
pub(crate) use settle::settle;
pub(crate) use standing::standing;
pub(crate) use whereabouts::whereabouts;
