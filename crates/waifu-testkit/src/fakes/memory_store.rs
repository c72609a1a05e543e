//! A store of turns that keeps its promises in memory, except where a test scripts what befalls a call.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use time::Duration;
use tokio::time::Instant;
use waifu_app::ports::store::{CatalogueEntry, Day, LoggedEvent, NewReaction, NewRun, StoreError};
use waifu_app::ports::turn_store::{
    Accepted, Heartbeat, NewTurn, Opening, Settled, Settlement, Standing, TurnRef, TurnStore,
    Whereabouts,
};
use waifu_domain::ids::{ProcessId, TurnId, UserId};
use waifu_domain::relationship::{Horizon, Pair, Relationship};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::RunNo;
use waifu_domain::waifu::Waifu;

use super::memory::Memory;

/// One companion and whoever writes to her. Leases run by tokio's clock, so that a paused one holds them still.
/// Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct MemoryStore {
    memory: Arc<Mutex<Memory>>,
    script: Arc<Mutex<Script>>,
    pub(super) snapshots: Arc<AtomicUsize>,
}

#[derive(Debug, Default)]
struct Script {
    fates: HashMap<Operation, VecDeque<Fate>>,
    away: bool,
    unreadable: HashSet<TurnId>,
    calls: Vec<Call>,
    asked_to_settle: Vec<Settlement>,
    beats: Vec<Vec<Heartbeat>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    Accept,
    Standing,
    Opening,
    Settle,
    Beat,
    Abandoned,
    Whereabouts,
    Snapshot,
    Begin,
}

/// What befalls one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The store can't be reached, and nothing is done.
    Away,
    /// The store breaks, and nothing is done.
    Broken,
    /// The store never answers, and nothing is done.
    Hangs,
    /// The store takes so long, and then does it.
    Slow(std::time::Duration),
    /// It is done, and the store can't be reached any more when it answers.
    AnswerLost,
    /// An operator moves the relationship by so many points just before; only a settlement notices.
    MovedBefore(i32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    pub operation: Operation,
    pub at: Instant,
}

impl MemoryStore {
    pub fn new(waifu: Waifu) -> Self {
        Self {
            memory: Arc::new(Mutex::new(Memory::new(waifu))),
            script: Arc::default(),
            snapshots: Arc::default(),
        }
    }

    #[must_use]
    pub fn with_catalogue(self, entries: Vec<CatalogueEntry>) -> Self {
        self.memory().catalogue = entries;
        self
    }

    /// What befalls the next calls of `operation`, one each; the calls after them go well.
    pub fn foretell(&self, operation: Operation, fates: impl IntoIterator<Item = Fate>) {
        let mut script = self.script();
        script.fates.entry(operation).or_default().extend(fates);
    }

    /// Every call finds the store out of reach until [`MemoryStore::come_back`].
    pub fn go_away(&self) {
        self.script().away = true;
    }

    pub fn come_back(&self) {
        self.script().away = false;
    }

    /// Whoever reads this turn finds that the store is broken.
    pub fn make_unreadable(&self, turn: TurnId) {
        self.script().unreadable.insert(turn);
    }

    /// Another process ends the run, without a word.
    pub fn end_elsewhere(&self, turn: TurnId) {
        self.memory().end_elsewhere(turn);
    }

    /// An operator moves the relationship of that turn.
    pub fn adjust(&self, turn: TurnId, points: i32) {
        self.memory().adjust(turn, points);
    }

    /// Another process, which has died since, accepted this message.
    pub fn accept_by_the_dead(&self, turn: NewTurn) {
        let accepted = self.memory().accept(turn);
        assert!(matches!(accepted, Accepted::New(_)), "{accepted:?}");
    }

    /// An act of two who have met starts her answer, in one commit.
    pub fn start(&self, reaction: &NewReaction) -> TurnRef {
        self.memory().start(reaction)
    }

    /// Another run of a turn begins, in one commit; none of the two's streams.
    pub fn start_again(&self, again: &NewRun) -> TurnRef {
        self.memory().start_again(again)
    }

    /// The words of this run are her answer from now on, in one commit.
    pub fn choose(&self, turn: TurnId, run: RunNo, at: Timestamp) {
        self.memory().choose(turn, run, at);
    }

    /// Forgets what happened before `at`.
    pub fn forget_before(&self, at: Timestamp) {
        self.memory().forget_before(at, u32::MAX);
    }

    pub fn relationship(&self, pair: Pair) -> Option<Relationship> {
        let memory = self.memory();
        memory.met(pair).map(|met| met.relationship.clone())
    }

    /// What is kept of the two's events, in their order.
    pub fn log(&self, pair: Pair) -> Vec<LoggedEvent> {
        let memory = self.memory();
        memory
            .met(pair)
            .map_or_else(Vec::new, |met| met.log.clone())
    }

