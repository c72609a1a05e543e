//! Several processes on one store: each tells the others what it has written, and looks for what they have.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tracing::warn;
use waifu_domain::ids::ProcessId;
use waifu_domain::relationship::Pair;

use super::{Hub, LOOK_AGAIN};
use crate::log::chain;
use crate::ports::neighbours::{Neighbours, Rung};
use crate::ports::turn_store::TurnStore;

/// A process that has not been heard of for so long is gone.
const LEASE: Duration = Duration::from_secs(12);
const GREETING: Duration = Duration::from_secs(3);
/// Rings are gathered for so long.
const GATHERING: Duration = Duration::from_millis(20);
/// Pairs that are looked at in one statement.
const AT_ONCE: usize = 1000;

#[derive(Debug)]
pub(in crate::turns) struct Neighbourhood {
    pub(in crate::turns) hub: Hub,
    pub(in crate::turns) neighbours: Arc<dyn Neighbours>,
    pub(in crate::turns) turns: Arc<dyn TurnStore>,
    pub(in crate::turns) process: ProcessId,
}

impl Neighbourhood {
    /// Runs until dropped.
    pub(in crate::turns) async fn live(self) {
        tokio::join!(
            self.greet_forever(),
            self.ring_forever(),
            self.look_forever()
        );
    }

    async fn greet_forever(&self) {
        let mut ticks = interval(GREETING);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let lease = LEASE.try_into().unwrap_or(time::Duration::MAX);
        loop {
            ticks.tick().await;
            match self.neighbours.greet(self.process, lease).await {
                Ok(has_neighbours) => self.has_neighbours(has_neighbours),
                Err(error) => {
                    // Nobody may have been missed: what is known of them stays.
                    warn!(error = chain(&error), "failed to greet the other servers");
                }
            }
        }
    }

    async fn ring_forever(&self) {
        let bell = &self.hub.inner.bell;
        loop {
            bell.wanted.notified().await;
            sleep(GATHERING).await;
            let pairs: Vec<Pair> = {
                let pairs = bell.pairs.lock();
                pairs
                    .unwrap_or_else(PoisonError::into_inner)
                    .drain()
                    .collect()
            };
            // Those who came while others were gathered went with them.
            if pairs.is_empty() {
                continue;
            }
            // A ring that fails is made up for by the others' next look.
            if let Err(error) = self.neighbours.ring(self.process, &pairs).await {
                warn!(error = chain(&error), "failed to ring at the other servers");
            }
        }
    }

    async fn look_forever(&self) {
        let mut next_look = Instant::now() + LOOK_AGAIN;
        loop {
            tokio::select! {
                rung = self.neighbours.rung(self.process) => {
                    self.has_neighbours(true);
                    match rung {
                        Rung::By(pairs) => {
                            let followed = |pair: &Pair| self.hub.known(*pair).is_some();
                            self.look(pairs.into_iter().filter(followed).collect()).await;
                        }
                        Rung::Anybody => self.look(self.hub.followed()).await,
                    }
                }
                () = tokio::time::sleep_until(next_look) => {
                    let has_neighbours = self.hub.inner.bell.has_neighbours.load(Ordering::Relaxed);
                    let pairs = if has_neighbours {
                        self.hub.followed()
                    } else {
                        self.in_doubt()
                    };
                    self.look(pairs).await;
                    next_look = Instant::now() + LOOK_AGAIN;
                }
            }
        }
    }

    async fn look(&self, pairs: Vec<Pair>) {
        for pairs in pairs.chunks(AT_ONCE) {
            match self.turns.whereabouts(pairs).await {
                Ok(found) => {
                    for whereabouts in found {
                        if whereabouts.streaming.is_none() {
                            self.is_certain(whereabouts.pair);
                        }
                        self.hub.learn(self.process, whereabouts);
                    }
                }
                Err(error) => {
                    warn!(
                        error = chain(&error),
                        "failed to look for news of other servers"
                    );
                    return;
                }
            }
        }
    }

    fn has_neighbours(&self, has_neighbours: bool) {
        let bell = &self.hub.inner.bell;
        bell.has_neighbours.store(has_neighbours, Ordering::Relaxed);
    }

    fn in_doubt(&self) -> Vec<Pair> {
        let in_doubt = self.hub.inner.in_doubt.lock();
        let mut in_doubt = in_doubt.unwrap_or_else(PoisonError::into_inner);
        in_doubt.retain(|pair| self.hub.known(*pair).is_some());
        in_doubt.iter().copied().collect()
    }

    fn is_certain(&self, pair: Pair) {
        let in_doubt = self.hub.inner.in_doubt.lock();
        in_doubt
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&pair);
    }
}
