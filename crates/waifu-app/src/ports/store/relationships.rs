//! Relationships and their ledgers.

use async_trait::async_trait;
use time::Duration;
use waifu_domain::events::EventOccurrence;
use waifu_domain::ids::{OccurrenceId, RelationshipId, TurnId, UserId, WaifuId};
use waifu_domain::relationship::{
    Affection, Horizon, Interaction, InteractionKind, Level, Pair, Relationship, RelationshipState,
};
use waifu_domain::timestamp::Timestamp;

use super::StoreError;
use crate::ports::turn_store::{Append, FirstMeeting};

#[async_trait]
pub trait Relationships: Send {
    async fn find(&mut self, pair: Pair) -> Result<Option<Relationship>, StoreError>;

    /// The user's with any of these.
    async fn with_any(
        &mut self,
        user: UserId,
        waifus: &[WaifuId],
    ) -> Result<Vec<Relationship>, StoreError>;

    /// As [`Relationships::find`], and nobody else can change it until the unit of work ends.
    async fn lock(&mut self, pair: Pair) -> Result<Option<Relationship>, StoreError>;

    /// As [`Relationships::lock`]; two who have never met, meet: with `first`, and a default conversation.
    async fn meet(
        &mut self,
        pair: Pair,
        first: FirstMeeting,
        at: Timestamp,
    ) -> Result<Relationship, StoreError>;

    /// What the rules look at.
    async fn state(
        &mut self,
        relationship: &Relationship,
        horizon: Horizon,
    ) -> Result<RelationshipState, StoreError>;

    /// Adds what an act did, if the relationship is still at the head that the act was judged at.
    async fn append(&mut self, append: Append) -> Result<Appended, StoreError>;

    /// Ledger rows, newest first, those before `before_no`, at most `limit`.
    async fn ledger(
        &mut self,
        relationship: RelationshipId,
        before_no: Option<u32>,
        limit: u32,
    ) -> Result<Vec<LedgerRow>, StoreError>;

    /// Ledger rows in their order, those after `no`, at most `limit`.
    async fn rows_after(
        &mut self,
        relationship: RelationshipId,
        no: u32,
        limit: u32,
    ) -> Result<Vec<Interaction>, StoreError>;

    /// The number of the first chat row of these turns.
    async fn first_chat_row(&mut self, turns: &[TurnId]) -> Result<Option<u32>, StoreError>;

    /// The rows in `[span.from, span.until)`, in equal parts of `width` from `span.from` on; parts without a row are
    /// left out. In their order.
    async fn buckets(
        &mut self,
        relationship: RelationshipId,
        span: TimeSpan,
        width: Duration,
    ) -> Result<Vec<Bucket>, StoreError>;

    /// The newest row before `at`.
    async fn row_before(
        &mut self,
        relationship: RelationshipId,
        at: Timestamp,
    ) -> Result<Option<Interaction>, StoreError>;

    /// Occurrences of events, newest first, those before `before`, at most `limit`.
    async fn occurrences(
        &mut self,
        relationship: RelationshipId,
        before: Option<OccurrencePlace>,
        limit: u32,
    ) -> Result<Vec<EventOccurrence>, StoreError>;

    async fn occurrence(
        &mut self,
        relationship: RelationshipId,
        id: OccurrenceId,
    ) -> Result<Option<EventOccurrence>, StoreError>;

    /// How many relationships there are.
    async fn count(&mut self) -> Result<u64, StoreError>;

    /// All relationships in the order of their ids, those after `after`, at most `limit`.
    async fn all(
        &mut self,
        after: Option<RelationshipId>,
        limit: u32,
    ) -> Result<Vec<Relationship>, StoreError>;
}

/// From `from` on, up to but without `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeSpan {
    pub from: Timestamp,
    pub until: Timestamp,
}

/// What happened in one part of a time span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// 0 is the first part of the span.
    pub part: u32,
    pub interactions: u32,
    /// Points that were added, 0 or more.
    pub gained: i32,
    /// Points that were taken, 0 or more.
    pub lost: i32,
    /// After the last row of the part.
    pub affection: Affection,
    pub level: Level,
}

/// Where a page of occurrences ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OccurrencePlace {
    pub opened_at: Timestamp,
    pub id: OccurrenceId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    Done,
    Stale,
}

/// A ledger row with the words that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    pub interaction: Interaction,
    /// What the user said, for a chat row.
    pub said: Option<String>,
}

impl LedgerRow {
    /// `said` is what the user said in the turn of a chat row.
    pub fn new(interaction: Interaction, said: Option<&str>) -> Self {
        let is_chat = interaction.kind == InteractionKind::Chat;
        Self {
            interaction,
            said: said.filter(|_| is_chat).map(str::to_owned),
        }
    }
}
