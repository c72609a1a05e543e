//! What the store does with its file: made when missing, whole when closed, one server's at a time.

use adapters_sqlite::{OpenError, SqliteOptions, SqliteStore};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;
use waifu_app::ports::store::{Store, StoreError};
use waifu_app::ports::turn_store::{Accepted, DurableEvent, Settled, Settlement, TurnStore};
use waifu_domain::affection::RuleBook;
use waifu_domain::relationship::{Pair, Relationship};
use waifu_testkit::builders::{fresh, moment, new_turn, new_user, settlement, user, waifu};

/// Longer than a busy disk needs to close a store.
const A_LONG_TIME: Duration = Duration::from_secs(30);

fn options(folder: &TempDir) -> SqliteOptions {
    SqliteOptions::new(folder.path().join("made").join("too").join("waifu.db"))
}

fn raw(options: &SqliteOptions) -> SqliteConnection {
    let path = options.path.to_str().expect("the path is UTF-8");
    SqliteConnection::establish(path).expect("the file is a database")
}

async fn strangers(store: &SqliteStore) -> Result<Pair, StoreError> {
    store.keep_rule_book(&RuleBook::shipped()).await?;
    let (user, waifu) = (user("ada"), waifu());
    let pair = Pair {
        user_id: user.id,
        waifu_id: waifu.id,
    };
    let mut work = store.begin().await?;
    let inserted = work.users().insert(new_user(user)).await?;
    inserted.expect("the name is free");
    assert_eq!(work.waifus().insert(&waifu).await?, Ok(()));
    work.commit().await?;
    Ok(pair)
}

/// So many whole turns.
async fn play(store: &SqliteStore, pair: Pair, turns: usize) -> Result<(), StoreError> {
    let process = fresh();
    for _ in 0..turns {
        let turn = new_turn(pair, process, "hello");
        let accepted = store.accept(turn).await?;
        let Accepted::New(opening) = accepted else {
            panic!("expected a new turn, found {accepted:?}");
        };
        let settlement = settlement(&opening.standing, process, "hi", moment(1));
        store.settle(settlement).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_second_server_on_one_file_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(&folder);
    let first = SqliteStore::open(&options).unwrap();
    let refused = SqliteStore::open(&options).unwrap_err();
    assert!(matches!(refused, OpenError::InUse { .. }), "{refused:?}");
    assert_eq!(
        refused.to_string(),
        format!("another server is using {}", options.path.display())
    );
    first.ping().await.unwrap();
    drop(first);
    SqliteStore::open(&options).unwrap().ping().await.unwrap();
}

#[tokio::test]
async fn reopening_keeps_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(&folder);
    let store = SqliteStore::open(&options).unwrap();
    let pair = strangers(&store).await.unwrap();
    play(&store, pair, 3).await.unwrap();
    let mut look = store.snapshot().await.unwrap();
    let before = look.relationships().find(pair).await.unwrap();
    drop((look, store));

    let store = SqliteStore::open(&options).unwrap();
    let mut look = store.snapshot().await.unwrap();
    let after = look.relationships().find(pair).await.unwrap();
    assert!(after.is_some());
    assert_eq!(after, before);
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_told_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let in_the_way = folder.path().join("a-file");
    std::fs::write(&in_the_way, "").unwrap();
    let refused = SqliteStore::open(&SqliteOptions::new(in_the_way.join("waifu.db"))).unwrap_err();
    assert!(matches!(refused, OpenError::Folder { .. }), "{refused:?}");

    let not_a_database = folder.path().join("not-a-database.db");
    std::fs::write(&not_a_database, "words ".repeat(1000)).unwrap();
    let refused = SqliteStore::open(&SqliteOptions::new(&not_a_database)).unwrap_err();
    assert!(matches!(refused, OpenError::Connect { .. }), "{refused:?}");
}

#[derive(QueryableByName)]
struct EventRow {
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Text)]
    body: String,
}

#[tokio::test]
async fn durable_events_are_numbered_without_gaps_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(&folder);
    let store = SqliteStore::open(&options).unwrap();
    let pair = strangers(&store).await.unwrap();
    play(&store, pair, 3).await.unwrap();
    let mut look = store.snapshot().await.unwrap();
    let relationship = look.relationships().find(pair).await.unwrap().unwrap();

    let rows: Vec<EventRow> =
        diesel::sql_query("select seq, body from durable_events order by seq")
            .load(&mut raw(&options))
            .unwrap();
    let numbers: Vec<_> = rows.iter().map(|row| row.seq).collect();
    let head = i64::try_from(relationship.head.seq).unwrap();
    assert_eq!(numbers, (1..=head).collect::<Vec<_>>());
    let kinds: Vec<_> = rows
        .iter()
        .map(|row| match serde_json::from_str(&row.body).unwrap() {
            DurableEvent::MessageAccepted { .. } => "accepted",
            DurableEvent::TurnStarted { .. } => "started",
            DurableEvent::TurnChosen { .. } => "chosen",
            DurableEvent::RelationshipUpdated { .. } => "updated",
            DurableEvent::TurnDone { .. } => "done",
            DurableEvent::EventOpened { .. } => "opened",
            DurableEvent::EventResolved { .. } => "resolved",
            DurableEvent::EventExpired { .. } => "expired",
            DurableEvent::TurnVoided { .. } => "voided",
        })
        .collect();
    assert_eq!(kinds, ["accepted", "started", "updated", "done"].repeat(3));
}

