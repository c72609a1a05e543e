//! Heartbeats: once a second the leases of all runs here are renewed and their words saved.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tracing::{debug, warn};
use waifu_domain::ids::ProcessId;

use super::registry::Registry;
use crate::log::chain;
use crate::ports::turn_store::TurnStore;

#[derive(Debug)]
pub(super) struct Heart {
    pub(super) turns: Arc<dyn TurnStore>,
    pub(super) registry: Arc<Registry>,
    pub(super) process: ProcessId,
    pub(super) lease: Duration,
    pub(super) period: Duration,
}

impl Heart {
    /// Beats until dropped.
    pub(super) async fn beat_forever(self) {
        let mut ticks = tokio::time::interval(self.period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.beat().await;
        }
    }

    async fn beat(&self) {
        let beats = self.registry.heartbeats();
        if beats.is_empty() {
            return;
        }
        let runs: HashMap<_, _> = beats.iter().map(|beat| (beat.turn_id, beat.run)).collect();
        let lease = self.lease.try_into().unwrap_or(time::Duration::MAX);
        match self.turns.beat(self.process, lease, beats).await {
            Ok(lost) => {
                let lost = lost
                    .into_iter()
                    .filter_map(|turn| runs.get_key_value(&turn));
                for (turn, run) in lost {
                    // A run that has just settled is no longer streaming either; losing it then does nothing.
                    debug!(%turn, run, "a run is no longer this process's");
                    self.registry.lose((*turn, *run));
                }
            }
            Err(error) => {
                warn!(error = chain(&error), "failed to renew leases");
            }
        }
    }
}
