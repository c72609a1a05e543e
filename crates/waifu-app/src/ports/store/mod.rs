//! Everything that is stored, apart from the life of a turn: repositories, borrowed from one unit of work.

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
use waifu_domain::affection::RuleBook;

pub use api_keys::{ApiKey, ApiKeys};
pub use catalogue::{CatalogueEdit, CatalogueEntries, CatalogueEntry, Definition, EntryKind};
pub use event_log::{EventLog, LoggedEvent};
pub use messages::{MessagePlace, Messages, TurnOutcome};
pub use personal_data::{PersonalData, RunRecord, SaidRecord, TurnRecord, WaifuVersion};
pub use receipts::{Receipt, ReceiptKey, Receipts, Written, WrittenAct};
pub use relationships::{Appended, Bucket, LedgerRow, OccurrencePlace, Relationships, TimeSpan};
pub use sessions::{Session, Sessions, Standing, Whose};
pub use spending::{Day, DayUsage, Spending, Spent};
pub use turns::{Candidate, LatestTurn, NewReaction, NewRun, NewSaid, Turns, VoidedTurns};
pub use users::{NewUser, StoredPassword, Taken, Users};
pub use waifus::{Edited, Editor, WaifuEdit, WaifuPlace, Waifus};

use super::language_model::BoxError;

#[async_trait]
pub trait Store: std::fmt::Debug + Send + Sync {
    /// Starts to write.
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError>;

    /// Starts to read: one consistent picture, which waits for no writer. A write through it is an error.
    async fn snapshot(&self) -> Result<Box<dyn UnitOfWork>, StoreError>;

    /// How many statements this process has sent to it; 0 for a store that is asked by none.
    fn statements(&self) -> u64 {
        0
    }

    /// Whether the store can be reached and answers.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Stores a rule book under its hash, once.
    async fn keep_rule_book(&self, book: &RuleBook) -> Result<(), StoreError>;

    /// All that were ever kept.
    async fn rule_books(&self) -> Result<Vec<RuleBook>, StoreError>;
}

/// One transaction. Dropped unfinished it leaves no trace and no lock. Repositories are short borrows of it.
#[async_trait]
pub trait UnitOfWork: Send {
    fn users(&mut self) -> Box<dyn Users + '_>;
    fn sessions(&mut self) -> Box<dyn Sessions + '_>;
    fn api_keys(&mut self) -> Box<dyn ApiKeys + '_>;
    fn personal_data(&mut self) -> Box<dyn PersonalData + '_>;
    fn waifus(&mut self) -> Box<dyn Waifus + '_>;
    fn relationships(&mut self) -> Box<dyn Relationships + '_>;
    fn messages(&mut self) -> Box<dyn Messages + '_>;
    fn turns(&mut self) -> Box<dyn Turns + '_>;
    fn event_log(&mut self) -> Box<dyn EventLog + '_>;
    fn receipts(&mut self) -> Box<dyn Receipts + '_>;
    fn spending(&mut self) -> Box<dyn Spending + '_>;
    fn catalogue(&mut self) -> Box<dyn CatalogueEntries + '_>;

    /// Durable when it returns.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
    async fn rollback(self: Box<Self>) -> Result<(), StoreError>;
}

/// How a unit of work ends: what went well is committed, what did not is rolled back.
pub async fn finish<T, E: From<StoreError>>(
    work: Box<dyn UnitOfWork>,
    outcome: Result<T, E>,
) -> Result<T, E> {
    match outcome {
        Ok(value) => {
            work.commit().await?;
            Ok(value)
        }
        Err(error) => {
            // The error that we have says more than one of the rollback; a connection that can't roll back is
            // closed, which does.
            let _ = work.rollback().await;
            Err(error)
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Out of reach, overloaded or shutting down: the same call may succeed later.
    #[error("the store is out of reach")]
    Unavailable(#[source] BoxError),
    /// What is stored, or what was asked, breaks a promise of this program.
    #[error("the store failed")]
    Failed(#[source] BoxError),
}
