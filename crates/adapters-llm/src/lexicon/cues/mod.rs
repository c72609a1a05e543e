//! The words and phrases that the rules look for, in the written-out form that clauses have.

mod grammar;
mod kind;
mod unkind;

pub(crate) use grammar::*;
pub(crate) use kind::*;
pub(crate) use unkind::*;
