//! What the doorbell costs the database.

use time::Duration as Span;
use waifu_app::ports::neighbours::{Neighbours, Rung};
use waifu_domain::relationship::Pair;
use waifu_testkit::builders::fresh;

use crate::home::{Home, SOON};

const LISTENS: &str = "query = 'listen waifu_news'";

#[tokio::test]
async fn only_whoever_listens_holds_a_connection_and_gives_it_back() {
    let home = Home::with_pool_of_one().await;
    let neighbours = home.store.neighbours().unwrap();
    let pair = Pair {
        user_id: fresh(),
        waifu_id: fresh(),
    };
    neighbours.ring(fresh(), &[pair]).await.unwrap();
    assert_eq!(home.sessions(LISTENS).await, 0);
    let heard = tokio::time::timeout(SOON, neighbours.rung(fresh())).await;
    assert_eq!(heard, Ok(Rung::Anybody));
    home.until(LISTENS, 1).await;
    drop(neighbours);
    home.until(LISTENS, 0).await;
}

#[tokio::test]
async fn the_long_dead_are_forgotten_and_may_come_back() {
    let home = Home::with(|_| ()).await;
    let neighbours = home.store.neighbours().unwrap();
    let (ada, bob) = (fresh(), fresh());
    let known = async || {
        let known = "select count(*) from processes";
        let row = home.outside.query_one(known, &[]).await.unwrap();
        row.get::<_, i64>(0)
    };
    for process in [ada, bob] {
        neighbours.greet(process, Span::minutes(-61)).await.unwrap();
    }
    assert_eq!(known().await, 1);
    neighbours.greet(bob, Span::minutes(-59)).await.unwrap();
    neighbours.greet(ada, Span::minutes(1)).await.unwrap();
    assert_eq!(known().await, 2);
}

/// Each would wait for what the other deletes.
#[tokio::test]
async fn whoever_greets_does_not_wait_for_another_who_cleans_up() {
    let mut home = Home::with(|_| ()).await;
    let neighbours = home.store.neighbours().unwrap();
    let (dead, ada) = (fresh(), fresh());
    neighbours.greet(dead, Span::minutes(-61)).await.unwrap();
    let cleaning = home.outside.transaction().await.unwrap();
    let delete = "delete from processes";
    cleaning.batch_execute(delete).await.unwrap();
    let greeted = tokio::time::timeout(SOON, neighbours.greet(ada, Span::minutes(1))).await;
    assert!(!greeted.unwrap().unwrap());
    cleaning.rollback().await.unwrap();
}
