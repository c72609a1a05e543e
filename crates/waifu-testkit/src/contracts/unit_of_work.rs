//! Units of work: whole or absent, and never in anybody's way once they are dropped.

use std::future::Future;
use std::time::Duration;

use waifu_app::ports::store::{Store, StoreError, UnitOfWork, finish};
use waifu_app::ports::turn_store::Accepted;
use waifu_domain::affection::RuleBook;
use waifu_domain::user::User;

use super::scenario::correct;
use super::{Promise, StoreUnderTest};
use crate::builders::{first_meeting, new_user, retry_of, session, user, waifu};

/// What takes longer than this waits for a lock that nobody should hold.
const PATIENCE: Duration = Duration::from_secs(4);

pub async fn a_committed_unit_of_work_stays(under_test: &StoreUnderTest) -> Promise {
    let ada = user("ada");
    let work = begin_with(under_test, &ada).await?;
    work.commit().await?;
    assert!(is_there(under_test, &ada).await?);
    Ok(())
}

pub async fn a_unit_of_work_sees_its_own_writes(under_test: &StoreUnderTest) -> Promise {
    let ada = user("ada");
    let mut work = begin_with(under_test, &ada).await?;
    assert_eq!(work.users().by_id(ada.id).await?, Some(ada.clone()));
    assert!(!is_there(under_test, &ada).await?);
    work.rollback().await
}

pub async fn a_rolled_back_unit_of_work_leaves_no_trace(under_test: &StoreUnderTest) -> Promise {
    let ada = user("ada");
    let work = begin_with(under_test, &ada).await?;
    work.rollback().await?;
    assert!(!is_there(under_test, &ada).await?);
    in_time(under_test.add_user(ada)).await?;
    Ok(())
}

pub async fn a_dropped_unit_of_work_leaves_no_trace_and_no_lock(
    under_test: &StoreUnderTest,
) -> Promise {
    let scenario = under_test.scenario("bob").await?;
    under_test.play(scenario.turn("hello"), "hi").await?;
    let before = under_test.relationship(scenario.pair).await?;
    for _ in 0..20 {
        let ada = user("ada");
        let mut work = begin_with(under_test, &ada).await?;
        correct(&mut *work, scenario.pair, 5).await?;
        drop(work);
        in_time(async {
            let mut work = under_test.store.begin().await?;
            let locked = work.relationships().lock(scenario.pair).await?;
            assert_eq!(locked.as_ref(), Some(&before));
            work.commit().await
        })
        .await?;
        assert!(!is_there(under_test, &ada).await?);
    }
    in_time(under_test.play(scenario.turn("again"), "hi")).await?;
    Ok(())
}

pub async fn a_failed_outcome_is_rolled_back(under_test: &StoreUnderTest) -> Promise {
    let ada = user("ada");
    let work = begin_with(under_test, &ada).await?;
    let refused = StoreError::Failed("the use case refuses".into());
    let outcome = finish(work, Err::<(), StoreError>(refused)).await;
    assert!(outcome.is_err());
    assert!(!is_there(under_test, &ada).await?);
    let work = begin_with(under_test, &ada).await?;
    finish(work, Ok::<_, StoreError>(())).await?;
    assert!(is_there(under_test, &ada).await?);
    Ok(())
}

pub async fn a_unit_of_work_with_a_failed_call_commits_nothing(
    under_test: &StoreUnderTest,
) -> Promise {
    let ada = user("ada");
    let mut work = begin_with(under_test, &ada).await?;
    // The same id again, under another name.
    let twin = User {
        id: ada.id,
        ..user("bob")
    };
    let inserted = work.users().insert(new_user(twin)).await;
    assert!(
        matches!(inserted, Err(StoreError::Failed(_))),
        "{inserted:?}"
    );
    // Refused or not, it leaves nothing.
    let _ = work.commit().await;
    assert!(!is_there(under_test, &ada).await?);
    in_time(under_test.add_user(ada)).await?;
    Ok(())
}

pub async fn a_cancelled_future_in_the_middle_leaves_no_lock(
    under_test: &StoreUnderTest,
) -> Promise {
    for round in 0..60 {
        let ada = user("ada");
        let unfinished = async {
            let mut work = begin_with(under_test, &ada).await?;
            assert_eq!(work.waifus().insert(&waifu()).await?, Ok(()));
            work.sessions().insert(session(ada.id, 1)).await?;
            work.users().by_id(ada.id).await?;
            // Never committed, so that the name must be free afterwards, wherever the axe fell.
            std::future::pending::<Promise>().await
        };
        let axe = Duration::from_micros(70 * round);
        assert!(tokio::time::timeout(axe, unfinished).await.is_err());
        in_time(async {
            let mut work = under_test.store.begin().await?;
            let inserted = work.users().insert(new_user(user("ada"))).await?;
            assert!(inserted.is_ok(), "the name is taken in round {round}");
            work.rollback().await
        })
        .await?;
    }
    let look = in_time(under_test.store.begin()).await?;
    drop(look);
    Ok(())
}

