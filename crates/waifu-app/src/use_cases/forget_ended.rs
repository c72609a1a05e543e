//! Sessions that nobody can refresh and receipts that nobody can ask for are of no use to anybody: they go.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, sleep};
use tracing::warn;
use waifu_domain::timestamp::Timestamp;

use crate::log::chain;
use crate::ports::clock::Clock;
use crate::ports::store::{Store, StoreError, UnitOfWork, finish};

/// For the clocks of other servers, and for who looks at what went wrong yesterday.
const KEPT_FOR: time::Duration = time::Duration::DAY;
const PERIOD: Duration = Duration::from_mins(10);
/// So many go in one commit, and the next ones a little later.
const AT_ONCE: u32 = 1_000;
const PAUSE: Duration = Duration::from_millis(200);

#[derive(Debug, Clone)]
pub struct ForgetEnded {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
}

impl ForgetEnded {
    /// Runs until dropped.
    pub async fn forever(self) -> Infallible {
        let mut ticks = tokio::time::interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.execute().await {
                warn!(error = chain(&error), "failed to forget what has ended");
            }
        }
    }

    pub async fn execute(&self) -> Result<(), StoreError> {
        let before = self.clock.now().minus(KEPT_FOR);
        loop {
            let mut work = self.store.begin().await?;
            let forgotten = forget_some(&mut *work, before).await;
            if finish(work, forgotten).await? < u64::from(AT_ONCE) {
                return Ok(());
            }
            sleep(PAUSE).await;
        }
    }
}

/// How many went of what there may be more of.
async fn forget_some(work: &mut dyn UnitOfWork, before: Timestamp) -> Result<u64, StoreError> {
    let sessions = work.sessions().forget_expired(before, AT_ONCE).await?;
    let receipts = work.receipts().forget_expired(before, AT_ONCE).await?;
    Ok(sessions.max(receipts))
}
