//! The rest of the store, as far as the supervisor looks at it: relationships, and what became of turns.

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use time::Duration;
use waifu_app::ports::store::{
    ApiKeys, Appended, Bucket, Candidate, CatalogueEdit, CatalogueEntries, CatalogueEntry, Day,
    DayUsage, Edited, EventLog, LatestTurn, LedgerRow, LoggedEvent, MessagePlace, Messages,
    NewReaction, NewRun, NewSaid, OccurrencePlace, PersonalData, Receipts, Relationships, Sessions,
    Spending, Store, StoreError, Taken, TimeSpan, TurnOutcome, Turns, UnitOfWork, Users,
    VoidedTurns, Waifus,
};
use waifu_app::ports::turn_store::{Append, FirstMeeting, TurnRef};
use waifu_domain::affection::RuleBook;
use waifu_domain::events::EventOccurrence;
use waifu_domain::ids::{
    ClientMessageId, ConversationId, MessageId, OccurrenceId, RelationshipId, TurnId, UserId,
    WaifuId,
};
use waifu_domain::relationship::{
    Cause, Horizon, Interaction, Pair, Relationship, RelationshipState,
};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::{Message, RunNo};

use super::memory::Memory;
use super::memory_store::{MemoryStore, Operation};
use super::memory_turn::Turn;

#[async_trait]
impl Store for MemoryStore {
    /// Events can be forgotten in it, and nothing else be written.
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        self.call(Operation::Begin, |_, _| ()).await?;
        Ok(Box::new(Snapshot::of(self)))
    }

    async fn snapshot(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        self.call(Operation::Snapshot, |_, _| ()).await?;
        Ok(Box::new(Snapshot::of(self)))
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

impl Snapshot {
    fn of(store: &MemoryStore) -> Self {
        store.snapshots.fetch_add(1, Ordering::SeqCst);
        let store = store.clone();
        Self { store }
    }
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

    fn api_keys(&mut self) -> Box<dyn ApiKeys + '_> {
        nobody_asks()
    }

    fn personal_data(&mut self) -> Box<dyn PersonalData + '_> {
        nobody_asks()
    }

    fn waifus(&mut self) -> Box<dyn Waifus + '_> {
        nobody_asks()
    }

    fn turns(&mut self) -> Box<dyn Turns + '_> {
        Box::new(View { store: &self.store })
    }

    fn event_log(&mut self) -> Box<dyn EventLog + '_> {
        Box::new(View { store: &self.store })
    }

    fn receipts(&mut self) -> Box<dyn Receipts + '_> {
        nobody_asks()
    }

    fn spending(&mut self) -> Box<dyn Spending + '_> {
        Box::new(View { store: &self.store })
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

    async fn by_id(&mut self, id: MessageId) -> Result<Option<Message>, StoreError> {
        let memory = self.store.memory();
        let mut messages = memory.turns().flat_map(Turn::messages);
        Ok(messages.find(|message| message.id == id))
    }

    async fn outcome(&mut self, turn: TurnId) -> Result<Option<TurnOutcome>, StoreError> {
        self.store.readable(turn)?;
        let memory = self.store.memory();
        let Some(turn) = memory.turn(turn) else {
            return Ok(None);
        };
        let met = memory.met(turn.pair).expect("a turn's two have met");
        let ending = turn.run().ending.as_ref();
        let rows = turn.rows().map(|row| ledger_row(&memory, row));
        Ok(Some(TurnOutcome {
            turn: turn.reference(),
            relationship_id: met.relationship.id,
            kind: turn.kind,
            status: turn.status(),
            reason: ending.and_then(|ending| ending.reason),
            usage: ending.and_then(|ending| ending.usage),
            message: turn.message(),
            reply: turn.reply_of(turn.run().no),
            interactions: rows.collect(),
        }))
    }

    async fn turn_of(
        &mut self,
        relationship: RelationshipId,
        message: ClientMessageId,
    ) -> Result<Option<TurnId>, StoreError> {
        let memory = self.store.memory();
        let met = memory.met_as(relationship);
        let found = met.and_then(|met| memory.find(met.relationship.pair, message));
        Ok(found.map(|(turn, _)| turn.id))
    }

    async fn default_conversation(
        &mut self,
        relationship: RelationshipId,
    ) -> Result<Option<ConversationId>, StoreError> {
        let memory = self.store.memory();
        let met = memory.met_as(relationship);
        Ok(met.map(|met| met.conversation_id))
    }
}

