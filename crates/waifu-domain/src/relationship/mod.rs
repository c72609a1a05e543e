//! What stands between one user and one companion: where it is now, and the ledger that says how it got there.

mod interaction;
mod level;
mod mood;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use interaction::{Cause, Interaction, InteractionKind, Reason, Rule};
pub use level::{Affection, Level, NotALevel, NotAffection, Stage};
pub use mood::Mood;

use crate::events::LastOccurrence;
use crate::ids::{Epoch, InteractionId, RelationshipId, UserId, WaifuId};
use crate::slug::Slug;
use crate::timestamp::Timestamp;

/// One user and one companion: her relationships are looked up and watched by this pair, which exists before
/// the relationship does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pair {
    pub user_id: UserId,
    pub waifu_id: WaifuId,
}

/// The stored row. `affection` and `level` are a cache of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relationship {
    pub id: RelationshipId,
    pub pair: Pair,
    pub affection: Affection,
    pub level: Level,
    pub facts: BTreeSet<Fact>,
    /// The last chat, gift, date or choice that was written; absence is counted from it.
    pub last_interaction: Option<Timestamp>,
    pub epoch: Epoch,
    pub head: Head,
    pub created_at: Timestamp,
}

/// How far a relationship has come. Whoever changes it moves `seq`, so one that is still at the head that was
/// read has not changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The number of the newest durable event; 0 before the first.
    pub seq: u64,
    /// The number of the newest ledger row; 0 before the first.
    pub entry_no: u32,
    /// Counts the changes of affection, level and facts.
    pub version: u32,
}

/// Something that is now true of a relationship, for good.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// The gate of this event stands open.
    Passed(Slug),
    /// A named thing that requirements, dates, gifts and lore can ask for.
    Unlocked(Slug),
}

/// A ledger row that counts: not voided by a rewind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingEntry {
    pub no: u32,
    pub kind: InteractionKind,
    pub at: Timestamp,
    pub requested_change: i32,
    pub affection_change: i32,
    pub cause: Cause,
}

/// Everything that the rules look at, as it was read at one head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationshipState {
    pub affection: Affection,
    pub level: Level,
    pub facts: BTreeSet<Fact>,
    pub last_interaction: Option<Timestamp>,
    /// When the newest ledger row was written; no later row is dated before it.
    pub last_entry_at: Option<Timestamp>,
    /// At least every standing row of the longest window, and the newest five that decide her mood; in the
    /// ledger's order.
    pub entries: Vec<StandingEntry>,
    /// For each event that ever came up, the last time that it did.
    pub last_occurrences: Vec<LastOccurrence>,
}

impl RelationshipState {
    /// Two who have never met.
    pub fn strangers() -> Self {
        Self {
            affection: Affection::NONE,
            level: Level::STRANGER,
            facts: BTreeSet::new(),
            last_interaction: None,
            last_entry_at: None,
            entries: Vec::new(),
            last_occurrences: Vec::new(),
        }
    }

    pub fn mood(&self) -> Mood {
        Mood::of(&self.entries)
    }
}

/// Where an [`Interaction`] stands in its ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerPlace {
    pub id: InteractionId,
    pub relationship_id: RelationshipId,
    /// 1, 2, …: the only order.
    pub no: u32,
}
