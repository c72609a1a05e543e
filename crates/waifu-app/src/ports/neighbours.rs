//! Other servers on the same store, and the doorbell between them. Rings are hints: who hears none looks once a second.

use async_trait::async_trait;
use time::Duration;
use waifu_domain::ids::ProcessId;
use waifu_domain::relationship::Pair;

use super::store::StoreError;

#[async_trait]
pub trait Neighbours: std::fmt::Debug + Send + Sync {
    /// Tells for how long from now, by the store's own clock, this process surely lives. Returns whether others do.
    async fn greet(&self, process: ProcessId, lease: Duration) -> Result<bool, StoreError>;

    /// This process lives no longer.
    async fn leave(&self, process: ProcessId) -> Result<(), StoreError>;

    /// Tells the others that there is news of these pairs, which has been committed. Any number of them.
    async fn ring(&self, process: ProcessId, pairs: &[Pair]) -> Result<(), StoreError>;

    /// Waits until another process rings; `process` hears none of its own. Safe to drop while waiting: a ring that is
    /// lost so is made up for by the next look.
    async fn rung(&self, process: ProcessId) -> Rung;
}

/// Who has news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rung {
    By(Vec<Pair>),
    /// Anybody: there were too many to name, or rings may have been missed.
    Anybody,
}

/// A store that one process has to itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoNeighbours;

#[async_trait]
impl Neighbours for NoNeighbours {
    async fn greet(&self, _: ProcessId, _: Duration) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn leave(&self, _: ProcessId) -> Result<(), StoreError> {
        Ok(())
    }

    async fn ring(&self, _: ProcessId, _: &[Pair]) -> Result<(), StoreError> {
        Ok(())
    }

    async fn rung(&self, _: ProcessId) -> Rung {
        std::future::pending().await
    }
}