#[async_trait]
impl Turns for View<'_> {
    async fn streaming(
        &mut self,
        relationship: RelationshipId,
    ) -> Result<Option<TurnRef>, StoreError> {
        let memory = self.store.memory();
        let met = memory.met_as(relationship);
        let streaming = met.and_then(|met| memory.streaming_turn(met.relationship.pair));
        Ok(streaming.map(Turn::reference))
    }

    async fn start(&mut self, _reaction: NewReaction) -> Result<TurnRef, StoreError> {
        not_in_memory()
    }

    async fn say(&mut self, _said: NewSaid) -> Result<TurnRef, StoreError> {
        not_in_memory()
    }

    async fn start_again(&mut self, _again: NewRun) -> Result<TurnRef, StoreError> {
        not_in_memory()
    }

    async fn latest(
        &mut self,
        relationship: RelationshipId,
    ) -> Result<Option<LatestTurn>, StoreError> {
        let memory = self.store.memory();
        let met = memory.met_as(relationship);
        let latest = met.and_then(|met| memory.turns_of(met.relationship.pair).next_back());
        Ok(latest.map(|turn| LatestTurn {
            turn: turn.reference(),
            kind: turn.kind,
            cause: turn.cause.clone(),
            status: turn.status(),
        }))
    }

    async fn cause(&mut self, turn: TurnId) -> Result<Option<Cause>, StoreError> {
        let memory = self.store.memory();
        Ok(memory.turn(turn).and_then(|turn| turn.cause.clone()))
    }

    async fn candidates(&mut self, turns: &[TurnId]) -> Result<Vec<Candidate>, StoreError> {
        let memory = self.store.memory();
        let found = turns.iter().filter_map(|turn| memory.turn(*turn));
        Ok(found.flat_map(Turn::candidates).collect())
    }

    async fn choose(&mut self, _turn: TurnId, _run: RunNo) -> Result<(), StoreError> {
        not_in_memory()
    }

    async fn number(
        &mut self,
        relationship: RelationshipId,
        turn: TurnId,
    ) -> Result<Option<u32>, StoreError> {
        let memory = self.store.memory();
        let met = memory.met_as(relationship);
        let turn = memory.turn(turn).zip(met);
        let of_the_two = turn.filter(|(turn, met)| turn.pair == met.relationship.pair);
        Ok(of_the_two.map(|(turn, _)| turn.no))
    }

    async fn void_chats(
        &mut self,
        _relationship: RelationshipId,
        _from_turn_no: u32,
        _at: Timestamp,
    ) -> Result<VoidedTurns, StoreError> {
        not_in_memory()
    }
}

#[async_trait]
impl EventLog for View<'_> {
    async fn after(
        &mut self,
        relationship: RelationshipId,
        seq: u64,
        limit: u32,
    ) -> Result<Vec<LoggedEvent>, StoreError> {
        let memory = self.store.memory();
        let log = memory.met_as(relationship).into_iter();
        let log = log.flat_map(|met| &met.log);
        let after = log.filter(|logged| logged.seq > seq);
        let limit = usize::try_from(limit).expect("32 bits fit");
        Ok(after.take(limit).cloned().collect())
    }

    async fn forget_before(&mut self, at: Timestamp, limit: u32) -> Result<u64, StoreError> {
        Ok(self.store.memory().forget_before(at, limit))
    }
}

#[async_trait]
impl Relationships for View<'_> {
    async fn find(&mut self, pair: Pair) -> Result<Option<Relationship>, StoreError> {
        Ok(self.store.relationship(pair))
    }

    async fn with_any(
        &mut self,
        _user: UserId,
        _waifus: &[WaifuId],
    ) -> Result<Vec<Relationship>, StoreError> {
        not_in_memory()
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
        relationship: RelationshipId,
        before_no: Option<u32>,
        limit: u32,
    ) -> Result<Vec<LedgerRow>, StoreError> {
        let memory = self.store.memory();
        let rows = memory.met_as(relationship).into_iter();
        let rows = rows.flat_map(|met| met.rows.iter().rev());
        let is_before = |row: &&Interaction| before_no.is_none_or(|no| row.place.no < no);
        let limit = usize::try_from(limit).expect("32 bits fit");
        let page = rows.filter(is_before).take(limit);
        Ok(page.map(|row| ledger_row(&memory, row)).collect())
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
        relationship: RelationshipId,
        id: OccurrenceId,
    ) -> Result<Option<EventOccurrence>, StoreError> {
        let memory = self.store.memory();
        let met = memory.met_as(relationship);
        Ok(met.and_then(|met| met.occurrences.get(&id).cloned()))
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
impl Spending for View<'_> {
    async fn of_day(&mut self, user: UserId, day: Day) -> Result<u64, StoreError> {
        let memory = self.store.memory();
        Ok(memory.spent.get(&(user, day)).copied().unwrap_or_default())
    }

    async fn of_user(&mut self, _user: UserId) -> Result<Vec<(Day, u64)>, StoreError> {
        not_in_memory()
    }

    async fn usage(&mut self, _from: Day, _to: Day) -> Result<Vec<DayUsage>, StoreError> {
        not_in_memory()
    }

    async fn forget_before(&mut self, day: Day, _limit: u32) -> Result<u64, StoreError> {
        let mut memory = self.store.memory();
        let before = memory.spent.len();
        memory.spent.retain(|(_, kept), _| *kept >= day);
        Ok((before - memory.spent.len()) as u64)
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

fn ledger_row(memory: &Memory, row: &Interaction) -> LedgerRow {
    let said = if let Cause::Turn { turn_id, .. } = &row.cause {
        memory.turn(*turn_id).and_then(|turn| turn.said.as_ref())
    } else {
        None
    };
    LedgerRow::new(row.clone(), said.map(|said| said.text.as_str()))
}

fn not_in_memory<T>() -> Result<T, StoreError> {
    Err(StoreError::Failed(
        "a store in memory knows no more than the supervisor asks".into(),
    ))
}

fn nobody_asks<T>() -> T {
    panic!("a store in memory knows no more than the supervisor asks")
}
