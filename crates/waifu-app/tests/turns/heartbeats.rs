//! What keeps a run its process's, and how it learns that it is not.

use std::time::Duration;

use waifu_app::ports::language_model::Finish;
use waifu_testkit::fakes::{Fate, Operation};

use crate::world::{World, seconds_pass, soon};

/// The words that each heartbeat carried; every one was of a single run.
fn words_of_beats(world: &World) -> Vec<String> {
    let beats = world.store.beats();
    let words = beats.iter().map(|beat| {
        assert_eq!(beat.len(), 1);
        beat[0].words.to_string()
    });
    words.collect()
}

#[tokio::test(start_paused = true)]
async fn heartbeats_carry_the_words_so_far_once_a_period() {
    let world = World::new().await;
    let (turn, call) = world.hello().await;
    call.say("Once ");
    seconds_pass(1.5).await;
    call.say("upon ");
    call.say("a");
    seconds_pass(2.0).await;
    call.finish(Finish::Stop, None);
    seconds_pass(5.0).await;

    assert_eq!(
        words_of_beats(&world),
        ["Once ", "Once upon a", "Once upon a"]
    );
    let beat = &world.store.beats()[0][0];
    assert_eq!((beat.turn_id, beat.run), (turn.turn_id, turn.run));
    let calls = world.store.calls();
    let beats = calls.iter().filter(|c| c.operation == Operation::Beat);
    let times: Vec<_> = beats.map(|beat| beat.at).collect();
    for pair in times.windows(2) {
        let (gap, tick) = (pair[1] - pair[0], Duration::from_millis(1));
        assert!(gap.abs_diff(Duration::from_secs(1)) <= tick, "{gap:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_run_stops_its_model_and_settles_nothing() {
    let world = World::new().await;
    let mut watcher = world.watch();
    let (turn, call) = world.hello().await;
    call.say("Once ");
    world.store.end_elsewhere(turn.turn_id);
    let relationship = world.relationship();
    assert!(call.is_listened_to());
    soon(call.hung_up()).await;
    // How it ended is for the log to tell.
    assert_eq!(
        watcher.until_over().await[2..],
        ["delta Once ", "3 done Failed"]
    );

    seconds_pass(60.0).await;
    assert_eq!(world.store.times(Operation::Settle), 0);
    assert_eq!(world.relationship(), relationship);
    assert_eq!(watcher.so_far().await, [""; 0]);
    assert_eq!(words_of_beats(&world).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_that_does_not_come_through_stops_no_run() {
    let world = World::new().await;
    let fates = [Fate::Away, Fate::Broken, Fate::AnswerLost];
    world.store.foretell(Operation::Beat, fates);
    let mut watcher = world.watch();
    let (_, call) = world.hello().await;
    seconds_pass(5.5).await;
    assert_eq!(world.store.times(Operation::Beat), 5);
    call.say("hi");
    call.finish(Finish::Stop, None);
    let told = watcher.until_over().await;
    assert_eq!(told.last().unwrap(), "4 done Completed");
}
