//! One transaction on one leased connection, and the repositories that borrow it.

mod api_keys;
mod catalogue;
mod event_log;
mod messages;
mod personal_data;
mod receipts;
mod relationships;
mod sessions;
mod spending;
mod turns;
mod users;
mod waifus;

use async_trait::async_trait;
use diesel::SqliteConnection;
use waifu_app::ports::store::{
    ApiKeys, CatalogueEntries, EventLog, Messages, PersonalData, Receipts, Relationships, Sessions,
    Spending, StoreError, Turns, UnitOfWork, Users, Waifus,
};

use crate::connections::Lease;
use crate::errors::Fault;

pub(crate) struct SqliteUnitOfWork {
    lease: Lease,
    /// A call that failed, or was dropped before its answer, may have written half of what it should: nothing of
    /// the whole is committed then.
    is_spoiled: bool,
}

impl SqliteUnitOfWork {
    pub(crate) fn new(lease: Lease) -> Self {
        Self {
            lease,
            is_spoiled: false,
        }
    }

    async fn run<T: Send + 'static>(
        &mut self,
        job: impl FnOnce(&mut SqliteConnection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.check()?;
        self.is_spoiled = true;
        let value = self.lease.run(job).await?;
        self.is_spoiled = false;
        Ok(value)
    }

    fn check(&self) -> Result<(), StoreError> {
        if self.is_spoiled {
            let why = "an earlier call of this unit of work failed or was dropped";
            return Err(Fault::Misuse(why).into());
        }
        Ok(())
    }
}

#[async_trait]
impl UnitOfWork for SqliteUnitOfWork {
    fn users(&mut self) -> Box<dyn Users + '_> {
        Box::new(Repository(self))
    }

    fn sessions(&mut self) -> Box<dyn Sessions + '_> {
        Box::new(Repository(self))
    }

    fn api_keys(&mut self) -> Box<dyn ApiKeys + '_> {
        Box::new(Repository(self))
    }

    fn personal_data(&mut self) -> Box<dyn PersonalData + '_> {
        Box::new(Repository(self))
    }

    fn waifus(&mut self) -> Box<dyn Waifus + '_> {
        Box::new(Repository(self))
    }

    fn relationships(&mut self) -> Box<dyn Relationships + '_> {
        Box::new(Repository(self))
    }

    fn messages(&mut self) -> Box<dyn Messages + '_> {
        Box::new(Repository(self))
    }

    fn turns(&mut self) -> Box<dyn Turns + '_> {
        Box::new(Repository(self))
    }

    fn event_log(&mut self) -> Box<dyn EventLog + '_> {
        Box::new(Repository(self))
    }

    fn receipts(&mut self) -> Box<dyn Receipts + '_> {
        Box::new(Repository(self))
    }

    fn spending(&mut self) -> Box<dyn Spending + '_> {
        Box::new(Repository(self))
    }

    fn catalogue(&mut self) -> Box<dyn CatalogueEntries + '_> {
        Box::new(Repository(self))
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        self.check()?;
        self.lease.commit().await
    }

    async fn rollback(self: Box<Self>) -> Result<(), StoreError> {
        self.lease.roll_back().await
    }
}

/// Each port of the unit of work is one `impl` of this, in a file of its own.
struct Repository<'a>(&'a mut SqliteUnitOfWork);
