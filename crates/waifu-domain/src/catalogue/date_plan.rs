//! Something to do together.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use time::Duration;

use super::{Lack, lack};
use crate::bounded::{Bounded, Text};
use crate::relationship::{Level, RelationshipState};
use crate::slug::Slug;
use crate::user::DisplayName;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatePlan {
    pub name: DisplayName,
    pub description: Text<500>,
    /// What her likes and dislikes are held against.
    pub tags: BTreeSet<Slug>,
    /// Points before her taste and the rules.
    pub base: Bounded<1, 15>,
    /// The level from which she comes along.
    #[serde(default)]
    pub least_level: Level,
    /// How soon the same can be done again.
    cooldown_hours: Bounded<1, 8760>,
    /// Unlocks that must be there.
    #[serde(default)]
    pub requires: BTreeSet<Slug>,
}

impl DatePlan {
    pub fn cooldown(&self) -> Duration {
        Duration::hours(self.cooldown_hours.get().into())
    }

    pub(crate) fn lack(&self, state: &RelationshipState) -> Option<Lack> {
        lack(self.least_level, &self.requires, state)
    }
}
