//! Meeting: once, with a conversation to talk in, and alone until the unit of work ends.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Barrier;
use tokio::task::JoinSet;
use waifu_app::ports::store::StoreError;
use waifu_app::ports::turn_store::FirstMeeting;
use waifu_domain::ids::{ConversationId, RelationshipId};
use waifu_domain::relationship::{Head, Relationship, RelationshipState};

use super::{Promise, StoreUnderTest};
use crate::builders::{first_meeting, horizon, moment, user};

/// Long enough for who need not wait.
const A_WHILE: Duration = Duration::from_millis(100);

pub async fn strangers_meet_with_a_default_conversation(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let first = first_meeting();
    let mut work = under_test.store.begin().await?;
    let met = work
        .relationships()
        .meet(scenario.pair, first, moment(7))
        .await?;
    work.commit().await?;

    assert_eq!(met.id, first.relationship_id);
    assert_eq!(met.pair, scenario.pair);
    assert_eq!(met.epoch, first.epoch);
    assert_eq!(met.created_at, moment(7));
    let nothing_yet = Head {
        seq: 0,
        entry_no: 0,
        version: 0,
    };
    assert_eq!(met.head, nothing_yet);
    let state = under_test.state(&met, horizon(moment(7))).await?;
    let just_met = RelationshipState {
        met_at: Some(moment(7)),
        ..RelationshipState::strangers()
    };
    assert_eq!(state, just_met);
    assert_eq!(
        default_conversation(under_test, met.id).await?,
        Some(first.conversation_id)
    );
    let opening = under_test.accept_new(scenario.turn("hello")).await?;
    assert_eq!(opening.standing.turn.turn_no, 1);
    assert_eq!(opening.standing.conversation_id, first.conversation_id);
    assert_eq!(opening.standing.relationship.id, met.id);
    Ok(())
}

pub async fn two_who_know_each_other_meet_as_they_are(under_test: &StoreUnderTest) -> Promise {
    let (scenario, before) = under_test.met().await?;
    let conversation = default_conversation(under_test, before.id).await?;
    let met = under_test.meet(scenario.pair, moment(9)).await?;
    assert_eq!(met, before);
    assert_eq!(under_test.relationship(scenario.pair).await?, before);
    assert_eq!(
        default_conversation(under_test, before.id).await?,
        conversation
    );
    Ok(())
}

pub async fn strangers_who_meet_twice_at_once_meet_once(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let first = first_meeting();
    let mut work = under_test.store.begin().await?;
    let met = work
        .relationships()
        .meet(scenario.pair, first, moment(0))
        .await?;
    let store = under_test.store.clone();
    let second = tokio::spawn(async move {
        let mut work = store.begin().await?;
        let mut relationships = work.relationships();
        let met = relationships
            .meet(scenario.pair, first_meeting(), moment(1))
            .await?;
        drop(relationships);
        work.commit().await?;
        Ok::<_, StoreError>(met)
    });
    tokio::time::sleep(A_WHILE).await;
    assert!(!second.is_finished(), "the second does not wait");
    work.commit().await?;
    assert_eq!(second.await.expect("the other task is well")?, met);
    assert_eq!(
        default_conversation(under_test, met.id).await?,
        Some(first.conversation_id)
    );
    assert_eq!(count(under_test).await?, 1);
    Ok(())
}

pub async fn who_waited_for_a_meeting_that_was_rolled_back_meets_himself(
    under_test: &StoreUnderTest,
) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    let mut work = under_test.store.begin().await?;
    work.relationships()
        .meet(scenario.pair, first_meeting(), moment(0))
        .await?;
    let store = under_test.store.clone();
    let own = first_meeting();
    let second = tokio::spawn(async move {
        let mut work = store.begin().await?;
        let met = work
            .relationships()
            .meet(scenario.pair, own, moment(1))
            .await?;
        work.commit().await?;
        Ok::<_, StoreError>(met)
    });
    tokio::time::sleep(A_WHILE).await;
    work.rollback().await?;
    let met = second.await.expect("the other task is well")?;
    assert_eq!(met.id, own.relationship_id);
    assert_eq!(met.created_at, moment(1));
    assert_eq!(under_test.relationship(scenario.pair).await?, met);
    assert_eq!(
        default_conversation(under_test, met.id).await?,
        Some(own.conversation_id)
    );
    Ok(())
}

