//! The store itself: units of work and the life of a turn, both over the same threads.

use std::sync::Arc;

use async_trait::async_trait;
use diesel::prelude::*;
use time::Duration;
use waifu_app::ports::store::{Store, StoreError, UnitOfWork};
use waifu_app::ports::turn_store::{
    Accepted, Heartbeat, NewTurn, Opening, Settled, Settlement, Standing, TurnStore,
};
use waifu_domain::affection::RuleBook;
use waifu_domain::ids::{ProcessId, TurnId};
use waifu_domain::relationship::Horizon;

use crate::connections::Lane;
use crate::rows::rule_books;
use crate::turns::{abandoned, accept, beat, opening, settle, standing};
use crate::unit_of_work::SqliteUnitOfWork;

/// Cheap to clone; all clones are the same store.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    pub(crate) writer: Arc<Lane>,
    pub(crate) readers: Arc<Lane>,
}

#[async_trait]
impl Store for SqliteStore {
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        Ok(Box::new(SqliteUnitOfWork::new(self.writer.begin().await?)))
    }

    async fn snapshot(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        Ok(Box::new(SqliteUnitOfWork::new(self.readers.begin().await?)))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.readers
            .transact(|connection| {
                diesel::select(1.into_sql::<diesel::sql_types::Integer>()).execute(connection)?;
                Ok(())
            })
            .await
    }

    async fn keep_rule_book(&self, book: &RuleBook) -> Result<(), StoreError> {
        let book = book.clone();
        self.writer
            .transact(move |connection| rule_books::keep(connection, &book))
            .await
    }

    async fn rule_books(&self) -> Result<Vec<RuleBook>, StoreError> {
        self.readers.transact(rule_books::all).await
    }
}

#[async_trait]
impl TurnStore for SqliteStore {
    async fn accept(&self, turn: NewTurn) -> Result<Accepted, StoreError> {
        self.writer
            .transact(move |connection| accept::accept(connection, &turn))
            .await
    }

    async fn standing(
        &self,
        turn: TurnId,
        horizon: Horizon,
    ) -> Result<Option<Standing>, StoreError> {
        self.readers
            .transact(move |connection| standing::read(connection, turn, horizon))
            .await
    }

    async fn opening(
        &self,
        turn: TurnId,
        history_limit: u32,
        horizon: Horizon,
    ) -> Result<Option<Opening>, StoreError> {
        self.readers
            .transact(move |connection| opening::read(connection, turn, history_limit, horizon))
            .await
    }

    async fn settle(&self, settlement: Settlement) -> Result<Settled, StoreError> {
        self.writer
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
        self.writer
            .transact(move |connection| beat::beat(connection, process, lease, &beats))
            .await
    }

    async fn abandoned(&self, limit: u32) -> Result<Vec<TurnId>, StoreError> {
        self.readers
            .transact(move |connection| abandoned::abandoned(connection, limit))
            .await
    }
}
