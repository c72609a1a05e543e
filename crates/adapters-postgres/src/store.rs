//! The door: opens the database, starts units of work, and offers the operations of a turn.

use std::sync::Arc;

use async_trait::async_trait;
use diesel_async::SimpleAsyncConnection;
use time::Duration;
use waifu_app::failpoint;
use waifu_app::ports::store::{Store, StoreError, UnitOfWork};
use waifu_app::ports::turn_store::{
    Accepted, Heartbeat, NewTurn, Opening, Settled, Settlement, Standing, TurnStore, Whereabouts,
};
use waifu_domain::affection::RuleBook;
use waifu_domain::ids::{ProcessId, TurnId};
use waifu_domain::relationship::{Horizon, Pair};

use crate::batches::Batches;
use crate::connections::{Connections, PostgresOptions};
use crate::errors::Fault;
use crate::neighbours::PostgresNeighbours;
use crate::turns::{Acceptance, Ending};
use crate::unit_of_work::PostgresUnitOfWork;
use crate::{migrations, rows, statements, turns};

/// Both ports of the store over one pool of connections.
#[derive(Debug, Clone)]
pub struct PostgresStore {
    connections: Connections,
    options: PostgresOptions,
    acceptances: Batches<Acceptance>,
    endings: Batches<Ending>,
}

impl PostgresStore {
    /// Migrates the database if it must be, and makes the pool.
    pub async fn open(options: PostgresOptions) -> Result<Self, StoreError> {
        statements::count_them();
        let connections = Connections::new(&options)?;
        migrations::apply(&options.config()?).await?;
        let (wait, acceptance) = (options.wait, Acceptance::default());
        Ok(Self {
            acceptances: Batches::start(acceptance, connections.clone(), wait),
            endings: Batches::start(Ending, connections.clone(), wait),
            connections,
            options,
        })
    }

    /// The doorbell to the other servers on this database.
    pub fn neighbours(&self) -> Result<PostgresNeighbours, StoreError> {
        let (connections, options) = (self.connections.clone(), &self.options);
        Ok(PostgresNeighbours::new(connections, options)?)
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

    fn statements(&self) -> u64 {
        statements::sent()
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
        let turn = Arc::new(turn);
        if let Some(opening) = self.acceptances.ask(turn.clone()).await? {
            return Ok(Accepted::New(Box::new(opening)));
        }
        let mut transaction = self.connections.begin().await?;
        let outcome = turns::accept(transaction.connection(), &turn).await;
        failpoint::pass("accept.slow.written");
        let finished = transaction.finish(outcome).await;
        failpoint::pass("accept.slow.committed");
        Ok(finished?)
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
        let settlement = Arc::new(settlement);
        let closes_nothing = settlement.append.closed.is_empty();
        if closes_nothing && self.endings.ask(settlement.clone()).await?.is_some() {
            return Ok(Settled::Done);
        }
        let mut transaction = self.connections.begin().await?;
        let outcome = turns::settle(transaction.connection(), &settlement).await;
        failpoint::pass("settle.slow.written");
        let finished = transaction.finish(outcome).await;
        failpoint::pass("settle.slow.committed");
        Ok(finished?)
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
        let mut held = self.connections.hold().await?;
        let lost = turns::beat(held.connection(), process, lease, &beats).await?;
        held.give_back();
        Ok(lost)
    }

    async fn abandoned(&self, limit: u32) -> Result<Vec<TurnId>, StoreError> {
        let mut held = self.connections.hold().await?;
        let abandoned = turns::abandoned(held.connection(), limit).await?;
        held.give_back();
        Ok(abandoned)
    }

    async fn whereabouts(&self, pairs: &[Pair]) -> Result<Vec<Whereabouts>, StoreError> {
        if pairs.is_empty() {
            return Ok(Vec::new());
        }
        let mut held = self.connections.hold().await?;
        let whereabouts = turns::whereabouts(held.connection(), pairs).await?;
        held.give_back();
        Ok(whereabouts)
    }
}
