//! What is forgotten when the clock of the events went back.

use adapters_sqlite::{SqliteOptions, SqliteStore};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use waifu_app::ports::store::Store;
use waifu_app::ports::turn_store::{Accepted, TurnStore};
use waifu_domain::relationship::Pair;
use waifu_testkit::builders::{
    fresh, moment, new_turn, new_user, rule_book, settlement, user, waifu,
};

#[tokio::test]
async fn the_first_ones_go_first_whatever_the_clock_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waifu.db");
    let store = SqliteStore::open(&SqliteOptions::new(&path)).unwrap();
    store.keep_rule_book(rule_book()).await.unwrap();
    let (user, waifu, process) = (user("ada"), waifu(), fresh());
    let pair = Pair {
        user_id: user.id,
        waifu_id: waifu.id,
    };
    let mut work = store.begin().await.unwrap();
    let inserted = work.users().insert(new_user(user)).await.unwrap();
    inserted.unwrap();
    let inserted = work.waifus().insert(&waifu).await.unwrap();
    inserted.unwrap();
    work.commit().await.unwrap();
    let accepted = store.accept(new_turn(pair, process, "hello")).await;
    let Accepted::New(opening) = accepted.unwrap() else {
        panic!("expected a new turn");
    };
    let relationship = opening.standing.relationship.id;
    let settlement = settlement(&opening.standing, process, "hi", moment(1));
    store.settle(settlement).await.unwrap();
    SqliteConnection::establish(path.to_str().unwrap())
        .unwrap()
        .batch_execute("update durable_events set at = 1000 - seq")
        .unwrap();

    let mut work = store.begin().await.unwrap();
    let forgotten = work.event_log().forget_before(moment(0), 3).await;
    assert_eq!(forgotten.unwrap(), 3);
    let left = work.event_log().after(relationship, 0, 10).await.unwrap();
    let left: Vec<_> = left.iter().map(|logged| logged.seq).collect();
    assert_eq!(left, [4]);
    work.rollback().await.unwrap();
}
