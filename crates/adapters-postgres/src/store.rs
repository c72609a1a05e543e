//! The door: opens the database, starts units of work, and offers the operations of a turn.

use async_trait::async_trait;
use diesel_async::SimpleAsyncConnection;
use time::Duration;
use waifu_app::ports::store::{Store, StoreError, UnitOfWork};
use waifu_app::ports::turn_store::{
    Accepted, Heartbeat, NewTurn, Opening, Settled, Settlement, Standing, TurnStore,
};
use waifu_domain::affection::RuleBook;
use waifu_domain::ids::{ProcessId, TurnId};
use waifu_domain::relationship::Horizon;

use crate::connections::{Connections, PostgresOptions};
use crate::errors::Fault;
use crate::unit_of_work::PostgresUnitOfWork;
use crate::{migrations, rows, turns};

/// Both ports of the store over one pool of connections.
#[derive(Debug, Clone)]
pub struct PostgresStore {
    connections: Connections,
}

impl PostgresStore {
    /// Migrates the database if it must be, and makes the pool.
    pub async fn open(options: PostgresOptions) -> Result<Self, StoreError> {
        let connections = Connections::new(&options)?;
        migrations::apply(&options.config()?).await?;
        Ok(Self { connections })
    }

    async fn ask(&self) -> Result<(), Fault> {
        let mut held = self.connections.hold().await?;
        held.connection().batch_execute("select").await?;
        held.give_back();
        Ok(())
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        let transaction = self.connections.begin().await?;
        Ok(Box::new(PostgresUnitOfWork::new(transaction)))
    }

    async fn snapshot(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        let transaction = self.connections.snapshot().await?;
        Ok(Box::new(PostgresUnitOfWork::new(transaction)))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.ask().await?)
    }

    async fn keep_rule_book(&self, book: &RuleBook) -> Result<(), StoreError> {
        let mut transaction = self.connections.begin().await?;
        let outcome = rows::rule_books::keep(transaction.connection(), book).await;
        Ok(transaction.finish(outcome).await?)
    }

    async fn rule_books(&self) -> Result<Vec<RuleBook>, StoreError> {
        let mut transaction = self.connections.begin().await?;
        let outcome = rows::rule_books::all(transaction.connection()).await;
        Ok(transaction.finish(outcome).await?)
    }
}

#[async_trait]
impl TurnStore for PostgresStore {
    async fn accept(&self, turn: NewTurn) -> Result<Accepted, StoreError> {
        let mut transaction = self.connections.begin().await?;
        let outcome = turns::accept(transaction.connection(), &turn).await;
        Ok(transaction.finish(outcome).await?)
    }

    async fn standing(
        &self,
        turn: TurnId,
        horizon: Horizon,
    ) -> Result<Option<Standing>, StoreError> {
        // One picture, so all of it is of one head.
        let mut transaction = self.connections.snapshot().await?;
        let outcome = turns::standing(transaction.connection(), turn, horizon).await;
        Ok(transaction.finish(outcome).await?)
    }

    async fn opening(
        &self,
        turn: TurnId,
        history_limit: u32,
        horizon: Horizon,
    ) -> Result<Option<Opening>, StoreError> {
        let mut transaction = self.connections.snapshot().await?;
        let connection = transaction.connection();
        let outcome = turns::opening(connection, turn, history_limit, horizon).await;
        Ok(transaction.finish(outcome).await?)
    }

    async fn settle(&self, settlement: Settlement) -> Result<Settled, StoreError> {
        let mut transaction = self.connections.begin().await?;
        let outcome = turns::settle(transaction.connection(), &settlement).await;
        Ok(transaction.finish(outcome).await?)
    }

    async fn beat(
        &self,
        process: ProcessId,
        lease: Duration,
        beats: Vec<Heartbeat>,
    ) -> Result<Vec<TurnId>, StoreError> {
        let mut transaction = self.connections.begin().await?;
        let outcome = turns::beat(transaction.connection(), process, lease, &beats).await;
        Ok(transaction.finish(outcome).await?)
    }

    async fn abandoned(&self, limit: u32) -> Result<Vec<TurnId>, StoreError> {
        let mut transaction = self.connections.begin().await?;
        let outcome = turns::abandoned(transaction.connection(), limit).await;
        Ok(transaction.finish(outcome).await?)
    }
}