    /// How the turn's newest run ended, as it was written.
    pub fn ending(&self, turn: TurnId) -> Option<Settlement> {
        self.memory().turn(turn)?.run().ending.clone()
    }

    /// Every settlement that was asked for, whatever became of it.
    pub fn spent(&self, user: UserId, day: Day) -> u64 {
        let memory = self.memory();
        memory.spent.get(&(user, day)).copied().unwrap_or_default()
    }

    pub fn asked_to_settle(&self) -> Vec<Settlement> {
        self.script().asked_to_settle.clone()
    }

    pub fn beats(&self) -> Vec<Vec<Heartbeat>> {
        self.script().beats.clone()
    }

    pub fn calls(&self) -> Vec<Call> {
        self.script().calls.clone()
    }

    pub fn times(&self, operation: Operation) -> usize {
        let calls = self.calls();
        calls.iter().filter(|c| c.operation == operation).count()
    }

    /// Units of work that nobody has finished yet.
    pub fn open_snapshots(&self) -> usize {
        self.snapshots.load(Ordering::SeqCst)
    }

    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the call, and does `work` if it comes to that. Like a real store it lets others go first.
    pub(super) async fn call<T>(
        &self,
        operation: Operation,
        work: impl FnOnce(&mut Memory, Option<Fate>) -> T + Send,
    ) -> Result<T, StoreError> {
        let fate = {
            let mut script = self.script();
            script.calls.push(Call {
                operation,
                at: Instant::now(),
            });
            let scripted = script.fates.get_mut(&operation);
            let scripted = scripted.and_then(VecDeque::pop_front);
            if script.away {
                Some(Fate::Away)
            } else {
                scripted
            }
        };
        tokio::task::yield_now().await;
        match fate {
            Some(Fate::Away) => Err(unavailable()),
            Some(Fate::Broken) => Err(broken()),
            Some(Fate::Hangs) => std::future::pending().await,
            Some(Fate::Slow(time)) => {
                tokio::time::sleep(time).await;
                Ok(work(&mut self.memory(), fate))
            }
            Some(Fate::AnswerLost) => {
                work(&mut self.memory(), fate);
                Err(unavailable())
            }
            Some(Fate::MovedBefore(_)) | None => Ok(work(&mut self.memory(), fate)),
        }
    }

    pub(super) fn readable(&self, turn: TurnId) -> Result<(), StoreError> {
        if self.script().unreadable.contains(&turn) {
            return Err(broken());
        }
        Ok(())
    }
}

#[async_trait]
impl TurnStore for MemoryStore {
    async fn accept(&self, turn: NewTurn) -> Result<Accepted, StoreError> {
        self.call(Operation::Accept, |memory, _| memory.accept(turn))
            .await
    }

    async fn standing(
        &self,
        turn: TurnId,
        _horizon: Horizon,
    ) -> Result<Option<Standing>, StoreError> {
        let standing = self
            .call(Operation::Standing, |memory, _| memory.standing(turn))
            .await?;
        self.readable(turn)?;
        Ok(standing)
    }

    async fn opening(
        &self,
        turn: TurnId,
        history_limit: u32,
        _horizon: Horizon,
    ) -> Result<Option<Opening>, StoreError> {
        let opening = self
            .call(Operation::Opening, |memory, _| {
                memory.opening(turn, history_limit)
            })
            .await?;
        self.readable(turn)?;
        Ok(opening)
    }

    async fn settle(&self, settlement: Settlement) -> Result<Settled, StoreError> {
        self.script().asked_to_settle.push(settlement.clone());
        self.call(Operation::Settle, |memory, fate| {
            if let Some(Fate::MovedBefore(points)) = fate {
                memory.adjust(settlement.turn.turn_id, points);
            }
            memory.settle(settlement)
        })
        .await
    }

    async fn beat(
        &self,
        process: ProcessId,
        lease: Duration,
        beats: Vec<Heartbeat>,
    ) -> Result<Vec<TurnId>, StoreError> {
        self.script().beats.push(beats.clone());
        self.call(Operation::Beat, |memory, _| {
            memory.beat(process, lease, &beats)
        })
        .await
    }

    async fn abandoned(&self, limit: u32) -> Result<Vec<TurnId>, StoreError> {
        self.call(Operation::Abandoned, |memory, _| memory.abandoned(limit))
            .await
    }

    async fn whereabouts(&self, pairs: &[Pair]) -> Result<Vec<Whereabouts>, StoreError> {
        self.call(Operation::Whereabouts, |memory, _| {
            memory.whereabouts(pairs)
        })
        .await
    }
}

fn unavailable() -> StoreError {
    StoreError::Unavailable("the test took it away".into())
}

fn broken() -> StoreError {
    StoreError::Failed("the test broke it".into())
}
