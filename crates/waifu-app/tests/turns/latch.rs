//! Operations of a store of turns that are done, and whose answers take as long as a test wants.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use time::Duration;
use tokio::sync::oneshot;
use waifu_app::ports::store::StoreError;
use waifu_app::ports::turn_store::{
    Accepted, Heartbeat, NewTurn, Opening, Settled, Settlement, Standing, TurnStore, Whereabouts,
};
use waifu_domain::ids::{ProcessId, TurnId};
use waifu_domain::relationship::{Horizon, Pair};
use waifu_testkit::fakes::MemoryStore;

#[derive(Debug, Clone)]
pub(crate) struct Latches {
    store: MemoryStore,
    held: Arc<Mutex<HashMap<Door, Latch>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Door {
    Accept,
    Beat,
    Settle,
    Whereabouts,
}

#[derive(Debug)]
struct Latch {
    done: oneshot::Sender<()>,
    open: oneshot::Receiver<()>,
}

/// An operation whose answer waits until this is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    done: oneshot::Receiver<()>,
    _open: oneshot::Sender<()>,
}

impl Held {
    /// Until the operation is done, and only its answer is missing.
    pub(crate) async fn is_done(&mut self) {
        (&mut self.done)
            .await
            .expect("a latch says that it is shut");
    }
}

impl Latches {
    pub(crate) fn before(store: MemoryStore) -> Self {
        Self {
            store,
            held: Arc::default(),
        }
    }

    /// The next operation through this door.
    pub(crate) fn hold(&self, door: Door) -> Held {
        let (done, is_done) = oneshot::channel();
        let (open, is_open) = oneshot::channel();
        let latch = Latch {
            done,
            open: is_open,
        };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.insert(door, latch);
        Held {
            done: is_done,
            _open: open,
        }
    }

    async fn pass(&self, door: Door) {
        let latch = {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            held.remove(&door)
        };
        if let Some(Latch { done, open }) = latch {
            // Whoever shut it may wait for something else.
            let _ = done.send(());
            let _ = open.await;
        }
    }
}

#[async_trait]
impl TurnStore for Latches {
    async fn accept(&self, turn: NewTurn) -> Result<Accepted, StoreError> {
        let accepted = self.store.accept(turn).await;
        self.pass(Door::Accept).await;
        accepted
    }

    async fn standing(
        &self,
        turn: TurnId,
        horizon: Horizon,
    ) -> Result<Option<Standing>, StoreError> {
        self.store.standing(turn, horizon).await
    }

    async fn opening(
        &self,
        turn: TurnId,
        history_limit: u32,
        horizon: Horizon,
    ) -> Result<Option<Opening>, StoreError> {
        self.store.opening(turn, history_limit, horizon).await
    }

    async fn settle(&self, settlement: Settlement) -> Result<Settled, StoreError> {
        let settled = self.store.settle(settlement).await;
        self.pass(Door::Settle).await;
        settled
    }

    async fn beat(
        &self,
        process: ProcessId,
        lease: Duration,
        beats: Vec<Heartbeat>,
    ) -> Result<Vec<TurnId>, StoreError> {
        let lost = self.store.beat(process, lease, beats).await;
        self.pass(Door::Beat).await;
        lost
    }

    async fn abandoned(&self, limit: u32) -> Result<Vec<TurnId>, StoreError> {
        self.store.abandoned(limit).await
    }

    async fn whereabouts(&self, pairs: &[Pair]) -> Result<Vec<Whereabouts>, StoreError> {
        let found = self.store.whereabouts(pairs).await;
        self.pass(Door::Whereabouts).await;
        found
    }
}
