//! Relationships, their ledgers and their events.

use async_trait::async_trait;
use time::Duration;
use waifu_app::ports::store::{
    Appended, Bucket, LedgerRow, OccurrencePlace, Relationships, StoreError, TimeSpan,
};
use waifu_app::ports::turn_store::{Append, FirstMeeting};
use waifu_domain::events::EventOccurrence;
use waifu_domain::ids::{OccurrenceId, RelationshipId, TurnId, UserId, WaifuId};
use waifu_domain::relationship::{Horizon, Interaction, Pair, Relationship, RelationshipState};
use waifu_domain::timestamp::Timestamp;

use super::Repository;
use crate::rows::{event_occurrences, interactions, relationships};
use crate::turns::{append, meet};

#[async_trait]
impl Relationships for Repository<'_> {
    async fn find(&mut self, pair: Pair) -> Result<Option<Relationship>, StoreError> {
        self.0.run(move |c| relationships::by_pair(c, pair)).await
    }

    async fn with_any(
        &mut self,
        user: UserId,
        waifus: &[WaifuId],
    ) -> Result<Vec<Relationship>, StoreError> {
        let waifus = waifus.to_vec();
        self.0
            .run(move |c| relationships::with_any(c, user, &waifus))
            .await
    }

    /// The unit of work is the only one that writes, so that all rows are locked.
    async fn lock(&mut self, pair: Pair) -> Result<Option<Relationship>, StoreError> {
        self.0.run(move |c| relationships::by_pair(c, pair)).await
    }

    async fn meet(
        &mut self,
        pair: Pair,
        first: FirstMeeting,
        at: Timestamp,
    ) -> Result<Relationship, StoreError> {
        self.0.run(move |c| meet::meet(c, pair, first, at)).await
    }

    async fn state(
        &mut self,
        relationship: &Relationship,
        horizon: Horizon,
    ) -> Result<RelationshipState, StoreError> {
        let relationship = relationship.clone();
        self.0
            .run(move |c| relationships::state(c, &relationship, horizon))
            .await
    }

    async fn append(&mut self, append: Append) -> Result<Appended, StoreError> {
        self.0.run(move |c| append::append(c, &append, None)).await
    }

    async fn ledger(
        &mut self,
        relationship: RelationshipId,
        before_no: Option<u32>,
        limit: u32,
    ) -> Result<Vec<LedgerRow>, StoreError> {
        self.0
            .run(move |c| interactions::ledger(c, relationship, before_no, limit))
            .await
    }

    async fn rows_after(
        &mut self,
        relationship: RelationshipId,
        no: u32,
        limit: u32,
    ) -> Result<Vec<Interaction>, StoreError> {
        self.0
            .run(move |c| interactions::rows_after(c, relationship, no, limit))
            .await
    }

    async fn first_chat_row(&mut self, turns: &[TurnId]) -> Result<Option<u32>, StoreError> {
        let turns = turns.to_vec();
        self.0
            .run(move |c| interactions::first_chat_row(c, &turns))
            .await
    }

    async fn buckets(
        &mut self,
        relationship: RelationshipId,
        span: TimeSpan,
        width: Duration,
    ) -> Result<Vec<Bucket>, StoreError> {
        self.0
            .run(move |c| interactions::buckets(c, relationship, span, width))
            .await
    }

    async fn row_before(
        &mut self,
        relationship: RelationshipId,
        at: Timestamp,
    ) -> Result<Option<Interaction>, StoreError> {
        self.0
            .run(move |c| interactions::row_before(c, relationship, at))
            .await
    }

    async fn occurrences(
        &mut self,
        relationship: RelationshipId,
        before: Option<OccurrencePlace>,
        limit: u32,
    ) -> Result<Vec<EventOccurrence>, StoreError> {
        self.0
            .run(move |c| event_occurrences::page(c, relationship, before, limit))
            .await
    }

    async fn occurrence(
        &mut self,
        relationship: RelationshipId,
        id: OccurrenceId,
    ) -> Result<Option<EventOccurrence>, StoreError> {
        self.0
            .run(move |c| event_occurrences::get(c, relationship, id))
            .await
    }

    async fn count(&mut self) -> Result<u64, StoreError> {
        self.0.run(relationships::count).await
    }

    async fn all(
        &mut self,
        after: Option<RelationshipId>,
        limit: u32,
    ) -> Result<Vec<Relationship>, StoreError> {
        self.0
            .run(move |c| relationships::all(c, after, limit))
            .await
    }
}
