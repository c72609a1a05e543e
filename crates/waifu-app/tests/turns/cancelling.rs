//! A user who wants no more of it.

use futures_util::future::join;
use waifu_app::ports::language_model::Finish;
use waifu_app::turns::TurnDraft;
use waifu_domain::turn::EndStatus;
use waifu_testkit::builders::fresh;
use waifu_testkit::fakes::{Fate, Operation};

use crate::latch::Door;
use crate::world::{World, left, rows, seconds_pass, soon};

impl World {
    pub(crate) async fn cancel(&self, turn: waifu_domain::ids::TurnId) {
        let cancelled = soon(self.supervisor.cancel(turn)).await;
        cancelled.expect("the store is there");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cancelled_keeps_its_words_and_moves_affection_by_them() {
    let world = World::new().await;
    let mut watcher = world.watch();
    let (turn, call) = world.hello().await;
    call.say("Once upon");
    seconds_pass(0.2).await;
    world.cancel(turn.turn_id).await;
    soon(call.hung_up()).await;
    assert_eq!(
        watcher.until_over().await[2..],
        ["delta Once upon", "3 updated hello", "4 done Cancelled"]
    );
    let ending = world.ending(turn);
    assert_eq!(left(&ending), (EndStatus::Cancelled, None, "Once upon"));
    assert_eq!(rows(&ending), 1);
    assert_eq!(world.relationship().affection.get(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cancelled_before_a_word_moves_nothing() {
    for said in ["", " \n"] {
        let world = World::new().await;
        let mut watcher = world.watch();
        let (turn, call) = world.hello().await;
        if !said.is_empty() {
            call.say(said);
            seconds_pass(0.2).await;
        }
        world.cancel(turn.turn_id).await;
        soon(call.hung_up()).await;
        let told = watcher.until_over().await;
        assert_eq!(told.last().unwrap(), "3 done Cancelled");
        let ending = world.ending(turn);
        assert_eq!(left(&ending), (EndStatus::Cancelled, None, ""));
        assert_eq!(rows(&ending), 0);
        assert_eq!(world.relationship().affection.get(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cancelled_between_two_attempts_is_not_attempted_again() {
    let world = World::new().await;
    let mut watcher = world.watch();
    let (turn, call) = world.hello().await;
    let retry_after = Some(std::time::Duration::from_secs(5));
    call.fail(waifu_app::ports::language_model::ModelError::RateLimited { retry_after });
    seconds_pass(1.0).await;
    world.cancel(turn.turn_id).await;
    assert_eq!(watcher.until_over().await[2..], ["3 done Cancelled"]);
    seconds_pass(30.0).await;
    assert_eq!(world.model.times_asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cancelled_twice_ends_once() {
    let world = World::new().await;
    let mut watcher = world.watch();
    let (turn, call) = world.hello().await;
    call.say("Once");
    seconds_pass(0.2).await;
    join(world.cancel(turn.turn_id), world.cancel(turn.turn_id)).await;
    watcher.until_over().await;
    world.cancel(turn.turn_id).await;
    seconds_pass(30.0).await;
    assert_eq!(watcher.so_far().await, [""; 0]);
    assert_eq!(world.store.asked_to_settle().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn to_cancel_what_has_ended_or_never_was_is_harmless() {
    let world = World::new().await;
    world.play(world.draft("hello"), "hi").await;
    let relationship = world.relationship();
    let turn = world.store.asked_to_settle()[0].turn;
    world.cancel(turn.turn_id).await;
    world.cancel(fresh()).await;
    seconds_pass(30.0).await;
    assert_eq!(world.relationship(), relationship);
    assert_eq!(world.store.asked_to_settle().len(), 1);
    assert_eq!(world.store.open_snapshots(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_cancel_that_comes_while_the_answer_is_being_stored_changes_nothing() {
    let world = World::new().await;
    let mut watcher = world.watch();
    let mut held = world.latches.hold(Door::Settle);
    let (turn, call) = world.hello().await;
    call.say("hi");
    call.finish(Finish::Stop, None);
    soon(held.is_done()).await;
    world.cancel(turn.turn_id).await;
    drop(held);
    let told = watcher.until_over().await;
    assert_eq!(told.last().unwrap(), "4 done Completed");
    seconds_pass(30.0).await;
    assert_eq!(watcher.so_far().await, [""; 0]);
    assert_eq!(world.relationship().affection.get(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_cancel_that_comes_with_the_last_word_ends_the_run_once() {
    let world = World::new().await;
    let mut watcher = world.watch();
    let (turn, call) = world.hello().await;
    call.say("hi");
    let cancel = world.cancel(turn.turn_id);
    call.finish(Finish::Stop, None);
    cancel.await;
    watcher.until_over().await;
    seconds_pass(30.0).await;
    assert_eq!(watcher.so_far().await, [""; 0]);
    assert_eq!(world.store.asked_to_settle().len(), 1);
    assert_eq!(world.store.open_snapshots(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_run_of_another_process_ends_with_the_words_that_were_saved() {
    let world = World::new().await;
    let other = world.beside().await;
    let mut watcher = world.watch();
    let (turn, call) = world.hello().await;
    call.say("Once upon");
    seconds_pass(1.5).await;
    call.say(" a time");
    other.cancel(turn.turn_id).await;
    let expected = (EndStatus::Cancelled, None, "Once upon");
    assert_eq!(left(&world.ending(turn)), expected);
    assert_eq!(world.relationship().affection.get(), 3);
    let gone = tokio::time::timeout(std::time::Duration::from_secs(3), call.hung_up());
    assert!(gone.await.is_ok(), "the model speaks on");
    // He hears of what another process wrote, though this one knows of no other.
    assert_eq!(
        watcher.until_over().await.last().unwrap(),
        "4 done Cancelled"
    );
    assert_eq!(world.store.asked_to_settle().len(), 1);
    world.play(world.draft("sorry"), "never mind").await;
}

#[tokio::test(start_paused = true)]
async fn a_cancel_from_elsewhere_that_races_with_the_settlement_leaves_one_end() {
    let world = World::new().await;
    let other = world.beside().await;
    let mut watcher = world.watch();
    let (turn, call) = world.hello().await;
    call.say("hi");
    seconds_pass(1.5).await;
    call.finish(Finish::Stop, None);
    other.cancel(turn.turn_id).await;
    let told = watcher.until_over().await;
    let ends = told.iter().filter(|told| told.contains("done")).count();
    assert_eq!(ends, 1);
    seconds_pass(30.0).await;
    assert_eq!(watcher.so_far().await, [""; 0]);
    assert_eq!(world.relationship().affection.get(), 3);
    assert_eq!(world.relationship().head.entry_no, 1);
}

#[tokio::test(start_paused = true)]
async fn a_cancel_that_finds_the_store_away_says_so_and_the_run_goes_on() {
    let world = World::new().await;
    let other = world.beside().await;
    let (turn, call) = world.hello().await;
    world.store.foretell(Operation::Standing, [Fate::Away]);
    let failed = soon(other.supervisor.cancel(turn.turn_id)).await;
    assert!(failed.is_err(), "{failed:?}");
    call.say("hi");
    call.finish(Finish::Stop, None);
    seconds_pass(1.0).await;
    assert_eq!(left(&world.ending(turn)).0, EndStatus::Completed);
}

#[tokio::test(start_paused = true)]
async fn words_that_move_no_affection_move_none_when_they_are_cancelled() {
    let world = World::new().await;
    let silent = TurnDraft {
        appraisal: None,
        ..world.draft("hello")
    };
    let (turn, call) = world.begin(silent).await;
    call.say("hi");
    seconds_pass(0.2).await;
    world.cancel(turn.turn_id).await;
    soon(call.hung_up()).await;
    seconds_pass(0.2).await;
    assert_eq!(rows(&world.ending(turn)), 0);
}
