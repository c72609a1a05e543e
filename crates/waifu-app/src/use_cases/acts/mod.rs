//! What moves a relationship other than words. Each act is one commit, made once however often it is asked for, and
//! stands whatever becomes of her words about it.

mod again;
mod anew;
mod commit;
mod deed;
mod occasion;
mod room;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use waifu_domain::affection::{Act, Refusal, RuleBook, Setting};
use waifu_domain::ids::{EntryId, OccurrenceId, TurnId, UserId, WaifuId};
use waifu_domain::relationship::{Pair, Presence};
use waifu_domain::slug::Slug;

pub use again::Chosen;
pub(super) use anew::Anew;
use commit::MOST_TAKEN_BACK;
use deed::Deed;
use room::Room;

use super::access::Unseen;
use super::idempotency::IdempotencyKey;
use super::read_relationship::{ReadRelationship, RelationshipView};
use crate::caller::Caller;
use crate::catalogues::Catalogues;
use crate::ports::clock::Clock;
use crate::ports::ids::IdSource;
use crate::ports::store::{
    LedgerRow, Store, StoreError, TurnOutcome, UnitOfWork, WrittenAct, finish,
};
use crate::ports::turn_store::TurnRef;
use crate::turns::hub::Hub;
use crate::turns::one_at_a_time::OneAtATime;
use crate::turns::{NotBegun, Supervisor};

#[derive(Debug, Clone)]
pub struct ActsParts {
    pub store: Arc<dyn Store>,
    pub hub: Hub,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
    pub rule_book: Arc<RuleBook>,
    pub catalogues: Arc<Catalogues>,
    pub supervisor: Supervisor,
    pub read_relationship: ReadRelationship,
    /// How long her words are waited for.
    pub patience: Duration,
}

/// Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Acts {
    parts: Arc<ActsParts>,
    /// By relationship.
    alone: Arc<OneAtATime<Pair>>,
    room: Arc<Room>,
}

/// What an act wrote, and where the two stand now.
#[derive(Debug, Clone)]
pub struct ActDone {
    /// The act's own rows: a due decay first.
    pub interactions: Vec<LedgerRow>,
    pub relationship: RelationshipView,
    /// Her answer; `None` when another was streaming, or the act wants none.
    pub turn: Option<TurnOutcome>,
}

