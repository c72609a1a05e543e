//! Another answer among late news and lost ones.

use waifu_app::ports::language_model::Finish;
use waifu_app::ports::store::StoreError;
use waifu_app::use_cases::{ActError, Unseen};
use waifu_domain::turn::{EndReason, EndStatus};
use waifu_testkit::fakes::Lost;

use crate::latch::Door;
use crate::world::{World, left, seconds_pass, soon};

#[tokio::test(start_paused = true)]
async fn another_answer_whose_commit_was_lost_was_not_begun() {
    let world = World::new().await;
    let turn = world.first_turn().await;
    world.lossy.lose(Lost::TheCommit);
    let lost = world.again(turn).await;
    let away = matches!(
        lost,
        Err(ActError::Unseen(Unseen::Store(StoreError::Unavailable(_))))
    );
    assert!(away, "{lost:?}");
    seconds_pass(5.0).await;
    assert_eq!(world.model.times_asked(), 1);
    assert!(world.again(turn).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn another_answer_whose_commit_came_through_unanswered_is_ended_and_heard_of() {
    let world = World::new().await;
    let turn = world.first_turn().await;
    let mut watcher = world.watch_from_now();
    world.lossy.lose(Lost::ItsAnswer);
    assert!(world.again(turn).await.is_err());
    seconds_pass(2.0).await;
    assert_eq!(watcher.so_far().await, ["5 started"]);
    assert_eq!(watcher.until_over().await, ["6 done Failed"]);
    let abandoned = (EndStatus::Failed, Some(EndReason::Abandoned), "");
    assert_eq!(left(&world.ending(turn)), abandoned);
    assert!(world.again(turn).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_choice_whose_commit_came_through_unanswered_is_heard_of() {
    let world = World::new().await;
    world.scribe().await;
    let turn = world.store.asked_to_settle()[0].turn;
    let mut watcher = world.watch_from_now();
    world.lossy.lose(Lost::ItsAnswer);
    let doors = world.doors();
    let choose = doors
        .acts
        .choose_answer(doors.caller, doors.waifu, turn.turn_id, 1);
    assert!(soon(choose).await.is_err());
    seconds_pass(2.0).await;
    assert_eq!(watcher.so_far().await, ["7 chosen 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_second_run_survives_the_late_news_of_the_end_of_the_first() {
    let world = World::new().await;
    let mut watcher = world.watch();
    let mut held = world.latches.hold(Door::Settle);
    let (turn, call) = world.hello().await;
    call.say("hi");
    call.finish(Finish::Stop, None);
    soon(held.is_done()).await;
    // It has ended, as anybody can see but who streamed it.
    let again = world.again(turn).await.expect("it has ended");
    let second = world.call().await;
    drop(held);
    seconds_pass(30.0).await;
    assert!(!world.is_over(again), "it was taken for abandoned");
    second.say("oh, hello!");
    seconds_pass(0.2).await;
    world.supervisor.cancel(turn.turn_id).await.unwrap();
    watcher.until_over().await;
    let told = watcher.until_over().await;
    assert_eq!(told.last().unwrap(), "6 done Cancelled");
    assert_eq!(left(&world.ending(again)).2, "oh, hello!");
    assert!(!second.is_listened_to());
}

#[tokio::test(start_paused = true)]
async fn a_second_run_survives_a_late_heartbeat_of_the_first() {
    let world = World::new().await;
    let (turn, call) = world.hello().await;
    call.say("hi");
    seconds_pass(1.5).await;
    let mut settled = world.latches.hold(Door::Settle);
    call.finish(Finish::Stop, None);
    soon(settled.is_done()).await;
    // This heartbeat finds the first run ended, and its answer is slow.
    let mut beat = world.latches.hold(Door::Beat);
    soon(beat.is_done()).await;
    drop(settled);
    seconds_pass(0.1).await;
    let again = world.again(turn).await.expect("it has ended");
    let second = world.call().await;
    drop(beat);
    seconds_pass(30.0).await;
    assert!(second.is_listened_to(), "it was taken for lost");
    second.say("oh, hello!");
    second.finish(Finish::Stop, None);
    seconds_pass(0.5).await;
    assert_eq!(left(&world.ending(again)).2, "oh, hello!");
}
