//! The operations of a turn, each on the connection of one open transaction.

mod abandoned;
mod accept;
mod beat;
mod opening;
mod settle;
mod standing;

pub(crate) use abandoned::abandoned;
pub(crate) use accept::accept;
pub(crate) use beat::beat;
pub(crate) use opening::opening;
pub(crate) use settle::settle;
pub(crate) use standing::standing;