#[tokio::test]
async fn a_corrupt_row_is_told_by_table_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(&folder);
    let store = SqliteStore::open(&options).unwrap();
    let pair = strangers(&store).await.unwrap();
    play(&store, pair, 1).await.unwrap();
    for (harm, column) in [
        (
            "update relationships set facts = '{'",
            "relationships.facts",
        ),
        ("update relationships set level = 99", "relationships.level"),
    ] {
        raw(&options)
            .batch_execute(&format!("pragma ignore_check_constraints = on; {harm}"))
            .unwrap();
        let mut look = store.snapshot().await.unwrap();
        let error = look.relationships().find(pair).await.unwrap_err();
        assert!(matches!(error, StoreError::Failed(_)), "{error:?}");
        let source = error.source().unwrap().to_string();
        assert!(source.contains(column), "{source}");
    }
}

/// What a copy of the file alone says of two people.
async fn in_a_copy(
    options: &SqliteOptions,
    pair: Pair,
) -> Result<Option<Relationship>, StoreError> {
    let folder = tempfile::tempdir().expect("a folder for the copy");
    let copy = SqliteOptions::new(folder.path().join("copy.db"));
    std::fs::copy(&options.path, &copy.path).expect("the file can be copied");
    let store = SqliteStore::open(&copy).expect("the copy opens");
    let mut look = store.snapshot().await?;
    look.relationships().find(pair).await
}

fn log(options: &SqliteOptions) -> PathBuf {
    let mut log = options.path.clone().into_os_string();
    log.push("-wal");
    log.into()
}

#[tokio::test]
async fn a_closed_store_is_its_file_alone() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(&folder);
    let store = SqliteStore::open(&options).unwrap();
    let pair = strangers(&store).await.unwrap();
    play(&store, pair, 3).await.unwrap();
    let mut look = store.snapshot().await.unwrap();
    let before = look.relationships().find(pair).await.unwrap();
    drop(look);

    store.close(A_LONG_TIME).await.unwrap();
    assert!(!log(&options).exists());
    assert_eq!(in_a_copy(&options, pair).await.unwrap(), before);
    let refused = store.ping().await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused:?}");
    // Whoever holds the closed one has no hold on the file.
    SqliteStore::open(&options).unwrap().ping().await.unwrap();
}

#[tokio::test]
async fn a_dropped_store_is_its_file_alone() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(&folder);
    let store = SqliteStore::open(&options).unwrap();
    let pair = strangers(&store).await.unwrap();
    play(&store, pair, 3).await.unwrap();
    let another = store.clone();
    drop(store);
    another.ping().await.unwrap();

    drop(another);
    assert!(!log(&options).exists());
    let relationship = in_a_copy(&options, pair).await.unwrap().unwrap();
    assert_eq!(relationship.head.entry_no, 3);
}

#[tokio::test]
async fn who_is_at_work_may_finish_when_the_store_closes() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(&folder);
    let store = SqliteStore::open(&options).unwrap();
    let look = store.snapshot().await.unwrap();
    let mut work = store.begin().await.unwrap();
    let user = user("ada");
    let inserted = work.users().insert(new_user(user.clone())).await.unwrap();
    inserted.unwrap();

    let early = store.close(Duration::from_millis(50)).await.unwrap_err();
    assert_eq!(early.to_string(), "the store was still in use after 50ms");
    assert!(store.begin().await.is_err());
    work.commit().await.unwrap();
    drop(look);
    store.close(A_LONG_TIME).await.unwrap();
    assert!(!log(&options).exists());

    let store = SqliteStore::open(&options).unwrap();
    let mut look = store.snapshot().await.unwrap();
    assert_eq!(look.users().by_id(user.id).await.unwrap(), Some(user));
}

#[tokio::test]
async fn who_looks_on_keeps_nothing_from_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(&folder);
    let store = SqliteStore::open(&options).unwrap();
    let pair = strangers(&store).await.unwrap();
    play(&store, pair, 3).await.unwrap();
    let mut look = store.snapshot().await.unwrap();
    let seen = look.relationships().find(pair).await.unwrap();

    store.close(Duration::from_secs(2)).await.unwrap_err();
    assert_eq!(in_a_copy(&options, pair).await.unwrap(), seen);
    assert_eq!(look.relationships().find(pair).await.unwrap(), seen);
}

#[tokio::test]
async fn a_settlement_of_another_relationships_run_is_refused_whole() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(&folder);
    let store = SqliteStore::open(&options).unwrap();
    let process = fresh();
    let mut openings = Vec::new();
    let pair = strangers(&store).await.unwrap();
    let mut work = store.begin().await.unwrap();
    let companion = waifu();
    let inserted = work.waifus().insert(&companion).await.unwrap();
    inserted.unwrap();
    work.commit().await.unwrap();
    let another = Pair {
        waifu_id: companion.id,
        ..pair
    };
    for pair in [pair, another] {
        let accepted = store.accept(new_turn(pair, process, "hello")).await;
        let Accepted::New(opening) = accepted.unwrap() else {
            panic!("expected a new turn");
        };
        openings.push(opening);
    }
    let one = settlement(&openings[0].standing, process, "hi", moment(1));
    let other = settlement(&openings[1].standing, process, "hi", moment(1));
    let mixed = Settlement {
        append: other.append.clone(),
        ..one.clone()
    };
    let refused = store.settle(mixed).await.unwrap_err();
    assert!(matches!(refused, StoreError::Failed(_)), "{refused:?}");
    for whole in [one, other] {
        assert_eq!(store.settle(whole).await.unwrap(), Settled::Done);
    }
}

#[tokio::test]
async fn a_store_that_is_in_use_is_not_waited_for_when_it_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(&folder);
    let store = SqliteStore::open(&options).unwrap();
    let work = store.begin().await.unwrap();
    let before = std::time::Instant::now();
    drop(store);
    let dropping = before.elapsed();
    assert!(dropping < Duration::from_secs(5), "{dropping:?}");
    drop(work);
    SqliteStore::open(&options).unwrap().ping().await.unwrap();
}
