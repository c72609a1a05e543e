//! Turns that are accepted and settled together do not hold each other up, and fail alone.

use std::time::{Duration, Instant};

use adapters_postgres::{PostgresOptions, PostgresStore};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use waifu_app::ports::store::{Appended, Edited, Editor, Store, StoreError, WaifuEdit};
use waifu_app::ports::turn_store::{
    Accepted, DurableEvent, NewTurn, Settled, Settlement, Standing, TurnStore,
};
use waifu_domain::affection::RuleBook;
use waifu_domain::events::{EventOccurrence, OccurrenceState};
use waifu_domain::relationship::Pair;
use waifu_testkit::builders::{
    adjustment, failure, fresh, moment, new_turn_at, profile, settlement, slug,
};
use waifu_testkit::postgres::FreshDatabase;

use crate::home::{Home, SOON, connect};

/// Several who have met her, and whose first turns stream.
async fn begun(home: &Home, names: &[&str]) -> Vec<(NewTurn, Standing)> {
    let book = RuleBook::shipped();
    home.store.keep_rule_book(&book).await.expect("it is kept");
    let first = home.meet().await.expect("they meet");
    let mut begun = Vec::new();
    for name in names {
        let mut pair = first.pair;
        pair.user_id = home.add_user(name).await.expect("the name is free").id;
        let turn = new_turn_at(pair, fresh(), "hello", moment(0));
        match home.store.accept(turn.clone()).await {
            Ok(Accepted::New(opening)) => begun.push((turn, opening.standing)),
            refused => panic!("a first message was refused: {refused:?}"),
        }
    }
    begun
}

/// The next message of each, after the first was answered.
async fn next_turns(home: &Home, names: &[&str]) -> Vec<NewTurn> {
    let mut next = Vec::new();
    for (turn, standing) in begun(home, names).await {
        let answer = settlement(&standing, turn.process, "hi", moment(1));
        let settled = home.store.settle(answer).await.expect("it is there");
        assert_eq!(settled, Settled::Done);
        next.push(new_turn_at(turn.pair, turn.process, "and?", moment(2)));
    }
    next
}

fn answer((turn, standing): &(NewTurn, Standing)) -> Settlement {
    settlement(standing, turn.process, "hi", moment(1))
}

fn is_new(accepted: &Result<Accepted, StoreError>) -> bool {
    matches!(accepted, Ok(Accepted::New(_)))
}

fn is_unavailable<T>(outcome: &Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Unavailable(_)))
}

#[tokio::test]
async fn a_turn_of_two_who_know_each_other_is_two_statements() {
    let home = Home::with_pool_of_one().await;
    let turn = next_turns(&home, &["bob"]).await.remove(0);
    let accepted = home.store.accept(turn.clone()).await.unwrap();
    assert_eq!(home.sessions("query like '-- Accepts %'").await, 1);
    let Accepted::New(opening) = accepted else {
        panic!("it was refused: {accepted:?}");
    };
    let answer = settlement(&opening.standing, turn.process, "hi", moment(3));
    assert_eq!(home.store.settle(answer).await.unwrap(), Settled::Done);
    assert_eq!(home.sessions("query like '-- Ends %'").await, 1);
}

/// On one thread both are queued before either is begun.
#[tokio::test]
async fn an_acceptance_does_not_wait_for_the_lock_of_another_relationship() {
    let home = Home::with(|_| ()).await;
    let turns = next_turns(&home, &["bob", "eve"]).await;
    let mut work = home.store.begin().await.unwrap();
    work.relationships().lock(turns[0].pair).await.unwrap();

    let mut held_up = Box::pin(home.store.accept(turns[0].clone()));
    let free = home.store.accept(turns[1].clone());
    let accepted = tokio::select! {
        biased;
        accepted = &mut held_up => panic!("it passed the lock: {accepted:?}"),
        accepted = tokio::time::timeout(SOON, free) => accepted.unwrap(),
    };
    assert!(is_new(&accepted), "{accepted:?}");
    work.rollback().await.unwrap();
    let accepted = held_up.await;
    assert!(is_new(&accepted), "{accepted:?}");
}