/// Why an act was not done; nothing was written, but for [`ActError::Unreadable`].
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    #[error(transparent)]
    Unseen(#[from] Unseen),
    #[error("no such {0}")]
    NotThere(&'static str),
    /// By which rules, and what would work.
    #[error(transparent)]
    Refused(#[from] RefusedAct),
    #[error("the idempotency key was used for another request")]
    Mismatch,
    /// What is being answered can't be taken back.
    #[error("a turn is being answered")]
    Busy(TurnRef),
    #[error("as many acts are at work as are allowed")]
    TooMany,
    #[error("at most {MOST_TAKEN_BACK} messages are taken back at once")]
    TooFarBack,
    #[error("only the latest turn can be answered in another way")]
    NotTheLatest,
    #[error(transparent)]
    NotBegun(#[from] NotBegun),
    /// It was done, and the store can't tell any more what it did.
    #[error("what the act did can't be read")]
    Unreadable(#[source] StoreError),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefusedAct {
    #[error("she does not accept the gift: {0}")]
    Gift(Refusal),
    #[error("she does not come along: {0}")]
    Date(Refusal),
    #[error("{0}")]
    Choice(Refusal),
    #[error("{0}")]
    Adjustment(Refusal),
}

impl From<StoreError> for ActError {
    fn from(error: StoreError) -> Self {
        Self::Unseen(error.into())
    }
}

impl Acts {
    pub fn new(parts: ActsParts) -> Self {
        Self {
            parts: Arc::new(parts),
            alone: Arc::default(),
            room: Arc::default(),
        }
    }

    pub async fn give_gift(
        &self,
        caller: Caller,
        waifu_id: WaifuId,
        gift: EntryId,
        key: Option<IdempotencyKey>,
    ) -> Result<ActDone, ActError> {
        let deed = Deed::Gift { gift };
        self.perform(caller.user_id, pair(caller, waifu_id), deed, key)
            .await
    }

    pub async fn go_on_date(
        &self,
        caller: Caller,
        waifu_id: WaifuId,
        date: EntryId,
        key: Option<IdempotencyKey>,
    ) -> Result<ActDone, ActError> {
        let deed = Deed::Date { date };
        self.perform(caller.user_id, pair(caller, waifu_id), deed, key)
            .await
    }

    /// The same choice again has the first one's result.
    pub async fn take_choice(
        &self,
        caller: Caller,
        waifu_id: WaifuId,
        occurrence: OccurrenceId,
        choice: Slug,
        key: Option<IdempotencyKey>,
    ) -> Result<ActDone, ActError> {
        let deed = Deed::Choice { occurrence, choice };
        self.perform(caller.user_id, pair(caller, waifu_id), deed, key)
            .await
    }

    /// Goes back to before a turn: its chat and all later ones are taken back.
    pub async fn rewind(
        &self,
        caller: Caller,
        waifu_id: WaifuId,
        turn: TurnId,
        key: Option<IdempotencyKey>,
    ) -> Result<ActDone, ActError> {
        let deed = Deed::Rewind { turn };
        self.perform(caller.user_id, pair(caller, waifu_id), deed, key)
            .await
    }

    /// An operator corrects a relationship that exists. Whether the caller is one is the door's to check.
    pub async fn adjust(
        &self,
        operator: UserId,
        pair: Pair,
        points: i32,
        reason: String,
        key: Option<IdempotencyKey>,
    ) -> Result<ActDone, ActError> {
        let deed = Deed::Adjustment {
            points,
            operator,
            reason,
        };
        self.perform(operator, pair, deed, key).await
    }

    /// The user opens the relationship: events come up and run out. Nothing happens between strangers, and nothing is
    /// locked when nothing has to be written.
    pub async fn visit(&self, caller: Caller, waifu_id: WaifuId) -> Result<(), ActError> {
        let pair = pair(caller, waifu_id);
        if !self.is_visit_wanted(pair).await? {
            return Ok(());
        }
        match self.commit(caller.user_id, pair, Deed::Visit, None).await {
            // What comes up can come up at the next occasion as well.
            Ok(_) | Err(ActError::NotThere(_) | ActError::TooMany) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn is_visit_wanted(&self, pair: Pair) -> Result<bool, ActError> {
        let catalogue = self.parts.catalogues.current().await;
        let mut work = self.parts.store.snapshot().await?;
        let view = self.parts.read_relationship.present(&mut *work, pair).await;
        let view = finish(work, view).await?;
        let setting = Setting {
            waifu: &view.waifu.profile,
            person: &view.person,
            events: catalogue.events(),
        };
        let now = self.parts.clock.now();
        let visit = self
            .parts
            .rule_book
            .judge(setting, &view.state, &Act::Visit, now);
        Ok(view.stored.is_some() && visit.is_ok_and(|visit| !visit.is_empty()))
    }

    async fn perform(
        &self,
        by: UserId,
        pair: Pair,
        deed: Deed,
        key: Option<IdempotencyKey>,
    ) -> Result<ActDone, ActError> {
        let watch = self.parts.hub.watch(pair);
        let deadline = Instant::now() + self.parts.patience;
        let act = self.commit(by, pair, deed, key).await?;
        loop {
            let is_late = Instant::now() >= deadline;
            match self.look(pair, &act).await {
                Ok(done) if is_late || done.has_ended() => return Ok(done),
                // The act is stored whatever becomes of the store now, so who did it goes on waiting.
                Err(ActError::Unseen(Unseen::Store(StoreError::Unavailable(_)))) if !is_late => {}
                Err(ActError::Unseen(Unseen::Store(error))) => {
                    return Err(ActError::Unreadable(error));
                }
                Ok(_) => {}
                Err(error) => return Err(error),
            }
            match act.turn_id {
                Some(turn) => watch.wait_for_end(turn).await,
                None => tokio::time::sleep(Duration::from_secs(1)).await,
            }
        }
    }

    async fn look(&self, pair: Pair, act: &WrittenAct) -> Result<ActDone, ActError> {
        let mut work = self.parts.store.snapshot().await?;
        let done = self.done(&mut *work, pair, act).await;
        finish(work, done).await
    }

    async fn done(
        &self,
        work: &mut dyn UnitOfWork,
        pair: Pair,
        act: &WrittenAct,
    ) -> Result<ActDone, ActError> {
        let rows = act.last_no - act.after_no;
        let mut interactions = work
            .relationships()
            .ledger(act.relationship_id, Some(act.last_no + 1), rows)
            .await?;
        interactions.reverse();
        let turn = match act.turn_id {
            Some(turn) => work.messages().outcome(turn).await?,
            None => None,
        };
        let relationship = self.parts.read_relationship.view(work, pair).await?;
        Ok(ActDone {
            interactions,
            relationship,
            turn,
        })
    }
}

impl ActDone {
    fn has_ended(&self) -> bool {
        let turn = self.turn.as_ref();
        turn.is_none_or(|turn| turn.status.ended().is_some())
    }
}

impl RefusedAct {
    fn of(presence: Presence, refusal: Refusal) -> Self {
        match presence {
            Presence::Gift => Self::Gift(refusal),
            Presence::Date => Self::Date(refusal),
            Presence::Event | Presence::Chat => Self::Choice(refusal),
        }
    }
}

fn pair(caller: Caller, waifu_id: WaifuId) -> Pair {
    Pair {
        user_id: caller.user_id,
        waifu_id,
    }
}
