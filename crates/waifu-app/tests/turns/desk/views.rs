//! One unit of work, seen as the repositories that it lends.

use async_trait::async_trait;
use time::Duration;
use waifu_app::ports::passwords::PasswordHash;
use waifu_app::ports::store::{
    Appended, Bucket, Candidate, Edited, EventLog, LatestTurn, LedgerRow, LoggedEvent,
    MessagePlace, Messages, NewReaction, NewRun, NewSaid, NewUser, OccurrencePlace, Relationships,
    StoreError, StoredPassword, Taken, TimeSpan, TurnOutcome, Turns, Users, VoidedTurns, WaifuEdit,
    WaifuPlace, Waifus,
};
use waifu_app::ports::turn_store::{Append, DurableEvent, FirstMeeting, TurnRef, TurnStore};
use waifu_domain::events::EventOccurrence;
use waifu_domain::ids::{
    ClientMessageId, ConversationId, MessageId, OccurrenceId, RelationshipId, TurnId, UserId,
    WaifuId,
};
use waifu_domain::relationship::{
    Cause, Horizon, Interaction, Pair, Relationship, RelationshipState,
};
use waifu_domain::slug::Slug;
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::{Message, RunNo, Speaker};
use waifu_domain::user::{User, Username};
use waifu_domain::waifu::Waifu;

use super::{Pending, Work};

pub(super) struct View<'a>(pub(super) &'a mut Work);

/// Every user is an adult whom nobody has written down.
pub(super) struct Nobody;

pub(super) struct Her(pub(super) Waifu);

fn not_asked<T>() -> Result<T, StoreError> {
    Err(StoreError::Failed("no test asks for this".into()))
}

#[async_trait]
impl Users for Nobody {
    async fn insert(&mut self, _: NewUser) -> Result<Result<(), Taken>, StoreError> {
        not_asked()
    }

    async fn by_id(&mut self, _: UserId) -> Result<Option<User>, StoreError> {
        Ok(None)
    }

    async fn by_username(
        &mut self,
        _: &Username,
    ) -> Result<Option<(User, PasswordHash)>, StoreError> {
        not_asked()
    }

    async fn lock(&mut self, _: UserId) -> Result<Option<User>, StoreError> {
        not_asked()
    }

    async fn update(&mut self, _: &User) -> Result<(), StoreError> {
        not_asked()
    }

    async fn page(&mut self, _: Option<UserId>, _: u32) -> Result<Vec<User>, StoreError> {
        not_asked()
    }

    async fn password(&mut self, _: UserId) -> Result<Option<StoredPassword>, StoreError> {
        not_asked()
    }

    async fn set_password(&mut self, _: UserId, _: StoredPassword) -> Result<(), StoreError> {
        not_asked()
    }
}

#[async_trait]
impl Waifus for Her {
    async fn insert(&mut self, _: &Waifu) -> Result<Result<(), Taken>, StoreError> {
        not_asked()
    }

    async fn by_id(&mut self, id: WaifuId) -> Result<Option<Waifu>, StoreError> {
        Ok(Some(self.0.clone()).filter(|waifu| waifu.id == id))
    }

    async fn deleted(&mut self, _: &[WaifuId]) -> Result<Vec<WaifuId>, StoreError> {
        not_asked()
    }

    async fn by_key(&mut self, _: &Slug) -> Result<Option<Waifu>, StoreError> {
        not_asked()
    }

    async fn visible_to(
        &mut self,
        _: UserId,
        _: Option<WaifuPlace>,
        _: u32,
    ) -> Result<Vec<Waifu>, StoreError> {
        not_asked()
    }

    async fn of_house(&mut self, _: Option<WaifuPlace>, _: u32) -> Result<Vec<Waifu>, StoreError> {
        not_asked()
    }

    async fn edit(&mut self, _: WaifuEdit) -> Result<Edited, StoreError> {
        not_asked()
    }

