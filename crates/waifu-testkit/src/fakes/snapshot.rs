//! The rest of the store, as far as the supervisor looks at it: relationships, and what became of turns.

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use time::Duration;
use waifu_app::ports::store::{
    Appended, Bucket, CatalogueEdit, CatalogueEntries, CatalogueEntry, Edited, LedgerRow,
    MessagePlace, Messages, OccurrencePlace, Receipts, Relationships, Sessions, Store, StoreError,
    Taken, TimeSpan, TurnOutcome, Turns, UnitOfWork, Users, Waifus,
};
use waifu_app::ports::turn_store::{Append, FirstMeeting};
use waifu_domain::affection::RuleBook;
use waifu_domain::events::EventOccurrence;
use waifu_domain::ids::{ClientMessageId, ConversationId, OccurrenceId, RelationshipId, TurnId};
use waifu_domain::relationship::{Horizon, Interaction, Pair, Relationship, RelationshipState};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::Message;

use super::memory_store::{MemoryStore, Operation};

#[async_trait]
impl Store for MemoryStore {
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        not_in_memory()
    }

    async fn snapshot(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        self.call(Operation::Snapshot, |_, _| ()).await?;
        self.snapshots.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(Snapshot {
            store: self.clone(),
        }))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn keep_rule_book(&self, _book: &RuleBook) -> Result<(), StoreError> {
        Ok(())
    }

    async fn rule_books(&self) -> Result<Vec<RuleBook>, StoreError> {
        not_in_memory()
    }
}

struct Snapshot {
    store: MemoryStore,
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        self.store.snapshots.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl UnitOfWork for Snapshot {
    fn users(&mut self) -> Box<dyn Users + '_> {
        nobody_asks()
    }

    fn sessions(&mut self) -> Box<dyn Sessions + '_> {
        nobody_asks()
    }

    fn waifus(&mut self) -> Box<dyn Waifus + '_> {
        nobody_asks()
    }

    fn turns(&mut self) -> Box<dyn Turns + '_> {
        nobody_asks()
    }

    fn receipts(&mut self) -> Box<dyn Receipts + '_> {
        nobody_asks()
    }

    fn catalogue(&mut self) -> Box<dyn CatalogueEntries + '_> {
        Box::new(View { store: &self.store })
    }

    fn relationships(&mut self) -> Box<dyn Relationships + '_> {
        Box::new(View { store: &self.store })
    }

    fn messages(&mut self) -> Box<dyn Messages + '_> {
        Box::new(View { store: &self.store })
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        Ok(())
    }

    async fn rollback(self: Box<Self>) -> Result<(), StoreError> {
        Ok(())
    }
}

struct View<'a> {
    store: &'a MemoryStore,
}

#[async_trait]
impl Messages for View<'_> {
    async fn history(
        &mut self,
        _relationship: RelationshipId,
        _before: Option<MessagePlace>,
        _limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        not_in_memory()
    }

    async fn outcome(&mut self, turn: TurnId) -> Result<Option<TurnOutcome>, StoreError> {
        self.store.readable(turn)?;
        Ok(self.store.memory().outcome(turn))
    }

    async fn turn_of(
        &mut self,
        relationship: RelationshipId,
        message: ClientMessageId,
    ) -> Result<Option<TurnId>, StoreError> {
        Ok(self.store.memory().turn_of(relationship, message))
    }

    async fn default_conversation(
        &mut self,
        _relationship: RelationshipId,
    ) -> Result<Option<ConversationId>, StoreError> {
        not_in_memory()
    }
}

#[async_trait]
impl Relationships for View<'_> {
    async fn find(&mut self, pair: Pair) -> Result<Option<Relationship>, StoreError> {
        Ok(self.store.relationship(pair))
    }

    async fn lock(&mut self, _pair: Pair) -> Result<Option<Relationship>, StoreError> {
        not_in_memory()
    }

    async fn meet(
        &mut self,
        _pair: Pair,
        _first: FirstMeeting,
        _at: Timestamp,
    ) -> Result<Relationship, StoreError> {
        not_in_memory()
    }

    async fn state(
        &mut self,
        _relationship: &Relationship,
        _horizon: Horizon,
    ) -> Result<RelationshipState, StoreError> {
        not_in_memory()
    }

    async fn append(&mut self, _append: Append) -> Result<Appended, StoreError> {
        not_in_memory()
    }

    async fn ledger(
        &mut self,
        _relationship: RelationshipId,
        _before_no: Option<u32>,
        _limit: u32,
    ) -> Result<Vec<LedgerRow>, StoreError> {
        not_in_memory()
    }

    async fn rows_after(
        &mut self,
        _relationship: RelationshipId,
        _no: u32,
        _limit: u32,
    ) -> Result<Vec<Interaction>, StoreError> {
        not_in_memory()
    }

    async fn first_chat_row(&mut self, _turns: &[TurnId]) -> Result<Option<u32>, StoreError> {
        not_in_memory()
    }

    async fn buckets(
        &mut self,
        _relationship: RelationshipId,
        _span: TimeSpan,
        _width: Duration,
    ) -> Result<Vec<Bucket>, StoreError> {
        not_in_memory()
    }

    async fn row_before(
        &mut self,
        _relationship: RelationshipId,
        _at: Timestamp,
    ) -> Result<Option<Interaction>, StoreError> {
        not_in_memory()
    }

    async fn occurrences(
        &mut self,
        _relationship: RelationshipId,
        _before: Option<OccurrencePlace>,
        _limit: u32,
    ) -> Result<Vec<EventOccurrence>, StoreError> {
        not_in_memory()
    }

    async fn occurrence(
        &mut self,
        _relationship: RelationshipId,
        _id: OccurrenceId,
    ) -> Result<Option<EventOccurrence>, StoreError> {
        not_in_memory()
    }

    async fn count(&mut self) -> Result<u64, StoreError> {
        not_in_memory()
    }

    async fn all(
        &mut self,
        _after: Option<RelationshipId>,
        _limit: u32,
    ) -> Result<Vec<Relationship>, StoreError> {
        not_in_memory()
    }
}

#[async_trait]
impl CatalogueEntries for View<'_> {
    async fn all(&mut self) -> Result<Vec<CatalogueEntry>, StoreError> {
        Ok(self.store.memory().catalogue.clone())
    }

    async fn insert(&mut self, _entry: &CatalogueEntry) -> Result<Result<(), Taken>, StoreError> {
        not_in_memory()
    }

    async fn edit(&mut self, _edit: CatalogueEdit) -> Result<Edited, StoreError> {
        not_in_memory()
    }
}

fn not_in_memory<T>() -> Result<T, StoreError> {
    Err(StoreError::Failed(
        "a store in memory knows no more than the supervisor asks".into(),
    ))
}

fn nobody_asks<T>() -> T {
    panic!("a store in memory knows no more than the supervisor asks")
}
