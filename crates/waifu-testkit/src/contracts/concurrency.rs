//! Many at once: nothing is lost, nothing happens twice.

use std::sync::Arc;

use time::Duration;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use waifu_app::ports::store::{Appended, Store, StoreError};
use waifu_app::ports::turn_store::{Accepted, Heartbeat, Settled, TurnStore};
use waifu_domain::affection::Act;
use waifu_domain::relationship::Pair;

use super::scenario::{Scenario, accept_new, correct};
use super::{Promise, StoreUnderTest};
use crate::builders::{
    act_of_an_adult, first_meeting, fresh, gift, horizon, moment, retry_of, settlement, slug, user,
};

const USERS: usize = 40;
const TURNS_EACH: u32 = 4;

pub async fn forty_users_in_parallel_lose_nothing(under_test: &StoreUnderTest) -> Promise {
    let first = under_test.scenario("user_0").await?;
    let mut scenarios = vec![first.clone()];
    for n in 1..USERS {
        let user = under_test.add_user(user(&format!("user_{n}"))).await?;
        let mut scenario = first.clone();
        scenario.process = fresh();
        scenario.pair.user_id = user.id;
        scenarios.push(scenario);
    }
    let mut tasks = JoinSet::new();
    let start = Arc::new(Barrier::new(USERS));
    for scenario in scenarios.clone() {
        let (turns, start) = (under_test.turns.clone(), start.clone());
        tasks.spawn(async move {
            start.wait().await;
            play_some_turns(&*turns, &scenario).await
        });
    }
    let mut events_of = std::collections::HashMap::new();
    for played in tasks.join_all().await {
        let (user_id, events) = played?;
        events_of.insert(user_id, events);
    }

    for scenario in scenarios {
        let relationship = under_test.assert_lawful(scenario.pair).await?;
        assert_eq!(relationship.head.version, TURNS_EACH);
        assert_eq!(relationship.head.entry_no, TURNS_EACH);
        let events = events_of[&scenario.pair.user_id];
        assert_eq!(relationship.head.seq, events);
        let history = under_test.history(relationship.id).await?;
        let turn_nos: Vec<_> = history.iter().map(|said| said.turn_no).collect();
        let expected: Vec<_> = (1..=TURNS_EACH).rev().flat_map(|no| [no, no]).collect();
        assert_eq!(turn_nos, expected);
    }
    Ok(())
}

/// Returns how many durable events the turns of this user made.
async fn play_some_turns(
    turns: &dyn TurnStore,
    scenario: &Scenario,
) -> Result<(waifu_domain::ids::UserId, u64), StoreError> {
    let mut events = 0;
    for n in 1..=TURNS_EACH {
        let turn = scenario.turn_at("hello", moment(n.into()));
        let opening = accept_new(turns, turn).await?;
        events += 2;
        let standing = opening.standing;
        assert_eq!(standing.turn.turn_no, n);
        assert_eq!(standing.relationship.head.seq, events);
        assert_eq!(opening.history.len(), 2 * (n as usize - 1));
        let beat = Heartbeat {
            turn_id: standing.turn.turn_id,
            run: 1,
            words: Arc::from("so far"),
        };
        let lost = turns
            .beat(scenario.process, Duration::minutes(1), vec![beat])
            .await?;
        assert_eq!(lost, []);
        let settlement = settlement(&standing, scenario.process, "hi", moment(n.into()));
        events += settlement.append.events.len() as u64;
        assert_eq!(turns.settle(settlement).await?, Settled::Done);
    }
    Ok((scenario.pair.user_id, events))
}

pub async fn two_sends_to_one_relationship_leave_one_active_run(
    under_test: &StoreUnderTest,
) -> Promise {
    let mut scenario = under_test.scenario("user_0").await?;
    for round in 1..=15 {
        // The first meeting is a race of its own, so every other round has one.
        if round % 2 == 0 {
            let user = under_test.add_user(user(&format!("user_{round}"))).await?;
            scenario.pair.user_id = user.id;
        }
        let start = Arc::new(Barrier::new(2));
        let mut tasks = JoinSet::new();
        for text in ["one", "two"] {
            let (turns, start) = (under_test.turns.clone(), start.clone());
            let turn = scenario.turn(text);
            tasks.spawn(async move {
                start.wait().await;
                turns.accept(turn).await
            });
        }
        let (mut opened, mut busy) = (Vec::new(), Vec::new());
        for accepted in tasks.join_all().await {
            let accepted = accepted?;
            if let Accepted::New(opening) = accepted {
                opened.push(*opening);
            } else if let Accepted::Busy(turn) = accepted {
                busy.push(turn);
            } else {
                panic!("expected a new turn or busy, found {accepted:?}");
            }
        }
        let [opening] = &opened[..] else {
            panic!("expected one new turn, found {opened:?}");
        };
        assert_eq!(busy, [opening.standing.turn]);
        let standing = &opening.standing;
        let settlement = settlement(standing, scenario.process, "hi", moment(0));
        assert_eq!(under_test.turns.settle(settlement).await?, Settled::Done);
        under_test.assert_lawful(scenario.pair).await?;
    }
    Ok(())
}