pub async fn a_meeting_locks_those_who_know_each_other(under_test: &StoreUnderTest) -> Promise {
    let (scenario, before) = under_test.met().await?;
    let mut work = under_test.store.begin().await?;
    let mut relationships = work.relationships();
    let met = relationships
        .meet(scenario.pair, first_meeting(), moment(1))
        .await?;
    let store = under_test.store.clone();
    let second = tokio::spawn(async move {
        let mut work = store.begin().await?;
        let locked = work.relationships().lock(scenario.pair).await?;
        work.commit().await?;
        Ok::<_, StoreError>(locked)
    });
    tokio::time::sleep(A_WHILE).await;
    assert!(!second.is_finished(), "the second does not wait");

    let state = relationships.state(&met, horizon(moment(1))).await?;
    let correction = crate::builders::adjustment(&met, &state, 5, moment(1));
    relationships.append(correction).await?;
    drop(relationships);
    work.commit().await?;
    let locked = second.await.expect("the other task is well")?;
    assert_eq!(locked, Some(under_test.relationship(scenario.pair).await?));
    assert_ne!(locked, Some(before));
    Ok(())
}

/// Some begin with a word, some without; whoever is first, all find the same two.
pub async fn strangers_who_meet_many_times_at_once_meet_once(
    under_test: &StoreUnderTest,
) -> Promise {
    let mut scenario = under_test.scenario("user_0").await?;
    for round in 1..=6 {
        let start = Arc::new(Barrier::new(8));
        let mut meetings = JoinSet::new();
        for _ in 0..7 {
            let (store, start) = (under_test.store.clone(), start.clone());
            let pair = scenario.pair;
            meetings.spawn(async move {
                start.wait().await;
                let mut work = store.begin().await?;
                let met = work
                    .relationships()
                    .meet(pair, first_meeting(), moment(0))
                    .await?;
                work.commit().await?;
                Ok::<_, StoreError>(met.id)
            });
        }
        let turn = scenario.turn("hello");
        start.wait().await;
        let opening = under_test.accept_new(turn).await?;
        for met in meetings.join_all().await {
            assert_eq!(met?, opening.standing.relationship.id, "in round {round}");
        }
        assert_eq!(count(under_test).await?, round);
        let user = under_test.add_user(user(&format!("user_{round}"))).await?;
        scenario.pair.user_id = user.id;
    }
    Ok(())
}

pub async fn all_relationships_are_walked_once_in_the_order_of_their_ids(
    under_test: &StoreUnderTest,
) -> Promise {
    assert_eq!(count(under_test).await?, 0);
    let mut scenario = under_test.scenario("user_0").await?;
    let mut expected: Vec<Relationship> = Vec::new();
    for n in 1..=7 {
        // Ids that are older than those before them, too.
        let first = FirstMeeting {
            relationship_id: uuid::Uuid::from_u128(if n % 2 == 0 { 100 - n } else { n << 120 })
                .into(),
            ..first_meeting()
        };
        let mut work = under_test.store.begin().await?;
        let met = work
            .relationships()
            .meet(scenario.pair, first, moment(0))
            .await?;
        work.commit().await?;
        expected.push(met);
        let user = under_test.add_user(user(&format!("user_{n}"))).await?;
        scenario.pair.user_id = user.id;
    }
    expected.sort_by_key(|met| met.id);
    assert_eq!(count(under_test).await?, 7);
    for limit in [1, 3, 7, 50] {
        let mut look = under_test.store.snapshot().await?;
        let (mut walked, mut after) = (Vec::new(), None);
        loop {
            let page = look.relationships().all(after, limit).await?;
            assert!(page.len() <= limit as usize);
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            walked.extend(page);
        }
        assert_eq!(walked, expected, "in pages of {limit}");
    }
    Ok(())
}

async fn count(under_test: &StoreUnderTest) -> Result<u64, StoreError> {
    let mut look = under_test.store.snapshot().await?;
    look.relationships().count().await
}

async fn default_conversation(
    under_test: &StoreUnderTest,
    relationship: RelationshipId,
) -> Result<Option<ConversationId>, StoreError> {
    let mut look = under_test.store.snapshot().await?;
    look.messages().default_conversation(relationship).await
}
