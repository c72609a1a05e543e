//! The store itself: units of work and the life of a turn, both over the same threads.

use std::sync::Arc;
use std::time::Duration as StdDuration;

use async_trait::async_trait;
use diesel::prelude::*;
use time::Duration;
use waifu_app::ports::store::{Store, StoreError, UnitOfWork};
use waifu_app::ports::turn_store::{
    Accepted, Heartbeat, NewTurn, Opening, Settled, Settlement, Standing, TurnStore, Whereabouts,
};
use waifu_domain::affection::RuleBook;
use waifu_domain::ids::{ProcessId, TurnId};
use waifu_domain::relationship::{Horizon, Pair};

use crate::companions::Companions;
use crate::connections::{Ending, Lane};
use crate::rows::{rule_books, runs};
use crate::statements;
use crate::turns::{accept, beat, opening, settle, standing, whereabouts};
use crate::unit_of_work::SqliteUnitOfWork;

/// Cheap to clone; all clones are the same store. When the last one goes, its file is left as [`SqliteStore::close`]
/// leaves it, unless that takes longer than a moment.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    pub(crate) lanes: Arc<Lanes>,
    pub(crate) companions: Arc<Companions>,
}

#[derive(Debug)]
pub(crate) struct Lanes {
    pub(crate) writer: Lane,
    pub(crate) readers: Lane,
    pub(crate) ending: Ending,
}

/// The most that dropping a store blocks, when nobody has closed it.
const A_MOMENT: StdDuration = StdDuration::from_millis(500);

impl Lanes {
    fn close(&self) {
        self.readers.close();
        self.writer.close();
    }
}

impl Drop for Lanes {
    fn drop(&mut self) {
        self.close();
        self.ending.wait(A_MOMENT);
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the store was still in use after {0:?}")]
pub struct StillInUse(StdDuration);

impl SqliteStore {
    /// Finishes what is queued, refuses what comes, and waits for those who hold a unit of work; then the file alone is
    /// the whole store, and is unlocked. Waits at most so long, and what is left then is done when they let go.
    pub async fn close(&self, at_most: StdDuration) -> Result<(), StillInUse> {
        self.lanes.close();
        let ending = self.lanes.ending.clone();
        let ended = tokio::task::spawn_blocking(move || ending.wait(at_most)).await;
        match ended {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(StillInUse(at_most)),
        }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        Ok(Box::new(SqliteUnitOfWork::new(
            self.lanes.writer.begin().await?,
        )))
    }

    async fn snapshot(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        Ok(Box::new(SqliteUnitOfWork::new(
            self.lanes.readers.begin().await?,
        )))
    }

    fn statements(&self) -> u64 {
        statements::sent()
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.lanes
            .readers
            .transact(|connection| {
                diesel::select(1.into_sql::<diesel::sql_types::Integer>()).execute(connection)?;
                Ok(())
            })
            .await
    }

    async fn keep_rule_book(&self, book: &RuleBook) -> Result<(), StoreError> {
        let book = book.clone();
        self.lanes
            .writer
            .transact(move |connection| rule_books::keep(connection, &book))
            .await
    }

    async fn rule_books(&self) -> Result<Vec<RuleBook>, StoreError> {
        self.lanes.readers.transact(rule_books::all).await
    }
}

#[async_trait]
impl TurnStore for SqliteStore {
    async fn accept(&self, turn: NewTurn) -> Result<Accepted, StoreError> {
        let companions = self.companions.clone();
        self.lanes
            .writer
            .transact(move |connection| accept::accept(connection, &companions, &turn))
            .await
    }

    async fn standing(
        &self,
        turn: TurnId,
        horizon: Horizon,
    ) -> Result<Option<Standing>, StoreError> {
        let companions = self.companions.clone();
        self.lanes
            .readers
            .transact(move |connection| standing::read(connection, &companions, turn, horizon))
            .await
    }

    async fn opening(
        &self,
        turn: TurnId,
        history_limit: u32,
        horizon: Horizon,
    ) -> Result<Option<Opening>, StoreError> {
        let companions = self.companions.clone();
        self.lanes
            .readers
            .transact(move |connection| {
                opening::read(connection, &companions, turn, history_limit, horizon)
            })
            .await
    }

    async fn settle(&self, settlement: Settlement) -> Result<Settled, StoreError> {
        self.lanes
            .writer
            .transact(move |connection| settle::settle(connection, &settlement))
            .await
    }

    async fn beat(
        &self,
        process: ProcessId,
        lease: Duration,
        beats: Vec<Heartbeat>,
    ) -> Result<Vec<TurnId>, StoreError> {
        if beats.is_empty() {
            return Ok(Vec::new());
        }
        self.lanes
            .writer
            .transact(move |connection| beat::beat(connection, process, lease, &beats))
            .await
    }

    async fn abandoned(&self, limit: u32) -> Result<Vec<TurnId>, StoreError> {
        self.lanes
            .readers
            .transact(move |connection| runs::abandoned(connection, limit))
            .await
    }

    async fn whereabouts(&self, pairs: &[Pair]) -> Result<Vec<Whereabouts>, StoreError> {
        if pairs.is_empty() {
            return Ok(Vec::new());
        }
        let pairs = pairs.to_vec();
        self.lanes
            .readers
            .transact(move |connection| whereabouts::whereabouts(connection, &pairs))
            .await
    }
}