    async fn delete(&mut self, _: WaifuId, _: Timestamp) -> Result<(), StoreError> {
        not_asked()
    }

    async fn is_empty(&mut self) -> Result<bool, StoreError> {
        not_asked()
    }
}

#[async_trait]
impl Turns for View<'_> {
    async fn streaming(&mut self, id: RelationshipId) -> Result<Option<TurnRef>, StoreError> {
        self.0.inner.turns().streaming(id).await
    }

    async fn start(&mut self, _: NewReaction) -> Result<TurnRef, StoreError> {
        not_asked()
    }

    async fn say(&mut self, _: NewSaid) -> Result<TurnRef, StoreError> {
        not_asked()
    }

    async fn start_again(&mut self, again: NewRun) -> Result<TurnRef, StoreError> {
        let outcome = self.0.inner.messages().outcome(again.turn_id).await?;
        let turn = outcome.expect("the turn is there").turn;
        self.0.pending.push(Pending::Again(again));
        Ok(TurnRef {
            run: turn.run + 1,
            ..turn
        })
    }

    async fn latest(&mut self, id: RelationshipId) -> Result<Option<LatestTurn>, StoreError> {
        self.0.inner.turns().latest(id).await
    }

    async fn cause(&mut self, turn: TurnId) -> Result<Option<Cause>, StoreError> {
        self.0.inner.turns().cause(turn).await
    }

    async fn candidates(&mut self, turns: &[TurnId]) -> Result<Vec<Candidate>, StoreError> {
        self.0.inner.turns().candidates(turns).await
    }

    async fn choose(&mut self, turn: TurnId, run: RunNo) -> Result<(), StoreError> {
        let at = self.0.desk.waifu().created_at;
        self.0.pending.push(Pending::Choice { turn, run, at });
        Ok(())
    }

    async fn number(
        &mut self,
        id: RelationshipId,
        turn: TurnId,
    ) -> Result<Option<u32>, StoreError> {
        self.0.inner.turns().number(id, turn).await
    }

    async fn void_chats(
        &mut self,
        _: RelationshipId,
        _: u32,
        _: Timestamp,
    ) -> Result<VoidedTurns, StoreError> {
        not_asked()
    }
}

#[async_trait]
impl Messages for View<'_> {
    /// Made from the log, of which these tests forget nothing.
    async fn history(
        &mut self,
        id: RelationshipId,
        before: Option<MessagePlace>,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let mut shown: Vec<Message> = Vec::new();
        let log = self.0.inner.event_log().after(id, 0, u32::MAX).await?;
        for logged in log {
            let (DurableEvent::MessageAccepted { message_id, .. }
            | DurableEvent::TurnChosen { message_id, .. }
            | DurableEvent::TurnDone {
                message_id: Some(message_id),
                ..
            }) = logged.event
            else {
                continue;
            };
            let message = self.by_id(message_id).await?.expect("it was said");
            let place = |message: &Message| (message.turn_no, message.speaker == Speaker::Waifu);
            shown.retain(|other| place(other) != place(&message));
            shown.insert(0, message);
        }
        assert_eq!(before, None);
        shown.truncate(usize::try_from(limit).expect("32 bits fit"));
        Ok(shown)
    }

    async fn by_id(&mut self, id: MessageId) -> Result<Option<Message>, StoreError> {
        self.0.inner.messages().by_id(id).await
    }

    async fn outcome(&mut self, turn: TurnId) -> Result<Option<TurnOutcome>, StoreError> {
        self.0.inner.messages().outcome(turn).await
    }

    async fn turn_of(
        &mut self,
        id: RelationshipId,
        message: ClientMessageId,
    ) -> Result<Option<TurnId>, StoreError> {
        self.0.inner.messages().turn_of(id, message).await
    }

    async fn default_conversation(
        &mut self,
        id: RelationshipId,
    ) -> Result<Option<ConversationId>, StoreError> {
        self.0.inner.messages().default_conversation(id).await
    }
}

