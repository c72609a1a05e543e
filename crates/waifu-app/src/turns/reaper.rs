//! The reaper: ends runs that nobody streams any more, with the words that their last heartbeat saved.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tracing::{info, warn};
use waifu_domain::ids::TurnId;
use waifu_domain::turn::{EndReason, plain_text};

use super::ending::Ending;
use super::recorder::Recorder;
use super::registry::Registry;
use crate::log::chain;
use crate::ports::store::{Store, StoreError};
use crate::ports::turn_store::Authority;

/// So many runs are looked at in one round.
const AT_ONCE: u32 = 64;

#[derive(Debug)]
pub(super) struct Reaper {
    pub(super) recorder: Arc<Recorder>,
    pub(super) store: Arc<dyn Store>,
    pub(super) registry: Arc<Registry>,
    pub(super) period: Duration,
    /// After an outage of the store, whose leases could not be renewed, it waits for one lease.
    pub(super) lease: Duration,
}

impl Reaper {
    /// Reaps until dropped, at once and then once a period.
    pub(super) async fn reap_forever(self) {
        let mut ticks = tokio::time::interval(self.period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.reap().await {
                warn!(error = chain(&error), "failed to look for abandoned runs");
                tokio::time::sleep(self.lease).await;
            }
        }
    }

    async fn reap(&self) -> Result<(), StoreError> {
        let abandoned = self.recorder.turns.abandoned(AT_ONCE).await?;
        for turn in abandoned
            .into_iter()
            .filter(|turn| !self.registry.holds(*turn))
        {
            self.end(turn).await?;
        }
        Ok(())
    }

    async fn end(&self, turn: TurnId) -> Result<(), StoreError> {
        let since = self
            .recorder
            .clock
            .now()
            .minus(self.recorder.rule_book.longest_window());
        let Some(standing) = self.recorder.turns.standing(turn, since).await? else {
            return Ok(());
        };
        if standing.ended.is_some() {
            return Ok(());
        }
        let mut work = self.store.snapshot().await?;
        let outcome = work.messages().outcome(turn).await;
        work.rollback().await?;
        let said = outcome?
            .and_then(|outcome| outcome.message)
            .map(|message| plain_text(&message.parts));
        info!(%turn, "ending a run that nobody streams");
        let ending = Ending::broken_off(standing.words_so_far.clone(), EndReason::Abandoned);
        self.recorder
            .settle(standing, said.as_deref(), Authority::LeaseExpired, &ending)
            .await;
        Ok(())
    }
}
