//! The threads hold: against panics, against callers who go away, against connections that break.

mod groups;
mod turns;

use super::*;
use crate::{SqliteOptions, SqliteStore};
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::prelude::*;
use diesel::sql_types::Integer;
use tokio::sync::oneshot;

fn open(folder: &tempfile::TempDir, readers: usize) -> SqliteStore {
    SqliteStore::open(&SqliteOptions {
        readers,
        patience: Duration::from_millis(300),
        ..SqliteOptions::new(folder.path().join("waifu.db"))
    })
    .unwrap()
}

fn number(connection: &mut SqliteConnection, sql: &str) -> Result<i32, Fault> {
    Ok(diesel::select(diesel::dsl::sql::<Integer>(sql)).get_result(connection)?)
}

fn add_a_rule_book(connection: &mut SqliteConnection) -> Result<(), Fault> {
    diesel::sql_query("insert into rule_books values (randomblob(32), '')").execute(connection)?;
    Ok(())
}

async fn rule_books(lane: &Lane) -> i32 {
    lane.transact(|c| number(c, "(select count(*) from rule_books)"))
        .await
        .unwrap()
}

#[tokio::test]
async fn what_is_committed_is_on_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, 1);
    let pragma = |name: &'static str| {
        let sql = format!("(select * from pragma_{name})");
        store.lanes.writer.transact(move |c| number(c, &sql))
    };
    // 2 is FULL.
    assert_eq!(pragma("synchronous").await.unwrap(), 2);
    assert_eq!(pragma("foreign_keys").await.unwrap(), 1);
    let mode = store
        .lanes
        .writer
        .transact(|c| {
            let mode =
                diesel::dsl::sql::<diesel::sql_types::Text>("(select * from pragma_journal_mode)");
            Ok(diesel::select(mode).get_result::<String>(c)?)
        })
        .await;
    assert_eq!(mode.unwrap(), "wal");
}

#[tokio::test]
async fn a_panicking_job_is_rolled_back_and_the_store_lives_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, 1);
    for _ in 0..3 {
        let lost = store
            .lanes
            .writer
            .transact(|c| -> Result<(), Fault> {
                add_a_rule_book(c)?;
                panic!("on purpose");
            })
            .await;
        assert!(matches!(lost, Err(StoreError::Failed(_))), "{lost:?}");
    }
    let mut lease = store.lanes.writer.begin().await.unwrap();
    let lost = lease
        .run(|c| -> Result<(), Fault> {
            add_a_rule_book(c)?;
            panic!("on purpose");
        })
        .await;
    assert!(matches!(lost, Err(StoreError::Failed(_))), "{lost:?}");
    drop(lease);
    assert_eq!(rule_books(&store.lanes.writer).await, 0);
    store.lanes.writer.transact(add_a_rule_book).await.unwrap();
    assert_eq!(rule_books(&store.lanes.readers).await, 1);
}

#[tokio::test]
async fn a_failed_job_leaves_nothing_half_done() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, 1);
    let failed = store
        .lanes
        .writer
        .transact(|c| {
            add_a_rule_book(c)?;
            Err::<(), _>(Fault::Misuse("on purpose"))
        })
        .await;
    assert!(matches!(failed, Err(StoreError::Failed(_))), "{failed:?}");
    assert_eq!(rule_books(&store.lanes.writer).await, 0);
}

#[tokio::test]
async fn a_broken_connection_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, 1);
    // As after a rollback that failed.
    let broken = store
        .lanes
        .writer
        .transact(|c| {
            add_a_rule_book(c)?;
            AnsiTransactionManager::transaction_manager_status_mut(c).set_in_error();
            Ok(())
        })
        .await;
    assert!(broken.is_err());
    store.lanes.writer.transact(add_a_rule_book).await.unwrap();
    assert_eq!(rule_books(&store.lanes.writer).await, 1);
}

#[tokio::test]
async fn nobody_waits_for_the_writer_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, 1);
    let held = store.lanes.writer.begin().await.unwrap();
    let second = store.lanes.writer.begin().await.err().unwrap();
    assert!(matches!(second, StoreError::Unavailable(_)), "{second:?}");
    let third = store.lanes.writer.transact(add_a_rule_book).await;
    assert!(
        matches!(third, Err(StoreError::Unavailable(_))),
        "{third:?}"
    );
    held.roll_back().await.unwrap();
    store.lanes.writer.transact(add_a_rule_book).await.unwrap();
}

#[tokio::test]
async fn a_job_that_nobody_awaits_is_finished_before_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, 1);
    let (started, has_started) = oneshot::channel();
    let sender = store.clone();
    let unawaited = tokio::spawn(async move {
        sender
            .lanes
            .writer
            .transact(|c| {
                let _ = started.send(());
                thread::sleep(Duration::from_millis(100));
                add_a_rule_book(c)
            })
            .await
    });
    has_started.await.unwrap();
    let before = std::time::Instant::now();
    unawaited.abort();
    assert!(unawaited.await.unwrap_err().is_cancelled());
    let dropping = before.elapsed();
    assert!(dropping < Duration::from_millis(80), "{dropping:?}");
    assert_eq!(rule_books(&store.lanes.writer).await, 1);
}

#[tokio::test]
async fn more_readers_than_connections_take_turns() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, 2);
    let reads = (0..50).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { rule_books(&store.lanes.readers).await })
    });
    for read in reads.collect::<Vec<_>>() {
        assert_eq!(read.await.unwrap(), 0);
    }
}
