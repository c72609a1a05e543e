//! What stands between one user and one companion: where it is now, and the ledger that says how it got there.

mod deeds;
mod interaction;
mod level;
mod mood;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use deeds::{Counts, Deeds, Presence};
pub use interaction::{Cause, Interaction, InteractionKind, Reason, Rule};
pub use level::{Affection, Level, NotALevel, NotAffection, Stage};
pub use mood::Mood;

use crate::events::EventOccurrence;
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

/// The stored row. All from `affection` to `deeds` is a cache of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relationship {
    pub id: RelationshipId,
    pub pair: Pair,
    pub affection: Affection,
    pub level: Level,
    pub facts: BTreeSet<Fact>,
    /// The last chat, gift, date or choice that was written; absence is counted from it.
    pub last_interaction: Option<Timestamp>,
    pub counts: Counts,
    pub deeds: Deeds,
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
    /// She keeps this gift for good.
    Kept(Slug),
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
    /// `None`: they meet with the act that is judged.
    pub met_at: Option<Timestamp>,
    pub last_interaction: Option<Timestamp>,
    pub counts: Counts,
    pub deeds: Deeds,
    /// The number of the newest ledger row; 0 before the first.
    pub last_entry_no: u32,
    /// When the newest ledger row was written; no later row is dated before it.
    pub last_entry_at: Option<Timestamp>,
    /// At least every standing row within the [`Horizon`], and the newest five that decide her mood; in the
    /// ledger's order.
    pub entries: Vec<StandingEntry>,
    /// For each event that ever came up, the last time that it did.
    pub last_occurrences: Vec<EventOccurrence>,
}

/// How far back the rules look for rows that fill a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizon {
    pub chats: Timestamp,
    /// Gifts, dates and choices.
    pub deeds: Timestamp,
}

impl RelationshipState {
    /// Two who have never met.
    pub fn strangers() -> Self {
        Self {
            affection: Affection::NONE,
            level: Level::STRANGER,
            facts: BTreeSet::new(),
            met_at: None,
            last_interaction: None,
            counts: Counts::default(),
            deeds: Deeds::default(),
            last_entry_no: 0,
            last_entry_at: None,
            entries: Vec::new(),
            last_occurrences: Vec::new(),
        }
    }

    pub fn mood(&self) -> Mood {
        Mood::of(&self.entries)
    }

    /// Keys of the gifts that she keeps for good.
    pub fn keepsakes(&self) -> impl Iterator<Item = &Slug> {
        self.facts.iter().filter_map(|fact| match fact {
            Fact::Kept(gift) => Some(gift),
            Fact::Passed(_) | Fact::Unlocked(_) => None,
        })
    }

    /// Names of what has been unlocked.
    pub fn unlocked(&self) -> impl Iterator<Item = &Slug> {
        self.facts.iter().filter_map(|fact| match fact {
            Fact::Unlocked(name) => Some(name),
            Fact::Passed(_) | Fact::Kept(_) => None,
        })
    }

    /// When an act of `now` happens: time that runs backwards counts as no time.
    pub fn time_of_act(&self, now: Timestamp) -> Timestamp {
        self.last_entry_at.map_or(now, |last| last.max(now))
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
