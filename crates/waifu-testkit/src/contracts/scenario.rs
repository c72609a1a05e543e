//! Steps that many promises take: people who meet, turns that are played, and looks at what is stored.

use waifu_app::ports::store::{
    Appended, LedgerRow, NewReaction, NewRun, Relationships, StoreError, TurnOutcome, UnitOfWork,
};
use waifu_app::ports::turn_store::{
    Accepted, Append, NewTurn, Opening, Settled, Settlement, Standing, TurnRef, TurnStore,
};
use waifu_domain::affection::{Act, LedgerSum, Setting, check_ledger};
use waifu_domain::catalogue::Events;
use waifu_domain::ids::{MessageId, ProcessId, RelationshipId, TurnId};
use waifu_domain::relationship::{Horizon, Interaction, Pair, Relationship, RelationshipState};
use waifu_domain::timestamp::Timestamp;
use waifu_domain::turn::{Message, plain_text};
use waifu_domain::user::User;
use waifu_domain::waifu::Waifu;

use super::{Promise, StoreUnderTest};
use crate::builders::{
    NO_EVENTS, another_run, first_meeting, fresh, horizon, judged, moment, new_turn_at, new_user,
    rule_book, settlement, user, waifu,
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
        self.store.keep_rule_book(rule_book()).await?;
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

    /// Two who have spoken once, and where they stand now.
    pub(super) async fn met(&self) -> Result<(Scenario, Relationship), StoreError> {
        let scenario = self.scenario("ada").await?;
        self.play(scenario.turn("hello"), "hi").await?;
        let relationship = self.relationship(scenario.pair).await?;
        Ok((scenario, relationship))
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
        let standing = self.turns.standing(turn, horizon(moment(0))).await?;
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
        horizon: Horizon,
    ) -> Result<RelationshipState, StoreError> {
        let mut look = self.store.snapshot().await?;
        look.relationships().state(relationship, horizon).await
    }

    /// Adds an act that is expected to find its head.
    pub(super) async fn append(&self, append: Append) -> Result<(), StoreError> {
        let mut work = self.store.begin().await?;
        let appended = work.relationships().append(append).await?;
        assert_eq!(appended, Appended::Done);
        work.commit().await
    }

    /// An append that breaks a promise: it is an error, and its unit of work is as good as gone.
    pub(super) async fn assert_append_fails(&self, append: Append) -> Promise {
        let mut work = self.store.begin().await?;
        let appended = work.relationships().append(append).await;
        assert!(
            matches!(appended, Err(StoreError::Failed(_))),
            "{appended:?}"
        );
        work.rollback().await
    }

    /// Two who meet without a word.
    pub(super) async fn meet(&self, pair: Pair, at: Timestamp) -> Result<Relationship, StoreError> {
        let mut work = self.store.begin().await?;
        let met = work.relationships().meet(pair, first_meeting(), at).await?;
        work.commit().await?;
        Ok(met)
    }

    /// Judged and written where nothing ever comes up.
    pub(super) async fn act(
        &self,
        scenario: &Scenario,
        act: &Act<'_>,
        at: Timestamp,
    ) -> Result<Append, StoreError> {
        self.act_among(scenario, &NO_EVENTS, act, at).await
    }

    /// Judged and written where these events come up.
    pub(super) async fn act_among(
        &self,
        scenario: &Scenario,
        events: &Events,
        act: &Act<'_>,
        at: Timestamp,
    ) -> Result<Append, StoreError> {
        let mut work = self.store.begin().await?;
        let mut relationships = work.relationships();
        let relationship = relationships
            .meet(scenario.pair, first_meeting(), at)
            .await?;
        let state = relationships.state(&relationship, horizon(at)).await?;
        let setting = Setting {
            waifu: &scenario.waifu.profile,
            person: &scenario.user.person(),
            events,
        };
        let append = judged(&relationship, &state, setting, act, at);
        let appended = relationships.append(append.clone()).await?;
        assert_eq!(appended, Appended::Done);
        drop(relationships);
        work.commit().await?;
        Ok(append)
    }

    /// Her answer to a deed begins; the deed itself is not written.
    pub(super) async fn start(&self, reaction: NewReaction) -> Result<TurnRef, StoreError> {
        let mut work = self.store.begin().await?;
        let turn = work.turns().start(reaction).await?;
        work.commit().await?;
        Ok(turn)
    }

    /// Another answer to the turn begins; its event is not written.
    pub(super) async fn start_again(&self, again: NewRun) -> Result<TurnRef, StoreError> {
        let mut work = self.store.begin().await?;
        let turn = work.turns().start_again(again).await?;
        work.commit().await?;
        Ok(turn)
    }

    /// Another answer to the turn, and how it ended.
    pub(super) async fn answer_again(
        &self,
        scenario: &Scenario,
        turn: TurnId,
        reply: &str,
    ) -> Result<Settlement, StoreError> {
        let standing = self.run_again(scenario, turn).await?;
        let ending = settlement(&standing, scenario.process, reply, moment(2));
        assert_eq!(self.turns.settle(ending.clone()).await?, Settled::Done);
        Ok(ending)
    }

    /// Another answer to the turn, which streams.
    pub(super) async fn run_again(
        &self,
        scenario: &Scenario,
        turn: TurnId,
    ) -> Result<Standing, StoreError> {
        let before = self.standing(turn).await?;
        let again = another_run(&before, scenario.process, moment(1));
        self.start_again(again).await?;
        self.standing(turn).await
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

    /// What that history shows, oldest first.
    pub(super) async fn told(&self, id: RelationshipId) -> Result<Vec<String>, StoreError> {
        let history = self.history(id).await?;
        let texts = history.iter().rev().map(|said| plain_text(&said.parts));
        Ok(texts.collect())
    }

    pub(super) async fn by_id(&self, id: MessageId) -> Result<Option<Message>, StoreError> {
        let mut look = self.store.snapshot().await?;
        look.messages().by_id(id).await
    }

    pub(super) async fn outcome(&self, turn: TurnId) -> Result<Option<TurnOutcome>, StoreError> {
        let mut look = self.store.snapshot().await?;
        look.messages().outcome(turn).await
    }

    /// The ledger in its own order.
    pub(super) async fn rows(&self, id: RelationshipId) -> Result<Vec<Interaction>, StoreError> {
        let mut look = self.store.snapshot().await?;
        look.relationships().rows_after(id, 0, 10_000).await
    }

    /// The ledger law holds, what the relationship caches is what its ledger comes to, and its head is that of
    /// the newest row.
    pub(super) async fn assert_lawful(&self, pair: Pair) -> Result<Relationship, StoreError> {
        let relationship = self.relationship(pair).await?;
        let rows = self.rows(relationship.id).await?;
        let book = rule_book();
        let sum = check_ledger(&rows, |hash| (hash == book.hash()).then_some(book))
            .expect("the ledger law holds");
        let cached = LedgerSum {
            affection: relationship.affection,
            level: relationship.level,
            facts: sum.facts.clone(),
            last_interaction: relationship.last_interaction,
            counts: relationship.counts,
            deeds: relationship.deeds.clone(),
        };
        assert_eq!(cached, sum);
        // What ran out unlocks things without a row.
        assert!(relationship.facts.is_superset(&sum.facts));
        assert_eq!(relationship.head.entry_no as usize, rows.len());
        let changes: i32 = rows.iter().map(|row| row.affection_change).sum();
        assert_eq!(relationship.affection.get(), changes);
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
        .state(&relationship, horizon(moment(0)))
        .await?;
    let append = crate::builders::adjustment(&relationship, &state, points, moment(1));
    let appended = relationships.append(append).await?;
    assert_eq!(appended, Appended::Done);
    Ok(())
}
