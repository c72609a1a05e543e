//! What only a store with concurrent writers and its own idea of text must show.

use std::sync::Arc;
use std::time::Duration;

use time::Duration as Span;
use waifu_app::ports::store::{Appended, Store, StoreError};
use waifu_app::ports::turn_store::{
    Accepted, DurableEvent, FirstMeeting, Heartbeat, NewTurn, Settled, Standing, TurnStore,
};
use waifu_domain::affection::RuleBook;
use waifu_domain::events::{EventOccurrence, OccurrenceState};
use waifu_testkit::builders::{adjustment, fresh, moment, new_turn_at, settlement, slug, unmoved};

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

#[tokio::test(flavor = "multi_thread")]
async fn whoever_meets_at_once_waits_and_finds_what_the_other_has_made() {
    let home = Home::with(|_| ()).await;
    let pair = home.meet().await.unwrap().pair;
    let first = || FirstMeeting {
        relationship_id: fresh(),
        conversation_id: fresh(),
        epoch: fresh(),
    };
    let mut work = home.store.begin().await.unwrap();
    let made = work.relationships().meet(pair, first(), moment(1)).await;
    let made = made.unwrap();

    let (store, second) = (home.store.clone(), first());
    let waiting = tokio::spawn(async move {
        let mut work = store.begin().await?;
        let met = work.relationships().meet(pair, second, moment(2)).await?;
        work.commit().await?;
        Ok::<_, StoreError>(met)
    });
    home.until("wait_event_type = 'Lock'", 1).await;
    work.commit().await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap(), made);
    let default = "select count(*) from conversations where is_default";
    let conversations: i64 = home.outside.query_one(default, &[]).await.unwrap().get(0);
    assert_eq!(conversations, 1);
}

/// The failure is not PostgreSQL's, which would let nothing more be committed.
#[tokio::test]
async fn an_append_that_closes_what_does_not_pend_writes_nothing() {
    let home = Home::with(|_| ()).await;
    let (standing, turn) = accept(&home).await;
    let before = standing.relationship;
    let occurrence = |state| EventOccurrence {
        id: fresh(),
        event: slug("confession"),
        opened_at: moment(1),
        expires_at: None,
        state,
    };
    let opened = occurrence(OccurrenceState::Pending);
    let mut append = unmoved(&before, moment(1));
    append.events.push(DurableEvent::of_occurrence(&opened));
    append.opened.push(opened.clone());
    let mut work = home.store.begin().await.unwrap();
    let appended = work.relationships().append(append).await.unwrap();
    assert_eq!(appended, Appended::Done);
    work.commit().await.unwrap();
    let mut look = home.store.snapshot().await.unwrap();
    let found = look.relationships().find(turn.pair).await.unwrap();
    look.rollback().await.unwrap();
    let now = found.unwrap();

    let expired = OccurrenceState::Expired { at: moment(2) };
    let closed = EventOccurrence {
        state: expired.clone(),
        ..opened.clone()
    };
    let mut append = adjustment(&now, &standing.state, 5, moment(2));
    append.closed = vec![closed, occurrence(expired)];
    let mut work = home.store.begin().await.unwrap();
    let failed = work.relationships().append(append).await;
    assert!(matches!(failed, Err(StoreError::Failed(_))), "{failed:?}");
    work.commit().await.unwrap();

    let mut look = home.store.snapshot().await.unwrap();
    let mut relationships = look.relationships();
    let found = relationships.find(turn.pair).await.unwrap();
    assert_eq!(found, Some(now.clone()));
    let pending = relationships.occurrence(now.id, opened.id).await.unwrap();
    assert_eq!(pending, Some(opened));
    drop(relationships);
    look.rollback().await.unwrap();
}

#[tokio::test]
async fn deeds_that_did_not_change_are_not_written() {
    let home = Home::with(|_| ()).await;
    let (standing, turn) = accept(&home).await;
    let given =
        r#"update relationships set deeds = '{"dates": {"cinema": "2026-01-01T00:00:00Z"}}'"#;
    home.outside.batch_execute(given).await.unwrap();
    let settlement = settlement(&standing, turn.process, "hi", moment(2));
    let settled = home.store.settle(settlement).await.unwrap();
    assert_eq!(settled, Settled::Done);

    let mut look = home.store.snapshot().await.unwrap();
    let found = look.relationships().find(turn.pair).await.unwrap();
    let dates = found.unwrap().deeds.dates;
    assert!(dates.contains_key("cinema"), "{dates:?}");
    look.rollback().await.unwrap();
}
