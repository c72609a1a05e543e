//! Relationships and their ledgers.

use async_trait::async_trait;
use waifu_domain::ids::RelationshipId;
use waifu_domain::relationship::{Interaction, Pair, Relationship, RelationshipState};
use waifu_domain::timestamp::Timestamp;

use super::StoreError;
use crate::ports::turn_store::Append;

#[async_trait]
pub trait Relationships: Send {
    async fn find(&mut self, pair: Pair) -> Result<Option<Relationship>, StoreError>;

    /// As [`Relationships::find`], and nobody else can change it until the unit of work ends.
    async fn lock(&mut self, pair: Pair) -> Result<Option<Relationship>, StoreError>;

    /// What the rules look at.
    async fn state(
        &mut self,
        relationship: &Relationship,
        entries_since: Timestamp,
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
