//! The reaper: ends runs that nobody streams any more, with the words that their last heartbeat saved.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, sleep};
use tracing::{error, info, warn};
use waifu_domain::ids::TurnId;
use waifu_domain::turn::EndReason;

use super::ending::Ending;
use super::recorder::Recorder;
use super::registry::Registry;
use crate::log::chain;
use crate::ports::store::StoreError;
use crate::ports::turn_store::Authority;

/// So many runs are looked at in one round.
const AT_ONCE: u32 = 64;

#[derive(Debug)]
pub(super) struct Reaper {
    pub(super) recorder: Arc<Recorder>,
    pub(super) registry: Arc<Registry>,
    pub(super) period: Duration,
    /// After an outage of the store, in which leases could not be renewed, it waits for one lease.
    pub(super) lease: Duration,
}

impl Reaper {
    /// Reaps until dropped, at once and then once a period.
    pub(super) async fn reap_forever(self) {
        let mut ticks = tokio::time::interval(self.period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut was_away = false;
        let mut looked_at = Instant::now();
        loop {
            ticks.tick().await;
            let abandoned = self.recorder.turns.abandoned(AT_ONCE).await;
            was_away |= looked_at.elapsed() > 2 * self.period;
            match abandoned {
                // While the store was away or slow nobody could renew a lease: all get the time to.
                Ok(_) if was_away => {
                    was_away = false;
                    sleep(self.lease).await;
                }
                Ok(abandoned) => was_away = !self.reap(abandoned).await,
                Err(error) => {
                    warn!(error = chain(&error), "failed to look for abandoned runs");
                    was_away = true;
                }
            }
            looked_at = Instant::now();
        }
    }

    /// Returns whether the store stayed in reach. A run that can't be read keeps no other from its end.
    async fn reap(&self, abandoned: Vec<TurnId>) -> bool {
        for turn in abandoned {
            if self.registry.holds(turn) {
                continue;
            }
            let began_at = Instant::now();
            if let Err(error) = self.end(turn).await {
                error!(%turn, error = chain(&error), "failed to end an abandoned run");
                if matches!(error, StoreError::Unavailable(_)) {
                    return false;
                }
            }
            if began_at.elapsed() > self.period {
                return false;
            }
        }
        true
    }

    async fn end(&self, turn: TurnId) -> Result<(), StoreError> {
        info!(%turn, "ending a run that nobody streams");
        let abandoned = |words| Ending::broken_off(words, EndReason::Abandoned);
        self.recorder
            .end(turn, Authority::LeaseExpired, abandoned)
            .await
    }
}
