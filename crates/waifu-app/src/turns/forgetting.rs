//! The event log is for those who come back soon: what is older goes.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, sleep};
use tracing::warn;

use crate::log::chain;
use crate::ports::clock::Clock;
use crate::ports::store::{Store, StoreError, finish};

/// Events are kept for so long.
pub(crate) const KEPT_FOR: time::Duration = time::Duration::hours(72);
const PERIOD: Duration = Duration::from_mins(10);
/// So many are forgotten in one commit, and the next ones a little later.
const AT_ONCE: u32 = 2_000;
const PAUSE: Duration = Duration::from_millis(200);

#[derive(Debug)]
pub(super) struct Forgetting {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Forgetting {
    /// Runs until dropped.
    pub(super) async fn forget_forever(self) {
        let mut ticks = tokio::time::interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.forget().await {
                warn!(error = chain(&error), "failed to forget old events");
            }
        }
    }

    async fn forget(&self) -> Result<(), StoreError> {
        let before = self.clock.now().minus(KEPT_FOR);
        loop {
            let mut work = self.store.begin().await?;
            let forgotten = work.event_log().forget_before(before, AT_ONCE).await;
            if finish(work, forgotten).await? < u64::from(AT_ONCE) {
                return Ok(());
            }
            sleep(PAUSE).await;
        }
    }
}
