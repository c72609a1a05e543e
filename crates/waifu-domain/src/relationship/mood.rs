//! How she feels just now, from the last five things that were said and done.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{InteractionKind, Presence, StandingEntry};

/// So many of the newest rows decide.
const REMEMBERED: usize = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mood {
    Hurt,
    Calm,
    Glad,
    Tender,
}

impl Mood {
    /// From standing rows in the ledger's order. Decay, reversals and adjustments are nothing that anybody said.
    pub fn of(entries: &[StandingEntry]) -> Self {
        let felt = |entry: &&StandingEntry| entry.kind.is_presence();
        let sum: i32 = entries
            .iter()
            .rev()
            .filter(felt)
            .take(REMEMBERED)
            .map(|entry| entry.requested_change)
            .sum();
        match sum {
            ..=-8 => Self::Hurt,
            15.. => Self::Tender,
            5.. => Self::Glad,
            _ => Self::Calm,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hurt => "hurt",
            Self::Calm => "calm",
            Self::Glad => "glad",
            Self::Tender => "tender",
        }
    }
}

impl InteractionKind {
    /// Whether the user was there: such rows end an absence and move her mood.
    pub fn is_presence(self) -> bool {
        Presence::ALL.map(Self::from).contains(&self)
    }
}

impl fmt::Display for Mood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