#[tokio::test]
async fn a_settlement_does_not_wait_for_the_heartbeat_of_another_run() {
    let mut home = Home::with(|_| ()).await;
    let begun = begun(&home, &["bob", "eve"]).await;
    let beat = home.outside.transaction().await.unwrap();
    let beats =
        "update runs set words_so_far = 'so far' where turn_id = uuid_in($1::text::cstring)";
    let id = begun[0].0.turn_id.to_string();
    beat.execute(beats, &[&id]).await.unwrap();

    let mut held_up = Box::pin(home.store.settle(answer(&begun[0])));
    let free = home.store.settle(answer(&begun[1]));
    let settled = tokio::select! {
        biased;
        settled = &mut held_up => panic!("it passed the lock: {settled:?}"),
        settled = tokio::time::timeout(SOON, free) => settled.unwrap(),
    };
    assert_eq!(settled.unwrap(), Settled::Done);
    beat.commit().await.unwrap();
    assert_eq!(held_up.await.unwrap(), Settled::Done);
}

#[tokio::test]
async fn a_settlement_that_fails_fails_alone() {
    let home = Home::with(|_| ()).await;
    let begun = begun(&home, &["bob", "eve"]).await;
    let occurrence = || EventOccurrence {
        id: fresh(),
        event: slug("confession"),
        opened_at: moment(1),
        expires_at: None,
        state: OccurrenceState::Pending,
    };
    // It can't pend twice.
    let mut impossible = answer(&begun[0]);
    for opened in [occurrence(), occurrence()] {
        let event = DurableEvent::of_occurrence(&opened);
        impossible.append.events.push(event);
        impossible.append.opened.push(opened);
    }
    let (failed, settled) = tokio::join!(
        home.store.settle(impossible),
        home.store.settle(answer(&begun[1])),
    );
    assert!(matches!(failed, Err(StoreError::Failed(_))), "{failed:?}");
    assert_eq!(settled.unwrap(), Settled::Done);
    let again = home.store.settle(answer(&begun[0])).await;
    assert_eq!(again.unwrap(), Settled::Done);
}

