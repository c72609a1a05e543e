//! Something that she can be given.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Lack, lack};
use crate::bounded::{Bounded, Text};
use crate::relationship::{Level, RelationshipState};
use crate::slug::Slug;
use crate::user::DisplayName;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gift {
    pub name: DisplayName,
    pub description: Text<500>,
    /// What her likes and dislikes are held against.
    pub tags: BTreeSet<Slug>,
    /// Points before her taste and the rules.
    pub base: Bounded<1, 10>,
    /// The level from which she accepts it.
    #[serde(default)]
    pub least_level: Level,
    /// Kept for good, and shown.
    #[serde(default)]
    pub keepsake: bool,
    /// Unlocks that must be there.
    #[serde(default)]
    pub requires: BTreeSet<Slug>,
    /// It presses the user to come back: not for minors.
    #[serde(default)]
    pub presses_for_return: bool,
}

impl Gift {
    pub(crate) fn lack(&self, state: &RelationshipState) -> Option<Lack> {
        lack(self.least_level, &self.requires, state)
    }
}
