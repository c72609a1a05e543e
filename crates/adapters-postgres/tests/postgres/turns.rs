//! What only a store with concurrent writers and its own idea of text must show.

use std::sync::Arc;
use std::time::Duration;

use time::Duration as Span;
use waifu_app::ports::store::{Appended, Store};
use waifu_app::ports::turn_store::{Accepted, Heartbeat, NewTurn, Settled, Standing, TurnStore};
use waifu_domain::affection::RuleBook;
use waifu_testkit::builders::{adjustment, moment, new_turn_at, settlement};

use crate::home::Home;

async fn accept(home: &Home) -> (Standing, NewTurn) {
    let book = RuleBook::shipped();
    home.store.keep_rule_book(&book).await.expect("it is kept");
    let turn = home.meet().await.expect("they meet");
    match home.store.accept(turn.clone()).await {
        Ok(Accepted::New(opening)) => (opening.standing, turn),
        refused => panic!("the first message was refused: {refused:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_that_waited_for_a_correction_is_stale() {
    let home = Home::with(|_| ()).await;
    let (standing, turn) = accept(&home).await;
    let correction = adjustment(&standing.relationship, &standing.state, 5, moment(1));
    let mut work = home.store.begin().await.unwrap();
    let appended = work.relationships().append(correction).await.unwrap();
    assert_eq!(appended, Appended::Done);

    let settlement = settlement(&standing, turn.process, "hi", moment(2));
    let store = home.store.clone();
    let settled = tokio::spawn(async move { store.settle(settlement).await });
    home.until("wait_event_type = 'Lock'", 1).await;
    work.commit().await.unwrap();
    assert_eq!(settled.await.unwrap().unwrap(), Settled::Stale);
}

#[tokio::test]
async fn a_model_that_says_nul_stops_no_heartbeat_and_no_settlement() {
    let home = Home::with(|_| ()).await;
    let (standing, turn) = accept(&home).await;
    let beat = Heartbeat {
        turn_id: turn.turn_id,
        run: 1,
        words: Arc::from("a\0b"),
    };
    let lost = home.store.beat(turn.process, Span::SECOND, vec![beat]);
    assert_eq!(lost.await.unwrap(), []);
    let settlement = settlement(&standing, turn.process, "a\0b", moment(2));
    let settled = home.store.settle(settlement).await.unwrap();
    assert_eq!(settled, Settled::Done);
}

#[tokio::test]
async fn a_lease_is_counted_from_the_end_of_the_wait_for_the_lock() {
    let home = Home::with(|_| ()).await;
    let (standing, turn) = accept(&home).await;
    let settlement = settlement(&standing, turn.process, "hi", moment(2));
    home.store.settle(settlement).await.unwrap();

    let mut work = home.store.begin().await.unwrap();
    work.relationships().lock(turn.pair).await.unwrap();
    let mut next = new_turn_at(turn.pair, turn.process, "and?", moment(3));
    next.lease = Span::milliseconds(800);
    let store = home.store.clone();
    let accepted = tokio::spawn(async move { store.accept(next).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    work.rollback().await.unwrap();
    let accepted = accepted.await.unwrap().unwrap();
    assert!(matches!(accepted, Accepted::New(_)), "{accepted:?}");
    assert_eq!(home.store.abandoned(10).await.unwrap(), []);
}
