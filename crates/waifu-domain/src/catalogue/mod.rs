//! What can be given and done together: entries that operators write and rules read. Each has a key, under which
//! files and ledgers know it.

mod date_plan;
mod gift;

use std::collections::{BTreeMap, BTreeSet};

pub use date_plan::DatePlan;
pub use gift::Gift;

use serde::{Deserialize, Serialize};

use crate::events::EventDefinition;
use crate::relationship::{Fact, Level, RelationshipState};
use crate::slug::Slug;

pub type Gifts = BTreeMap<Slug, Gift>;
pub type DatePlans = BTreeMap<Slug, DatePlan>;
pub type Events = BTreeMap<Slug, EventDefinition>;

/// Everything that there is, by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    pub gifts: Gifts,
    pub dates: DatePlans,
    pub events: Events,
}

/// What has to be true of a relationship first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Requirements {
    pub least_level: Level,
    /// Names of unlocks that must all be there.
    pub unlocked: BTreeSet<Slug>,
}

/// The first requirement that is not met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    Level(Level),
    Unlock(Slug),
}

impl Requirements {
    pub fn lack(&self, state: &RelationshipState) -> Option<Lack> {
        lack(self.least_level, &self.unlocked, state)
    }
}

fn lack(least_level: Level, unlocked: &BTreeSet<Slug>, state: &RelationshipState) -> Option<Lack> {
    if state.level < least_level {
        return Some(Lack::Level(least_level));
    }
    unlocked
        .iter()
        .find(|name| !state.facts.contains(&Fact::Unlocked((*name).clone())))
        .map(|name| Lack::Unlock(name.clone()))
}
