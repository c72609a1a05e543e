//! A reply in hand, and a store that is away.

use std::time::Duration;

use waifu_app::ports::language_model::Finish;
use waifu_app::turns::TurnLimits;
use waifu_domain::turn::{EndReason, EndStatus};
use waifu_testkit::fakes::{Fate, Operation};

use crate::world::{World, left, seconds_pass};

#[tokio::test(start_paused = true)]
async fn a_reply_in_hand_waits_for_the_store_and_is_settled_when_it_returns() {
    let world = World::new().await;
    let mut watcher = world.watch();
    let (turn, call) = world.hello().await;
    world.store.go_away();
    call.say("hi");
    call.finish(Finish::Stop, None);
    seconds_pass(30.0).await;
    assert_eq!(watcher.so_far().await[2..], ["delta hi"]);
    world.store.come_back();
    assert_eq!(
        watcher.until_over().await,
        ["3 updated hello", "4 done Completed"]
    );
    let settled = world.ending(turn);
    assert_eq!(left(&settled), (EndStatus::Completed, None, "hi"));
    assert_eq!(world.relationship().affection.get(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_standing_that_has_to_be_read_again_waits_for_the_store_too() {
    let world = World::new().await;
    let moved = [Fate::MovedBefore(10)];
    world.store.foretell(Operation::Settle, moved);
    let outage = [Fate::Away; 4];
    world.store.foretell(Operation::Standing, outage);
    world.play(world.draft("hello"), "hi").await;
    assert_eq!(world.relationship().affection.get(), 13);
}

#[tokio::test(start_paused = true)]
async fn patience_has_an_end_and_the_reaper_finds_the_saved_words() {
    let world = World::with(TurnLimits {
        settling: Duration::from_secs(20),
        ..TurnLimits::default()
    })
    .await;
    let mut watcher = world.watch();
    let (turn, call) = world.hello().await;
    call.say("Good ");
    seconds_pass(1.5).await;
    world.store.go_away();
    call.say("morning");
    call.finish(Finish::Stop, None);
    seconds_pass(17.0).await;
    let patient = world.store.asked_to_settle().len();
    seconds_pass(6.0).await;
    let tries = world.store.asked_to_settle().len();
    assert!(
        (patient + 1..30).contains(&tries),
        "{patient}, then {tries}"
    );
    seconds_pass(60.0).await;
    assert_eq!(world.store.asked_to_settle().len(), tries);
    assert!(!world.is_over(turn));

    world.store.come_back();
    watcher.until_over().await;
    let expected = (EndStatus::Incomplete, Some(EndReason::Abandoned), "Good ");
    assert_eq!(left(&world.ending(turn)), expected);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_breaks_is_not_waited_for() {
    let world = World::new().await;
    let breaks = [Fate::Broken];
    world.store.foretell(Operation::Settle, breaks);
    let mut watcher = world.watch();
    let (_, call) = world.hello().await;
    call.say("hi");
    call.finish(Finish::Stop, None);
    assert_eq!(watcher.so_far().await[2..], ["delta hi"]);
    seconds_pass(8.0).await;
    assert_eq!(world.store.asked_to_settle().len(), 1);
    // The reaper ends it once its lease has run out.
    assert_eq!(watcher.until_over().await, ["3 done Failed"]);
}
