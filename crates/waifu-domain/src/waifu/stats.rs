//! The numbers that move her rules, and those that only colour her replies.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Each is 0 to 100, and 50 unless told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stats {
    /// Raises what kind words gain.
    pub warmth: Percent,
    /// Softens what unkind words and absence cost.
    pub patience: Percent,
    /// Raises what dates gain.
    pub playfulness: Percent,
    /// Makes room for small talk.
    pub curiosity: Percent,
    /// Sharpens what a disliked gift costs.
    pub pride: Percent,
    /// Stats under other names move no rule; the model is told of them.
    #[serde(flatten)]
    pub more: BTreeMap<String, Percent>,
}

/// 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Percent(u8);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 0 to 100")]
pub struct NotAPercent;

impl Percent {
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for Percent {
    fn default() -> Self {
        Self(50)
    }
}

impl TryFrom<u8> for Percent {
    type Error = NotAPercent;

    fn try_from(percent: u8) -> Result<Self, NotAPercent> {
        if percent <= 100 {
            Ok(Self(percent))
        } else {
            Err(NotAPercent)
        }
    }
}

impl From<Percent> for u8 {
    fn from(percent: Percent) -> Self {
        percent.0
    }
}