pub async fn fifty_sends_of_one_client_message_id_make_one_turn(
    under_test: &StoreUnderTest,
) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let turn = scenario.turn("hello");
    let start = Arc::new(Barrier::new(50));
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        let (turns, start) = (under_test.turns.clone(), start.clone());
        let send = retry_of(&turn);
        tasks.spawn(async move {
            start.wait().await;
            turns.accept(send).await
        });
    }
    let (mut opened, mut repeated) = (Vec::new(), Vec::new());
    for accepted in tasks.join_all().await {
        let accepted = accepted?;
        if let Accepted::New(opening) = accepted {
            opened.push(opening.standing.turn);
        } else if let Accepted::Duplicate(turn) = accepted {
            repeated.push(turn);
        } else {
            panic!("expected a new turn or a duplicate, found {accepted:?}");
        }
    }
    assert_eq!(opened.len(), 1);
    assert_eq!(repeated, [opened[0]; 49]);
    let relationship = under_test.relationship(scenario.pair).await?;
    assert_eq!(relationship.head.seq, 2);
    assert_eq!(under_test.history(relationship.id).await?.len(), 1);
    Ok(())
}

pub async fn a_run_that_many_settle_ends_once(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    for _ in 0..10 {
        let standing = under_test
            .accept_new(scenario.turn("hello"))
            .await?
            .standing;
        let start = Arc::new(Barrier::new(8));
        let mut tasks = JoinSet::new();
        for n in 0..8 {
            let (turns, start) = (under_test.turns.clone(), start.clone());
            let reply = format!("answer {n}");
            let settlement = settlement(&standing, scenario.process, &reply, moment(1));
            tasks.spawn(async move {
                start.wait().await;
                turns.settle(settlement).await
            });
        }
        let mut done = 0;
        for settled in tasks.join_all().await {
            match settled? {
                Settled::Done => done += 1,
                Settled::EndedByAnother => {}
                Settled::Stale => panic!("a run that is over is never stale"),
            }
        }
        assert_eq!(done, 1);
    }
    let relationship = under_test.assert_lawful(scenario.pair).await?;
    assert_eq!(relationship.head.entry_no, 10);
    assert_eq!(under_test.history(relationship.id).await?.len(), 20);
    Ok(())
}

pub async fn corrections_in_parallel_lose_nothing(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    under_test.play(scenario.turn("hello"), "hi").await?;
    let before = under_test.relationship(scenario.pair).await?;
    let start = Arc::new(Barrier::new(20));
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let (store, start) = (under_test.store.clone(), start.clone());
        let pair = scenario.pair;
        tasks.spawn(async move {
            start.wait().await;
            let mut work = store.begin().await?;
            correct(&mut *work, pair, 3).await?;
            work.commit().await
        });
    }
    for corrected in tasks.join_all().await {
        corrected?;
    }
    let after = under_test.assert_lawful(scenario.pair).await?;
    assert_eq!(after.affection.get(), before.affection.get() + 60);
    assert_eq!(after.head.entry_no, before.head.entry_no + 20);
    Ok(())
}

pub async fn gifts_of_strangers_in_parallel_lose_nothing(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let start = Arc::new(Barrier::new(20));
    let mut tasks = JoinSet::new();
    for n in 0..20 {
        let (store, start) = (under_test.store.clone(), start.clone());
        let pair = scenario.pair;
        tasks.spawn(async move {
            start.wait().await;
            give(&*store, pair, n).await
        });
    }
    for given in tasks.join_all().await {
        given?;
    }
    let after = under_test.assert_lawful(scenario.pair).await?;
    assert_eq!(after.head.entry_no, 20);
    assert_eq!(after.head.version, 20);
    assert_eq!(after.head.seq, 20);
    assert_eq!(after.counts.gift, 20);
    assert_eq!(after.deeds.gifts.len(), 20);
    Ok(())
}

async fn give(store: &dyn Store, pair: Pair, n: u32) -> Promise {
    let mut work = store.begin().await?;
    let mut relationships = work.relationships();
    let met = relationships.meet(pair, first_meeting(), moment(0)).await?;
    let state = relationships.state(&met, horizon(moment(1))).await?;
    let act = Act::Gift {
        key: &slug(&format!("gift_{n}")),
        gift: &gift(),
    };
    let append = act_of_an_adult(&met, &state, &act, moment(1));
    assert_eq!(relationships.append(append).await?, Appended::Done);
    drop(relationships);
    work.commit().await
}
