//! The rest of the store, as far as the supervisor looks at it: relationships, and what became of turns.

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use waifu_app::ports::store::{
    Appended, LedgerRow, MessagePlace, Messages, Relationships, Sessions, Store, StoreError,
    TurnOutcome, UnitOfWork, Users, Waifus,
};
use waifu_app::ports::turn_store::Append;
use waifu_domain::affection::RuleBook;
use waifu_domain::ids::{ClientMessageId, ConversationId, RelationshipId, TurnId};
use waifu_domain::relationship::{Pair, Relationship, RelationshipState};
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
        not_in_memory()
    }

    fn sessions(&mut self) -> Box<dyn Sessions + '_> {
        not_in_memory()
    }

    fn waifus(&mut self) -> Box<dyn Waifus + '_> {
        not_in_memory()
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

    async fn state(
        &mut self,
        _relationship: &Relationship,
        _entries_since: Timestamp,
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
}

fn not_in_memory<T>() -> T {
    panic!("a store in memory knows no more than the supervisor asks")
}
