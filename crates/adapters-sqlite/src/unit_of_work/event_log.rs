//! Durable events, as they were numbered.

use async_trait::async_trait;
use waifu_app::ports::store::{EventLog, LoggedEvent, StoreError};
use waifu_domain::ids::RelationshipId;
use waifu_domain::timestamp::Timestamp;

use super::Repository;
use crate::rows::durable_events;

#[async_trait]
impl EventLog for Repository<'_> {
    async fn after(
        &mut self,
        relationship: RelationshipId,
        seq: u64,
        limit: u32,
    ) -> Result<Vec<LoggedEvent>, StoreError> {
        self.0
            .run(move |c| durable_events::after(c, relationship, seq, limit))
            .await
    }

    async fn forget_before(&mut self, at: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.0
            .run(move |c| durable_events::forget_before(c, at, limit))
            .await
    }
}