pub async fn a_cancelled_accept_is_whole_or_absent(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("ada").await?;
    for round in 0..40 {
        let turn = scenario.turn("hello");
        let axe = Duration::from_micros(100 * round);
        let _ = tokio::time::timeout(axe, under_test.turns.accept(turn.clone())).await;
        let accepted = in_time(under_test.turns.accept(retry_of(&turn))).await?;
        let turn_id = if let Accepted::New(opening) = accepted {
            opening.standing.turn.turn_id
        } else if let Accepted::Duplicate(first) = accepted {
            assert_eq!(first.turn_id, turn.turn_id);
            first.turn_id
        } else {
            panic!("expected a new turn or a duplicate, found {accepted:?}");
        };
        let standing = under_test.standing(turn_id).await?;
        assert_eq!(u64::from(standing.turn.turn_no), round + 1);
        let settlement = crate::builders::failure(&standing, scenario.process, turn.at);
        in_time(under_test.turns.settle(settlement)).await?;
    }
    Ok(())
}

pub async fn a_snapshot_refuses_writes(under_test: &StoreUnderTest) -> Promise {
    let scenario = under_test.scenario("bob").await?;
    let ada = user("ada");
    let mut look = under_test.store.snapshot().await?;
    let inserted = look.users().insert(new_user(ada.clone())).await;
    assert!(inserted.is_err(), "{inserted:?}");
    drop(look);
    let mut look = under_test.store.snapshot().await?;
    let deleted = look
        .waifus()
        .delete(scenario.waifu.id, ada.created_at)
        .await;
    assert!(deleted.is_err(), "{deleted:?}");
    drop(look);
    let mut look = under_test.store.snapshot().await?;
    let met = look
        .relationships()
        .meet(scenario.pair, first_meeting(), ada.created_at)
        .await;
    assert!(met.is_err(), "{met:?}");
    drop(look);
    assert_eq!(under_test.find(scenario.pair).await?, None);

    assert!(!is_there(under_test, &ada).await?);
    let mut look = under_test.store.snapshot().await?;
    let her = look.waifus().by_id(scenario.waifu.id).await?;
    assert_eq!(her, Some(scenario.waifu));
    drop(look);
    in_time(under_test.add_user(ada)).await?;
    Ok(())
}

pub async fn a_snapshot_waits_for_no_writer(under_test: &StoreUnderTest) -> Promise {
    let ada = user("ada");
    let work = begin_with(under_test, &ada).await?;
    let seen = tokio::time::timeout(PATIENCE, is_there(under_test, &ada)).await;
    assert!(!seen.expect("a snapshot waits for no writer")?);
    work.commit().await?;
    assert!(is_there(under_test, &ada).await?);
    Ok(())
}

pub async fn a_snapshot_is_one_picture(under_test: &StoreUnderTest) -> Promise {
    let mut look = under_test.store.snapshot().await?;
    assert!(look.waifus().is_empty().await?);
    in_time(under_test.add_waifu(waifu())).await?;
    assert!(look.waifus().is_empty().await?);
    look.commit().await?;
    let mut look = under_test.store.snapshot().await?;
    assert!(!look.waifus().is_empty().await?);
    look.rollback().await
}

pub async fn a_rule_book_is_kept_once(under_test: &StoreUnderTest) -> Promise {
    let book = RuleBook::shipped();
    under_test.store.keep_rule_book(&book).await?;
    under_test.store.keep_rule_book(&book).await
}

pub async fn every_rule_book_that_was_ever_kept_is_there(under_test: &StoreUnderTest) -> Promise {
    assert_eq!(under_test.store.rule_books().await?, []);
    let shipped = RuleBook::shipped();
    let other = shipped
        .to_json()
        .replace("\"at_most\":30", "\"at_most\":31");
    let other = RuleBook::from_json(&other).expect("it can be satisfied");
    assert_ne!(other, shipped);
    for book in [&shipped, &other, &shipped] {
        under_test.store.keep_rule_book(book).await?;
    }
    let mut expected = [shipped, other];
    let mut kept = under_test.store.rule_books().await?;
    kept.sort_by_key(RuleBook::hash);
    expected.sort_by_key(RuleBook::hash);
    assert_eq!(kept, expected);
    Ok(())
}

pub async fn a_store_answers_a_ping(under_test: &StoreUnderTest) -> Promise {
    in_time(under_test.store.ping()).await
}

async fn begin_with(
    under_test: &StoreUnderTest,
    user: &User,
) -> Result<Box<dyn UnitOfWork>, StoreError> {
    let store: &dyn Store = &*under_test.store;
    let mut work = store.begin().await?;
    let inserted = work.users().insert(new_user(user.clone())).await?;
    inserted.expect("the name is free");
    Ok(work)
}

async fn is_there(under_test: &StoreUnderTest, user: &User) -> Result<bool, StoreError> {
    let mut look = under_test.store.snapshot().await?;
    let found = look.users().by_id(user.id).await?;
    Ok(found.is_some())
}

async fn in_time<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    tokio::time::timeout(PATIENCE, work)
        .await
        .expect("nobody holds a lock")
}
