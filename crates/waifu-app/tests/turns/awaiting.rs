//! Who waits for an answer, and how often he looks for it.

use futures_util::future::join;
use waifu_app::ports::language_model::Finish;
use waifu_domain::relationship::Pair;
use waifu_domain::turn::{RunStatus, plain_text};
use waifu_testkit::fakes::{Fate, Operation};

use crate::latch::Door;
use crate::world::{World, seconds_pass, soon};

#[tokio::test(start_paused = true)]
async fn who_asks_for_another_answer_can_wait_for_it() {
    let world = World::new().await;
    let turn = world.first_turn().await;
    let doors = world.doors();
    let asked = doors
        .acts
        .answer_again(doors.caller, doors.waifu, turn.turn_id, None);
    let speak = async {
        let call = world.call().await;
        seconds_pass(5.0).await;
        call.say("oh, hello!");
        call.finish(Finish::Stop, None);
    };
    let (answer, ()) = soon(join(asked, speak)).await;
    let outcome = answer.expect("she answers").outcome;
    assert_eq!(
        (outcome.turn.run, outcome.status),
        (2, RunStatus::Completed)
    );
    assert_eq!(plain_text(&outcome.reply.unwrap().parts), "oh, hello!");
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_another_answer_looks_at_the_store_once_a_second() {
    let world = World::new().await;
    // Somebody watches, so that the end of the first answer is remembered.
    let _watcher = world.watch();
    let turn = world.first_turn().await;
    let doors = world.doors();
    let before = world.store.times(Operation::Snapshot);
    let asked = doors
        .acts
        .answer_again(doors.caller, doors.waifu, turn.turn_id, None);
    let speak = async {
        let call = world.call().await;
        seconds_pass(10.0).await;
        call.say("oh, hello!");
        call.finish(Finish::Stop, None);
    };
    let (answer, ()) = soon(join(asked, speak)).await;
    answer.expect("she answers");
    let looks = world.store.times(Operation::Snapshot) - before;
    assert!(looks < 20, "{looks} looks in 10 seconds");
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_an_answer_that_can_not_be_read_yet_looks_once_a_second() {
    let world = World::new().await;
    let doors = world.doors();
    let message = doors.message("hello");
    let asked = doors.send.execute(doors.caller, message);
    let speak = async {
        let mut held = world.latches.hold(Door::Settle);
        world.answer("hi").await;
        held.is_done().await;
        world.store.foretell(Operation::Snapshot, [Fate::Away; 5]);
        drop(held);
        let before = world.store.times(Operation::Snapshot);
        seconds_pass(3.5).await;
        world.store.times(Operation::Snapshot) - before
    };
    let (answer, looks) = soon(join(asked, speak)).await;
    answer.expect("she answers");
    assert!(looks <= 4, "{looks} looks in 3 seconds");
}

#[tokio::test(start_paused = true)]
async fn a_turn_is_asked_for_between_the_two_alone() {
    let world = World::new().await;
    let turn = world.first_turn().await;
    let doors = world.doors();
    let found = soon(doors.send.outcome(doors.caller, doors.waifu, turn.turn_id)).await;
    assert!(found.unwrap().is_some());
    let other = world.draft_of_another_user("me too");
    let Pair { user_id, .. } = other.pair;
    world.play(other, "hi").await;
    let stranger = waifu_app::caller::Caller {
        user_id,
        ..doors.caller
    };
    let found = soon(doors.send.outcome(stranger, doors.waifu, turn.turn_id)).await;
    assert!(found.unwrap().is_none());
    let cancelled = soon(doors.send.cancel(stranger, doors.waifu, turn.turn_id)).await;
    assert!(cancelled.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn who_cancels_is_told_what_became_of_it() {
    let world = World::new().await;
    let doors = world.doors();
    let (turn, call) = world.hello().await;
    call.say("Once");
    seconds_pass(0.2).await;
    for _ in 0..2 {
        let cancelled = soon(doors.send.cancel(doors.caller, doors.waifu, turn.turn_id)).await;
        let outcome = cancelled.unwrap().expect("it is there").outcome;
        assert_eq!(outcome.status, RunStatus::Cancelled);
        assert_eq!(plain_text(&outcome.reply.unwrap().parts), "Once");
    }
    assert!(!call.is_listened_to());
}
