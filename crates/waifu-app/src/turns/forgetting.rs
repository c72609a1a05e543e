//! The event log is for those who come back soon, and what was spent on a day for that day: what is older goes.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, sleep};
use tracing::warn;
use waifu_domain::timestamp::Timestamp;

use crate::log::chain;
use crate::ports::clock::Clock;
use crate::ports::store::{Day, Store, StoreError, UnitOfWork, finish};

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
                warn!(error = chain(&error), "failed to forget what is old");
            }
        }
    }

    async fn forget(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        loop {
            let mut work = self.store.begin().await?;
            let forgotten = forget_some(&mut *work, now).await;
            if finish(work, forgotten).await? < u64::from(AT_ONCE) {
                return Ok(());
            }
            sleep(PAUSE).await;
        }
    }
}

/// How many went of what there may be more of.
async fn forget_some(work: &mut dyn UnitOfWork, now: Timestamp) -> Result<u64, StoreError> {
    let before = now.minus(KEPT_FOR);
    let events = work.event_log().forget_before(before, AT_ONCE).await?;
    // Another server's clock may not have come to today yet.
    let yesterday = Day::of(now).before();
    let counts = work.spending().forget_before(yesterday, AT_ONCE).await?;
    Ok(events.max(counts))
}
