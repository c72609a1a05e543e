//! Steps that many promises take: people who meet, turns that are played, and looks at what is stored.

use waifu_app::ports::store::{LedgerRow, Relationships, StoreError, TurnOutcome, UnitOfWork};
use waifu_app::ports::turn_store::{
    Accepted, Append, NewTurn, Opening, Settled, Settlement, Standing, TurnStore,
};
use waifu_domain::affection::{RuleBook, check_ledger};
use waifu_domain::ids::{ProcessId, RelationshipId, TurnId};
use waifu_domain::relationship::{Interaction, Pair, Relationship, RelationshipState};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::Message;
use waifu_domain::user::User;
use waifu_domain::waifu::Waifu;

use super::StoreUnderTest;
use crate::builders::{
    entries_since, fresh, moment, new_turn_at, new_user, settlement, user, waifu,
};

/// Two who may talk, and the process that streams her answers.
#[derive(Debug, Clone)]
pub(super) struct Scenario {
    pub(super) pair: Pair,
    pub(super) process: ProcessId,
    pub(super) user: User,
    pub(super) waifu: Waifu,
}

impl Scenario {
    pub(super) fn turn(&self, text: &str) -> NewTurn {
        self.turn_at(text, moment(0))
    }

    pub(super) fn turn_at(&self, text: &str, at: Timestamp) -> NewTurn {
        new_turn_at(self.pair, self.process, text, at)
    }
}

impl StoreUnderTest {
    /// A user of this name, a public companion and the shipped rule book.
    pub(super) async fn scenario(&self, name: &str) -> Result<Scenario, StoreError> {
        self.store.keep_rule_book(&RuleBook::shipped()).await?;
        let user = self.add_user(user(name)).await?;
        let waifu = self.add_waifu(waifu()).await?;
        let pair = Pair {
            user_id: user.id,
            waifu_id: waifu.id,
        };
        Ok(Scenario {
            pair,
            process: fresh(),
            user,
            waifu,
        })
    }

    pub(super) async fn add_user(&self, user: User) -> Result<User, StoreError> {
        let mut work = self.store.begin().await?;
        let inserted = work.users().insert(new_user(user.clone())).await?;
        inserted.expect("the name is free");
        work.commit().await?;
        Ok(user)
    }

    pub(super) async fn add_waifu(&self, waifu: Waifu) -> Result<Waifu, StoreError> {
        let mut work = self.store.begin().await?;
        assert_eq!(work.waifus().insert(&waifu).await?, Ok(()));
        work.commit().await?;
        Ok(waifu)
    }

    pub(super) async fn delete_waifu(&self, waifu: &Waifu) -> Result<(), StoreError> {
        let mut work = self.store.begin().await?;
        work.waifus().delete(waifu.id, moment(5)).await?;
        work.commit().await
    }

    pub(super) async fn accept_new(&self, turn: NewTurn) -> Result<Opening, StoreError> {
        accept_new(&*self.turns, turn).await
    }

    /// A whole turn: what she was told, and how it ended.
    pub(super) async fn play(
        &self,
        turn: NewTurn,
        reply: &str,
    ) -> Result<(Opening, Settlement), StoreError> {
        play(&*self.turns, turn, reply).await
    }

    pub(super) async fn standing(&self, turn: TurnId) -> Result<Standing, StoreError> {
        let standing = self.turns.standing(turn, entries_since(moment(0))).await?;
        Ok(standing.expect("the turn is there"))
    }

    pub(super) async fn find(&self, pair: Pair) -> Result<Option<Relationship>, StoreError> {
        self.store
            .snapshot()
            .await?
            .relationships()
            .find(pair)
            .await
    }

    pub(super) async fn relationship(&self, pair: Pair) -> Result<Relationship, StoreError> {
        Ok(self.find(pair).await?.expect("the two have met"))
    }

    pub(super) async fn state(
        &self,
        relationship: &Relationship,
        since: Timestamp,
    ) -> Result<RelationshipState, StoreError> {
        let mut look = self.store.snapshot().await?;
        look.relationships().state(relationship, since).await
    }

    /// Adds an act that is expected to find its head.
    pub(super) async fn append(&self, append: Append) -> Result<(), StoreError> {
        let mut work = self.store.begin().await?;
        let appended = work.relationships().append(append).await?;
        assert_eq!(appended, waifu_app::ports::store::Appended::Done);
        work.commit().await
    }

    /// The newest hundred rows, newest first.
    pub(super) async fn ledger(&self, id: RelationshipId) -> Result<Vec<LedgerRow>, StoreError> {
        let mut look = self.store.snapshot().await?;
        look.relationships().ledger(id, None, 100).await
    }

    /// The newest hundred messages, newest first.
    pub(super) async fn history(&self, id: RelationshipId) -> Result<Vec<Message>, StoreError> {
        let mut look = self.store.snapshot().await?;
        look.messages().history(id, None, 100).await
    }

    pub(super) async fn outcome(&self, turn: TurnId) -> Result<Option<TurnOutcome>, StoreError> {
        let mut look = self.store.snapshot().await?;
        look.messages().outcome(turn).await
    }

    /// The ledger law holds, the cached affection and level are those of the ledger, and its head is that of
    /// the newest row.
    pub(super) async fn assert_lawful(&self, pair: Pair) -> Result<Relationship, StoreError> {
        let relationship = self.relationship(pair).await?;
        let mut rows: Vec<Interaction> = self
            .ledger(relationship.id)
            .await?
            .into_iter()
            .map(|row| row.interaction)
            .collect();
        rows.reverse();
        let book = RuleBook::shipped();
        let (affection, level) = check_ledger(&rows, |hash| (hash == book.hash()).then_some(&book))
            .expect("the ledger law holds");
        assert_eq!(
            (relationship.affection, relationship.level),
            (affection, level)
        );
        assert_eq!(relationship.head.entry_no as usize, rows.len());
        let sum: i32 = rows.iter().map(|row| row.affection_change).sum();
        assert_eq!(relationship.affection.get(), sum);
        Ok(relationship)
    }
}

pub(super) async fn accept_new(
    turns: &dyn TurnStore,
    turn: NewTurn,
) -> Result<Opening, StoreError> {
    let accepted = turns.accept(turn).await?;
    let Accepted::New(opening) = accepted else {
        panic!("expected a new turn, found {accepted:?}");
    };
    Ok(*opening)
}

pub(super) async fn play(
    turns: &dyn TurnStore,
    turn: NewTurn,
    reply: &str,
) -> Result<(Opening, Settlement), StoreError> {
    let (process, at) = (turn.process, turn.at);
    let opening = accept_new(turns, turn).await?;
    let settlement = settlement(&opening.standing, process, reply, at);
    assert_eq!(turns.settle(settlement.clone()).await?, Settled::Done);
    Ok((opening, settlement))
}

/// Locks a relationship and adds a correction of so many points, all in this unit of work.
pub(super) async fn correct(
    work: &mut dyn UnitOfWork,
    pair: Pair,
    points: i32,
) -> Result<(), StoreError> {
    let mut relationships: Box<dyn Relationships + '_> = work.relationships();
    let relationship = relationships.lock(pair).await?.expect("the two have met");
    let state = relationships
        .state(&relationship, entries_since(moment(0)))
        .await?;
    let append = crate::builders::adjustment(&relationship, &state, points, moment(1));
    let appended = relationships.append(append).await?;
    assert_eq!(appended, waifu_app::ports::store::Appended::Done);
    Ok(())
}