/// Whether the commit came through is not known, so nobody may do it again but the callers, who recognise it.
#[tokio::test]
async fn a_broken_connection_is_unavailable_to_all_and_nothing_is_done_again() {
    let mut home = Home::with(|_| ()).await;
    let turns = next_turns(&home, &["bob", "eve"]).await;
    let blocker = home.outside.transaction().await.unwrap();
    let held_up = "lock table durable_events in access exclusive mode";
    blocker.batch_execute(held_up).await.unwrap();
    let kill = "select pg_terminate_backend(pid) from pg_stat_activity \
         where datname = current_database() and wait_event_type = 'Lock'";
    let killing = async {
        let start = Instant::now();
        while blocker.query(kill, &[]).await.unwrap().is_empty() {
            assert!(start.elapsed() < SOON);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let both = async {
        tokio::join!(
            home.store.accept(turns[0].clone()),
            home.store.accept(turns[1].clone()),
            killing,
        )
    };
    let (one, other, ()) = tokio::time::timeout(SOON, both).await.unwrap();
    assert!(is_unavailable(&one), "{one:?}");
    assert!(is_unavailable(&other), "{other:?}");
    blocker.rollback().await.unwrap();
    for turn in turns {
        let accepted = home.store.accept(turn).await;
        assert!(is_new(&accepted), "{accepted:?}");
    }
}

/// The correction comes after the statement's look at everything, and before it has the lock.
#[tokio::test(flavor = "multi_thread")]
async fn an_acceptance_that_a_correction_overtakes_is_read_at_one_head() {
    let home = Home::with(|_| ()).await;
    let turn = next_turns(&home, &["bob"]).await.remove(0);
    let she_takes_her_time = "
        create function takes_time() returns boolean language plpgsql as $$
            begin
                perform pg_advisory_xact_lock_shared(1);
                return true;
            end
        $$;
        alter table waifus rename to waifus_at_once;
        create view waifus as select * from waifus_at_once where takes_time();
        select pg_advisory_lock(1);";
    let outside = &home.outside;
    outside.batch_execute(she_takes_her_time).await.unwrap();
    let (store, id) = (home.store.clone(), turn.turn_id);
    let (pair, horizon) = (turn.pair, turn.horizon);
    let accepted = tokio::spawn(async move { store.accept(turn).await });
    home.until("wait_event = 'advisory'", 1).await;

    let mut work = home.store.begin().await.unwrap();
    let mut relationships = work.relationships();
    let now = relationships.lock(pair).await.unwrap().unwrap();
    let state = relationships.state(&now, horizon).await.unwrap();
    let correction = adjustment(&now, &state, 5, moment(2));
    let appended = relationships.append(correction).await.unwrap();
    assert_eq!(appended, Appended::Done);
    drop(relationships);
    work.commit().await.unwrap();
    let goes_on = "select pg_advisory_unlock(1)";
    outside.batch_execute(goes_on).await.unwrap();

    let accepted = accepted.await.unwrap().unwrap();
    let Accepted::New(opening) = accepted else {
        panic!("it was refused: {accepted:?}");
    };
    let found = home.store.standing(id, horizon).await.unwrap().unwrap();
    assert_eq!(opening.standing.state, found.state);
    assert_eq!(opening.standing.relationship, found.relationship);
    assert_eq!(found.relationship.head.entry_no, now.head.entry_no + 1);
}

#[tokio::test]
async fn a_queue_that_is_full_answers_unavailable_within_its_bound() {
    let wait = Duration::from_millis(300);
    let mut home = Home::with(|options| options.wait = wait).await;
    let turn = home.meet().await.unwrap();
    let blocker = home.outside.transaction().await.unwrap();
    let held_up = "lock table relationships in access exclusive mode";
    blocker.batch_execute(held_up).await.unwrap();
    let start = Instant::now();
    let accept = |_| home.store.accept(turn.clone());
    let mut all: FuturesUnordered<_> = (0..1_200).map(accept).collect();
    let first = all.next().await.unwrap();
    let elapsed = start.elapsed();
    assert!(is_unavailable(&first), "{first:?}");
    assert!(wait <= elapsed && elapsed < wait + SOON, "{elapsed:?}");
    drop(all);
    blocker.rollback().await.unwrap();
    let accepted = home.store.accept(turn).await;
    assert!(is_new(&accepted), "{accepted:?}");
}

#[tokio::test]
async fn a_store_that_is_dropped_leaves_no_connection() {
    let database = FreshDatabase::create().await;
    let outside = connect(&database).await;
    let options = PostgresOptions::new(database.url());
    let store = PostgresStore::open(options).await.unwrap();
    let strangers = Pair {
        user_id: fresh(),
        waifu_id: fresh(),
    };
    let turn = new_turn_at(strangers, fresh(), "hello", moment(0));
    let accepted = store.clone().accept(turn).await.unwrap();
    assert!(matches!(accepted, Accepted::NoSuchWaifu), "{accepted:?}");
    drop(store);
    let start = Instant::now();
    let open = "select from pg_stat_activity \
         where datname = current_database() and application_name = 'waifu-server'";
    while !outside.query(open, &[]).await.unwrap().is_empty() {
        assert!(start.elapsed() < SOON);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The numbers of events would tell too, as long as those are not forgotten.
#[tokio::test]
async fn a_settlement_at_an_old_head_is_stale_even_when_what_happened_is_forgotten() {
    let home = Home::with(|_| ()).await;
    let (turn, standing) = begun(&home, &["bob"]).await.remove(0);
    let correction = adjustment(&standing.relationship, &standing.state, 5, moment(1));
    let mut work = home.store.begin().await.unwrap();
    let appended = work.relationships().append(correction).await.unwrap();
    assert_eq!(appended, Appended::Done);
    let forgotten = work.event_log().forget_before(moment(9), 100).await;
    assert_eq!(forgotten.unwrap(), 3);
    work.commit().await.unwrap();

    let ending = failure(&standing, turn.process, moment(2));
    assert_eq!(home.store.settle(ending).await.unwrap(), Settled::Stale);
    let found = home.store.standing(turn.turn_id, turn.horizon).await;
    assert_eq!(found.unwrap().unwrap().relationship.head.seq, 3);
}

#[tokio::test]
async fn an_edited_companion_speaks_as_she_is_now_to_whoever_knew_her() {
    let home = Home::with(|_| ()).await;
    for (turn, version) in next_turns(&home, &["bob", "eve"])
        .await
        .into_iter()
        .zip(1..)
    {
        let accepted = home.store.accept(turn.clone()).await.unwrap();
        let Accepted::New(opening) = accepted else {
            panic!("it was refused: {accepted:?}");
        };
        let played = &opening.standing.waifu;
        assert_eq!(played.version, version);
        let mut look = home.store.snapshot().await.unwrap();
        let now = look.waifus().by_id(played.id).await.unwrap().unwrap();
        look.rollback().await.unwrap();
        assert_eq!(**played, now);

        let edit = WaifuEdit {
            id: now.id,
            expected_version: version,
            editor: Editor::Person,
            profile: profile("Yuki"),
            visibility: now.visibility,
            at: moment(3),
        };
        let mut work = home.store.begin().await.unwrap();
        assert_eq!(work.waifus().edit(edit).await.unwrap(), Edited::Done);
        work.commit().await.unwrap();
    }
}
