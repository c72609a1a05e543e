//! Durable events as they were numbered: what a client that comes back has missed.

use async_trait::async_trait;
use waifu_domain::ids::RelationshipId;
use waifu_domain::timestamp::Timestamp;

use super::StoreError;
use crate::ports::turn_store::DurableEvent;

#[async_trait]
pub trait EventLog: Send {
    /// Those after this number, in their order, at most `limit`. The first may have a higher number than the next one:
    /// what lies between has been forgotten.
    async fn after(
        &mut self,
        relationship: RelationshipId,
        seq: u64,
        limit: u32,
    ) -> Result<Vec<LoggedEvent>, StoreError>;

    /// Forgets at most `limit` events, of all relationships, from before `at`. Returns how many.
    async fn forget_before(&mut self, at: Timestamp, limit: u32) -> Result<u64, StoreError>;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedEvent {
    pub seq: u64,
    pub at: Timestamp,
    pub event: DurableEvent,
}
