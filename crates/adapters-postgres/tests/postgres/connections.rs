//! What becomes of connections when somebody goes away in the middle: the caller, or the server.

use std::time::{Duration, Instant};

use adapters_postgres::{PostgresOptions, PostgresStore};
use waifu_app::ports::store::{Store, StoreError};
use waifu_app::ports::turn_store::{Accepted, TurnStore};
use waifu_domain::user::User;
use waifu_testkit::builders::{new_user, user};
use waifu_testkit::postgres::FreshDatabase;

use crate::home::{Home, SOON};

fn is_unavailable<T>(outcome: &Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Unavailable(_)))
}

#[tokio::test]
async fn a_dropped_unit_of_work_leaves_the_pool_and_its_lock_is_free() {
    let home = Home::with_pool_of_one().await;
    let turn = home.meet().await.unwrap();
    home.store.accept(turn.clone()).await.unwrap();

    let mut work = home.store.begin().await.unwrap();
    let locked = work.relationships().lock(turn.pair).await.unwrap();
    assert!(locked.is_some());
    assert_eq!(home.sessions("state = 'idle in transaction'").await, 1);
    drop(work);

    // Nobody asks the pool for a connection before the lock is free.
    let lock = "select id from relationships for update";
    tokio::time::timeout(SOON, home.outside.batch_execute(lock))
        .await
        .unwrap()
        .unwrap();
    home.until("true", 0).await;
    home.store.ping().await.unwrap();
}

