//! What all users have used, day by day, for operators.

use std::sync::Arc;

use crate::ports::clock::Clock;
use crate::ports::store::{Day, DayUsage, Store, StoreError, finish};

/// Days that can be asked for at once.
pub const MOST_DAYS: i32 = 92;
/// Unless it is told.
const DAYS: i32 = 30;

#[derive(Debug, Clone)]
pub struct ReadUsage {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
}

#[derive(Debug, thiserror::Error)]
pub enum ReadUsageError {
    #[error("must be 1 to {MOST_DAYS} days up to the last one")]
    NotASpan,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ReadUsage {
    /// Oldest first, a day without any left out. Unless told, up to today, and for 30 days.
    pub async fn execute(
        &self,
        from: Option<Day>,
        to: Option<Day>,
    ) -> Result<Vec<DayUsage>, ReadUsageError> {
        let to = to.unwrap_or_else(|| Day::of(self.clock.now()));
        let from = from.unwrap_or_else(|| to.minus(DAYS - 1));
        if !(0..MOST_DAYS).contains(&(to.number() - from.number())) {
            return Err(ReadUsageError::NotASpan);
        }
        let mut work = self.store.snapshot().await?;
        let usage = work.spending().usage(from, to).await;
        Ok(finish(work, usage).await?)
    }
}
