//! The two operations that every turn takes, each as one statement for many turns.

mod accept;
mod occurrences;
mod opening;
mod settle;

pub(crate) use accept::Acceptance;
pub(crate) use settle::Ending;