#[tokio::test]
async fn a_cancelled_operation_of_a_turn_does_not_poison_the_pool() {
    let mut home = Home::with_pool_of_one().await;
    let turn = home.meet().await.unwrap();
    let blocker = home.outside.transaction().await.unwrap();
    let lock = "lock table runs in access exclusive mode";
    blocker.batch_execute(lock).await.unwrap();

    // In the middle of a transaction, in the middle of a statement.
    let accept = home.store.accept(turn.clone());
    let cancelled = tokio::time::timeout(Duration::from_millis(200), accept).await;
    assert!(cancelled.is_err());
    let start = Instant::now();
    home.store.ping().await.unwrap();
    assert!(start.elapsed() < SOON);
    // The server waits no more for what nobody wants: not even while the table is still locked.
    let waiting = "select count(*) from pg_stat_activity \
         where datname = current_database() and wait_event_type = 'Lock'";
    while blocker
        .query_one(waiting, &[])
        .await
        .unwrap()
        .get::<_, i64>(0)
        > 0
    {
        assert!(start.elapsed() < SOON);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    blocker.rollback().await.unwrap();

    let accepted = home.store.accept(turn).await.unwrap();
    let Accepted::New(opening) = accepted else {
        panic!("the cancelled one left something behind: {accepted:?}");
    };
    assert_eq!(opening.standing.turn.turn_no, 1);
    home.until("state = 'idle in transaction'", 0).await;
}

#[tokio::test]
async fn operations_cancelled_at_any_moment_leave_the_pool_whole() {
    let home = Home::with(|options| {
        options.pool_size = 2;
        options.wait = Duration::from_secs(5);
    })
    .await;
    let turn = home.meet().await.unwrap();
    for micros in (0..6_000).step_by(150) {
        let operation = async {
            home.store.accept(turn.clone()).await?;
            let standing = home.store.standing(turn.turn_id, turn.horizon);
            standing.await.map(drop)
        };
        let limit = Duration::from_micros(micros);
        if let Ok(outcome) = tokio::time::timeout(limit, operation).await {
            outcome.unwrap();
        }
        home.store.ping().await.unwrap();
    }
    home.until("state = 'idle in transaction'", 0).await;
    let accepted = home.store.accept(turn).await.unwrap();
    assert!(matches!(
        accepted,
        Accepted::New(_) | Accepted::Duplicate(_)
    ));
}

#[tokio::test]
async fn an_exhausted_pool_answers_unavailable_within_its_bound() {
    let wait = Duration::from_millis(300);
    let home = Home::with(|options| {
        options.pool_size = 1;
        options.wait = wait;
    })
    .await;
    let work = home.store.begin().await.unwrap();
    let start = Instant::now();
    assert!(is_unavailable(&home.store.ping().await));
    let elapsed = start.elapsed();
    assert!(wait <= elapsed && elapsed < wait + SOON, "{elapsed:?}");
    work.rollback().await.unwrap();
    home.store.ping().await.unwrap();
}

#[tokio::test]
async fn a_killed_connection_is_unavailable_once_and_the_pool_recovers() {
    let home = Home::with_pool_of_one().await;
    let ada = home.add_user("ada").await.unwrap();
    let mut work = home.store.begin().await.unwrap();
    home.terminate_the_pool().await;
    let found = work.users().by_id(ada.id).await;
    assert!(is_unavailable(&found), "{found:?}");
    let committed = work.commit().await;
    assert!(is_unavailable(&committed), "{committed:?}");

    let mut work = home.store.begin().await.unwrap();
    assert_eq!(work.users().by_id(ada.id).await.unwrap(), Some(ada));
    work.commit().await.unwrap();
}

#[tokio::test]
async fn a_connection_killed_in_the_pool_is_replaced() {
    let home = Home::with_pool_of_one().await;
    home.store.ping().await.unwrap();
    home.terminate_the_pool().await;
    home.until("true", 0).await;
    // It may still look alive to the first one who takes it.
    let first = home.store.ping().await;
    assert!(first.is_ok() || is_unavailable(&first), "{first:?}");
    home.store.ping().await.unwrap();
}

#[tokio::test]
async fn a_statement_that_waits_too_long_is_unavailable_and_leaves_nothing() {
    let mut home = Home::with(|options| {
        options.pool_size = 1;
        options.statement_limit = Duration::from_millis(300);
    })
    .await;
    let turn = home.meet().await.unwrap();
    let blocker = home.outside.transaction().await.unwrap();
    let held_up = "lock table durable_events in access exclusive mode";
    blocker.batch_execute(held_up).await.unwrap();
    let accepted = home.store.accept(turn.clone()).await;
    assert!(is_unavailable(&accepted), "{accepted:?}");
    blocker.rollback().await.unwrap();

    let mut look = home.store.snapshot().await.unwrap();
    assert_eq!(look.relationships().find(turn.pair).await.unwrap(), None);
    look.rollback().await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let folder = std::env::temp_dir().join("no-server-here");
    let url = format!("postgres:///x?host={}", folder.display());
    let opened = PostgresStore::open(PostgresOptions::new(url)).await;
    assert!(is_unavailable(&opened), "{opened:?}");
}

#[tokio::test]
async fn what_is_no_url_is_a_failure() {
    let opened = PostgresStore::open(PostgresOptions::new("postgres://%zz:no:port/")).await;
    assert!(matches!(opened, Err(StoreError::Failed(_))), "{opened:?}");
}

#[tokio::test]
async fn a_unit_of_work_in_which_a_statement_failed_can_not_be_committed() {
    let home = Home::with_pool_of_one().await;
    let ada = home.add_user("ada").await.unwrap();
    let mut work = home.store.begin().await.unwrap();
    let bob = user("bob");
    let added = work.users().insert(new_user(bob.clone())).await.unwrap();
    added.unwrap();
    // Another name, the same id.
    let again = User {
        id: ada.id,
        ..user("eve")
    };
    let failed = work.users().insert(new_user(again)).await;
    assert!(matches!(failed, Err(StoreError::Failed(_))), "{failed:?}");
    work.commit().await.unwrap_err();

    let mut look = home.store.snapshot().await.unwrap();
    assert_eq!(look.users().by_id(bob.id).await.unwrap(), None);
    look.rollback().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_that_start_at_once_migrate_once() {
    let database = FreshDatabase::create().await;
    let open = || {
        let url = database.url();
        tokio::spawn(async move { PostgresStore::open(PostgresOptions::new(url)).await })
    };
    for server in [open(), open(), open(), open()] {
        server.await.unwrap().unwrap().ping().await.unwrap();
    }
}

#[tokio::test]
async fn what_is_stored_against_its_promise_is_told_by_its_table_and_column() {
    let home = Home::with_pool_of_one().await;
    let ada = home.add_user("ada").await.unwrap();
    home.outside
        .batch_execute("update users set username = 'A!'")
        .await
        .unwrap();
    let mut look = home.store.snapshot().await.unwrap();
    let Err(StoreError::Failed(source)) = look.users().by_id(ada.id).await else {
        panic!("a name that can't be was read");
    };
    assert!(source.to_string().contains("users.username"), "{source}");
    look.rollback().await.unwrap();
}
