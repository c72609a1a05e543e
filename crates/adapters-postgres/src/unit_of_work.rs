//! One transaction as an object, and the repositories that borrow it.

use async_trait::async_trait;
use diesel_async::AsyncPgConnection;
use waifu_app::ports::store::{
    ApiKeys, CatalogueEntries, EventLog, Messages, PersonalData, Receipts, Relationships, Sessions,
    Spending, StoreError, Turns, UnitOfWork, Users, Waifus,
};

use crate::connections::Transaction;

pub(crate) struct PostgresUnitOfWork {
    transaction: Transaction,
}

/// All repositories: each module of `rows` gives it the port of its table.
pub(crate) struct Repository<'a>(pub(crate) &'a mut AsyncPgConnection);

impl PostgresUnitOfWork {
    pub(crate) fn new(transaction: Transaction) -> Self {
        Self { transaction }
    }

    fn repository(&mut self) -> Repository<'_> {
        Repository(self.transaction.connection())
    }
}

#[async_trait]
impl UnitOfWork for PostgresUnitOfWork {
    fn users(&mut self) -> Box<dyn Users + '_> {
        Box::new(self.repository())
    }

    fn sessions(&mut self) -> Box<dyn Sessions + '_> {
        Box::new(self.repository())
    }

    fn api_keys(&mut self) -> Box<dyn ApiKeys + '_> {
        Box::new(self.repository())
    }

    fn personal_data(&mut self) -> Box<dyn PersonalData + '_> {
        Box::new(self.repository())
    }

    fn waifus(&mut self) -> Box<dyn Waifus + '_> {
        Box::new(self.repository())
    }

    fn relationships(&mut self) -> Box<dyn Relationships + '_> {
        Box::new(self.repository())
    }

    fn messages(&mut self) -> Box<dyn Messages + '_> {
        Box::new(self.repository())
    }

    fn turns(&mut self) -> Box<dyn Turns + '_> {
        Box::new(self.repository())
    }

    fn event_log(&mut self) -> Box<dyn EventLog + '_> {
        Box::new(self.repository())
    }

    fn receipts(&mut self) -> Box<dyn Receipts + '_> {
        Box::new(self.repository())
    }

    fn spending(&mut self) -> Box<dyn Spending + '_> {
        Box::new(self.repository())
    }

    fn catalogue(&mut self) -> Box<dyn CatalogueEntries + '_> {
        Box::new(self.repository())
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        Ok(self.transaction.commit_if_whole().await?)
    }

    async fn rollback(self: Box<Self>) -> Result<(), StoreError> {
        Ok(self.transaction.roll_back().await?)
    }
}
