//! Runs that nobody streams any more.

use std::sync::Arc;
use std::time::Duration;

use waifu_app::ports::language_model::Finish;
use waifu_app::ports::turn_store::{Heartbeat, NewTurn, TurnRef, TurnStore};
use waifu_app::turns::TurnLimits;
use waifu_domain::relationship::Pair;
use waifu_domain::turn::{EndReason, EndStatus};
use waifu_testkit::builders::{fresh, new_turn};
use waifu_testkit::fakes::{Fate, Operation};

use crate::world::{World, left, rows, seconds_pass, soon};

const A_SECOND: time::Duration = time::Duration::SECOND;

/// A run of a process that died after its last heartbeat, which saved `words`. Its lease has a second to go.
pub(crate) async fn dead_run(world: &World, pair: Pair, words: &str) -> TurnRef {
    let turn = NewTurn {
        lease: A_SECOND,
        ..new_turn(pair, fresh(), "hello")
    };
    let beat = Heartbeat {
        turn_id: turn.turn_id,
        run: 1,
        words: Arc::from(words),
    };
    let reference = TurnRef {
        turn_id: turn.turn_id,
        turn_no: 1,
        run: 1,
        message_id: Some(turn.message_id),
    };
    let process = turn.process;
    world.store.accept_by_the_dead(turn);
    let lost = world.store.beat(process, A_SECOND, vec![beat]).await;
    assert_eq!(lost.expect("the store is there"), []);
    reference
}

fn pair_of_another_user(world: &World) -> Pair {
    Pair {
        user_id: fresh(),
        ..world.pair
    }
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_run_ends_with_the_words_that_were_saved() {
    let world = World::new().await;
    let mut watcher = world.watch();
    let turn = dead_run(&world, world.pair, "Once upon a").await;
    assert_eq!(
        watcher.until_over().await,
        [
            "1 accepted",
            "2 started",
            "3 updated hello",
            "4 done Incomplete"
        ]
    );
    let ending = world.ending(turn);
    let expected = (
        EndStatus::Incomplete,
        Some(EndReason::Abandoned),
        "Once upon a",
    );
    assert_eq!(left(&ending), expected);
    assert_eq!(world.relationship().affection.get(), 3);
    assert_eq!(world.store.open_snapshots(), 0);
    // She can be talked to again.
    world.play(world.draft("where were we?"), "there").await;
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_run_without_words_has_failed() {
    let world = World::new().await;
    let mut watcher = world.watch();
    let turn = dead_run(&world, world.pair, "").await;
    assert_eq!(
        watcher.until_over().await,
        ["1 accepted", "2 started", "3 done Failed"]
    );
    let ending = world.ending(turn);
    let expected = (EndStatus::Failed, Some(EndReason::Abandoned), "");
    assert_eq!(left(&ending), expected);
    assert_eq!(rows(&ending), 0);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_this_process_streams_is_spared_though_its_lease_ran_out() {
    let world = World::new().await;
    let mut watcher = world.watch();
    let silence = [Fate::Away; 30];
    world.store.foretell(Operation::Beat, silence);
    let (turn, call) = world.hello().await;
    call.say("hi");
    seconds_pass(25.0).await;
    let expired = world.store.abandoned(10).await.unwrap();
    assert_eq!(expired, [turn.turn_id]);
    assert_eq!(world.store.times(Operation::Standing), 0);
    call.finish(Finish::Stop, None);
    let told = watcher.until_over().await;
    assert_eq!(told.last().unwrap(), "4 done Completed");
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_of_the_store_a_lease_passes_before_anything_is_ended() {
    let world = World::new().await;
    let lease = TurnLimits::default().lease;
    let outage = [Fate::Away; 3];
    world.store.foretell(Operation::Abandoned, outage);
    let mut watcher = world.watch();
    dead_run(&world, world.pair, "Once").await;
    watcher.until_over().await;

    let calls = world.store.calls();
    let looks = calls.iter().filter(|c| c.operation == Operation::Abandoned);
    let returned = looks.map(|call| call.at).nth(3).unwrap();
    let mut reads = calls.iter().filter(|c| c.operation == Operation::Standing);
    let ended = reads.next().unwrap().at;
    let waited = ended - returned;
    assert!(waited >= lease, "{waited:?}");
    assert!(waited <= lease + Duration::from_secs(6), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_was_slow_without_a_word_is_an_outage_too() {
    let world = World::new().await;
    let lease = TurnLimits::default().lease;
    let slow = Fate::Slow(Duration::from_secs(13));
    world.store.foretell(Operation::Abandoned, [slow]);
    let mut watcher = world.watch();
    dead_run(&world, world.pair, "Once").await;
    watcher.until_over().await;
    let calls = world.store.calls();
    let at = |operation| calls.iter().find(|call| call.operation == operation);
    let looked = at(Operation::Abandoned).unwrap().at;
    let ended = at(Operation::Standing).unwrap().at;
    let waited = ended - looked;
    assert!(waited >= Duration::from_secs(13) + lease, "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_of_the_store_a_living_process_has_the_time_to_renew_its_leases() {
    let world = World::new().await;
    let mut watcher = world.watch();
    let (_, call) = world.hello().await;
    // Its reaper looks 0.7 seconds after every third heartbeat of the first.
    seconds_pass(0.7).await;
    let neighbour = world.beside().await;
    seconds_pass(3.0).await;
    world.store.go_away();
    // Longer than a lease; then the neighbour's reaper is back before the first one's heart.
    seconds_pass(26.8).await;
    world.store.come_back();
    seconds_pass(60.0).await;
    assert_eq!(world.store.times(Operation::Settle), 0);
    call.say("still here");
    call.finish(Finish::Stop, None);
    let told = watcher.until_over().await;
    assert_eq!(told.last().unwrap(), "4 done Completed");
    drop(neighbour);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_can_not_be_read_keeps_no_other_from_its_end() {
    let world = World::new().await;
    let first = dead_run(&world, world.pair, "Once").await;
    world.store.make_unreadable(first.turn_id);
    seconds_pass(0.1).await;
    let other_pair = pair_of_another_user(&world);
    let mut watcher = world.watch_pair(other_pair);
    let second = dead_run(&world, other_pair, "upon").await;
    soon(watcher.until_over()).await;
    assert_eq!(left(&world.ending(second)).2, "upon");
    assert!(!world.is_over(first));
    assert_eq!(world.store.open_snapshots(), 0);
}
