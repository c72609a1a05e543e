//! The one place where affection is decided: a rule book, and a judge that applies it.
//!
//! No text that a model writes reaches these rules. A model may propose an [`Appraisal`], which is one of five.

mod absence;
mod chat;
mod dates;
mod events;
mod gifts;
mod going_back;
mod judge;
mod ledger_law;
mod levels;
mod rule_book;
mod tally;
mod taste;
mod windows;

use serde::{Deserialize, Serialize};

pub use judge::{Act, OpenedEvent, Refusal, Setting, Verdict, VerdictRow};
pub use ledger_law::{LawBroken, LedgerSum, check_ledger};
pub use rule_book::{RuleBook, RuleBookError, RuleBookHash, line_of};
pub use taste::Taste;

/// How a message was meant, on a closed scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Appraisal {
    Hostile,
    Cold,
    Neutral,
    Warm,
    Affectionate,
}

impl Appraisal {
    pub const ALL: [Self; 5] = [
        Self::Hostile,
        Self::Cold,
        Self::Neutral,
        Self::Warm,
        Self::Affectionate,
    ];
}