#[async_trait]
impl EventLog for View<'_> {
    async fn after(
        &mut self,
        id: RelationshipId,
        seq: u64,
        limit: u32,
    ) -> Result<Vec<LoggedEvent>, StoreError> {
        let mut logged = self.0.inner.event_log().after(id, seq, limit).await?;
        let torn_out = self.0.desk.torn_out();
        logged.retain(|logged| !torn_out.contains(&logged.seq));
        Ok(logged)
    }

    async fn forget_before(&mut self, at: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.0.inner.event_log().forget_before(at, limit).await
    }
}

#[async_trait]
impl Relationships for View<'_> {
    async fn find(&mut self, pair: Pair) -> Result<Option<Relationship>, StoreError> {
        self.0.inner.relationships().find(pair).await
    }

    async fn with_any(
        &mut self,
        user: UserId,
        waifus: &[WaifuId],
    ) -> Result<Vec<Relationship>, StoreError> {
        self.0.inner.relationships().with_any(user, waifus).await
    }

    async fn lock(&mut self, pair: Pair) -> Result<Option<Relationship>, StoreError> {
        self.0.inner.relationships().find(pair).await
    }

    async fn meet(
        &mut self,
        _: Pair,
        _: FirstMeeting,
        _: Timestamp,
    ) -> Result<Relationship, StoreError> {
        not_asked()
    }

    async fn state(
        &mut self,
        relationship: &Relationship,
        horizon: Horizon,
    ) -> Result<RelationshipState, StoreError> {
        let latest = self.0.inner.turns().latest(relationship.id).await?;
        let turn = latest.expect("who has met has talked").turn.turn_id;
        let standing = self.0.desk.store.standing(turn, horizon).await?;
        Ok(standing.expect("the turn is there").state)
    }

    /// The one event of what is pending, which its commit writes.
    async fn append(&mut self, append: Append) -> Result<Appended, StoreError> {
        assert_eq!((append.events.len(), self.0.pending.len()), (1, 1));
        Ok(Appended::Done)
    }

    async fn ledger(
        &mut self,
        id: RelationshipId,
        before_no: Option<u32>,
        limit: u32,
    ) -> Result<Vec<LedgerRow>, StoreError> {
        let mut relationships = self.0.inner.relationships();
        relationships.ledger(id, before_no, limit).await
    }

    async fn rows_after(
        &mut self,
        _: RelationshipId,
        _: u32,
        _: u32,
    ) -> Result<Vec<Interaction>, StoreError> {
        not_asked()
    }

    async fn first_chat_row(&mut self, _: &[TurnId]) -> Result<Option<u32>, StoreError> {
        not_asked()
    }

    async fn buckets(
        &mut self,
        _: RelationshipId,
        _: TimeSpan,
        _: Duration,
    ) -> Result<Vec<Bucket>, StoreError> {
        not_asked()
    }

    async fn row_before(
        &mut self,
        _: RelationshipId,
        _: Timestamp,
    ) -> Result<Option<Interaction>, StoreError> {
        not_asked()
    }

    async fn occurrences(
        &mut self,
        _: RelationshipId,
        _: Option<OccurrencePlace>,
        _: u32,
    ) -> Result<Vec<EventOccurrence>, StoreError> {
        not_asked()
    }

    async fn occurrence(
        &mut self,
        id: RelationshipId,
        occurrence: OccurrenceId,
    ) -> Result<Option<EventOccurrence>, StoreError> {
        let mut relationships = self.0.inner.relationships();
        relationships.occurrence(id, occurrence).await
    }

    async fn count(&mut self) -> Result<u64, StoreError> {
        not_asked()
    }

    async fn all(
        &mut self,
        _: Option<RelationshipId>,
        _: u32,
    ) -> Result<Vec<Relationship>, StoreError> {
        not_asked()
    }
}
